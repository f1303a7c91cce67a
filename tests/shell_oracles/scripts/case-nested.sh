case $a in
  b)
    case $c in
      d) e ;;
    esac
    ;;
  f) if g; then h; fi ;;
  i) for j in 1; do k; done ;;
  $(l)) m ;;
esac
