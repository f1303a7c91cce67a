echo 'single $x `y`' "double $x" plain\ space "it's" 'say "hi"'
printf '%s\n' "a\"b" 'c'\''d' "e\\f" g\\h "\$HOME" "tab	inside"
echo "" '' "a""b" 'a'"b"c
