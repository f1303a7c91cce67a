a=1
b="x y" c='z' d
e= f
g=$h i=${j}k
PATH=/opt/bin:$PATH
l=m=n
o+=p
