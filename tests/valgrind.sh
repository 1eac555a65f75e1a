#!/usr/bin/env bash
# tests/valgrind.sh BUILD - the programs of the unit, golden, engine and edge tests, and verbs, under memcheck.
# test_chaos and the like play the same calls again and again: of them a part is as good as the whole.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1 good=0 bad=0
directory=$(mktemp -d)
log=$directory/log
memcheck=(valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite)

look() { # NAME COMMAND...
	local name=$1
	shift
	if timeout 1200 "${memcheck[@]}" "$@" >"$log" 2>&1 || [ $? != 99 ]; then
		good=$((good + 1))
	else
		bad=$((bad + 1))
		echo "== $name"
		grep '^==' "$log" | head -n 40
	fi
}

for test in "$build"/tests/{unit,golden,engine,edge}/test_*; do
	[[ -x $test && $test != *.[do] ]] || continue
	case ${test##*/} in test_chaos | test_refresh | test_same | test_http*) continue ;; esac
	look "${test##*/}" "$test"
done

build/describefs-emulator --port 0 --tasks 20 --ready "$directory/ready" &
emulator=$!
for _ in $(seq 100); do [ -e "$directory/ready" ] || sleep 0.05; done
export TENCENTCLOUD_SECRET_ID=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001
export TENCENTCLOUD_SECRET_KEY=ExampleSecretKey0123456789abcdef
options="endpoint=http://127.0.0.1:$(sed -n 's/^http=//p' "$directory/ready"),deadline=60"
for words in "ls tione training" "tree tione notebooks" "cat tione training/train-1329791605108055040/describe.json" \
	"cat tione training/train-0/status" "kinds"; do
	# shellcheck disable=SC2086
	set -- $words
	look "$words" "$build/san/describefs" "$1" -o "$options" "${@:2}"
done
kill "$emulator"
rm -rf "$directory"
echo "$good passed, $bad failed, 0 skipped"
[ "$bad" = 0 ]
