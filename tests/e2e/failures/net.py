"""What the network's faults need beside the emulator: a namespace, servers that say what a test wants, a relay.

The emulator's plans bend what a cloud answers.  Here is what lies between: an address that swallows packets, a
name server that is silent, a port that stops listening and comes back, a listener that counts who came.
"""
import concurrent.futures
import contextlib
import ctypes
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness import TASK, error_of, hold_port, mounts_below, read, synthetic, timed, xattr

DEADLINE = 2  # seconds: of the mounts here, where a row's number is the deadline's
SLACK = 1.5  # what two busy cores may be late
FEW = 6  # readers at once of whom the breaker (src/client/circuit_breaker.h) does not think that they are a crowd
STATUS = "training/%s/status" % TASK
ONE, LIST = "DescribeTrainingTask", "DescribeTrainingTasks"
QUICK = ("ttl=1", "deadline=%d" % DEADLINE, "rate=10000")


# ---- reads of a mount

class Broken:
    """A mount that knew one task before the network broke.  W is that task's file, K is any that was never read."""

    def __init__(self, mount, warm=STATUS):
        self.mount, self.warm = mount, warm
        self.before = mount.read(warm)
        self.known_at = time.monotonic()

    def run_out(self):
        """Until what is known is older than its TTL of a second."""
        time.sleep(max(0, self.known_at + 1.1 - time.monotonic()))

    def cold(self, path, error, within=DEADLINE + SLACK):
        took, got = timed(self.mount.error, path)
        assert got == error, got
        assert took < within, took
        return took

    def warm_is_served(self, within=DEADLINE + SLACK):
        """The last good bytes, and they say that they are old."""
        took, got = timed(self.mount.read, self.warm)
        assert got == self.before
        assert self.mount.xattr(self.warm, "stale") == "1"
        assert took < within, took
        return took

    def both(self, path, error, within=DEADLINE + SLACK):
        """K fails as it should; W right after it does not even try again."""
        self.run_out()
        self.cold(path, error, within)
        self.warm_is_served(1)


def at_once(box, cloud, mount, rows):
    """All rows of a table in the time of one: {row: (plan, errno)}, for each a task that is known and one that is not.

    @ID@ in a plan's body stands for the task's id: nothing but the fault may be what is wrong with the answer.
    The emulator needs two synthetic tasks a row.
    """
    known = {row: synthetic(2 * i) for i, row in enumerate(rows)}
    unknown = {row: synthetic(2 * i + 1) for i, row in enumerate(rows)}
    path = {id: mount / "training" / id / "status" for id in (*known.values(), *unknown.values())}
    before = {row: read(path[id]) for row, id in known.items()}
    began = time.monotonic()
    for row, (plan, _) in rows.items():
        for id in (known[row], unknown[row]):
            plan_for(box, cloud, plan, id)
    time.sleep(max(0, began + 1.1 - time.monotonic()))
    ids = [id for row in rows for id in (unknown[row], known[row])]
    answers = together(lambda id: looked_at(path[id]), ids, FEW)  # each for itself: no breaker
    got = dict(zip(ids, (value for _, value in answers)))
    wrong = {}
    for row, (_, error) in rows.items():
        shown = got[unknown[row]], got[known[row]], xattr(path[known[row]], "stale")
        if shown != (error, before[row], "1"):
            wrong[row] = shown
    assert not wrong


def plan_for(box, cloud, plan, id):
    plan = {"action": ONE, **plan}
    if isinstance(plan.get("body"), str):
        plan["file"] = body_file(box, plan.pop("body").replace("@ID@", id))
    cloud.plan(id=id, **plan)


def task(i):
    """A task that the emulator does not have, so its describe call gets only the planned error."""
    return "training/train-%d/status" % i


