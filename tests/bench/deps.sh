#!/usr/bin/env bash
# Installs from Debian what the bench lays beside describefs, as far as it can be had: without one of them, its
# column names the reason. RUNLEVEL=1 keeps nginx's package from starting a server of its own.
set -uo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# command:package
peers='mkfs.ext4:e2fsprogs bindfs:bindfs squashfuse:squashfuse mksquashfs:squashfs-tools httpdirfs:httpdirfs
	rclone:rclone nginx:nginx-light'

PATH=$PATH:/usr/sbin:/sbin
missing=()
for pair in $peers; do
	command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing from Debian: ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || true
for package in "${missing[@]}"; do
	as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq install -y --no-install-recommends "$package" \
		>/dev/null 2>&1 || echo "$package cannot be installed here: its column will say so"
done
exit 0
