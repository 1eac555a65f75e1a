"""From the command line to the unmount: how a mount starts and ends, and that it never shows a key."""
import os
import re
import signal
import subprocess
import time

import pytest

from harness import (APART, KEYS, LAST_RESORT, MODEL, NOTEBOOK, PLAIN, SANITIZED, SECRETS, TASK, error_of, find_daemon,
                     forget_all, mounts_below, timed, wait_exit,
                     wait_until)

STATUS = "training/%s/status" % TASK
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def refused(box, status, *arguments, **how):
    """One line on stderr, this exit status, nothing mounted and nothing running."""
    result = box.run(*arguments, **how)
    said = result.stderr.decode()
    assert (result.returncode, said.count("\n")) == (status, 1), said
    assert said.startswith("describefs: ") and len(said) < 1200 and not result.stdout
    assert mounts_below(box.directory) == []
    return said


# ---- mistakes

def test_a_mistake_of_usage_is_2(box):
    point = str(box.point())
    for arguments in [[], ["tione"], ["-o"], ["-o", "ttl"], ["-o", "ttl=x", "tione", point], ["-z", "tione", point],
                      ["--nonsense"], ["-o", "nonsense", "tione", point], ["tione", "qianfan", "tione", point],
                      ["-o", "deadline=0", "tione", point], ["-o", "names=what", "tione", point],
                      ["-o", "endpoint=http://example.com", "tione", point], ["-o", "pin=x", "tione", point],
                      ["Tione", point], ["tione@", point], ["tione:", point], ["cat", "tione"], ["ls"],
                      ["-o", "rate=0", "tione", point], ["-o", "umask=888", "tione", point]]:
        refused(box, 2, *arguments)


def test_an_unknown_option_names_its_nearest_neighbour(box):
    assert "deadline" in refused(box, 2, "-o", "deadlin=3", "tione", box.point())
    assert "stale" in refused(box, 2, "-o", "stalle=3", "tione", box.point())
    assert "ttl" in refused(box, 2, "--ttl=3", "tione", box.point())


def test_a_bad_mount_point_is_1(box):
    assert "No such file" in refused(box, 1, "tione", box.directory / "nowhere")
    (box.directory / "file").write_text("")
    assert "not a directory" in refused(box, 1, "tione", box.directory / "file").lower()
    assert "not a directory" in refused(box, 1, "tione", box.directory / "file/below").lower()


def test_mkdir_is_no_advice_where_it_does_not_help(box):
    (box.directory / "link").symlink_to("nowhere")
    assert "link: No such file or directory: it is a dangling link" in refused(box, 1, "tione", box.directory / "link")
    (box.directory / "gone").mkdir()
    said = subprocess.run(["sh", "-c", 'rmdir "$PWD" && exec "$0" tione .', str(SANITIZED)], cwd=box.directory / "gone",
                          env=box.environment({}), capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stderr) == (
        1, "describefs: .: No such file or directory: the current directory was removed: cd to another\n")


def test_no_credentials_are_1_and_it_says_what_to_do(box):
    nobody = ("-o", "metadata=http://127.0.0.1:1")
    said = refused(box, 1, *nobody, "tione", box.point(), env=dict.fromkeys(KEYS))
    assert "TENCENTCLOUD_SECRET_ID" in said and "tccli configure" in said
    assert "QIANFAN_ACCESS_KEY" in refused(box, 1, "qianfan", box.point(), env=dict.fromkeys(KEYS))
    assert "work" in refused(box, 1, "tione@work", box.point())
    refused(box, 1, *nobody, "tione", box.point(), env={**dict.fromkeys(KEYS), "HOME": None})
    # an id without its secret is no key
    refused(box, 1, *nobody, "tione", box.point(), env={"TENCENTCLOUD_SECRET_KEY": None})


def test_an_unknown_source_is_1_and_the_known_ones_are_named(box):
    said = refused(box, 1, "tion", box.point())
    assert "tione" in said and "qianfan" in said
    refused(box, 1, "qianfan:ap-guangzhou", box.point())  # it has no regions


