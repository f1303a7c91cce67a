if a; then b; fi
if c
then
  d
elif e && f; then g
else h
fi
if ! i; then j; fi
if [ -f k ]; then l; else m; fi
if { n; }; then o; fi
if (p); then q; fi
