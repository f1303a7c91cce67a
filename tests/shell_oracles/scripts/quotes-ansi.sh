echo $'tab\there' $'it\'s' $'\x41\102\u0043' "$'not ansi'" x$'y'z
printf $'a\nb' | cat -A