def test_bad_pins_and_files_are_refused_before_anything_is_mounted(box):
    assert "pin" in refused(box, 1, "-o", "pin=nothing/x", "tione", box.point())
    assert "pin" in refused(box, 1, "-o", "pin=training/m-1", "tione", box.point())
    assert "cacert" in refused(box, 1, "-o", "cacert=/nowhere.pem", "tione", box.point())


def test_a_certificate_file_that_is_none_is_refused(box):
    """Row 19: the error comes before the mount and says what to do."""
    (box.directory / "bad.pem").write_text("this is no certificate\n")
    said = refused(box, 1, "-o", "cacert=%s,endpoint=https://127.0.0.1:1" % (box.directory / "bad.pem"), "tione", box.point())
    assert "bad.pem: holds no PEM certificate" in said and "openssl x509" in said


def test_what_is_missing_at_a_mount_is_said_with_what_to_do(box, cloud):
    """Row 19: a mount point, a section's mount point, a profile, half of a profile's key; a section's mistakes by line."""
    config = box.home / ".config/describefs/config"
    config.parent.mkdir(parents=True)
    config.write_text("[work]\nsource = tione # mine\n[bad]\nsource = tione\nttl = 1 hour\n")
    nowhere = box.directory / "nowhere"
    assert "nowhere: No such file or directory: mkdir -p %s" % nowhere in refused(box, 1, "tione", nowhere)
    assert "%s:1: [work] has no mountpoint" % config in refused(box, 2, "work")
    assert "%s:5: ttl=1 hour: expected a time" % config in refused(box, 2, "bad", box.point())
    assert "(the files have work, bad)" in refused(box, 2, "wrk")
    keys = box.home / ".tccli"
    keys.mkdir()
    for name in "default", "home":
        (keys / (name + ".credential")).write_text('{"secretId": "a"}')
        (keys / (name + ".credential")).chmod(0o600)
    said = refused(box, 1, "tione@wrok", box.point())
    assert "no key for the profile wrok: the profiles are default, home: run `tccli configure --profile wrok`" in said
    said = refused(box, 1, "tione@home", box.point())
    assert "home.credential: secretId is set, but secretKey is missing or empty: run `tccli configure --profile home`" in said
    config.write_text("[work]\nsource = tione # mine\nmountpoint = '%s' # here\nendpoint = %s\ndeadline = 1.5s\nttl = 1m\n" % (
        box.point(), cloud.url))
    assert box.run("cat", "work", STATUS).stdout == b"SUCCEED\n"


# A mount namespace of the command's own, with a /dev whose content the test chooses.
OTHER_DEV = 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && '


def test_without_fuse_it_is_1_and_clear(box):
    said = refused(box, 1, "tione", box.point(), prefix=(*APART, "sh", "-c", OTHER_DEV + 'exec "$@"', "sh"))
    assert "device not found" in said


def test_a_second_mount_on_a_live_one_is_refused_and_harms_nothing(box, cloud):
    mount = box.mount("tione")
    result = box.run("-o", "endpoint=" + cloud.url, "tione", mount.path)
    assert result.returncode == 1 and b"already mounted" in result.stderr and result.stderr.count(b"\n") == 1
    assert mount.text(STATUS) == "SUCCEED"
    assert len(mounts_below(mount.path)) == 1


def test_help_and_version(box):
    for option in ("--help", "-h"):
        result = box.run(option)
        assert result.returncode == 0 and not result.stderr and b"Usage: describefs" in result.stdout
    for option in ("--version", "-V"):
        result = box.run(option)
        assert result.returncode == 0 and re.match(rb"describefs \d+\.\d+\.\d+\n$", result.stdout)


# ---- a good start

def test_the_parent_ends_with_0_and_the_mount_answers(box, cloud):
    mount = box.mount("tione")
    assert mount.result.stdout == mount.result.stderr == b""
    assert mounts_below(mount.path) == [(str(mount.path), "fuse.describefs")]
    assert cloud.total() == 0
    assert mount.text(STATUS) == "SUCCEED"


