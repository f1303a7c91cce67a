cat <<EOF > /tmp/conf
host=$HOST
date=$(date -u +%F)
price=\$5
nested=$(echo "$(hostname)")
EOF
chmod 600 /tmp/conf
