for a do echo "$a"; done
for b
do echo "$b"
done
for c in; do echo none; done
