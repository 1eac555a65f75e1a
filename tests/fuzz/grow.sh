#!/usr/bin/env bash
# tests/fuzz/grow.sh SECONDS HARNESS... - runs each harness for so long, one after the other, from where it last was.
# What it learns goes to build/fuzz/grown/HARNESS; an input that breaks something to build/fuzz/found/. The status is
# that of the whole: 0 when nothing was found.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=$1 status=0
shift
mkdir -p build/fuzz/found build/fuzz/log
for harness in "$@"; do
	mkdir -p "build/fuzz/grown/$harness"
	dictionary=()
	[ -f "tests/fuzz/dictionary/$harness" ] && dictionary=("-dict=tests/fuzz/dictionary/$harness")
	echo "== $harness"
	ASAN_OPTIONS=detect_leaks=1 CMOCKA_TEST_ABORT=1 nice -n 19 "build/fuzz/$harness" "${dictionary[@]}" \
		-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/found/$harness-" \
		"build/fuzz/grown/$harness" "tests/fuzz/corpus/$harness" >"build/fuzz/log/$harness.log" 2>&1 || {
		status=1
		echo "$harness found something:"
		grep -E 'does not hold|ERROR:|SUMMARY|runtime error|Test unit written|leak' "build/fuzz/log/$harness.log"
	}
	grep -E '^stat::number_of_executed_units|^stat::new_units_added' "build/fuzz/log/$harness.log"
done
exit $status
