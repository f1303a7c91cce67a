python3 - <<'PY' | tee out.txt
import sys
print("a | b; c")
PY
kubectl apply -f - <<EOF
apiVersion: v1
kind: Namespace
EOF
