diff <(sort a) <(sort b | uniq)
tee >(gzip > c.gz) >(wc -l) < d
while read -r l; do e; done < <(f | g)
cat <(echo "$(h)")
