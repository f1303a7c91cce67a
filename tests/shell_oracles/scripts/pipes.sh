cat f | grep x | sort -u | head -n 1
a |& b
! c | d
e | while read -r l; do f "$l"; done | g
{ h; i; } | j
(k | l) | m
