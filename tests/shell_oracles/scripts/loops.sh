while a; do b; done
until c
do
  d
done
for x in 1 2 "3 4"; do e $x; done
for y; do f; done
for z in $(seq 3); do g; done
for w in *.txt /etc/{a,b}; do h "$w"; done
while :; do i || break; done
while true; do sleep 1; done &
