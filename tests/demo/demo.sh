#!/usr/bin/env bash
# make demo: the emulator with the seed documents' samples, two mounts, and a tour in a real shell.
# KEEP=1 leaves all of it standing and says how to look and how to end it.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=$(mktemp -d "${TMPDIR:-/tmp}/describefs-demo.XXXXXX")
emulator=
end() {
	for mount in "$here/ti" "$here/qianfan"; do
		mountpoint -q "$mount" && { umount "$mount" 2>/dev/null || fusermount3 -u "$mount"; }
	done
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$here"
}
trap end EXIT

mkdir "$here/ti" "$here/qianfan"
setsid build/describefs-emulator --port 0 --ready "$here/ready" --log "$here/log" >"$here/emulator.out" 2>&1 &
emulator=$!
for _ in $(seq 100); do [ -e "$here/ready" ] && break; sleep 0.05; done
port=$(sed -n 's/^http=//p' "$here/ready")

# The emulator's own keys: nobody's account.
export TENCENTCLOUD_SECRET_ID=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001
export TENCENTCLOUD_SECRET_KEY=ExampleSecretKey0123456789abcdef
export QIANFAN_ACCESS_KEY=ALTAKexampleexampleexampl
export QIANFAN_SECRET_KEY=exampleSecretAccessKey0123456789
build/describefs -o "endpoint=http://127.0.0.1:$port" tione:ap-guangzhou "$here/ti"
build/describefs -o "endpoint=http://127.0.0.1:$port" qianfan "$here/qianfan"

run() {
	printf '\n\033[1m$ %s\033[0m\n' "$*"
	bash -c "$*"
}

echo
echo "describefs is mounted: TI-ONE on $here/ti, Qianfan on $here/qianfan"
cd "$here/ti"
task=training/train-1329791605108055040
version=models/m-608587242317024640/versions/mv-v1-625097625049989888
run ls
run ls training notebooks
run cat $task/status
run cat $version/format
run cat notebooks/nb-1188508294472113920/resource_conf/gpu_type
run ls $task
run "grep -r SUCCEED $task"
run "find $version -name '*.json' -size +1"
run "jq '{Name, Status, EndTime, Tags}' $task/describe.json"
run "cat '$task/tags/qcs:tag:createdBy'"
run getfattr -d $task/status
run ls -l training
run cat training/train-0000000000000000000/status \|\| true
cd "$here/qianfan"
run cat training/1/jobs/1/status training/1/jobs/1/finish_time
run ls finetuning
run cat "finetuning/*/tasks/*/run_status"
run cat .describefs/status
cd /
calls=$(wc -l <"$here/log")
echo
echo "All of that took $calls signed calls; the emulator checked each signature."

if [ -n "${KEEP:-}" ]; then
	trap - EXIT
	cat <<EOT

It stays mounted.  Look:   cd $here/ti; cd $here/qianfan
End it:                    umount $here/ti $here/qianfan; kill $emulator; rm -rf $here
EOT
fi
