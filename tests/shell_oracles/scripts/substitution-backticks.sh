echo `date` "`hostname`"
k=`ps | grep \`cat pidfile\``
echo `echo "a b" | tr ' ' -`
