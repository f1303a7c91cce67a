exec {fd}> out
echo a >&"$fd"
exec {fd}>&-
