c"u"rl -s http://example.test/a
'wget' -q -O- http://example.test/b
n\c -l 1
"/usr/bin/env" python3 -V
