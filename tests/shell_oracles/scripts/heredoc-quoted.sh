cat <<'EOF' | sh
echo $NOT_EXPANDED $(not run)
EOF
cat <<"E F"
`not run`
E F
cat <<\END
$(not run)
END
echo done
