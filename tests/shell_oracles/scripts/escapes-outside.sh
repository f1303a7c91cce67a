echo a\;b c\|d e\&f g\>h i\<j \(k\) \#l \"m\" n\ 
find . -name \*.log -exec rm -f {} \;
echo \\ \\\\ end
