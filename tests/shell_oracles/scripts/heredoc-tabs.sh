if true; then
	cat <<-EOF
		indented
		EOF
	echo a
fi
