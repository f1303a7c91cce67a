until nc -z "$DB_HOST" "${DB_PORT:-5432}"; do
  echo "waiting for database"; sleep 2
done
i=0
while [ $i -lt 30 ]; do
  if curl -fsS "http://api:8080/healthz" >/dev/null 2>&1; then
    break
  fi
  i=$((i+1)); sleep 1
done
exec /app/migrate --up "$@"
