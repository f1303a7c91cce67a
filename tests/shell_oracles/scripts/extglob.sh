shopt -s extglob
ls !(a|b) +(c) @(d|e)f
rm -- *.!(keep)
