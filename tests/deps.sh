#!/usr/bin/env bash
# tests/deps.sh GROUP... - installs from Debian what is missing of the groups: build, demo, check, deb, fuzz, kernels, valgrind.
# A thing is looked for by what it brings (a command, a header), so that nothing that is there is touched.
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# command or header -> package
build='gcc:gcc pkg-config:pkg-config /usr/include/string.h:libc6-dev
	/usr/include/fuse3/fuse_lowlevel.h:libfuse3-dev /usr/include/cjson/cJSON.h:libcjson-dev
	/usr/include/openssl/evp.h:libssl-dev curl/curl.h:libcurl4-openssl-dev fusermount3:fuse3'
demo='microhttpd.h:libmicrohttpd-dev gnutls/gnutls.h:libgnutls28-dev zlib.h:zlib1g-dev openssl:openssl jq:jq
	getfattr:attr curl:curl /usr/bin/python3:python3 ps:procps'
check='cmocka.h:libcmocka-dev /usr/lib/python3/dist-packages/pytest:python3-pytest rsync:rsync
	vim:vim git:git ctags:universal-ctags cppcheck:cppcheck man:man-db groff:groff node:nodejs npm:npm
	getfattr:attr restic:restic borg:borgbackup strace:strace nm:binutils file:file ip:iproute2 unshare:util-linux
	shellcheck:shellcheck clang-format:clang-format zsh:zsh fish:fish'
deb='/usr/share/build-essential/list:build-essential dpkg-buildpackage:dpkg-dev dh:debhelper'
kernels='qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio'
valgrind='valgrind:valgrind'
fuzz='clang:clang libclang_rt.fuzzer:libclang-rt-dev'

has() {
	case "$1" in
	/*) [ -e "$1" ] ;;
	*.h) [ -e "/usr/include/$1" ] || compgen -G "/usr/include/*/$1" >/dev/null ;;
	libclang_rt.*) [ -e "$(clang -print-file-name="$1-$(uname -m).a" 2>/dev/null)" ] ;;
	ctags) ctags --version 2>/dev/null | grep -q Universal ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing=()
for group in "$@"; do
	for pair in ${!group}; do
		has "${pair%%:*}" || missing+=("${pair##*:}")
	done
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing from Debian: ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
