{ a; }
{ b
}
{c,d}
echo { e }
{ f; } && { g; } || { h; }
