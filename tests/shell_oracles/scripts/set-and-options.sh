set -euo pipefail
set -- a "b c"
shift 2
set +x
IFS=$'\n\t'
a
