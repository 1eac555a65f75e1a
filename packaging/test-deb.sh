#!/usr/bin/env bash
# packaging/test-deb.sh [DEB] - installs the package into a fresh Debian 12, tries it there, removes it. As root.
#
# The Debian is made by debootstrap below /tmp and is gone afterwards (KEEP=DIRECTORY keeps it there, and takes it
# the next time). DEB is build/deb/describefs_*.deb, from "make deb". SUITE and MIRROR say which Debian.
# With build/describefs-emulator there and /dev/fuse, it also mounts: as root, as a user, by fstab's line.
set -euo pipefail
cd "$(dirname "$0")/.."

deb=${1:-$(find build/deb -name 'describefs_[0-9]*.deb' 2>/dev/null | sort | tail -n 1)}
[ -f "$deb" ] || { echo "no package: make deb" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "debootstrap and chroot need root" >&2; exit 1; }

root=${KEEP:-$(mktemp -d /tmp/describefs-debian.XXXXXX)}
mkdir -p "$root"
chmod 755 "$root" # a user is to find the libraries
emulator=
end() {
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
	# Nothing of the machine's own may be unmounted through what is shared with it.
	local mount
	awk -v r="$root/" 'index($2, r) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r mount; do
		mount --make-rprivate "$mount" 2>/dev/null || true
		umount "$mount" 2>/dev/null || umount -l "$mount" || true
	done
	[ -n "${KEEP:-}" ] || rm -rf --one-file-system "$root"
}
trap end EXIT

