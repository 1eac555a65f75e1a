"""An expired listing: the kernel reads the directory again, no time changes, and other cached data stays."""
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time

import pytest

from harness import NOTEBOOK, TOP, line_from, synthetic, wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
TTL = 1


class Messages:
    """The kernel's messages: the output of libfuse's -d, a line for each."""

    def __init__(self, file):
        self.file, self.at = file, 0

    def since(self):
        """The operations since the last look."""
        end = os.fstat(self.file.fileno()).st_size
        lines = os.pread(self.file.fileno(), end - self.at, self.at).decode(errors="replace")
        self.at = end
        return re.findall(r"opcode: ([A-Z]+) \(", lines)


@pytest.fixture
def watched(box):
    """A mount with so many tasks, and the kernel's messages."""
    def start(tasks, *options):
        box.emulator("--tasks", tasks)
        mount, _, errors = box.foreground("tione", *options, flags=("-f", "-d"))
        return mount, Messages(errors)
    return start


class Pass:
    """A reader of a directory that stops after any number of names."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self.names = []

    def step(self, size=400):
        """One getdents64; False at the end."""
        buffer = ctypes.create_string_buffer(size)
        got = LIBC.syscall(217 if os.uname().machine == "x86_64" else 61, self.fd, buffer, size)
        assert got >= 0, os.strerror(ctypes.get_errno())
        at = 0
        while at < got:
            length = int.from_bytes(buffer.raw[at + 16:at + 18], "little")
            name = buffer.raw[at + 19:at + length].split(b"\0")[0].decode()
            self.names += [] if name in (".", "..") else [name]
            at += length
        return got > 0

    def rest(self):
        while self.step():
            pass
        os.close(self.fd)
        return self.names


def times(path):
    stat = os.stat(path)
    return stat.st_mtime_ns, stat.st_ctime_ns


def becomes_warm(messages, path):
    """Waits until a pass sends the daemon no request. If the kernel caches nothing, none does."""
    def is_warm():
        messages.since()
        os.listdir(path)
        return not messages.since()
    wait_until(is_warm, 30, "a pass without a message")


@pytest.mark.parametrize("path", ["training", "by-name/training", "by-status/training", "by-status/training/RUNNING",
                                  "by-tag/training"])
def test_no_time_moves_when_a_term_is_over_and_names_are_asked_for(box, path):
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL)
    os.listdir(mount / path)
    before = times(mount / path)
    for _ in range(2):
        with cloud.counting() as made:
            end = time.monotonic() + TTL + 0.1
            while time.monotonic() < end:
                os.listdir(mount / path)
                assert times(mount / path) == before
        assert sum(made.values()) >= 1  # the cloud was asked


@pytest.mark.parametrize("tasks", [3, 40, 1000])
def test_a_pass_that_is_half_way_when_the_term_ends_sees_all_and_spoils_nothing(watched, tasks):
    mount, messages = watched(tasks, "ttl=%d" % TTL)
    path = mount / "training"
    all_names = sorted(os.listdir(path))
    for other in ("stat", "ls", "nothing"):
        time.sleep(TTL + 0.1)  # so that this pass is the one that the kernel collects from
        half = Pass(path)
        half.step()
        assert "READDIRPLUS" in messages.since()
        time.sleep(TTL + 0.1)
        if other == "stat":
            os.stat(path)
        if other == "ls":
            assert sorted(os.listdir(path)) == all_names
        assert sorted(half.rest()) == all_names
        becomes_warm(messages, path)


@pytest.mark.parametrize("tasks", [3, 40])
def test_a_pass_that_is_never_ended_spoils_nothing(watched, tasks):
    mount, messages = watched(tasks, "ttl=%d" % TTL)
    path = mount / "training"
    os.listdir(path)
    for _ in range(2):
        time.sleep(TTL + 0.1)
        half = Pass(path)
        half.step()
        os.close(half.fd)
        os.stat(path)
    becomes_warm(messages, path)


def test_a_pass_half_way_over_a_listing_that_changed(watched, box):
    mount, messages = watched(40, "ttl=%d" % TTL)
    path = mount / "training"
    os.listdir(path)
    for i in range(2):
        box.cloud.put("training", {"Id": "train-new%d" % i, "Status": "RUNNING"})
        time.sleep(TTL + 0.1)
        half = Pass(path)
        half.step()
        wait_until(lambda: "train-new%d" % i in os.listdir(path), 10)
        box.cloud.remove("training", synthetic(i))
        time.sleep(TTL + 0.1)
        os.stat(path)
        half.rest()
        becomes_warm(messages, path)
        wait_until(lambda: synthetic(i) not in os.listdir(path), 10)


def test_many_readers_at_once_see_all_and_leave_it_warm(watched):
    mount, messages = watched(300, "ttl=%d" % TTL)
    path = mount / "training"
    expected = sorted(os.listdir(path))
    for _ in range(3):
        time.sleep(TTL)
        readers = [subprocess.Popen(["ls", "-U", str(path)], stdout=subprocess.PIPE) for _ in range(20)]
        for reader in readers:
            assert sorted(reader.communicate()[0].decode().split()) == expected
        becomes_warm(messages, path)


def test_a_time_that_a_description_moves_is_seen_before_the_listings_term_is_over(box):
    """The listing keeps the directory and its attributes valid for longer than the describe call's answer is fresh."""
    ttl = 8
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % ttl)
    task, remark = mount / "training" / synthetic(3), "training/%s/remark" % synthetic(3)
    mount.text(remark)
    time.sleep(ttl / 2)
    mount.names("training")
    listed = time.monotonic()
    before = times(task)
    cloud.set("training", synthetic(3), Remark="changed by hand")
    wait_until(lambda: mount.text(remark) == "changed by hand", ttl)
    wait_until(lambda: times(task) != before, ttl)
    assert time.monotonic() - listed < ttl
    after = times(task)
    os.listdir(task)
    time.sleep(ttl)
    os.listdir(mount / "training")
    os.listdir(task)
    assert times(task) == after


