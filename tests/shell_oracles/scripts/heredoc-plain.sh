cat <<EOF
one
two
EOF
echo after
