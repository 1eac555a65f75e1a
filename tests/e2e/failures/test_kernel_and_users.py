"""F: requests of the kernel and its users: walks, signals, unusual reads, writes, seeks, and all of them at once."""
import concurrent.futures
import ctypes
import errno
import fcntl
import mmap
import os
import random
import re
import signal
import stat
import subprocess
import threading
import time

import pytest

from harness import (NOTEBOOK, PLAIN, TASK, TOP, cat_error, error_of, forget_all, read, synthetic, text, timed,
                     wait_until)

STATUS = "training/%s/status" % TASK
ONE, LIST = "DescribeTrainingTask", "DescribeTrainingTasks"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def percentile(times, share):
    return sorted(times)[int(share * (len(times) - 1))]


# promise: 1
def test_F01_what_is_the_mounts_own_never_waits_for_the_cloud(box, cloud):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=3", binary=PLAIN)
    waiting = [subprocess.Popen(["cat", str(mount / "training" / synthetic(i) / "status")], stderr=subprocess.DEVNULL)
               for i in range(5)]
    wait_until(lambda: cloud.counts()["in_flight"] == 5)
    took = []
    for _ in range(100):
        for look in (os.statvfs, os.stat, os.listdir, os.listxattr):
            took.append(timed(look, mount.path)[0])
    assert percentile(took, 0.95) < 0.005 and max(took) < 1
    mount.sh("timeout 2 df -P . > /dev/null")
    for reader in waiting:
        assert reader.wait(10) == 1


