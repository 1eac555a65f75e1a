"""P: the mount point: paths to it, mounts that fail, and other mounts on it."""
import os
import signal
import subprocess

import pytest

from harness import (APART, LAST_RESORT, PLAIN, TASK, error_of, find_daemon, mounts_below, wait_exit,
                     wait_until)

STATUS = "training/%s/status" % TASK


def start(box, *arguments, **how):
    """Limited to a time that only a hang reaches. What is left then is ended, so that other tests can run."""
    try:
        return box.run("-o", "endpoint=" + box.cloud.url, *arguments, timeout=LAST_RESORT, **how)
    except subprocess.TimeoutExpired as late:
        raise AssertionError("the start never ended") from late
    finally:
        for pid in iter(lambda: find_daemon(box.directory), None):
            os.kill(pid, signal.SIGKILL)
            wait_exit(pid, LAST_RESORT)


# ---- ways to a directory

WAYS = {".": "mnt", "./": "mnt", "mnt/.": "", "mnt/sub/..": "", "mnt/": "", "./mnt//.": "", "link": "", "link/.": "",
        "../mnt": "mnt"}


@pytest.mark.parametrize("flags", [(), ("-f",)], ids=["background", "foreground"])
@pytest.mark.parametrize("way", WAYS)
def test_P10_every_way_to_a_directory_mounts_on_it(box, cloud, way, flags):
    point = box.directory / "mnt"
    (point / "sub").mkdir(parents=True)
    (box.directory / "link").symlink_to(point)
    command = [str(PLAIN), "-o", "endpoint=" + cloud.url, *flags, "tione", way]
    process = subprocess.Popen(command, cwd=box.directory / WAYS[way], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=box.environment())
    try:
        if not flags:
            assert wait_exit(process.pid, LAST_RESORT) == 0
        wait_until(lambda: mounts_below(point) or process.poll(), what="a mount")
        assert mounts_below(point) == [(str(point), "fuse.describefs")]
        with open(point / STATUS) as status:
            assert status.read() == "SUCCEED\n"
        subprocess.run(["umount", str(point)], check=True)
        pid = process.pid if flags else find_daemon(way)
        assert pid is None or wait_exit(pid, LAST_RESORT) == 0
    finally:
        process.kill()
        process.returncode = 0
        process.stderr.close()
        subprocess.run(["umount", "-l", str(point)], stderr=subprocess.DEVNULL)


# ---- mounts that fail

@pytest.mark.parametrize("lost, words", [("mount", "did not start within"), ("read", "sent no request within"),
                                         ("write", "does not answer")])
def test_P15_a_start_that_waits_in_vain_ends_and_says_so(box, cloud, preload, lost, words):
    point = box.point()
    result = start(box, "tione", point, binary=PLAIN, env={"LD_PRELOAD": preload("deaf"), "FAULT_DEAF": lost})
    said = result.stderr.decode()
    assert result.returncode == 1 and words in said and said.count("\n") == 1, result
    assert mounts_below(point) == [] and os.listdir(point) == []


@pytest.mark.parametrize("flags", [(), ("-f",)], ids=["background", "foreground"])
def test_P15_a_fusermount_that_never_answers_is_ended(box, cloud, flags):
    fake = box.directory / "bin"
    fake.mkdir()
    (fake / "fusermount3").write_text("#!/bin/sh\necho $$ > %s/pid\nexec sleep 1000\n" % fake)
    (fake / "fusermount3").chmod(0o755)
    point = box.point()
    result = start(box, "-o", "auto_unmount", *flags, "tione", point, binary=PLAIN,
                   env={"PATH": "%s:%s" % (fake, os.environ["PATH"])})
    assert result.returncode == 1 and b"fusermount3 did not answer within 20 s" in result.stderr, result
    assert not os.path.exists("/proc/%s" % (fake / "pid").read_text().strip()) and mounts_below(point) == []


# ---- other mounts there

def tmpfs(point):
    subprocess.run(["mount", "-t", "tmpfs", "none", str(point)], check=True)
    (point / "file").write_text("kept")


