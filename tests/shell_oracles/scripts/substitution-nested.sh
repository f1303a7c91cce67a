echo "$(basename "$(dirname "$(readlink -f "$0")")")"
a=$(b $(c $(d "e $(f)")))
echo "x ${y:-$(z "w")}" $(( $(nproc) * 2 ))