# promise: 1
def test_F02_two_hundred_cold_readers_hold_up_nobody_else(box, readers):
    cloud = box.emulator("--tasks", 200)
    mount = box.mount("tione", "deadline=4", "rate=10000", "ttl=600", binary=PLAIN)
    assert mount.text("notebooks/%s/name" % NOTEBOOK) == "notebook-test" and mount.text(STATUS) == "SUCCEED"
    cloud.plan("half_open", action=ONE)
    paths = "\n".join(str(mount / "training" / synthetic(i) / "remark") for i in range(200))
    crowd = subprocess.Popen([str(readers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    crowd.stdin.write(paths)
    crowd.stdin.close()
    wait_until(lambda: cloud.counts()["in_flight"] == 200, 4)
    took = []
    for _ in range(50):
        took.append(timed(read, mount / STATUS)[0])
        took.append(timed(os.listdir, mount / "training" / TASK)[0])
        took.append(timed(os.stat, mount / ("notebooks/%s/name" % NOTEBOOK))[0])
    assert percentile(took, 0.95) < 0.02 and max(took) < 1
    assert '"errors":{"110":200}' in crowd.stdout.read()  # ETIMEDOUT
    crowd.wait()


def be_in_front():
    """A shell ignores these two signals in background processes, so the tests and all that they start may ignore them."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGQUIT])
def test_F03_a_signal_that_kills_ends_a_waiting_reader(box, cloud, number):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    took = []
    while not took or (took[-1] > 0.2 and len(took) < 3):  # a busy machine may be late once, not thrice
        reader = subprocess.Popen(["cat", str(mount / STATUS)], stderr=subprocess.DEVNULL, cwd=box.directory,
                                  preexec_fn=be_in_front)
        wait_until(lambda: cloud.counts()["in_flight"] >= 1)
        start = time.monotonic()
        reader.send_signal(number)
        assert reader.wait(5) == -number
        took.append(time.monotonic() - start)
    assert took[-1] < 0.2, took
    cloud.clear()


STORM = r"""
import ctypes, os, signal, sys, threading, time
seen, over = [], False
libc = ctypes.CDLL(None, use_errno=True)
numbers = [getattr(signal, name) for name in sys.argv[2:]]
for number in numbers:
    signal.signal(number, lambda number, frame: seen.append(number))
    signal.siginterrupt(number, False)
def storm(to, sent):
    while not over:
        for number in numbers:
            signal.pthread_kill(to, number) if sent % 2 else os.kill(os.getpid(), number)
        sent += 1
        time.sleep(0.001)
signal.pthread_sigmask(signal.SIG_BLOCK, [*numbers, signal.SIGINT])  # who sends them is not the one to get them
thread = threading.Thread(target=storm, args=(threading.main_thread().ident, 0), daemon=True)
thread.start()
signal.pthread_sigmask(signal.SIG_UNBLOCK, [*numbers, signal.SIGINT])
fd = libc.open(sys.argv[1].encode(), os.O_RDONLY)  # as C and Go call it: nobody tries again for us
error = ctypes.get_errno()
over = True
thread.join()
print("open" if fd >= 0 else os.strerror(error), len(seen) > 0)
"""
NEWS = ["SIGURG", "SIGCHLD", "SIGWINCH", "SIGPROF", "SIGIO"]


def storm(mount, *signals):
    return subprocess.Popen(["python3", "-c", STORM, str(mount / STATUS), *signals], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.DEVNULL, cwd=mount.box.directory, preexec_fn=be_in_front)


def test_F04_a_storm_of_handled_signals_breaks_no_open(box, cloud):
    """Signals that Go's runtime, shells and terminals send all the time."""
    cloud.latency(500)
    mount = box.mount("tione")
    assert storm(mount, *NEWS).communicate(timeout=30)[0] == "open True\n"
    assert cloud.calls() == {ONE: 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_F04_what_ends_a_reader_ends_it_in_a_storm_too(box, cloud, number):
    """The kernel reports the first signal only, so the daemon has to look for later ones."""
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    took = []
    while not took or (took[-1] > 1 and len(took) < 3):
        reader = storm(mount, *NEWS)
        wait_until(lambda: cloud.counts()["in_flight"] >= 1)
        time.sleep(0.3)
        assert reader.poll() is None  # it waits
        start = time.monotonic()
        reader.send_signal(number)
        said, _ = reader.communicate(timeout=25)
        took.append(time.monotonic() - start)
        assert said == ""
    assert took[-1] < 1, took
    cloud.clear()


def test_F04_an_alarm_that_bounds_a_read_does_so(box, cloud):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    script = "import os, signal, sys; signal.signal(signal.SIGALRM, lambda *_: sys.exit(7)); signal.alarm(1); os.open(%r, 0)"
    took, ended = timed(lambda: subprocess.run(["python3", "-c", script % str(mount / STATUS)], timeout=20))
    assert ended.returncode == 7 and took < 5
    cloud.clear()


def test_F05_an_open_file_is_one_answer_whatever_happens(box, cloud):
    mount = box.mount("tione", "ttl=0", "rate=10000", "deadline=2")
    path, stop = mount / "training" / TASK / "remark", threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            n += 1
            cloud.set("training", TASK, Remark="abcdefghij"[n % 10] * (100 + n % 50))

    cloud.set("training", TASK, Remark="a" * 100)
    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(150):
            fd = os.open(path, os.O_RDONLY)
            got = b"".join(iter(lambda fd=fd: os.read(fd, 7), b""))
            assert len(set(got[:-1])) == 1 and len(got) == os.fstat(fd).st_size
            os.close(fd)
    finally:
        stop.set()
        changer.join()
    fd = os.open(path, os.O_RDONLY)
    size = os.fstat(fd).st_size
    cloud.remove("training", TASK)
    wait_until(lambda: cat_error(path) == "ENOENT", 5)
    cloud.kill()
    forget_all(mount.path)
    got = b"".join(os.pread(fd, 1, at) for at in range(size + 5))  # in steps of a byte, past the end
    assert len(got) == size and len(set(got[:-1])) == 1
    os.close(fd)


def test_F06_sizes_are_exact_for_every_way_to_read(box, cloud, tmp_path):
    cloud.set("training", TASK, Remark="0123456789" * 5000)
    mount = box.mount("tione")
    path = str(mount / "training" / TASK / "remark")
    whole = b"0123456789" * 5000 + b"\n"
    for command, expected in [("wc -c <%s", "50001\n"), ("tail -c 5 %s", "6789\n"), ("cat %s | wc -c", "50001\n"),
                              ("dd if=%s bs=1 count=20 skip=49990 2>/dev/null", "0123456789\n"), ("stat -c %%s %s", "50001\n"),
                              ("dd if=%s bs=4097 2>/dev/null | wc -c", "50001\n"), ("head -c 3 %s", "012"),
                              ("du --apparent-size -b %s | cut -f1", "50001\n")]:
        assert mount.sh(command % path) == expected
    fd = os.open(path, os.O_RDONLY)
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == whole
    assert os.pread(fd, 10, 50000) == b"\n" and os.pread(fd, 10, 50001) == b"" and os.pread(fd, 10, 1 << 40) == b""
    with open(tmp_path / "sent", "wb") as to:
        assert os.sendfile(to.fileno(), fd, 0, 1 << 20) == len(whole)
    assert os.lseek(fd, 0, os.SEEK_END) == len(whole) and os.lseek(fd, -3, os.SEEK_CUR) == len(whole) - 3
    os.close(fd)
    assert read(tmp_path / "sent") == whole
    mount.sh("cp %s %s/cp; rsync -a %s %s/rsync; tar -cf %s/tar %s; tar -df %s/tar -C /" %
             (path, tmp_path, path, tmp_path, tmp_path, path[1:], tmp_path), cwd="/")
    assert read(tmp_path / "cp") == read(tmp_path / "rsync") == whole


WRITES = {
    "create": lambda d, f: os.open(d / "new", os.O_CREAT | os.O_WRONLY),
    "mkdir": lambda d, f: os.mkdir(d / "new"), "unlink": lambda d, f: os.unlink(f), "rmdir": lambda d, f: os.rmdir(d),
    "rename": lambda d, f: os.rename(f, d / "new"), "chmod": lambda d, f: os.chmod(f, 0o600),
    "chown": lambda d, f: os.chown(f, 1, 1), "truncate": lambda d, f: os.truncate(f, 0),
    "setxattr": lambda d, f: os.setxattr(f, "user.x", b"1"),
    "removexattr": lambda d, f: os.removexattr(f, "user.describefs.stale"),
    "link": lambda d, f: os.link(f, d / "new"), "symlink": lambda d, f: os.symlink("x", d / "new"),
    "utimes": lambda d, f: os.utime(f, (1, 1)), "O_RDWR": lambda d, f: os.open(f, os.O_RDWR),
    "O_TRUNC": lambda d, f: os.open(f, os.O_WRONLY | os.O_TRUNC), "O_APPEND": lambda d, f: os.open(f, os.O_WRONLY | os.O_APPEND),
    "mkfifo": lambda d, f: os.mkfifo(d / "new"), "mknod": lambda d, f: os.mknod(d / "new", stat.S_IFREG | 0o600),
    "O_TMPFILE": lambda d, f: os.open(d, os.O_TMPFILE | os.O_RDWR),
}


def test_F07_whatever_would_write_is_erofs_and_costs_nothing(box, cloud):
    mount = box.mount("tione", "ttl=600")
    directory = mount / "training" / TASK
    assert mount.text(STATUS) == "SUCCEED" and os.listdir(directory)
    before = cloud.total()
    got = {name: error_of(write, directory, directory / "status") for name, write in WRITES.items()}
    assert got == {name: "EROFS" for name in WRITES} | {"O_TMPFILE": got["O_TMPFILE"]}
    assert got["O_TMPFILE"] in ("EROFS", "EOPNOTSUPP")
    assert cloud.total() == before and mount.text(STATUS) == "SUCCEED"


def test_F08_every_errno_is_one_of_the_contracts(box):
    """The errnos of the table of causes, and those that the FUSE front end replies itself."""
    allowed = {"EACCES", "EBUSY", "EOPNOTSUPP", "EINVAL", "EIO", "EBADMSG", "EFBIG", "ETIMEDOUT", "EHOSTUNREACH",
               "ENETUNREACH", "ECONNREFUSED", "EPROTO", "ENOENT"}
    rows = re.findall(r"^\t\[ERR_\w+\]\s*= \{ \"[\w-]+\",\s*(\w+)", (TOP / "src/base/error.c").read_text(), re.M)
    assert len(rows) > 15 and set(rows) - {"0"} == allowed
    front = (TOP / "src/fuse/front.c").read_text()
    told = re.findall(r"fuse_reply_err\(\w+(?:->\w+)*, (.*?)\);", front)
    words = {word for answer in told for word in re.findall(r"\bE[A-Z0-9]+\b", answer)}
    assert told and words <= {"EINTR", "ENODATA", "ENOENT", "ENOSYS", "ERANGE", "EOPNOTSUPP", "ENOTDIR", "EISDIR", "EIO",
                              "EINVAL"}  # readlink of what is no link
    assert all(getattr(errno, word) <= 133 for word in words | allowed)


def test_F09_every_request_is_answered_once(box, cloud):
    """strace sees what is written to /dev/fuse: a second answer to one request would be refused."""
    cloud.latency(5)
    mount = box.mount("tione", "ttl=0", "rate=10000", "deadline=2", binary=PLAIN)
    log = box.directory / "strace"
    strace = subprocess.Popen(["strace", "-f", "-e", "trace=write,writev", "-o", str(log), "-p", str(mount.pid)],
                              stderr=subprocess.PIPE, text=True)
    strace.stderr.readline()  # it is attached
    cloud.plan("http", status=500, percent=30)

    def use(i):
        dice = random.Random(i)
        for _ in range(60):
            path = mount / "training" / dice.choice([TASK, "train-0", synthetic(0)]) / dice.choice(["status", "tags", ""])
            error_of(dice.choice([os.listdir, os.stat, os.listxattr]), path)
            if dice.random() < 0.2:
                reader = subprocess.Popen(["cat", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                reader.send_signal(dice.choice([signal.SIGINT, signal.SIGKILL]))
                reader.wait()

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(use, range(6)))
    mount.unmount()
    strace.wait(10)
    lines = log.read_text().splitlines()
    assert len(lines) > 300
    # ENOENT: the kernel has dropped the request, because its reader was killed
    refused = [line for line in lines if " = -1 " in line and "EAGAIN" not in line]
    assert all("ENOENT" in line for line in refused) and len(refused) < 40, refused[:5]


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE


def test_F10_what_the_kernel_forgets_is_forgotten(box):
    box.emulator("--tasks", 1500)
    mount = box.mount("tione", "ttl=600", "rate=10000", "deadline=20", binary=PLAIN)
    sizes = []
    for _ in range(3):
        mount.sh("cat training/*/status > /dev/null; ls -l training > /dev/null")
        for i in range(3000, 3200):
            assert error_of(os.stat, mount / "training" / synthetic(i)) == "ENOENT"
        forget_all(mount.path)
        mount.signal(signal.SIGHUP)
        mount.names("notebooks")
        sizes.append(resident(mount.pid))
    assert sizes[-1] - sizes[1] < 4 << 20, sizes


def test_F11_a_resource_keeps_its_inode_over_refreshes_and_mounts(box):
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=1")

    def inodes(of):
        return {path: os.stat(of / path).st_ino for path in
                [STATUS, "training", "training/" + TASK, "training/%s/tags" % TASK, "training/" + synthetic(3)]}

    first = inodes(mount)
    assert len(set(first.values())) == len(first)
    cloud.set("training", TASK, SubUinName="another")
    time.sleep(1.1)
    assert inodes(mount) == first
    cloud.set("training", TASK, Status="FAILED")
    wait_until(lambda: mount.text(STATUS) == "FAILED", 5)
    assert inodes(mount)[STATUS] != first[STATUS]  # another content is another file
    cloud.set("training", TASK, Status="SUCCEED")
    wait_until(lambda: mount.text(STATUS) == "SUCCEED", 5)
    assert inodes(box.mount("tione")) == first


class Directory:
    """C's opendir, readdir, telldir and seekdir."""

    class Entry(ctypes.Structure):
        _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("len", ctypes.c_ushort),
                    ("type", ctypes.c_ubyte), ("name", ctypes.c_char * 256)]

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.opendir.restype = ctypes.c_void_p
        self.libc.readdir.restype = ctypes.POINTER(self.Entry)
        self.libc.telldir.restype = ctypes.c_long
        self.handle = ctypes.c_void_p(self.libc.opendir(os.fsencode(path)))
        assert self.handle

    def next(self):
        entry = self.libc.readdir(self.handle)
        return entry.contents.name.decode() if entry else None

    def tell(self):
        return self.libc.telldir(self.handle)

    def seek(self, place):
        self.libc.seekdir(self.handle, ctypes.c_long(place))

    def close(self):
        self.libc.closedir(self.handle)


def test_F12_ten_thousand_names_by_any_way_of_reading_them(box):
    box.resident = 96 << 20  # ten thousand items of a list, at 1.8 KB as describefs(1) says
    box.emulator("--tasks", 10000)
    mount = box.mount("tione", "ttl=600", "rate=10000", "deadline=30", binary=PLAIN)
    expected = {synthetic(i) for i in range(10000)} | {TASK}
    assert set(mount.names("training")) == expected
    directory, places = Directory(mount / "training"), []
    names = []
    while name := directory.next():
        names.append(name)
        places.append(directory.tell())
    assert len(names) == len(expected) + 2 and set(names) - {".", ".."} == expected
    for at in random.Random(1).sample(range(len(names) - 1), 200):
        directory.seek(places[at])
        assert directory.next() == names[at + 1]
    directory.close()


def test_F12_what_stands_is_met_once_while_the_listing_changes(box):
    cloud = box.emulator("--tasks", 600)
    mount = box.mount("tione", "ttl=0", "rate=10000", "deadline=10", binary=PLAIN)
    stop = threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            n += 1
            cloud.put("training", {"Id": "train-new-%d" % (n % 40), "CreateTime": "2020-01-01T00:00:00+08"})
            if n > 20:
                cloud.remove("training", "train-new-%d" % ((n + 20) % 40))

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(4):
            directory, names = Directory(mount / "training"), []
            while name := directory.next():
                names.append(name)
            directory.close()
            standing = [name for name in names if not name.startswith(("train-new", "."))]
            assert len(standing) == len(set(standing)) == 601
    finally:
        stop.set()
        changer.join()


def test_F13_what_was_not_there_is_seen_when_it_is(box, cloud):
    mount = box.mount("tione", "ttl=2")
    with cloud.counting() as made:
        for _ in range(10):
            assert mount.error("training/train-77/status") == "ENOENT"
    assert made == {ONE: 1}
    cloud.put("training", {"Id": "train-77", "Status": "RUNNING"})
    took, _ = timed(wait_until, lambda: mount.error("training/train-77/status") == "ok", 6)
    assert took < 4


def test_F14_a_mount_gives_away_nothing(box, cloud):
    os.chmod(box.directory, 0o755)
    mount = box.mount("tione")
    with open("/proc/self/mountinfo") as lines:
        fields = next(line for line in lines if str(mount.path) in line).split()
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(fields[5].split(",")) and "allow_other" not in fields[-1]
    for command in (["cat", str(mount / STATUS)], ["ls", str(mount.path)], ["stat", str(mount / "README")]):
        result = subprocess.run([*NOBODY, *command], stderr=subprocess.PIPE)
        assert result.returncode and b"denied" in result.stderr
    assert cloud.total() == 0


def test_F15_any_use_of_a_changing_cloud_shows_what_the_cloud_says(box, cloud):
    """A model of one task of which everything may change, with ttl=0; the engine's tests have the clock and the faults."""
    mount = box.mount("tione", "ttl=0", "rate=10000")
    dice, there, model = random.Random(15), True, {"Status": "RUNNING", "Remark": "r", "Name": "n"}
    cloud.put("training", {"Id": "train-m", **model})
    for step in range(300):
        time.sleep(0.003)  # what came in within the same millisecond answers a question as well
        what = dice.randrange(6)
        if what == 0:
            there = not there
            if there:
                cloud.put("training", {"Id": "train-m", **model})
            else:
                cloud.remove("training", "train-m")
        elif what == 1 and there:
            member = dice.choice(sorted(model))
            model[member] = "v%d" % step * dice.randrange(4)
            cloud.set("training", "train-m", **{member: model[member]})
        elif what == 2:
            names = set(mount.names("training"))
            assert names == {TASK} | ({"train-m"} if there else set()), step
        else:
            member = dice.choice(sorted(model))
            path = mount / "training/train-m" / member.lower()
            got = read(path).decode() if there else cat_error(path)
            assert got == ("ENOENT" if not there else model[member] and model[member] + "\n"), (step, member)


def test_F06_advice_and_locks_do_no_harm(box, cloud):
    mount = box.mount("tione")
    with open(mount / STATUS, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        fcntl.flock(file, fcntl.LOCK_SH)
        assert file.read() == b"SUCCEED\n" and text(mount / STATUS) == "SUCCEED"
