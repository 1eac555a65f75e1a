#!/usr/bin/env bash
# make demo: the emulator with the seed documents' samples, two mounts, and a tour in a real shell.
# KEEP=1 leaves all of it standing, and says how to go on in a shell of one's own and how to end it.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=$(mktemp -d "${TMPDIR:-/tmp}/describefs-demo.XXXXXX")
emulator=
end() {
	cd /
	for mount in "$here/ti" "$here/qianfan"; do
		mountpoint -q "$mount" && { umount "$mount" 2>/dev/null || fusermount3 -u "$mount"; }
	done
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$here"
}
trap end EXIT

mkdir "$here/ti" "$here/qianfan" "$here/bin"
setsid build/describefs-emulator --port 0 --control-port 0 --ready "$here/ready" --log "$here/log" >"$here/emulator.out" 2>&1 &
emulator=$!
until [ -e "$here/ready" ]; do
	kill -0 "$emulator" 2>/dev/null || { echo "the emulator did not start:" >&2; cat "$here/emulator.out" >&2; exit 1; }
	sleep 0.05
done
port() { sed -n "s/^$1=//p" "$here/ready"; }

# A describefs that knows where this cloud is; what makes the cloud change; and the emulator's own keys, of no account.
# Values stand for 1 s here, so that a change is soon seen.
mkdir -p "$here/config/describefs"
printf 'endpoint = http://127.0.0.1:%s\nttl = 1\n' "$(port http)" >"$here/config/describefs/config"
cat >"$here/bin/describefs" <<EOT
#!/bin/sh
XDG_CONFIG_HOME=$here/config exec "$PWD/build/describefs" "\$@"
EOT
{
	sed -n 1p tests/demo/cloud
	printf '%s=%q\n' DEMO "$here" EMULATOR "$emulator" CONTROL "$(port control)" EMCTL "$PWD/tests/emulator/emctl"
	sed 1d tests/demo/cloud
} >"$here/bin/cloud"
chmod +x "$here/bin/describefs" "$here/bin/cloud"
cat >"$here/env" <<EOT
export PATH="$here/bin:\$PATH"
export TENCENTCLOUD_SECRET_ID=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001
export TENCENTCLOUD_SECRET_KEY=ExampleSecretKey0123456789abcdef
export QIANFAN_ACCESS_KEY=ALTAKexampleexampleexampl
export QIANFAN_SECRET_KEY=exampleSecretAccessKey0123456789
EOT
# shellcheck source=/dev/null
. "$here/env"
describefs tione:ap-guangzhou "$here/ti"
describefs qianfan "$here/qianfan"

bold='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
run() {
	printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
	bash -c "$*"
}

echo
echo "describefs is mounted: TI-ONE on $here/ti, Qianfan on $here/qianfan"
cd "$here/ti"
id=train-1329791605108055040
task=training/$id
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
run "cut -f 1-3 training/.table.tsv"
run ls by-status/training
run cat training/train-0000000000000000000/status \|\| true

echo
echo "Something happens at the cloud: \"cloud\" stands for the console here."
run "cloud set training $id Status=RUNNING; timeout 20 sh -c 'until ls by-status/training/RUNNING | grep .; do sleep 0.2; done'"
run "cat $task/.wait & sleep 1; cloud set training $id Status=SUCCEED; wait"
run "timeout 6 tail -f $task/.events & sleep 2; cloud set training $id Status=STOPPED; wait"
run "timeout 7 tail -s 0.3 -F $task/status 2>/dev/null & sleep 2; cloud set training $id Status=SUCCEED; wait"

cd "$here/qianfan"
run cat training/1/jobs/1/status training/1/jobs/1/finish_time
run ls finetuning
run cat "finetuning/*/tasks/*/run_status"
run cat .describefs/status
cd "$here"
run describefs status \|\| true # 1 if another mount on this machine is dead
calls=$(wc -l <"$here/log")
echo
echo "All of that took $calls signed calls; the emulator checked each signature."

if [ -n "${KEEP:-}" ]; then
	trap - EXIT
	cat <<EOT

It stays mounted. In a shell of your own:

    . $here/env                  # the keys, and PATH: describefs knows this cloud, cloud changes it
    cd $here/ti
    cloud set training $id Status=RUNNING
    cat by-status/training/RUNNING/*/.wait    # waits until, in another shell that has read env:
    cloud set training $id Status=SUCCEED
    cloud down                   # every call fails: what is known is still shown; cloud up
    cloud calls                  # the calls that the cloud has seen
    cloud end                    # unmounts and ends all of it
EOT
fi
