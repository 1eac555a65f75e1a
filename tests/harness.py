"""What the contract and mounted tests stand on: an emulated cloud, a mount, and a look around afterwards.

A test gets a Box.  It starts emulators and mounts in a directory of the test's own, and when the test is over
Box.finish() says everything that is not as it should be: something still mounted, a daemon that ended badly, a
word on its stderr, a report of a sanitizer, a signature that the cloud refused, a process that still runs.
Nothing waits by sleeping for a while: the emulator writes a file, the mounting parent ends, a pidfd gets readable.
"""
import contextlib
import ctypes
import errno
import http.client
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
PLAIN = BUILD / "describefs"  # as it is installed
SANITIZED = BUILD / "san" / "describefs"  # the same sources under ASan and UBSan
EMULATOR = BUILD / "describefs-emulator"
FIXTURES = TOP / "tests" / "fixtures"  # the answers that the seed documents show
COMPANIONS = TOP / "tests/emulator/templates/companions.json"  # answers of our own, a list a kind

# Before a command: it runs in a mount namespace that has no mount of another test.
APART = ("unshare", "-m", str(TOP / "tests/apart.sh"))

# The emulator's own account (tests/emulator/main.c).
KEYS = {
    "TENCENTCLOUD_SECRET_ID": "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001",
    "TENCENTCLOUD_SECRET_KEY": "ExampleSecretKey0123456789abcdef",
    "QIANFAN_ACCESS_KEY": "ALTAKexampleexampleexampl",
    "QIANFAN_SECRET_KEY": "exampleSecretAccessKey0123456789",
}
SECRETS = [KEYS["TENCENTCLOUD_SECRET_KEY"], KEYS["QIANFAN_SECRET_KEY"]]

# The samples of the seed documents.
TASK = "train-1329791605108055040"
NOTEBOOK = "nb-1188508294472113920"
MODEL = "m-608587242317024640"
VERSION = "mv-v1-625097625049989888"


def synthetic(i):
    """The id of the emulator's i-th synthetic training task."""
    return "train-13300000000%08d" % i


# What only a real hang meets, however busy the machine is.  Whatever is waited for is an event; this ends a test.
LAST_RESORT = 120


# ---- small helps

def be_subreaper():
    """A daemon whose parent has ended becomes our child, so that its exit status can be asked for."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def wait_until(condition, seconds=LAST_RESORT, what="the condition"):
    """For what only another process's state tells; a deadline, not a pause."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "%s did not come within %g s" % (what, seconds)
        time.sleep(0.005)


def wait_exit(pid, seconds):
    """The exit status of a child of ours (negative: the signal), None while it runs."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        if not select.select([fd], [], [], seconds)[0]:
            return None
    finally:
        os.close(fd)
    with contextlib.suppress(ChildProcessError):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None


def read(path):
    """A file's bytes.  An error may come from the open, never from a read (contract, section 4)."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read_open(fd)
    finally:
        os.close(fd)


def read_open(fd):
    parts = []
    while True:
        try:
            part = os.pread(fd, 1 << 16, sum(map(len, parts)))
        except OSError as error:
            raise AssertionError("a read of an open file failed: %s" % error) from error
        if not part:
            return b"".join(parts)
        parts.append(part)


def text(path):
    """A one-line file without its newline."""
    got = read(path).decode()
    assert got == "" or got.endswith("\n"), "no newline at the end of %s: %r" % (path, got)
    return got[:-1]


def xattr(path, name):
    return os.getxattr(path, "user.describefs." + name).decode()


def error_of(function, *arguments):
    """The name of the errno that a call ends with, "ok" if it does not fail."""
    try:
        function(*arguments)
    except OSError as error:
        # one number, two names: the contract's is the second
        return "EOPNOTSUPP" if error.errno == errno.ENOTSUP else errno.errorcode.get(error.errno, str(error.errno))
    return "ok"


def cat_error(path):
    return error_of(read, path)


def line_from(stream, seconds=LAST_RESORT):
    """The next line of a pipe (opened unbuffered), or what of it came in time."""
    line, end = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        left = end - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            break
        byte = stream.read(1)
        if not byte:
            break
        line += byte
    return line.decode()


