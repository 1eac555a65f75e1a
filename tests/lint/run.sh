#!/usr/bin/env bash
# tests/lint/run.sh [PYTEST OPTION]... - the lint tests alone; the last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/../.."
export PYTHONDONTWRITEBYTECODE=1
said=$(/usr/bin/python3 -m pytest -q -rs -p no:cacheprovider tests/lint "$@" 2>&1)
status=$?
printf '%s\n' "$said"
number() { grep -oE "[0-9]+ $1" <<<"${said##*$'\n'}" | grep -oE '^[0-9]+' | awk '{ n += $1 } END { print n + 0 }'; }
echo "$(number passed) passed, $(number '(failed|errors?)') failed, $(number skipped) skipped"
exit $status
