! a
! b && c
time d -x
time -p e
time { f; g; }
time ( h )
! { i; }
if ! j | k; then l; fi
