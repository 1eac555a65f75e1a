"""P: the process: start, end, and the state after it is killed."""
import contextlib
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from harness import (APART, NOTEBOOK, PLAIN, TASK, cat_error, children, error_of, find_daemon, forget_all, mounts_below, read, read_open,
                     synthetic, timed, wait_exit, wait_until)

STATUS = "training/%s/status" % TASK
ONE = "DescribeTrainingTask"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
ENDS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@ENDS
def test_P01_a_signal_ends_an_idle_mount_with_0(box, number):
    mount = box.mount("tione")
    assert mount.text(STATUS) == "SUCCEED"
    mount.signal(number)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2 and mounts_below(mount.path) == [] and os.listdir(mount.path) == []


def test_P02_who_has_a_file_open_reads_it_to_its_end(box, cloud):
    cloud.set("training", TASK, Remark="x" * 200000)
    mount = box.mount("tione")
    fd = os.open(mount / "training" / TASK / "remark", os.O_RDONLY)
    assert os.read(fd, 10) == b"x" * 10
    forget_all(mount.path)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    mount.signal(signal.SIGTERM)
    wait_until(lambda: mounts_below(mount.path) == [], what="the mount leaves the tree")
    assert len(read_open(fd)) == 200001 and wait_exit(mount.pid, 0) is None
    os.close(fd)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2


def close_error(fd):
    """The errno of close, for which the kernel sends the daemon a FLUSH."""
    return error_of(os.close, fd)


def test_P02_nobody_is_waited_for_longer_than_five_seconds(box, cloud):
    mount = box.mount("tione")
    fd = os.open(mount / STATUS, os.O_RDONLY)
    mount.signal(signal.SIGTERM)
    took, status = timed(mount.wait)
    assert status == 0 and 4 < took < 8
    assert close_error(fd) == "ENOTCONN"


def test_P02_what_is_mounted_there_meanwhile_is_left_alone(box, cloud):
    one = box.mount("tione")
    fd = os.open(one / STATUS, os.O_RDONLY)
    one.signal(signal.SIGTERM)
    wait_until(lambda: mounts_below(one.path) == [])
    two = box.mount("tione", at=one.path)
    two.pid = next(pid for pid, command in children().items() if str(two.path) in command and pid != one.pid)
    os.close(fd)
    assert one.wait() == 0
    assert two.text(STATUS) == "SUCCEED" and len(mounts_below(two.path)) == 1


def test_P02_a_second_signal_ends_it_at_once(box, cloud):
    mount = box.mount("tione")
    fd = os.open(mount / STATUS, os.O_RDONLY)
    mount.signal(signal.SIGTERM)
    wait_until(lambda: mounts_below(mount.path) == [])
    mount.signal(signal.SIGINT)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2
    assert close_error(fd) == "ENOTCONN"


@ENDS
def test_P03_a_signal_ends_it_while_the_cloud_is_silent(box, cloud, number):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    waiting = [subprocess.Popen(["cat", str(mount / "training" / synthetic(i) / "status")], stderr=subprocess.PIPE)
               for i in range(5)]
    wait_until(lambda: cloud.counts()["in_flight"] == 5)
    mount.signal(number)
    took, status = timed(mount.wait)
    assert status == 0 and took < 2 and mounts_below(mount.path) == []
    assert all(reader.communicate(timeout=5)[1] and reader.returncode == 1 for reader in waiting)


def test_P04_sighup_begins_anew_and_loses_nothing(box, cloud):
    mount = box.mount("tione", "ttl=600")
    assert mount.text(STATUS) == "SUCCEED"
    fd = os.open(mount / STATUS, os.O_RDONLY)
    before = os.listdir("/proc/%d/fd" % mount.pid)
    cloud.set("training", TASK, SubUinName="another")
    for _ in range(20):
        mount.signal(signal.SIGHUP)
    wait_until(lambda: mount.text("training/%s/sub_uin_name" % TASK) == "another")
    assert read_open(fd) == b"SUCCEED\n" and len(os.listdir("/proc/%d/fd" % mount.pid)) <= len(before) + 1
    os.close(fd)


def test_P04_sighup_ends_what_stands_in_a_terminal(box):
    mount, _, _ = box.foreground("tione")
    mount.signal(signal.SIGHUP)
    assert mount.wait() == 0 and mounts_below(mount.path) == []