def together(function, arguments, threads=100):
    """Runs all functions at once; returns a list of (seconds, result)."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda argument: timed(function, argument), arguments))


def looked_at(path):
    """The bytes of a file, or the errno of the attempt to read it."""
    try:
        return read(path)
    except OSError as failure:
        return error_of(raise_it, failure)


def raise_it(failure):
    raise failure


def last_error(mount):
    """The fields of the last line of .describefs/errors. Asserts that no line has a control byte."""
    text = mount.read(".describefs/errors")
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", text), text
    lines = text.decode().splitlines()
    assert lines, "nothing was noted"
    return lines[-1].split("\t")


def is_stale(mount, path):
    return xattr(mount / path, "stale") == "1"


def descriptors(mount):
    return len(os.listdir("/proc/%d/fd" % mount.pid))


def resident_kib(mount, field="VmRSS"):
    with open("/proc/%d/status" % mount.pid) as lines:
        return int(re.search(r"^%s:\s*(\d+)" % field, lines.read(), re.M)[1])


def body_file(box, content):
    """Writes the bytes that a plan sends to a file, so that they may be any bytes of any size."""
    path = box.directory / ("body%d" % len(list(box.directory.glob("body*"))))
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.fixture
def tls(box, certificates):
    """Starts an emulator that speaks TLS; returns (cloud, the mount options that trust it)."""
    def start(*options, name="server"):
        cloud = box.emulator("--tls-port", 0, "--cert", certificates / (name + ".pem"), "--key",
                             certificates / (name + ".key"), *options)
        return cloud, "cacert=%s" % (certificates / "ca.pem")
    return start


@pytest.fixture(params=["http", "tls"])
def wire(request, box):
    """Starts an emulator, and mounts it, over either: start(options of the emulator) -> cloud, mount(options)."""
    def start(*options):
        if request.param == "http":
            cloud = box.emulator(*options)
            return cloud, lambda *more, **how: box.mount("tione", *QUICK, *more, **how)
        cloud, trust = request.getfixturevalue("tls")(*options)
        return cloud, lambda *more, **how: box.mount("tione", trust, *QUICK, *more, endpoint=cloud.tls_url, **how)
    return start


# ---- servers

class Server:
    """Listens and runs `serve(connection)` on a thread for each connection; counts connections and bytes."""

    def __init__(self, serve=None, address=("127.0.0.1", 0)):
        self.serve, self.heard, self.connections = serve or (lambda connection: None), b"", 0
        both = address[0] == "::"
        self.socket = socket.create_server(address, dualstack_ipv6=both,
                                           family=socket.AF_INET6 if both else socket.AF_INET)
        self.port = self.socket.getsockname()[1]
        self.open, self.threads = [], []
        self.start(self.accept)

    def start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.socket.accept()[0]
                self.connections += 1
                self.open.append(connection)
                self.start(self.guarded, connection)

    def guarded(self, connection):
        with contextlib.suppress(OSError):
            self.serve(connection)

    def hear(self, connection):
        """Keeps what is said to it until the other side has enough; for `serve`."""
        while part := connection.recv(65536):
            self.heard += part

    def close(self):
        for one in [self.socket, *self.open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self.threads:
            thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Relay:
    """A port before the emulator's that can go away (refused, and every connection reset) and come back."""

    def __init__(self, port, address=("127.0.0.1", 0)):
        self.target, self.server, self.passed, self.address = port, None, b"", address
        self.up()
        self.port, self.place = self.server.port, None

    def up(self):
        self.server = Server(self.carry, (self.address[0], self.port) if self.server else self.address)

    def down(self):
        for one in self.server.open:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.close()
        self.place = self.place or hold_port(self.port)

    def forget(self):
        """Whatever comes on the connections that stand is dropped before TCP hears of it: no answer, no end, no ACK."""
        nothing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # BPF: keep 0 bytes of each packet
        for one in self.server.open:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(nothing)))  # SO_ATTACH_FILTER

    def carry(self, client):
        with socket.create_connection(("127.0.0.1", self.target)) as cloud:
            other = {client: cloud, cloud: client}
            while True:
                for one in select.select(list(other), [], [], 60)[0]:
                    part = one.recv(65536)
                    if not part:
                        client.close()
                        return
                    if one is cloud:
                        self.passed += part
                    other[one].sendall(part)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        if self.place:
            self.place.close()


