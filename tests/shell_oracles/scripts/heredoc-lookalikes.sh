echo "<<EOF"
x=$((1 << 2))
cat <<< "here string" | wc -c
grep x <<<"$y"
echo $((x<<y))
