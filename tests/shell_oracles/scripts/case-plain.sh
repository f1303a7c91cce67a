case "$1" in
  start) a ;;
  stop|halt) b; c ;;
  "quoted one") d ;;
  [0-9]*) e ;;
  *) f
esac
g
