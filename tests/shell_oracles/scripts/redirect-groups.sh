{ a; b; } > f 2>&1
(c; d) < g
while read -r l; do e "$l"; done < h > i
if j; then k; fi 2>/dev/null
for x in 1 2; do l; done >> m
case $y in z) n;; esac > o
