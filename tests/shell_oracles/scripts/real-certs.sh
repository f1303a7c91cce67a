TMP=$(mktemp -d) && trap 'rm -rf "$TMP"' EXIT
cat > "$TMP/csr.conf" <<EOF
[req]
CN = ${SERVICE}.${NS}.svc
EOF
openssl req -new -key "$TMP/key.pem" -subj "/CN=${SERVICE}" -config "$TMP/csr.conf" \
  -out "$TMP/csr.pem" 2>/dev/null
for _ in $(seq 10); do
  cert=$(kubectl get csr "$NAME" -o jsonpath='{.status.certificate}')
  [[ -n ${cert} ]] && break
  sleep 1
done
[[ -n "$cert" ]] || { echo "ERROR: no certificate after 10 attempts." >&2; exit 1; }
echo "$cert" | openssl base64 -d -A -out "$TMP/cert.pem"
