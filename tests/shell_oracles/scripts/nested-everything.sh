f() {
  for x in $(ls "$(pwd)"); do
    case $x in
      *.gz) if [[ -s $x ]]; then gunzip -c "$x" | while read -r l; do echo "$l"; done; fi ;;
      *) { cat "$x" || true; } > "/tmp/$(basename "$x")" 2>&1 ;;
    esac
  done
}
(f && echo ok) | tee >(logger -t f) > /dev/null
