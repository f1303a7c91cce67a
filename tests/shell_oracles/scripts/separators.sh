a; b & c && d || e
f &
g
h & i &
wait
(j; k) & l
