[ -f /etc/passwd ] && a
[ "$x" = y -a -n "$z" ] || b
test -d /tmp && c
[ ! -e f ]
[ 1 -lt 2 ]
