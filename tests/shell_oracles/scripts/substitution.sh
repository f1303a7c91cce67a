echo $(date) "$(hostname -f)" x$(id -u)y
d=$(dirname "$0")
$(which python3) -V
echo $(a; b | c) $( (d) ) $(< file)
