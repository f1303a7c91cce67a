ls *.txt ?.log [a-z]* /tmp/**/x
rm -rf /var/log/*.[0-9]
echo a*b "*" \* '?'
