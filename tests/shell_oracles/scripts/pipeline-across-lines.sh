ps aux |
  # the busy ones
  sort -nrk 3 |
  head
cat /etc/passwd \
  | cut -d: -f1 \
  | tr a-z A-Z
