cd ~ && ls ~/x ~root/y
a=~/z
echo "~" '~' b~c
