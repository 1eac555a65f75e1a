#!/usr/bin/env bash
# tests/fuzz/merge.sh HARNESS... - takes from what was learned the fewest and smallest inputs that reach each branch,
# and adds those that the corpus lacks. Names are hashes of the contents; seeds that a person named stay.
set -euo pipefail
cd "$(dirname "$0")/../.."
for harness in "$@"; do
	grown=build/fuzz/grown/$harness corpus=tests/fuzz/corpus/$harness
	[ -d "$grown" ] || continue
	before=$(find "$corpus" -type f | wc -l)
	# without counters: a branch counts, not how often it was taken, which is what keeps the corpus small
	CMOCKA_TEST_ABORT=1 nice -n 19 "build/fuzz/$harness" -merge=1 -use_counters=0 -max_len=4096 \
		"$corpus" "$grown" >"build/fuzz/log/$harness-merge.log" 2>&1
	echo "$harness: $before inputs, now $(find "$corpus" -type f | wc -l), $(du -sb "$corpus" | cut -f1) bytes"
done
