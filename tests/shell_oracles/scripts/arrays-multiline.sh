args=(
  --one
  # a comment
  --two="$(two)"
  'three'
)
run "${args[@]}"
declare -a list=(a b)
