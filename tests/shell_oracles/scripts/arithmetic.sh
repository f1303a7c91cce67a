((i++))
((i = 1 + 2 * (3 - 1)))
echo $((a + b)) $(( (c) ? d : e )) "$((f << 1))"
let g=1+2
if ((h > 3)); then i; fi
while ((j < 10)); do ((j++)); done
