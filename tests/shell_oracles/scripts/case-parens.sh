case $x in
  (a) b;;
  (c|d) e
     ;;
esac
case $y in esac
case z in z) f;; esac | g