class NameServer:
    """On port 53 of a namespace of the test's own: silent, a code, or addresses by type ("A", "AAAA")."""

    def __init__(self, answers):
        self.answers, self.asked = answers, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                query, sender = self.socket.recvfrom(2000)
                if not query:
                    return
                self.asked += 1
                if self.answers is not None:
                    self.socket.sendto(self.answer(query), sender)

    def answer(self, query):
        end = query.index(b"\0", 12) + 5  # of the question: a name, a type, a class
        kind = struct.unpack("!H", query[end - 4:end - 2])[0]
        code = self.answers if isinstance(self.answers, int) else 0
        family = {1: ("A", socket.AF_INET), 28: ("AAAA", socket.AF_INET6)}.get(kind)
        address = None if code or not family else self.answers.get(family[0])
        reply = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 1 if address else 0, 0, 0) + query[12:end]
        if address:
            packed = socket.inet_pton(family[1], address)
            reply += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed
        return reply

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join(5)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- a network of the test's own

CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE, MS_BIND, MNT_DETACH = (
    0x00020000, 0x40000000, 0x4000, 1 << 18, 0x1000, 2)


def libc_call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        raise OSError(ctypes.get_errno(), "%s: %s" % (name, os.strerror(ctypes.get_errno())))


class Apart:
    """Moves the test's thread, and all that it starts, into a network and mount namespace of its own."""

    def __init__(self, directory):
        self.directory, self.cwd, self.replaced, self.box = directory, os.getcwd(), [], None
        self.home = [(flag, os.open("/proc/thread-self/ns/" + name, os.O_RDONLY | os.O_CLOEXEC))
                     for flag, name in ((CLONE_NEWNET, "net"), (CLONE_NEWNS, "mnt"))]
        libc_call("unshare", CLONE_NEWNET | CLONE_NEWNS)
        libc_call("mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
        self.let_go_of_others()
        self.ip("link set lo up")
        self.ip("-6 addr add 2001:db8::1/128 dev lo nodad")  # a source for packets to where nobody is

    def let_go_of_others(self):
        """A copy of somebody else's mount would keep its daemon alive after they unmount it."""
        for point, kind in mounts_below(""):  # all there are
            if kind.startswith("fuse."):
                with contextlib.suppress(OSError):  # it may just have gone
                    libc_call("umount2", os.fsencode(point), MNT_DETACH)

    def ip(self, words):
        subprocess.run(["ip", *words.split()], check=True)

    def replace(self, path, text):
        """Another file in the place of one of /etc, until the test is over."""
        ours = self.directory / path.replace("/", "_")
        ours.write_text(text)
        libc_call("mount", os.fsencode(ours), os.fsencode(path), None, ctypes.c_ulong(MS_BIND), None)
        self.replaced.append(path)

    def restore(self):
        """As every test finds it: loopback's two addresses and no way to anywhere else."""
        for path in self.replaced:
            libc_call("umount", os.fsencode(path))
        self.replaced = []
        for kind in ("unreachable", "prohibit", "blackhole"):
            subprocess.run(["ip", "-6", "route", "flush", "type", kind], check=True)
        self.ip("-6 route flush root 2001:db8:1::/48")
        self.ip("-6 route flush proto boot")
        self.ip("-6 addr replace ::1/128 dev lo")
        self.ip("addr replace 127.0.0.1/8 dev lo")

    def leave(self):
        end = time.monotonic() + 10
        for flag, fd in self.home:
            while True:  # a thread that just ends still shares our directories, which forbids it
                try:
                    libc_call("setns", fd, flag)
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)
            os.close(fd)
        os.chdir(self.cwd)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Has a module's scope, so that it exists before and after each test's box."""
    allowed = subprocess.run(["unshare", "-nm", "true"], capture_output=True, text=True)
    if allowed.returncode:
        pytest.skip("no namespace of our own is permitted: " + allowed.stderr.strip())
    network = Apart(tmp_path_factory.mktemp("network"))
    yield network
    network.leave()


@pytest.fixture
def apart(network, box):
    """apart.box is the test's box in a network namespace of its own that has only loopback."""
    network.box = box
    yield network
    network.restore()