def timed(function, *arguments):
    start = time.monotonic()
    result = function(*arguments)
    return time.monotonic() - start, result


def hold_port(port):
    """Reserves a port on which no process listens any more: connections to it are refused.

    Else another emulator of this machine may get it, and say of everything that it does not exist."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    return place


def mounts_below(directory):
    """(mount point, type) of what is mounted at or below a directory."""
    found = []
    with open("/proc/self/mounts") as lines:
        for line in lines:
            fields = line.split()
            point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[1])
            if point == str(directory) or point.startswith(str(directory) + "/"):
                found.append((point, fields[2]))
    return found


def children():
    """Our live children: pid -> command line."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            with open("/proc/%s/stat" % entry) as stat:
                after = stat.read().rsplit(")", 1)[1].split()
            if int(after[1]) == os.getpid() and after[0] != "Z":
                with open("/proc/%s/cmdline" % entry, "rb") as command:
                    found[int(entry)] = command.read().replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def forget_all(path):
    """Makes the kernel forget the unused names and inodes of a mount."""
    # MS_REMOUNT with the flags that it has: shrinks the dentry cache of this file system alone
    flags = 1 | 2 | 4 | 8 | 32  # RDONLY NOSUID NODEV NOEXEC REMOUNT
    if ctypes.CDLL(None, use_errno=True).mount(b"none", os.fsencode(path), None, flags, None):
        raise OSError(ctypes.get_errno(), "remount")


def waiting(mount):
    """How many requests of a mount the kernel still waits for (fusectl); root alone can look."""
    number = os.stat(mount.path).st_dev
    control = pathlib.Path("/sys/fs/fuse/connections")
    own = None
    if not list(control.glob("*")):
        own = control = pathlib.Path(tempfile.mkdtemp(prefix="fusectl.", dir=mount.box.directory))
        subprocess.run(["mount", "-t", "fusectl", "none", str(own)], check=True)
    try:
        return int((control / str(os.minor(number)) / "waiting").read_text())
    finally:
        if own:
            subprocess.run(["umount", str(own)], check=True)
            own.rmdir()