def check_kept(point):
    assert mounts_below(point)[-1] == (str(point), "tmpfs") and (point / "file").read_text() == "kept"
    subprocess.run(["umount", str(point)], check=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_P16_what_covers_our_mount_is_left_alone(box, cloud, number):
    mount = box.mount("tione", binary=PLAIN)
    tmpfs(mount.path)
    mount.signal(number)
    mount.expected_status = 0 if number == signal.SIGTERM else -number
    assert mount.wait() == mount.expected_status
    check_kept(mount.path)
    assert error_of(os.listdir, mount.path) == "ENOTCONN"  # ours could not be reached: dead, and still there
    again = box.mount("tione", at=mount.path)
    assert len(mounts_below(again.path)) == 1 and again.text(STATUS) == "SUCCEED"
    again.unmount()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_P16_what_is_mounted_after_a_lazy_unmount_is_left_alone(box, cloud, number):
    mount = box.mount("tione", binary=PLAIN)
    fd = os.open(mount / STATUS, os.O_RDONLY)
    subprocess.run(["umount", "-l", str(mount.path)], check=True)
    tmpfs(mount.path)
    mount.signal(number)
    assert os.read(fd, 100) == b"SUCCEED\n"
    os.close(fd)
    assert mount.wait() == 0
    check_kept(mount.path)


def test_P16_a_mount_that_was_moved_is_found(box, cloud):
    subprocess.run(["mount", "-t", "tmpfs", "none", str(box.point())], check=True)
    below = box.directory / "mnt0"
    try:
        subprocess.run(["mount", "--make-private", str(below)], check=True)
        (below / "one").mkdir()
        mount = box.mount("tione", at=below / "one", binary=PLAIN)
        (below / "other").mkdir()
        subprocess.run(["mount", "--move", str(mount.path), str(below / "other")], check=True)
        tmpfs(mount.path)
        mount.signal(signal.SIGTERM)
        assert mount.wait() == 0
        assert mounts_below(below / "other") == []
        check_kept(mount.path)
    finally:
        subprocess.run(["umount", "-l", str(below)], check=True)


# ---- auto_unmount, and a user who is not root

def in_a_namespace(box, script, *options):
    """The script, where /dev/fuse is for everyone; `as_user COMMAND`, `start`, `gone` and $point are there for it."""
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    point = box.point()
    os.chown(point, 65534, 65534)
    head = r"""set -e
        mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9
        mknod -m 666 /dev/fuse c 10 229
        point=$0
        as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
        start() { "$@" %s -o %s tione "$point"; pid=$(pgrep -f -n "^%s .* $point\$"); test -e "$point/README" ||
            as_user test -e "$point/README"; }
        mounted() { grep -q " $point fuse.describefs " /proc/self/mounts; }
        runs() { grep -qs "^State:.[^Z]" /proc/$pid/status; }
        gone() { while mounted || runs; do sleep 0.02; done; }
        """ % (PLAIN, ",".join(["endpoint=" + box.cloud.url, *options]), PLAIN)
    result = subprocess.run([*APART, "bash", "-c", head + script, str(point)], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=60, env=box.environment(), text=True)
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout


@pytest.mark.parametrize("start, end", [
    ("start", "kill -9 $pid"), ("start", "kill $pid"), ("start", 'umount "$point"'),
    ("start as_user", "kill $pid"), ("start as_user", 'as_user fusermount3 -u "$point"'),
])
def test_P17_with_auto_unmount_nothing_is_left_mounted(box, cloud, start, end):
    """No fusermount3 stays either: Box.finish finds processes that still run."""
    in_a_namespace(box, '%s; mounted; %s; gone; test -z "$(ls -A "$point")"' % (start, end), "auto_unmount")


def test_P17_a_killed_mount_of_a_user_is_healed_by_the_next_start(box, cloud):
    """Some versions of fusermount3 stat the dead mount as root, which a user's mount refuses, and leave it."""
    in_a_namespace(box, "start as_user; kill -9 $pid; while runs; do sleep 0.02; done; start as_user; kill $pid; gone",
                   "auto_unmount")


def test_P17_a_path_that_leads_through_the_mount_keeps_nobody_from_ending_it(box, cloud):
    """PATH begins below the mount point; the helper is searched in it at the end, and over a dead mount."""
    in_a_namespace(box, """
        user() { as_user env PATH="$point/bin:$PATH" "$@"; }
        start user; kill $pid; gone
        start user; kill -9 $pid; while runs; do sleep 0.02; done; start user; kill $pid; gone""")


def test_P16_a_user_detaches_only_his_own_mount(box, cloud):
    said = in_a_namespace(box, """
        start as_user; mount -t tmpfs none "$point"; echo kept > "$point/file"
        kill $pid; while runs; do sleep 0.02; done
        cat "$point/file"; umount "$point"; umount -l "$point"
        start as_user; mounted; kill $pid; gone""")
    assert said == "kept\n"
