echo "${a:-"quoted default"}" ${b:-'single'} ${c:-a b} "${d:-}"
echo ${e:-${f:-${g}}} ${h:-$(i)} ${j:-`k`}
echo "${l%"$suffix"}" "${m//\//-}" ${n:-\}}