def test_a_start_copies_its_process_once_and_reads_no_table_of_mounts(box, cloud):
    """A copy takes 1 ms of a start's 10. The other child, which asks the mount, shares the starter's memory.

    The kernel writes the table anew for each reader, and a mount point that is no FUSE mount needs none.
    """
    log, point = box.directory / "strace", box.point()
    tracer = subprocess.Popen(["strace", "-f", "-e", "trace=clone,clone3,fork,vfork,openat", "-o", str(log), str(PLAIN),
                               "-o", "endpoint=" + cloud.url, "tione", str(point)], env=box.environment())
    try:
        starter = wait_until(lambda: log.exists() and re.match(r"\d+", log.read_text()), what="a start")[0]
        ended = r"(?m)^%s .*exited with 0" % starter
        wait_until(lambda: tracer.poll() is not None or re.search(ended, log.read_text()), what="the starter's end")
        subprocess.run(["umount", str(point)], check=True)
        assert tracer.wait() == 0
    finally:
        tracer.kill()
        subprocess.run(["umount", "-l", str(point)], stderr=subprocess.DEVNULL)
    calls = log.read_text()
    copies = [line for line in calls.splitlines() if re.search(r"\b(clone3?|fork|vfork)\(", line)]
    assert len([line for line in copies if "CLONE_VM" not in line]) == 1 and len(copies) == 2, copies
    assert "/proc/self/mountinfo" not in calls


def test_the_mount_is_read_only_and_named_after_its_source(box, cloud):
    mount = box.mount("tione:ap-shanghai")
    with open("/proc/self/mounts") as lines:
        fields = next(line for line in lines if str(mount.path) in line).split()
    assert fields[0] == "tione:ap-shanghai" and fields[2] == "fuse.describefs"
    assert {"ro", "nosuid", "nodev"} <= set(fields[3].split(","))
    assert mount.text(STATUS) == "SUCCEED"
    assert cloud.log()[0]["region"] == "ap-shanghai"


def test_the_daemon_has_left_its_terminal_directory_and_descriptors(box):
    mount = box.mount("tione")
    process = "/proc/%d/" % mount.pid
    assert os.readlink(process + "cwd") == "/"
    assert [os.readlink(process + "fd/%d" % fd) for fd in (0, 1, 2)] == ["/dev/null"] * 3
    assert int(open(process + "stat").read().rsplit(")", 1)[1].split()[3]) == mount.pid  # a session of its own
    assert mount.threads() <= 3


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors_do_no_harm(box, cloud, closed):
    mount = box.mount("tione", prefix=("sh", "-c", 'exec "$@" ' + closed, "sh"))
    assert mount.text(STATUS) == "SUCCEED"


def test_a_relative_mount_point_and_a_blank_in_it(box, cloud):
    (box.directory / "a blank").mkdir()
    result = box.run("-o", "endpoint=" + cloud.url, "tione", "a blank")
    assert result.returncode == 0 and not result.stderr
    assert mounts_below(box.directory / "a blank")
    pid = find_daemon("a blank")
    assert os.listdir(box.directory / "a blank")
    subprocess.run(["fusermount3", "-u", str(box.directory / "a blank")], check=True)
    assert wait_exit(pid, LAST_RESORT) == 0


def test_options_of_fstab_are_understood(box):
    mount = box.mount("tione", "ro", "noauto", "nofail", "_netdev", "x-systemd.automount", "noatime", "nosuid")
    assert mount.text(STATUS) == "SUCCEED"


def test_mount_t_fuse_describefs_works_as_in_fstab(box, cloud):
    """mount(8) calls mount.fuse.describefs or mount.fuse3, which calls describefs SOURCE MOUNTPOINT -o OPTIONS."""
    point = box.point()
    result = box.run("tione", point, "-o", "rw,endpoint=" + cloud.url)
    assert result.returncode == 0, result.stderr
    pid = find_daemon(point)
    assert os.listdir(point)
    subprocess.run(["umount", str(point)], check=True)
    assert wait_exit(pid, LAST_RESORT) == 0