passed=0
ok() { # WHAT COMMAND...
	local what=$1
	shift
	if ! "$@" >"$root/tmp/said" 2>&1; then
		echo "not ok - $what"
		sed 's/^/# /' "$root/tmp/said"
		exit 1
	fi
	passed=$((passed + 1))
	echo "ok - $what"
}
inside() { chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
sh_inside() { inside bash -c "set -eo pipefail; $1"; }

if [ ! -x "$root/usr/bin/dpkg" ]; then
	echo "# debootstrap into $root"
	debootstrap --variant=minbase "${SUITE:-bookworm}" "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 ||
		{ tail -n 20 "$root.log"; rm -f "$root.log"; exit 1; }
	rm -f "$root.log"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
[ -e "$root/etc/mtab" ] || ln -s ../proc/self/mounts "$root/etc/mtab" # systemd would; fusermount3 wants it
cp "$deb" "$root/tmp/describefs.deb"
# Of an earlier run.
sh_inside 'dpkg --purge describefs || true; userdel -r joe || true; rm -rf /root/.tccli /mnt/ti /dev/fuse; : >/etc/fstab' >/dev/null 2>&1 || true
inside apt-get -qq update
inside apt-get -qq install -y --no-install-recommends man-db bash-completion zsh fish >/dev/null 2>&1
sh_inside 'find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /var -prune -o -print | sort >/tmp/before'

ok "it installs with what it depends on" inside apt-get -qq install -y --no-install-recommends /tmp/describefs.deb
ok "describefs --version" sh_inside "describefs --version | grep -x 'describefs [0-9.]*'"
ok "describefs kinds" sh_inside "describefs kinds | grep -q '^tione - ' && describefs kinds qianfan | grep -q /finetuning/"
ok "describefs doctor says what is missing, and ends with 1" sh_inside \
	"describefs doctor tione >/tmp/doctor || [ \$? = 1 ]; grep -q '^problem *key' /tmp/doctor"
ok "without a key, one line says so" sh_inside "! describefs ls tione 2>/tmp/why && [ \$(wc -l </tmp/why) = 1 ]"
for manual in "1 describefs" "5 describefs-catalog" "7 describefs" "8 mount.describefs"; do
	ok "man $manual" sh_inside "MANWIDTH=80 man --warnings $manual 2>/tmp/why | grep -q . && [ ! -s /tmp/why ]"
done
ok "man -k finds them" sh_inside "mandb -q; man -k describefs | grep -c describefs | grep -x 4"
# shellcheck disable=SC2016 # for the shell inside
ok "bash loads the completion by itself" sh_inside '
	. /usr/share/bash-completion/bash_completion
	_completion_loader describefs || [ $? = 124 ]
	complete -p describefs | grep _describefs
	COMP_WORDS=(describefs t) COMP_CWORD=1 COMP_LINE="describefs t" COMP_POINT=12
	_describefs; [[ " ${COMPREPLY[*]} " == *" tione "* ]]'
ok "zsh has it in its path" sh_inside "zsh -fc 'autoload -Uz compinit; compinit -u -D; [[ \${_comps[describefs]} == _describefs ]]'"
ok "fish loads it by itself" sh_inside "fish -c 'complete -C \"describefs ti\"' | grep -q ^tione"
ok "the unit is where users' managers look" sh_inside "grep -q /usr/bin/describefs '/usr/lib/systemd/user/describefs@.service'"
ok "mount(8) knows the type" sh_inside "! mount -t describefs no-such /mnt 2>/tmp/why; grep 'no-such: no such catalog' /tmp/why"

if [ -x build/describefs-emulator ] && [ -c /dev/fuse ]; then
	rm -f "$root/tmp/ready"
	build/describefs-emulator --port 0 --ready "$root/tmp/ready" --log "$root/tmp/log" >/dev/null 2>&1 &
	emulator=$!
	for _ in $(seq 100); do [ -s "$root/tmp/ready" ] && break; sleep 0.05; done
	url=http://127.0.0.1:$(sed -n 's/^http=//p' "$root/tmp/ready")
	mknod -m 666 "$root/dev/fuse" c 10 229 2>/dev/null || true
	# The emulator's own keys; no account has them.
	key='{"secretId": "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001", "secretKey": "ExampleSecretKey0123456789abcdef"}'
	sh_inside "umask 077; mkdir -p /root/.tccli; echo '$key' >/root/.tccli/default.credential"
	sh_inside "id joe >/dev/null 2>&1 || useradd -m joe; install -d -o joe /home/joe/.tccli /home/joe/ti
		install -m 600 -o joe /root/.tccli/default.credential /home/joe/.tccli/"
	ok "ls, cat and tree need no mount" sh_inside "describefs ls -o endpoint=$url tione | grep -x training/\\* &&
		describefs cat -o endpoint=$url tione training/train-1329791605108055040/status | grep -x SUCCEED"
	ok "root mounts, reads, unmounts" sh_inside "mkdir -p /mnt/ti; describefs -o endpoint=$url tione /mnt/ti
		grep -x SUCCEED /mnt/ti/training/*/status; umount /mnt/ti"
	ok "a user mounts, reads, unmounts" sh_inside "setpriv --reuid joe --regid joe --init-groups env HOME=/home/joe sh -ec '
		describefs -o endpoint=$url tione /home/joe/ti
		grep -x SUCCEED /home/joe/ti/training/*/status; fusermount3 -u /home/joe/ti'"
	# A new user's first session, from a key to a finished task; its output is printed.
	cat >"$root/tmp/session" <<-END
		set -ex
		mkdir -p ~/.config/describefs ~/cloud
		printf '[work]\nsource = tione tione:ap-shanghai\nmountpoint = ~/cloud\nendpoint = $url\n' >~/.config/describefs/config
		describefs work
		ls ~/cloud
		ls -l ~/cloud/tione/by-status/training/SUCCEED | cut -d ' ' -f 9-
		cut -f 1-3 ~/cloud/tione/training/.table.tsv
		cat ~/cloud/tione/by-name/training/*/.wait
		describefs status | cut -f 1-5
		fusermount3 -u ~/cloud
	END
	ok "a named mount, and a finished task" sh_inside "setpriv --reuid joe --regid joe --init-groups env HOME=/home/joe sh /tmp/session
		! mount | grep describefs"
	sed 's/^/# /' "$root/tmp/said"
	ok "a line of fstab mounts" sh_inside "echo 'tione /mnt/ti describefs noauto,_netdev,x-systemd.automount,endpoint=$url 0 0' \
		>>/etc/fstab; env -u HOME mount /mnt/ti; grep -x SUCCEED /mnt/ti/training/*/status; umount /mnt/ti; : >/etc/fstab"
	sh_inside "rm -rf /root/.tccli /mnt/ti; userdel -r joe 2>/dev/null; rm -f /dev/fuse"
else
	echo "# no emulator or no /dev/fuse here: mounting is left out"
fi

ok "it goes" inside apt-get -qq purge -y --autoremove describefs
ok "nothing of it is left" sh_inside "! find / -xdev -name '*describefs*' -not -path '/tmp/*' -not -path '/proc/*' | grep .
	find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /var -prune -o -print | sort >/tmp/after
	! comm -13 /tmp/before /tmp/after | grep -v -e /mandb -e __pycache__ -e '^/etc/.*-\$' -e '/etc/ld.so.cache' | grep describefs"
echo "$passed passed, 0 failed, 0 skipped"
