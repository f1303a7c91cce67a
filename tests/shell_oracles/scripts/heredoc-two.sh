cat <<A - <<B
in a
A
in b
B
diff /dev/fd/3 3<<A /dev/fd/4 4<<B
one
A
two
B
echo end
