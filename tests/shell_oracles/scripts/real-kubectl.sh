kubectl get pods -n "$NS" -o json \
  | jq -r '.items[] | select(.status.phase=="Failed") | .metadata.name' \
  | xargs -r -n 1 kubectl delete pod -n "$NS"
TOKEN=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
curl -sSk -H "Authorization: Bearer $TOKEN" \
  -X PATCH -d "{\"spec\":{\"replicas\":$(( N + 1 ))}}" \
  "https://$KUBERNETES_SERVICE_HOST/apis/apps/v1/namespaces/$NS/deployments/x" | tee /dev/stderr | grep -q '"replicas"'
