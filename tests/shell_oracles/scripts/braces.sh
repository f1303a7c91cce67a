echo {a,b,c} x{1,2}y {1..3} {a..c}
cp f{,.bak}
mkdir -p /tmp/{a,b/{c,d}}
echo {} {a} {a,b "{x,y}" '{p,q}'
echo ${x}{1,2}
