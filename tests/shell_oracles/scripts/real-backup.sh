#!/bin/bash
set -e
BACKUP_DIR="/backup/$(date +%Y-%m-%d)"
mkdir -p "$BACKUP_DIR"
for db in $(mysql -h "$HOST" -u root -p"$PASS" -e 'show databases' -s --skip-column-names | grep -Ev '^(mysql|sys)$'); do
  mysqldump -h "$HOST" --single-transaction "$db" | gzip -9 > "$BACKUP_DIR/$db.sql.gz" || exit 1
done
find /backup -type d -mtime +7 -exec rm -rf {} +
aws s3 sync /backup "s3://${BUCKET:?bucket}/" --only-show-errors && echo "done: $(du -sh "$BACKUP_DIR" | cut -f1)"
