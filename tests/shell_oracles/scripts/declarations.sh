export A=1 B
readonly C="x y"
declare -i n=5
typeset D
unset E F
f() { local x=1 y; echo "$x"; }
export PATH="$PATH:/opt/bin" LANG=C
