while read -r host port; do
  nc -z "$host" "$port" || echo "down: $host"
done <<EOF
db 5432
cache 6379
EOF
