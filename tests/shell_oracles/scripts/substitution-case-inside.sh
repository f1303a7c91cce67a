v=$(case $1 in a) echo one;; b) echo two;; esac)
w=$(case $1 in (c) echo three;; esac)
echo "$v"
