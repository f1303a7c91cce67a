echo "$(echo "a)b" 'c)d' e\)f)" g
x="$(grep ")" file # not a comment end )
)"
echo "$x"
