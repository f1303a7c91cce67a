eval "a b"
exec c d
. ./e
source f
command g
builtin h
trap 'rm -f "$i"' EXIT
nohup j &
