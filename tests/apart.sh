#!/bin/sh
# unshare -m tests/apart.sh COMMAND... - runs COMMAND in a mount namespace that has no mount of another test.
#
# A namespace begins with a copy of all mounts. While a copy stands, the kernel does not end the mount, and the daemon
# of a test that has unmounted it goes on. Mounts below the directory APART_KEEP, if there is one, stay.
awk '$3 ~ /^fuse[.]/ { print $2 }' /proc/self/mounts | while read -r mount; do
	case $mount in
	"${APART_KEEP:-/nowhere}"/*) ;;
	*) umount -l "$mount" 2>/dev/null ;;
	esac
done
exec "$@"