@pytest.mark.parametrize("source", ["tione", "qianfan"])
def test_no_time_moves_when_what_a_list_showed_is_described(box, source):
    box.emulator("--tasks", 5, "--notebooks", 3, "--models", 2, "--versions", 2)
    mount = box.mount(source, "rate=1000")
    listed = {}
    for kind in [kind for kind in mount.names("") if not kind.startswith("by-")]:
        with contextlib.suppress(OSError):  # of some kinds there is no list
            listed.update({path: times(path) for path in (mount / kind).iterdir() if path.is_dir()})
    assert len(listed) > 3
    for path in listed:
        with contextlib.suppress(OSError):
            os.listdir(path)
    time.sleep(2)  # what has moved is called back within
    assert {path: times(path) for path in listed} == listed


def test_what_changes_while_it_is_read_for_the_first_time_is_seen_within_the_ttl(box):
    """The pass waits for the list. The kernel caches the entries no longer than that list is fresh."""
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL)
    cloud.latency(300)
    path = mount / "training"
    for i in range(3):
        readers = [subprocess.Popen(["ls", str(path)], stdout=subprocess.DEVNULL) for _ in range(3)]
        os.stat(path)
        cloud.put("training", {"Id": "train-new%d" % i, "Status": "RUNNING"})
        for reader in readers:
            reader.wait()
        wait_until(lambda: "train-new%d" % i in os.listdir(path), 10)


def test_an_outage_holds_up_no_stat_and_no_root(box):
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL, "deadline=5")
    names = mount.names("training")
    before = times(mount / "training")
    cloud.plan("half_open")
    time.sleep(TTL + 0.1)
    started = time.monotonic()
    for _ in range(20):
        os.listdir(mount.path)
        assert times(mount / "training") == before
    assert time.monotonic() - started < 5  # one that waits does so for the deadline
    assert mount.names("training") == names  # the last good answer
    assert times(mount / "training") == before
    cloud.clear()
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
    wait_until(lambda: "train-new" in mount.names("training"), 15)


