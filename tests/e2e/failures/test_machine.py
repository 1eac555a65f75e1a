"""M: the machine runs out of memory (one allocation at a time), descriptors, or space for output."""
import concurrent.futures
import os
import re
import signal
import struct
import subprocess

import pytest

from harness import (LAST_RESORT, NOTEBOOK, PLAIN, TASK, cat_error, error_of, forget_all, mounts_below, read, synthetic, text,
                     timed, wait_exit, wait_until)

STATUS = "training/%s/status" % TASK
ONE = "DescribeTrainingTask"
ALL = bool(os.environ.get("FAULT_ALLOCATIONS"))  # fail every one, not a sample


class Memory:
    """The memory that tests/e2e/failures/failing.c shares with the test."""

    def __init__(self, path, preload):
        self.path = path
        self.path.write_bytes(bytes(32))
        self.env = {"LD_PRELOAD": preload("failing"), "FAULT_MEMORY": path}

    def fail(self, n):
        with open(self.path, "r+b") as file:
            file.write(struct.pack("<qq", n, 0))

    def fail_write(self, n):
        with open(self.path, "r+b") as file:
            file.seek(24)
            file.write(struct.pack("<q", n))

    def numbers(self):
        return struct.unpack("<qqqq", self.path.read_bytes())


@pytest.fixture
def memory(box, preload):
    return Memory(box.directory / "memory", preload)


def sample(n, step):
    """All of the first numbers, then fewer and fewer: a start makes many allocations, and later ones are alike."""
    return range(1, n + 1) if ALL else sorted({*range(1, min(n, 20)), *range(1, n + 1, max(1, step))})


FINE = (0, 1, 2, -signal.SIGABRT)  # done; failed, in one line; aborted, and said so


