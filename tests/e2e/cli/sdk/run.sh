#!/bin/bash
# run.sh BUILD_DIR: the official SDKs against BUILD_DIR/describefs-emulator. Run from the project's
# top. The SDKs are installed into BUILD_DIR/sdk once. Without them (no network) it is skipped.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
build=$(realpath "$1")
sdk=$build/sdk
mkdir -p "$sdk"
if ! cmp -s "$here/package.json" "$sdk/installed.json"; then
	cp "$here/package.json" "$sdk/package.json"
	if ! npm --prefix "$sdk" install --no-audit --no-fund --no-package-lock --loglevel=error; then
		echo "sdk contract: skipped: npm cannot install the SDKs" >&2
		exit 77
	fi
	cp "$here/package.json" "$sdk/installed.json"
fi
work=$(mktemp -d)
emulator=
finish() {
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap finish EXIT
tests/emulator/make-certs.sh "$work/certs"
"$build/describefs-emulator" --port 0 --tls-port 0 --cert "$work/certs/server.pem" \
	--key "$work/certs/server.key" --ready "$work/ready" --tasks 3 --rate 0 &
emulator=$!
for _ in $(seq 100); do
	[ -e "$work/ready" ] && break
	sleep 0.05
done
SDK_MODULES=$sdk/node_modules NODE_NO_WARNINGS=1 node "$here/check.js" "$work/ready" \
	"$work/certs/ca.pem"
