f() { a; b; }
g ()
{
  c "$@"
}
function h { d; }
function i() { e; }
j() ( f; g )
k() if l; then m; fi
f; g x
