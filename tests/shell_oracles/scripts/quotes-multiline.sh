echo "first
second $(date +%s)
third" 'x
y'
grep -c 'a
b' file
