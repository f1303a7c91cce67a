a=(one two "three four")
b=()
c[2]=x
d+=(e f)
echo "${a[@]}" "${#a[@]}" "${!a[@]}"
"${cmd[@]}" --flag
for x in "${a[@]}"; do echo "$x"; done
