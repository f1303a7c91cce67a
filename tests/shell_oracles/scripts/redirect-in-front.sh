> out echo a
2>/dev/null ls /none
< in cat | > o tee p
a > f b c
x=1 > f y