def test_P07_starting_again_heals_what_a_kill_left(box, cloud):
    dead = box.mount("tione")
    fd = os.open(dead / STATUS, os.O_RDONLY)
    dead.expected_status = -signal.SIGKILL
    dead.signal(signal.SIGKILL)
    dead.wait()
    assert error_of(os.stat, dead / "README") == "ENOTCONN"
    took, again = timed(lambda: box.mount("tione", at=dead.path))
    assert took < 5 and again.text(STATUS) == "SUCCEED" and len(mounts_below(again.path)) == 1
    with contextlib.suppress(OSError):
        os.close(fd)


def test_P07_what_is_not_ours_is_never_taken_away(box, cloud):
    point = box.point()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(point)], check=True)
    (point / "file").write_text("kept")
    mount = box.mount("tione", at=point)
    mount.signal(signal.SIGKILL)
    mount.expected_status = -signal.SIGKILL
    mount.wait()
    again = box.mount("tione", at=point)
    again.unmount()
    assert (point / "file").read_text() == "kept"
    subprocess.run(["umount", str(point)], check=True)


# ---- P10

# A /dev of the command's own, and a system without fusermount3.
OTHER_DEV = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && "
NO_FUSERMOUNT = "mount --bind /etc/passwd $(readlink -f $(command -v fusermount3)) && "


def refused(box, *arguments, **how):
    result = box.run(*arguments, **how)
    said = result.stderr.decode()
    assert (result.returncode, said.count("\n"), result.stdout) == (1, 1, b"") and said.startswith("describefs: ")
    return said


def test_P10_a_bad_start_is_one_line_and_the_parents_status(box, cloud):
    options = ("-o", "endpoint=" + cloud.url)
    mount = box.mount("tione")
    assert "already mounted" in refused(box, *options, "tione", mount.path)
    assert "No such file" in refused(box, *options, "tione", box.directory / "nowhere")
    (box.directory / "file").write_text("")
    assert "not a directory" in refused(box, *options, "tione", box.directory / "file")
    without = (*APART, "sh", "-c", OTHER_DEV + 'exec "$@"', "sh")
    said = refused(box, *options, "tione", box.point(), prefix=without)
    assert "device not found" in said and "modprobe fuse" in said and "--device /dev/fuse" in said
    assert mount.text(STATUS) == "SUCCEED"


def test_P10_without_fusermount3_a_user_is_told_so(box, cloud):
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    point = box.point()
    os.chown(point, 65534, 65534)
    script = OTHER_DEV + "mknod -m 666 /dev/fuse c 10 229 && " + NO_FUSERMOUNT + 'exec %s "$@"' % " ".join(NOBODY)
    said = refused(box, "-o", "endpoint=" + cloud.url, "tione", point, prefix=(*APART, "sh", "-c", script, "sh"))
    assert "fusermount3" in said


def test_P10_a_device_that_keeps_a_user_out_is_told_with_what_to_do(box, cloud):
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    point = box.point()
    os.chown(point, 65534, 65534)
    script = OTHER_DEV + "mknod -m 600 /dev/fuse c 10 229 && " + 'exec %s "$@"' % " ".join(NOBODY)
    said = refused(box, "-o", "endpoint=" + cloud.url, "tione", point, prefix=(*APART, "sh", "-c", script, "sh"))
    assert "/dev/fuse: Permission denied: its mode denies access: as root chmod 666 /dev/fuse" in said


def test_P10_a_directory_that_is_not_empty_has_its_own_back(box, cloud):
    point = box.point()
    (point / "mine").write_text("mine")
    mount = box.mount("tione", at=point)
    assert "mine" not in mount.names()
    mount.unmount()
    assert (point / "mine").read_text() == "mine"


# ---- P11

