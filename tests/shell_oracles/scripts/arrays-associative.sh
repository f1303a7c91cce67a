declare -A m=([a]=1 [b]=2)
m[c]=3
echo "${m[a]}"
