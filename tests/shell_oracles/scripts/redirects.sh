a > f
b >> g 2>&1
c < h > i 2> /dev/null
d &> j
e &>> k
f <> l
g >| m
h 2>&1 | i
j 3>&- 4<&0
> k
l 2>/dev/null >&2
m >&n