@pytest.fixture
def hold(tmp_path):
    """A reader whose memory no process serves: the kernel waits for it with a page of the directory locked."""
    program, readers = tmp_path / "hold", []
    subprocess.run(["cc", "-std=c17", "-o", program, TOP / "tests/e2e/mount/listing_held.c"], check=True)

    def start(path):
        reader = subprocess.Popen([program, path], stdout=subprocess.PIPE, bufsize=0)
        readers.append(reader)
        assert line_from(reader.stdout) == "reading\n"
        return reader
    yield start
    for reader in readers:
        reader.kill()
        reader.wait()
        reader.stdout.close()


def test_a_reader_that_holds_a_listing_in_the_kernel_holds_up_nobody_else(box, hold):
    """The memory of another user's reader may be served by another program of that user."""
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL, "allow_other")
    names, before = mount.names("training"), times(mount / "training")
    for _ in range(3):
        wait_until(lambda: mount.names("training") == names, 10)
        holder = hold(mount / "training")
        time.sleep(TTL + 0.1)
        started = time.monotonic()
        stats = [subprocess.Popen(["stat", "-c", "%.9Y", mount / "training"], stdout=subprocess.PIPE) for _ in range(5)]
        assert mount.text("notebooks/%s/status" % NOTEBOOK) == "Stopped"  # meanwhile
        assert time.monotonic() - started < 5
        seen = [stat.communicate(timeout=10)[0].decode().strip().replace(".", "") for stat in stats]
        assert seen == [str(before[0])] * 5
        assert times(mount / "training") == before
        time.sleep(TTL + 0.1)
        assert times(mount / "training") == before
        holder.kill()
    assert times(mount / "training") == before
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
    wait_until(lambda: "train-new" in mount.names("training"), 10)
    time.sleep(TTL + 0.1)
    after = times(mount / "training")
    assert after != before
    mount.names("training")
    assert times(mount / "training") == after


def test_who_asks_for_times_waits_until_the_kernel_was_told(box, hold):
    """A reader keeps a page locked for longer than a notification takes, and then releases it."""
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL, "allow_other")
    names, before = mount.names("training"), times(mount / "training")
    for i in range(3):
        wait_until(lambda: mount.names("training") == names, 10)
        holder = hold(mount / "training")
        cloud.put("training", {"Id": "train-new%d" % i, "Status": "RUNNING"})
        names = sorted(names + ["train-new%d" % i])
        time.sleep(TTL + 0.1)
        readers = [subprocess.Popen(["ls", mount / "training"], stdout=subprocess.PIPE, text=True) for _ in range(5)]
        time.sleep(0.3)
        assert [reader.poll() for reader in readers] == [None] * 5
        holder.kill()
        for reader in readers:
            assert sorted(reader.communicate(timeout=10)[0].split()) == names
        assert times(mount / "training") != before
        before = times(mount / "training")


def test_an_interrupted_question_for_times_ends(box, hold):
    box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=%d" % TTL, "allow_other")
    mount.names("training")
    hold(mount / "training")
    time.sleep(TTL + 0.1)
    stat = subprocess.Popen(["stat", mount / "training"], stdout=subprocess.DEVNULL)
    time.sleep(0.2)
    stat.kill()
    started = time.monotonic()
    assert stat.wait(10) == -signal.SIGKILL
    assert time.monotonic() - started < 0.7


def test_a_mount_that_nobody_reads_sleeps(box):
    """TTLs expire, and no process wakes up for that."""
    box.emulator("--tasks", 20)
    mount = box.mount("tione", "ttl=%d" % TTL)
    mount.sh("ls training by-name/training by-status/training/RUNNING >/dev/null")

    def switches():
        with open("/proc/%d/status" % mount.pid) as lines:
            return [int(n) for n in re.findall(r"ctxt_switches:\s*(\d+)", lines.read())]

    # work that follows the calls (closing connections, returning memory) ends
    def is_quiet():
        before = switches()
        time.sleep(2 * TTL)
        return switches() == before
    wait_until(is_quiet, 60, "a daemon that sleeps")