def go_through(mount, cloud):
    """Errors and successes look the same however the process was started."""
    seen = [mount.names(), mount.text(STATUS), mount.names("training"), cloud.calls()]
    for i, plan in enumerate([{"do": "http", "status": 500}, {"do": "error", "code": "InvalidAction"},
                              {"do": "body", "body": "{}"}, {"do": "half_open"}, {"do": "close_early"}]):
        cloud.plan(**plan)
        seen.append([cat_error(mount / ("notebooks/nb-%d/name" % i)), mount.text(STATUS)])
        cloud.clear()
    time.sleep(2.1)  # the network's failures stand for the whole source for so long
    seen.append(mount.text("notebooks/%s/name" % NOTEBOOK))
    errors = []
    threads = [threading.Thread(target=lambda: errors.append(cat_error(mount / STATUS))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [*seen, errors]


def test_P11_the_background_is_as_the_foreground(box):
    one, two = box.emulator(), box.emulator()
    background = box.mount("tione", "ttl=600", "deadline=2", endpoint=one.url)
    foreground, _, errors = box.foreground("tione", "ttl=600", "deadline=2", "endpoint=" + two.url)
    assert go_through(background, one) == go_through(foreground, two)
    foreground.signal(signal.SIGTERM)
    assert foreground.wait() == 0
    errors.seek(0)
    assert errors.read() == b""


# ---- P13

def processor_ms(pid):
    with open("/proc/%d/stat" % pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def test_P13_a_busy_unmount_fails_and_a_lazy_one_waits_without_spinning(box, cloud):
    mount = box.mount("tione", binary=PLAIN)
    fd = os.open(mount / STATUS, os.O_RDONLY)
    assert subprocess.run(["umount", str(mount.path)], stderr=subprocess.DEVNULL).returncode
    assert mount.text(STATUS) == "SUCCEED"
    subprocess.run(["umount", "-l", str(mount.path)], check=True)
    before = processor_ms(mount.pid)
    time.sleep(1)
    assert processor_ms(mount.pid) - before <= 20
    assert os.read(fd, 100) == b"SUCCEED\n"
    os.close(fd)
    assert mount.wait() == 0


def test_P13_an_aborted_connection_ends_the_daemon_and_its_readers(box, cloud, connections):
    if not connections:
        pytest.skip("fusectl cannot be mounted")
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    reader = subprocess.Popen(["cat", str(mount / STATUS)], stderr=subprocess.PIPE)
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    with open("/proc/self/mountinfo") as lines:
        minor = re.search(r"^\d+ \d+ \d+:(\d+) \S+ %s " % re.escape(str(mount.path)), lines.read(), re.M)[1]
    with open("%s/%s/abort" % (connections, minor), "w") as abort:
        abort.write("1")
    assert reader.communicate(timeout=5)[1] and reader.returncode == 1
    took, status = timed(mount.wait)
    assert status == 0 and took < 3
    subprocess.run(["umount", "-l", str(mount.path)], stderr=subprocess.DEVNULL)
    assert find_daemon(mount.path) is None and error_of(read, mount / STATUS) == "ENOENT"


def test_P14_after_a_suspend_the_kernel_keeps_no_name_for_longer_than_its_time(box, preload):
    """CLOCK_BOOTTIME includes the sleep; the kernel's timeouts stood still."""
    cloud = box.emulator("--tasks", 3)
    clock = box.directory / "clock"
    clock.write_bytes(bytes(16))

    def sleep(seconds):
        with open(clock, "r+b") as file:
            file.seek(8)
            file.write(int(seconds * 1000).to_bytes(8, "little"))
        error_of(os.stat, mount / ("nothing%d" % (seconds * 1000)))  # any message

    mount = box.mount("tione", "ttl=600", binary=PLAIN, env={"LD_PRELOAD": preload("clock"), "FAULT_CLOCK": clock})
    paths = ["training/%s/status" % synthetic(i) for i in range(3)]
    status = [mount.text(path) for path in paths]
    names = mount.names("training")
    shell = os.open(mount / "training" / synthetic(0), os.O_RDONLY | os.O_DIRECTORY)
    assert os.listdir(shell)
    with cloud.counting() as made:
        sleep(0.4)  # no suspend: two clocks are never read at one moment
        sleep(0.8)
        assert [mount.text(path) for path in paths] == status and mount.names("training") == names
    assert made == {}
    for i in range(3):
        cloud.set("training", synthetic(i), Status="STOPPED" if i else "FAILED")
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
    sleep(3600)
    now = ["FAILED", "STOPPED", "STOPPED"]
    wait_until(lambda: [mount.text(path) for path in paths] == now, what="the refresh, which is done in slices of 1 ms")
    assert mount.names("training") == sorted([*names, "train-new"])
    file = os.open("status", os.O_RDONLY, dir_fd=shell)
    assert read_open(file) == b"FAILED\n"
    os.close(file)
    os.close(shell)
    with cloud.counting() as made:  # once
        sleep(3600.5)
        assert [mount.text(path) for path in paths] == ["FAILED", "STOPPED", "STOPPED"]
    assert made == {}
