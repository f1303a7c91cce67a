((a) && b)
echo $((c) | d)
( (e); f )
echo $( (g); h )