@pytest.mark.parametrize("words, good, runs", [
    (["cat", "tione", STATUS], "SUCCEED\n", 240),
    (["ls", "tione", "training"], TASK + "\n", 60),
    (["kinds"], None, 60),
], ids=["cat", "ls", "kinds"])
def test_M01_a_verb_that_lacks_an_allocation_fails_cleanly(box, cloud, memory, words, good, runs):
    """ENOENT would be wrong: matching an id against its form makes about fifty allocations."""
    box.auth_failures = True
    options = [] if words[0] == "kinds" else ["-o", "endpoint=%s,deadline=3" % cloud.url]
    right = box.run(words[0], *options, *words[1:], binary=PLAIN, env=memory.env)
    made = memory.numbers()[2]
    assert right.returncode == 0 and made > 100 and (good is None or right.stdout.decode() == good)
    for n in sample(made, made // runs):
        memory.fail(n)
        result = box.run(words[0], *options, *words[1:], binary=PLAIN, env=memory.env)
        said = result.stderr.decode()
        assert result.returncode in FINE and "No such file" not in said, (n, result)
        assert result.stdout in (right.stdout, b"") or words[0] == "kinds", (n, result)
        if result.returncode == 0:
            assert result.stdout == right.stdout, (n, result)
        else:
            # OpenSSL's secure heap ends the program with a message of its own
            assert re.match("describefs: .|.*memory|.*OpenSSL internal error", said), (n, result)


def test_M01_a_start_that_lacks_an_allocation_leaves_nothing_mounted(box, cloud, memory):
    """The start fails at once with one line. The last fifty allocations are for libfuse and the first request."""
    options = ("-o", "endpoint=%s" % cloud.url)
    point = box.point()
    good = box.run(*options, "tione", point, binary=PLAIN, env=memory.env)
    assert good.returncode == 0
    made = memory.numbers()[2]
    subprocess.run(["umount", str(point)], check=True)
    for n in sorted({*sample(made, made // 40), *range(made - 50, made + 1)}):
        memory.fail(n)
        took, result = timed(lambda: box.run(*options, "tione", point, binary=PLAIN, env=memory.env, timeout=LAST_RESORT))
        assert took < 15, (n, took, result)  # the program's own limits are longer: none was needed
        if result.returncode == 0:  # it went on without
            assert error_of(os.listdir, point) in ("ok", "EIO", "ENOMEM", "ENOTCONN"), n
            subprocess.run(["umount", "-l", str(point)], check=True)
        else:
            assert result.stderr and mounts_below(point) == [], (n, result)


class Victim:
    """A mount in the foreground that is started again whenever it ends."""

    def __init__(self, box, memory):
        self.box, self.memory, self.aborts = box, memory, 0
        self.start()

    def start(self):
        self.memory.fail(0)
        self.mount, _, self.errors = self.box.foreground("tione", "ttl=0", "rate=10000", "deadline=2", binary=PLAIN,
                                                         env=self.memory.env)
        assert text(self.mount / "README")[:4] == "This"  # the handshake is over

    def check(self, n):
        """It serves as ever, or has said why it does not, and leaves a mount that can be taken away."""
        self.memory.fail(0)
        if wait_exit(self.mount.pid, 0.02) is None and self.mount.alive():
            return
        self.aborts += 1
        self.errors.seek(0)
        assert b"out of memory" in self.errors.read(), n
        self.mount.status = self.mount.expected_status = -signal.SIGABRT
        subprocess.run(["umount", "-l", str(self.mount.path)], check=True)
        self.start()


def test_M01_a_mount_that_lacks_an_allocation_never_hangs_and_never_lies(box, cloud, memory):
    """Reads names, values, listings, attributes and a changed value, each with its n-th allocation failing."""
    box.auth_failures = True  # a request that could not be signed goes without, and is refused
    victim, model, failed = Victim(box, memory), 0, 0

    def use():
        nonlocal model
        model += 1
        cloud.set("training", TASK, Status="v%d" % model)
        mount = victim.mount
        got = [error_of(os.listdir, mount / "training"), error_of(os.getxattr, mount / STATUS, "user.describefs.type")]
        try:
            value = read(mount / STATUS).decode()
            # the newest value, or the last good one while a failure is cached
            assert re.fullmatch(r"v\d+\n", value) and int(value[1:]) <= model, value
        except OSError:
            got.append("failed")
        assert "ENOENT" not in got
        for path in ("training/%s/tags" % TASK, "notebooks/%s" % NOTEBOOK, ".describefs"):
            try:
                assert os.listdir(mount / path)
            except OSError as error:
                assert error.strerror != "No such file or directory", path

    use()
    before = memory.numbers()[2]
    use()
    made = memory.numbers()[2] - before
    assert made > 200
    for n in sample(made, made // 90):
        victim.memory.fail(n)
        took, _ = timed(use)
        assert took < 8, n
        failed += memory.numbers()[1]
        victim.check(n)
    assert failed > 20
    wait_until(lambda: text(victim.mount / STATUS) == "v%d" % model, 5)


def test_M01_an_interrupt_that_lacks_an_allocation_comes_again(box, cloud, memory):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=60", binary=PLAIN, env=memory.env)
    reader = subprocess.Popen(["cat", str(mount / STATUS)], stderr=subprocess.DEVNULL)
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    memory.fail(1)  # libfuse's own, for the INTERRUPT
    reader.send_signal(signal.SIGINT)
    took, _ = timed(reader.wait, LAST_RESORT)
    assert memory.numbers()[1] == 1 and took < 30


def test_M01_an_answer_that_the_kernel_does_not_take_ends_in_eio(box, cloud, memory):
    mount = box.mount("tione", "ttl=0", binary=PLAIN, env=memory.env)
    for n in (1, 2):  # the answers to its LOOKUPs
        assert mount.text(STATUS) == "SUCCEED"
        memory.fail_write(n)
        assert mount.error(STATUS) in ("EIO", "ok")
        assert mount.alive() and memory.numbers()[3] == 0
    assert mount.text(STATUS) == "SUCCEED"


def test_M02_ten_thousand_resources_in_little_memory(box):
    box.resident = 64 << 20
    box.emulator("--tasks", 10000)
    mount = box.mount("tione", "ttl=600", "rate=10000", "deadline=30", "max_memory=16M", binary=PLAIN,
                      prefix=("prlimit", "--as=%d" % (192 << 20)))
    assert len(mount.names("training")) == 10001
    some = [mount / "training" / synthetic(i) / "describe.json" for i in range(0, 10000, 100)]
    for path in some:
        assert read(path).startswith(b"{")
    forget_all(mount.path)
    assert len(mount.names("training")) == 10001 and mount.alive()


def test_M02_an_address_space_that_is_full_ends_in_an_errno_or_an_abort(box, cloud):
    mount = box.mount("tione", "ttl=600", "deadline=5", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    with open("/proc/%d/status" % mount.pid) as status:
        size = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmSize"))
    subprocess.run(["prlimit", "--pid", str(mount.pid), "--as=%d" % (size + (6 << 20))], check=True)
    cloud.put("training", {"Id": "train-big", "Status": "RUNNING", "Remark": "x" * (7 << 20)})
    took, error = timed(mount.error, "training/train-big/remark")
    assert took < 6 and error in ("EIO", "ENOMEM", "EFBIG", "ENOTCONN", "ok")
    if mount.alive():
        assert mount.text(STATUS) == "SUCCEED"
    else:
        mount.expected_status = -signal.SIGABRT
        assert mount.wait() == -signal.SIGABRT


def test_M03_without_descriptors_what_is_known_is_served_and_the_rest_is_eio(box):
    cloud = box.emulator("--tasks", 40)
    mount = box.mount("tione", "ttl=600", "deadline=3", "rate=10000", binary=PLAIN, prefix=("prlimit", "--nofile=20:20"))
    assert mount.text(STATUS) == "SUCCEED"
    cloud.latency(300)
    paths = [mount / "training" / synthetic(i) / "remark" for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(cat_error, path) for path in paths]
        wait_until(lambda: cloud.counts()["in_flight"] > 0)
        assert mount.text(STATUS) == "SUCCEED"
        errors = [answer.result() for answer in waiting]
    assert set(errors) <= {"ok", "EIO", "ECONNREFUSED", "ETIMEDOUT"} and "ok" in errors and "EMFILE" not in errors
    cloud.latency(0)
    wait_until(lambda: cat_error(paths[0]) == "ok" and cat_error(paths[39]) == "ok", 5, "the end of the lack")


@pytest.mark.parametrize("stderr", ["2> /dev/full", "2>&-", "2> >(exit 0)", "<&- >&- 2>&-"])
@pytest.mark.parametrize("flag", ["-d", "-f"])
def test_M06_serving_goes_on_where_nothing_can_be_said(box, cloud, stderr, flag):
    point = box.point()
    command = [str(PLAIN), flag, "-o", "endpoint=" + cloud.url, "tione", str(point)]
    process = subprocess.Popen(["bash", "-c", 'exec "$@" %s' % stderr, "sh", *command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, env=box.environment())
    try:
        wait_until(lambda: error_of(os.stat, point / "README") == "ok")
        assert text(point / STATUS) == "SUCCEED" and text(point / ("notebooks/%s/name" % NOTEBOOK)) == "notebook-test"
        for fd in (0, 1, 2):  # no message can go into a socket or /dev/fuse
            assert os.readlink("/proc/%d/fd/%d" % (process.pid, fd)).startswith(("/dev/null", "/dev/full", "pipe:"))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(LAST_RESORT) == 0
