python3 -c 'import os
for k, v in os.environ.items():
    print(f"{k}={v}")' | sort > /tmp/env.txt
perl -e 'print "a" x 3, "\n"' && awk 'BEGIN { while (i++ < 3) print i | "sort -r" }'
node -e "console.log(JSON.stringify({a: 1}))"
