echo héllo "wörld" 'ñ' ünïx=1
ä=1
grep "→ $x" f
