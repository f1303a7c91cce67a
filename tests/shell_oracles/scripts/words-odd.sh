echo a=b --c=d e:f g@h i%j k+l m,n o/p q^r
echo = == =x x= -- - + ,
awk '{ print $1 }' f
sed -e 's/a|b/c;d/' -e "s#x#y#" f
echo a{b c}d e[f g]h
