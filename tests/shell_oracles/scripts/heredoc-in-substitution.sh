x=$(cat <<EOF
inner text
EOF
)
echo "$x"