def reap_orphans():
    """Takes what has ended; subprocess's own children were waited for by then."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


# ---- the cloud

class Emulator:
    """Both clouds on loopback (tests/emulator/README.md).  No limit on calls unless the test asks for one."""

    def __init__(self, directory, *options):
        directory = pathlib.Path(directory)
        directory.mkdir()
        ready = directory / "ready"
        self.log_file = directory / "log"
        command = [str(EMULATOR), "--ready", str(ready), "--log", str(self.log_file)]
        if "--rate" not in options:
            command += ["--rate", "0"]
        self.errors = open(directory / "stderr", "wb+")
        self.process = subprocess.Popen(command + list(options), stdin=subprocess.DEVNULL,
                                        stderr=self.errors, cwd=directory)
        wait_until(lambda: ready.exists() or self.process.poll() is not None,
                   what="the emulator")
        assert self.process.poll() is None, "the emulator did not start: " + self.stderr()
        self.ports = dict(line.split("=") for line in ready.read_text().split())
        self.places = []  # held after a kill

    @property
    def url(self):
        return "http://127.0.0.1:" + self.ports["http"]

    @property
    def tls_url(self):
        return "https://127.0.0.1:" + self.ports["tls"]

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def control(self, verb, body=None):
        """GET without a body, POST with one: bytes as they are, anything else as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", int(self.ports["control"]), timeout=LAST_RESORT)
        try:
            connection.request("GET" if body is None else "POST", "/" + verb, body)
            answer = connection.getresponse()
            got = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, "emulator: %s %r: %d %r" % (verb, body, answer.status, got)
        return got

    def counts(self):
        return json.loads(self.control("counts"))

    def calls(self):
        """How often each action was called since the last reset."""
        return self.counts()["by_action"]

    def total(self):
        return self.counts()["total"]

    def log(self):
        return json.loads(self.control("log").decode(errors="replace"))

    def reset(self):
        self.control("reset", {})

    @contextlib.contextmanager
    def counting(self):
        """The calls that are made inside the block, in a dict that is filled at its end."""
        self.quiet()
        before = self.calls()
        made = {}
        yield made
        self.quiet()
        after = self.calls()
        made.update({name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)})

    def quiet(self):
        """Until nothing is under way."""
        wait_until(lambda: self.counts()["in_flight"] == 0, what="an end of all calls")

    def state(self, kind, id):
        return json.loads(self.control("state?kind=%s&id=%s" % (kind, id)), parse_int=Number,
                          parse_float=Number)

    def set(self, kind, id, **members):
        self.control("set", {"kind": kind, "id": id, "members": members})

    def put(self, kind, object, id=None, cloud="tione"):
        """Adds or replaces a resource: an object, or its JSON text (bytes are sent on as they are)."""
        body = {"cloud": cloud, "kind": kind}
        if id is not None:
            body["id"] = id
        if isinstance(object, bytes):
            # "raw" is a JSON string that the emulator decodes: bytes that are no UTF-8 stay themselves in it
            quoted = b"".join(b"\\u%04x" % c if c < 0x20 or c in b'"\\' else bytes([c]) for c in object)
            head = json.dumps(body).encode()[:-1]
            self.control("put", head + b', "raw": "' + quoted + b'"}')
        elif isinstance(object, str):
            self.control("put", {**body, "raw": object})
        else:
            self.control("put", {**body, "object": object})

    def remove(self, kind, id):
        self.control("remove", {"kind": kind, "id": id})

    def plan(self, do, action="*", count=-1, **arguments):
        """From now on (for `count` calls) something goes wrong."""
        self.control("plan", {"do": do, "action": action, "count": count, **arguments})

    def clear(self):
        self.control("plan/clear", {})

    def latency(self, ms, serves=0):
        """Of every answer; `serves`: so many calls at a time, the others stand in line."""
        self.control("latency", {"ms": ms, "serves": serves})

    def rate(self, per_second):
        self.control("rate", {"per_second": per_second})

    def kill(self):
        """The cloud is gone: connections to it are refused."""
        self.process.kill()
        self.process.wait()
        self.places = [hold_port(int(port)) for name, port in self.ports.items() if name != "control"]

    def close(self):
        """Ends it and returns what went wrong, as a list of sentences."""
        wrong = []
        for place in self.places:
            place.close()
        if self.process.poll() is None:
            with contextlib.suppress(Exception):
                self.control("quit", {})
            try:
                self.process.wait(LAST_RESORT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.returncode not in (0, -signal.SIGKILL):
            wrong.append("the emulator ended with %d" % self.process.returncode)
        if self.stderr():
            wrong.append("the emulator said: " + self.stderr())
        self.errors.close()
        return wrong

    def log_lines(self):
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_bytes().decode(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]


class Number(str):
    """A JSON number by its digits."""


# ---- the mount

class Mount:
    """A describefs that is mounted.  m / "training" is a path in it."""

    def __init__(self, box, path, result, pid, command):
        self.box, self.path, self.result, self.pid, self.command = box, pathlib.Path(path), result, pid, command
        self.expected_status = 0
        self.status = None

    def __truediv__(self, below):
        return self.path / below

    def names(self, below=""):
        return sorted(os.listdir(self.path / below))

    def read(self, below):
        return read(self.path / below)

    def text(self, below):
        return text(self.path / below)

    def xattr(self, below, name):
        return xattr(self.path / below, name)

    def error(self, below):
        return cat_error(self.path / below)

    def sh(self, script, **how):
        """A shell in the mount: stdout; it must end with 0 and say nothing on stderr."""
        result = self.run(script, **how)
        assert result.returncode == 0 and not result.stderr, (script, result)
        return result.stdout

    def run(self, script, timeout=LAST_RESORT, cwd=None, env=None):
        return subprocess.run(["bash", "-c", script], cwd=cwd or self.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, text=True,
                              errors="surrogateescape", env=self.box.environment(env))

    def alive(self):
        return self.status is None and os.path.exists("/proc/%d" % self.pid)

    def threads(self):
        with open("/proc/%d/status" % self.pid) as lines:
            return int(re.search(r"^Threads:\s*(\d+)", lines.read(), re.M)[1])

    def wait(self, seconds=LAST_RESORT):
        """Until the daemon has ended: its exit status."""
        if self.status is None:
            self.status = wait_exit(self.pid, seconds)
        assert self.status is not None, "the daemon still runs"
        return self.status

    def signal(self, number):
        os.kill(self.pid, number)

    def unmount(self, command=("fusermount3", "-u")):
        subprocess.run([*command, str(self.path)], check=True, timeout=LAST_RESORT)
        return self.wait()

    def close(self):
        """Ends it whatever its state; what was wrong with it."""
        wrong = []
        if self.status is None:
            for point, _ in mounts_below(self.path):
                subprocess.run(["umount", point], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                if mounts_below(self.path):
                    wrong.append("%s was busy when the test was over" % point)
                    subprocess.run(["umount", "-l", point], stdin=subprocess.DEVNULL)
            self.status = wait_exit(self.pid, 1 if wrong else LAST_RESORT)
        if self.status is None:
            wrong.append("the daemon did not end by itself after the unmount")
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            wait_exit(self.pid, 5)
        elif self.status != self.expected_status:
            wrong.append("the daemon ended with %d, not %d" % (self.status, self.expected_status))
        for point, kind in mounts_below(self.path):
            wrong.append("%s (%s) was still mounted" % (point, kind))
            subprocess.run(["umount", "-l", point], stdin=subprocess.DEVNULL)
        return wrong


def find_daemon(path):
    """The child of ours that has the mount point in its arguments."""
    for pid in children():
        with contextlib.suppress(OSError):
            with open("/proc/%d/cmdline" % pid, "rb") as line:
                if str(path).encode() in line.read().split(b"\0"):
                    return pid
    return None


# ---- one test's belongings

class Box:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="describefs-test."))
        self.home = self.directory / "home"
        self.reports = self.directory / "san"
        self.home.mkdir()
        self.reports.mkdir()
        self.emulators, self.mounts = [], []
        self.auth_failures = False  # a test about keys and clocks says so
        self.finished = False
        self.said = []  # on stderr, by a mount that should have been silent
        # a reader that hangs in the kernel can't be interrupted from here: only the daemon's end frees it
        self.watchdog = threading.Timer(3 * LAST_RESORT, self.kill_daemons)
        self.watchdog.daemon = True
        self.watchdog.start()

    # the cloud

    def emulator(self, *options):
        emulator = Emulator(self.directory / ("emulator%d" % len(self.emulators)), *map(str, options))
        self.emulators.append(emulator)
        return emulator

    @property
    def cloud(self):
        """The first emulator; a small one, if the test has made none."""
        return self.emulators[0] if self.emulators else self.emulator()

    # running the program

    def environment(self, more=None):
        """Nothing of the caller's but PATH; keys, a home of the test's own, sanitizers that write a report."""
        env = {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1:exitcode=99:log_path=%s/asan" % self.reports,
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99:log_path=%s/ubsan" % self.reports,
            **KEYS,
        }
        for name, value in (more or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = str(value)
        return env

    def apart(self, verb):
        """What a command needs before it, and in its environment, to see no mount of another test."""
        if verb in ("doctor", "status") and os.geteuid() == 0:  # root is shown every mount of the machine
            return APART, {"APART_KEEP": self.directory}
        return (), {}

    def run(self, *arguments, binary=SANITIZED, env=None, timeout=LAST_RESORT, cwd=None, prefix=()):
        """describefs with these arguments, to its end."""
        before, more = self.apart(arguments[0] if arguments and not prefix else "")
        return subprocess.run([*(prefix or before), str(binary), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              env={**self.environment(env), **more}, cwd=cwd or self.directory)

    def at_a_terminal(self, *arguments):
        """describefs with a terminal for all of its descriptors: the exit status, and the bytes that the terminal got."""
        before, more = self.apart(arguments[0])
        master, slave = pty.openpty()
        process = subprocess.Popen([*before, str(SANITIZED), *arguments], stdin=slave, stdout=slave, stderr=slave,
                                   env={**self.environment({"TERM": "xterm"}), **more})
        os.close(slave)
        parts = []
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while part := os.read(master, 65536):
                parts.append(part)
        os.close(master)
        return process.wait(LAST_RESORT), b"".join(parts)

    def verb(self, verb, *arguments, options=(), **how):
        """A verb against the test's cloud: the result, with texts."""
        result = self.run(verb, "-o", ",".join(["endpoint=" + self.cloud.url, *options]), *arguments, **how)
        result.stdout, result.stderr = result.stdout.decode(), result.stderr.decode()
        return result

    def point(self):
        """A fresh mount point."""
        path = self.directory / ("mnt%d" % len(list(self.directory.glob("mnt*"))))
        path.mkdir()
        return path

    def mount(self, source="tione", *options, at=None, flags=(), endpoint=None, silent=True, **how):
        """Mounts; the parent ends with 0 when the mount answers, and says nothing.  Several sources: a tuple."""
        path = at or self.point()
        options = ["endpoint=" + (endpoint or self.cloud.url), *options]
        command = ["-o", ",".join(options), *flags, *([source] if isinstance(source, str) else source), path]
        result = self.run(*command, **how)
        pid = find_daemon(path)
        assert result.returncode == 0, "mount: %d, %s" % (result.returncode, result.stderr.decode())
        assert pid, "the parent ended with 0 and there is no daemon"
        mount = Mount(self, path, result, pid, command)
        self.mounts.append(mount)
        if silent and (result.stdout or result.stderr):
            self.said.append(result.stdout.decode() + result.stderr.decode())
        return mount

    def foreground(self, source="tione", *options, flags=("-f",), env=None, binary=SANITIZED):
        """The same without a fork: (mount, process, file of its stderr)."""
        path, errors = self.point(), open(self.directory / "foreground.stderr", "wb+")
        command = [str(binary), *flags, "-o", ",".join(["endpoint=" + self.cloud.url, *options]), source, str(path)]
        with open("/proc/self/mountinfo") as table:
            poll = select.poll()
            poll.register(table, select.POLLERR | select.POLLPRI)  # readable when something is mounted
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                       env=self.environment(env))
            end = time.monotonic() + LAST_RESORT
            while not mounts_below(path) and process.poll() is None and time.monotonic() < end:
                poll.poll(100)
        assert process.poll() is None and mounts_below(path), "not mounted"
        process.returncode = 0  # the mount waits for it
        mount = Mount(self, path, None, process.pid, command)
        self.mounts.append(mount)
        return mount, process, errors

    # the end

    def kill_daemons(self):
        for mount in self.mounts:
            if mount.alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(mount.pid, signal.SIGKILL)

    def finish(self):
        """Takes everything down and says what was wrong; once."""
        if self.finished:
            return []
        self.finished = True
        self.watchdog.cancel()
        wrong = []
        for mount in reversed(self.mounts):  # one may stand where a dead one stood
            wrong += mount.close()
        refused = [line for emulator in self.emulators for line in emulator.log_lines()
                   if not line["signed_ok"] and not line.get("plan")]
        for emulator in self.emulators:
            wrong += emulator.close()
        if refused and not self.auth_failures:
            wrong.append("the cloud refused a signature: %s" % refused[0])
        wrong += ["on stderr: " + said for said in self.said]
        for point, kind in mounts_below(self.directory):
            wrong.append("%s (%s) was left mounted" % (point, kind))
            subprocess.run(["umount", "-l", point], stdin=subprocess.DEVNULL)
        wrong += self.sanitizer_reports()
        reap_orphans()
        for pid, command in children().items():
            if wait_exit(pid, 10) is not None:
                continue  # it was at its end
            wrong.append("still running: %d %s" % (pid, command))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                wait_exit(pid, 5)
        shutil.rmtree(self.directory, ignore_errors=True)
        return wrong

    def sanitizer_reports(self):
        return ["a sanitizer's report:\n" + report.read_text(errors="replace")[:6000]
                for report in sorted(self.reports.iterdir())]
