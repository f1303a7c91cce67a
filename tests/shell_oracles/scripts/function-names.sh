my-func() { a; }
a.b() { c; }
_x1() { d; }
my-func
