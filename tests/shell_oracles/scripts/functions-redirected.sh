log() { echo "$@"; } >&2
work() {
  a | b
} < in > out
log x
