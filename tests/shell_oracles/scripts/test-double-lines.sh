if [[ -n "$a" &&
      -n "$b" ]]; then
  c
fi
[[ $d < $e ]] && f
[[ $g > h ]]; i