def test_the_foreground_serves_and_says_nothing(box, cloud):
    mount, _, errors = box.foreground("tione")
    assert mount.text(STATUS) == "SUCCEED"
    mount.signal(signal.SIGINT)
    assert mount.wait() == 0
    errors.seek(0)
    assert errors.read() == b""


# ---- the end

@pytest.mark.parametrize("command", [("fusermount3", "-u"), ("umount",), ("umount", "-l"), ("fusermount3", "-uz")],
                         ids=" ".join)
def test_an_unmount_ends_it(box, command):
    mount = box.mount("tione")
    assert mount.text(STATUS) == "SUCCEED"
    took, status = timed(mount.unmount, command)
    assert status == 0 and took < 2
    assert os.listdir(mount.path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_and_sigint_unmount_and_end_it_with_0(box, number):
    mount = box.mount("tione")
    assert mount.text(STATUS) == "SUCCEED"
    mount.signal(number)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2
    assert mounts_below(mount.path) == [] and os.listdir(mount.path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_ends_it_also_while_readers_wait(box, cloud, number):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    readers = [subprocess.Popen(["cat", str(mount / STATUS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in range(3)]
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    mount.signal(number)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2
    for reader in readers:
        assert reader.communicate(timeout=5)[1] and reader.returncode == 1
    assert mounts_below(mount.path) == []


def test_an_unmount_while_a_file_is_open_waits_for_nobody_when_it_is_lazy(box):
    mount = box.mount("tione")
    fd = os.open(mount / STATUS, os.O_RDONLY)
    assert subprocess.run(["umount", str(mount.path)], stderr=subprocess.PIPE).returncode != 0  # busy
    subprocess.run(["umount", "-l", str(mount.path)], check=True)
    assert os.read(fd, 100) == b"SUCCEED\n"  # the answer that was opened is still there
    os.close(fd)
    assert mount.wait() == 0


def test_a_mount_whose_daemon_was_killed_is_healed_by_starting_over(box, cloud):
    dead = box.mount("tione")
    assert dead.text(STATUS) == "SUCCEED"
    dead.expected_status = -signal.SIGKILL
    dead.signal(signal.SIGKILL)
    assert dead.wait() == -signal.SIGKILL
    assert error_of(os.stat, dead.path / "README") == "ENOTCONN"
    again = box.mount("tione", at=dead.path)
    assert again.text(STATUS) == "SUCCEED"
    assert len(mounts_below(again.path)) == 1


@pytest.mark.parametrize("end", ["/", "/.", "/./", "//.//"])
def test_a_dead_mount_is_healed_however_its_path_ends(box, cloud, end):
    dead = box.mount("tione")
    dead.expected_status = -signal.SIGKILL
    dead.signal(signal.SIGKILL)
    assert dead.wait() == -signal.SIGKILL
    result = box.run("-o", "endpoint=" + cloud.url, "tione", str(dead.path) + end)
    try:
        assert (result.returncode, result.stderr) == (0, b"")
        assert len(mounts_below(dead.path)) == 1
    finally:
        subprocess.run(["umount", str(dead.path)], check=False)


def test_a_dead_mount_of_another_program_is_left_alone(box):
    """Only mounts of the type fuse.describefs are replaced."""
    point = box.point()
    program = box.directory / "other"
    source = box.directory / "other.c"
    source.write_text('#define FUSE_USE_VERSION 314\n#include <fuse.h>\n#include <stddef.h>\n'
                      'static const struct fuse_operations none;\n'
                      'int main(int c, char **v) { return fuse_main(c, v, &none, NULL); }\n')
    subprocess.run(["sh", "-c", "cc -o %s %s $(pkg-config --cflags --libs fuse3)" % (program, source)], check=True)
    other = subprocess.Popen([str(program), "-f", "-o", "subtype=other", str(point)], stderr=subprocess.DEVNULL)
    wait_until(lambda: mounts_below(point))
    other.kill()
    other.wait()
    result = box.run("tione", point)
    try:
        assert result.returncode == 1 and b"of another program" in result.stderr
        assert mounts_below(point) == [(str(point), "fuse.other")]
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


def test_nothing_of_it_is_left_after_a_hundred_answers_and_refreshes(box):
    """Makes the daemon allocate much, so that the leak checker at its end has something to check."""
    cloud = box.emulator("--tasks", 2, "--models", 2, "--versions", 2)
    mount = box.mount("tione", "ttl=0", "rate=10000")
    for i in range(2):
        mount.sh("cd training/%s; grep -r . image_info tags; getfattr -Rd tags; cat *_time" % TASK)
        mount.sh("cat .describefs/*")
        mount.sh("ls -lR models/%s" % MODEL)
        cloud.set("training", TASK, Status="S%d" % i)
        mount.error("training/train-%d" % i)
    cloud.plan("error", code="UnauthorizedOperation")
    mount.run("ls training notebooks models; cat training/*/status")
    assert mount.unmount() == 0


def test_memory_is_bounded_by_max_memory(box):
    cloud = box.emulator("--tasks", 200)
    for i in range(200):
        cloud.set("training", "train-13300000000%08d" % i, Remark="x" * 50000)
    mount = box.mount("tione", "rate=10000", "max_memory=2M", binary=PLAIN)
    assert mount.sh("cat training/*/remark | wc -c").strip() == str(200 * 50001)
    assert cloud.calls() == {"DescribeTrainingTasks": 5, "DescribeTrainingTask": 201}  # none was asked for twice

    def kept():
        return int(re.search(r"kept +(\d+) bytes", mount.read(".describefs/status").decode())[1])

    assert kept() > 10 << 20  # what the kernel holds is kept
    forget_all(mount.path)
    mount.read("notebooks/%s/describe.json" % NOTEBOOK)  # the next answer makes room
    assert kept() < 4 << 20


# ---- secrets

def find_secrets(text):
    return [secret for secret in SECRETS if secret.encode() in (text.encode() if isinstance(text, str) else text)]


# promise: 7
def test_keys_are_nowhere_to_be_seen(box, cloud):
    mount = box.mount("tione")
    assert mount.text(STATUS) == "SUCCEED"
    process = "/proc/%d/" % mount.pid
    for name in ("cmdline", "environ", "stat", "status", "comm"):
        with open(process + name, "rb") as file:
            content = file.read()
        assert find_secrets(content) == [], name
        if name == "environ":
            assert KEYS["TENCENTCLOUD_SECRET_ID"].encode() not in content and b"HOME=" in content
    limits = open(process + "limits").read()
    assert re.search(r"Max core file size +0 +0 ", limits)
    # not dumpable: the /proc files of the process belong to root, whatever user it runs as
    assert mount.read(".describefs/status") and find_secrets(mount.read(".describefs/status")) == []
    assert find_secrets(mount.sh("getfattr -Rd . 2> /dev/null; cat .describefs/*; cat README")) == []


def test_another_process_of_the_same_user_cannot_look_inside(box, cloud):
    mount = box.mount("tione")
    result = subprocess.run([*NOBODY, "cat", "/proc/%d/environ" % mount.pid],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode != 0 and b"denied" in result.stderr


# promise: 7
def test_debug_says_much_and_no_secret(box, cloud):
    box.auth_failures = True
    mount, _, errors = box.foreground("tione", flags=("-d",))
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan("error", action="DescribeNotebook", code="AuthFailure.SignatureFailure", message="x")
    assert mount.error("notebooks/nb-1/name") == "EACCES"
    assert mount.unmount() == 0
    errors.seek(0)
    said = errors.read().decode(errors="replace")
    assert "DescribeTrainingTask" in said and "AuthFailure.SignatureFailure" in said
    assert find_secrets(said) == [] and "Signature=" not in said and "TC3-HMAC" not in said


# promise: 7
def test_a_token_is_kept_as_secret_as_a_key(box):
    cloud = box.emulator("--token", "canary-token-0123456789")
    mount = box.mount("tione", env={"TENCENTCLOUD_TOKEN": "canary-token-0123456789"})
    assert mount.text(STATUS) == "SUCCEED"
    for name in ("cmdline", "environ"):
        with open("/proc/%d/%s" % (mount.pid, name), "rb") as file:
            assert b"canary-token" not in file.read()
    assert "canary-token" not in mount.sh("getfattr -Rd . 2> /dev/null; cat .describefs/*")
    assert cloud.counts()["by_verdict"].get("ok")


# promise: 7
def test_proxies_and_key_logs_of_the_environment_are_ignored(box, cloud):
    log = box.directory / "keylog"
    mount = box.mount("tione", env={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
                                    "SSLKEYLOGFILE": log, "CURL_CA_BUNDLE": "/nowhere"})
    assert mount.text(STATUS) == "SUCCEED"
    assert not log.exists()


# ---- other users

def test_other_users_see_nothing_unless_allowed(box, cloud):
    os.chmod(box.directory, 0o755)
    mount = box.mount("tione")
    as_nobody = (*NOBODY, "cat", str(mount / STATUS))
    result = subprocess.run(as_nobody, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == 1 and b"denied" in result.stderr
    mount.unmount()
    allowed = box.mount("tione", "allow_other", "secrets", at=mount.path)
    assert subprocess.run(as_nobody, stdout=subprocess.PIPE).stdout == b"SUCCEED\n"
    cloud.put("training", {"Id": "train-s", "ImageInfo": {"ImageSecret": {"Password": "canary"}}})
    secret = str(allowed / "training/train-s/image_info/image_secret/password")
    assert subprocess.run([*as_nobody[:-1], secret], stderr=subprocess.PIPE).returncode == 1
    assert subprocess.run(["cat", secret], stdout=subprocess.PIPE).stdout == b"canary\n"


def test_a_user_who_is_not_root_mounts_reads_and_unmounts(box, cloud):
    """fusermount3 does what needs root. Runs in a namespace in which every user may open /dev/fuse."""
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    point = box.point()
    os.chown(point, 65534, 65534)
    script = OTHER_DEV + """mknod -m 666 /dev/fuse c 10 229 && exec """ + " ".join(NOBODY) + """ sh -c '
        "$@" && cat "$0/%s" && stat -c %%u "$0/training" && fusermount3 -u "$0"' "$0" "$@" """ % STATUS
    result = box.run("-o", "endpoint=" + cloud.url, "tione", point, prefix=(*APART, "sh", "-c", script, point))
    assert (result.returncode, result.stdout, result.stderr) == (0, b"SUCCEED\n65534\n", b"")
    wait_until(lambda: find_daemon(point) is None)


def test_what_fusermount_says_is_part_of_the_one_line(box):
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    point = box.point()
    os.chown(point, 65534, 65534)
    script = OTHER_DEV + 'mknod -m 666 /dev/fuse c 10 229 && exec %s "$@"' % " ".join(NOBODY)
    said = refused(box, 1, "-o", "allow_other", "tione", point, prefix=(*APART, "sh", "-c", script, "sh"))
    assert "user_allow_other" in said


def test_many_mounts_of_one_user_live_side_by_side(box, cloud):
    mounts = [box.mount("tione") for _ in range(3)] + [box.mount("qianfan")]
    assert [mount.text(STATUS) for mount in mounts[:3]] == ["SUCCEED"] * 3
    mounts[1].unmount()
    assert mounts[2].text(STATUS) == "SUCCEED"
    assert mounts[3].text("training/1/jobs/1/status") == "FINISH"


def test_it_starts_with_few_descriptors_allowed(box, cloud):
    mount = box.mount("tione", binary=PLAIN, prefix=("prlimit", "--nofile=64:64"))
    assert mount.text(STATUS) == "SUCCEED"
    soft, hard = re.search(r"Max open files +(\d+) +(\d+)", open("/proc/%d/limits" % mount.pid).read()).groups()
    assert soft == hard == "64"


def test_idle_it_does_nothing(box, cloud):
    mount = box.mount("tione", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"

    def ticks():
        with open("/proc/%d/stat" % mount.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(0.5)
    assert ticks() - before <= 1
