"""The tests of failures run like the mounted ones; after each, what must hold whatever happened is looked at from outside.

The invariants by the names that README.md has for them. I2, I3 and I4 are about what a reader was shown: the tests
that make a reader read assert them. The others are looked at here, while the mounts of the test still stand:

I1 no request of the kernel is left unanswered            I5 the cloud saw at most 20 calls a second of an action
I6 memory, descriptors and threads are few                I7 no secret came out, anywhere
I8 no line of a log holds a control character             I9 nothing is left mounted or running (harness.Box.finish)

A test that needs more than is usual says so on its box: box.resident (bytes), box.secrets (more that may not come
out), box.auth_failures; of a mount with -o rate= the calls a second are not counted.  A wrong signature and a sanitizer's report are found by Box.finish, for every test.
"""
import contextlib
import os
import pathlib
import re
import subprocess

import pytest

from harness import PLAIN, SECRETS, mounts_below, wait_until

RATE, RESIDENT, DESCRIPTORS, THREADS = 20, 64 << 20, 32, 24
HELD_UP_MS = 300
CONNECTIONS_KEPT = 64  # of src/net/http_client.c: what curl keeps open for the next call


def pytest_collection_modifyitems(items):
    if not os.path.exists("/dev/fuse"):
        for item in items:
            if item.path.parent.name == "failures":
                item.add_marker(pytest.mark.skip(reason="there is no /dev/fuse on this machine"))


@pytest.fixture(scope="session")
def connections(tmp_path_factory):
    """The path of fusectl: it has a directory for each FUSE connection, with the number of its waiting requests."""
    usual = "/sys/fs/fuse/connections"
    if os.path.ismount(usual):
        yield usual
        return
    point = str(tmp_path_factory.mktemp("fusectl"))
    if subprocess.run(["mount", "-t", "fusectl", "none", point], stderr=subprocess.DEVNULL).returncode:
        yield None  # not root: I1 is then what Box's watchdog finds
        return
    yield point
    subprocess.run(["umount", point], check=True)


@pytest.fixture(scope="session")
def preload(tmp_path_factory):
    """Builds a library of this directory for LD_PRELOAD: preload("clock") returns its path."""
    directory, made = tmp_path_factory.mktemp("preload"), {}

    def make(name):
        if name not in made:
            made[name] = directory / (name + ".so")
            source = pathlib.Path(__file__).parent / (name + ".c")
            subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(made[name]),
                            str(source), "-ldl"], check=True)
        return str(made[name])

    return make


@pytest.fixture(autouse=True)
def invariants(box, connections):
    box.said_all = []
    run = box.run

    def listening(*arguments, **how):
        result = run(*arguments, **how)
        box.said_all.append(result.stdout + result.stderr)
        return result

    box.run = listening
    yield
    wrong = []
    for mount in box.mounts:
        if mount.alive() and mounts_below(mount.path) and not stopped(mount.pid):
            wrong += check_mount(box, mount, connections)
    for emulator in box.emulators:
        wrong += check_calls(box, emulator)
    wrong += check_secrets(box)
    assert not wrong, "\n".join(wrong)


def stopped(pid):
    with open("/proc/%d/stat" % pid) as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] in "TtZ"


# ---- I1

def connection_of(path):
    """The minor number of the mount's device, from the mount table: the mount itself gets no request."""
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            fields = line.split()
            if fields[4] == str(path):
                return int(fields[2].split(":")[1])
    return None


def option(mount, name, otherwise):
    found = re.search(r"(?:^|,)%s=([0-9.]+)" % name, mount.command[mount.command.index("-o") + 1])
    return float(found[1]) if found else otherwise


def waiting(connections, path):
    with contextlib.suppress(FileNotFoundError):
        with open("%s/%d/waiting" % (connections, connection_of(path))) as number:
            return int(number.read())
    return 0


# ---- one mount

def check_mount(box, mount, connections):
    wrong = []
    if connections:
        try:
            wait_until(lambda: waiting(connections, mount.path) == 0, option(mount, "deadline", 10) + 0.5)
        except AssertionError:
            return ["I1: %d requests of %s wait past the deadline" % (waiting(connections, mount.path), mount.path)]
    process = "/proc/%d/" % mount.pid
    with open(process + "status") as status:
        numbers = dict(re.findall(r"^(\w+):\s*(\d+)", status.read(), re.M))
    descriptors = len(os.listdir(process + "fd"))
    if os.readlink(process + "exe") == os.path.realpath(PLAIN):  # ASan's shadow is not ours
        resident = int(numbers["VmRSS"]) << 10
        if resident > getattr(box, "resident", RESIDENT):
            wrong.append("I6: %d KiB are resident" % (resident >> 10))
    sockets = sum(link.startswith("socket:") for link in links(process + "fd/"))
    if descriptors - sockets > DESCRIPTORS or sockets > CONNECTIONS_KEPT + 8:
        wrong.append("I6: %d descriptors, %d of them sockets" % (descriptors, sockets))
    if int(numbers["Threads"]) > THREADS:
        wrong.append("I6: %s threads" % numbers["Threads"])
    for name in ("cmdline", "environ"):
        with open(process + name, "rb") as file:
            wrong += find_secrets(box, process + name, file.read())
    said = {name: mount.read(".describefs/" + name) for name in ("status", "errors")}
    wrong += find_secrets(box, ".describefs", b"".join(said.values()))
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", b"".join(said.values())):
        wrong.append("I8: a control character in .describefs: %r" % said)
    return wrong


def links(directory):
    for name in os.listdir(directory):
        with contextlib.suppress(OSError):
            yield os.readlink(directory + name)


# ---- I5

def busiest_second(times):
    """The cloud and this check count arrivals. A busy machine may delay the first of them by this time."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while time - times[first] >= 1000 - HELD_UP_MS:
            first += 1
        most = max(most, last - first + 1)
    return most


def check_calls(box, emulator):
    if any(option(mount, "rate", 0) for mount in box.mounts):
        return []  # it was told not to be polite
    by_action = {}
    for line in emulator.log_lines():
        by_action.setdefault(line["action"], []).append(line["t_ms"])
    # each process has a rate of its own
    processes = max(1, len(box.said_all) + sum(mount.result is None for mount in box.mounts))
    return ["I5: %d calls of %s in a second" % (busiest_second(sorted(times)), action)
            for action, times in by_action.items() if busiest_second(sorted(times)) > RATE * processes]


# ---- I7

def find_secrets(box, where, data):
    secrets = SECRETS + getattr(box, "secrets", [])
    return ["I7: a secret in " + where for secret in secrets if secret.encode() in data]


def files_of(box):
    """Every file in the test's directory except its HOME and the mounts."""
    skipped = {str(box.home)} | {point for point, _ in mounts_below(box.directory)}
    for directory, below, names in os.walk(box.directory):
        below[:] = [name for name in below if os.path.join(directory, name) not in skipped]
        for name in names:
            path = os.path.join(directory, name)
            if not name.startswith("key-") and os.path.isfile(path) and not os.path.islink(path):
                yield path


def check_secrets(box):
    """All output: of the programs, the emulators' journals, sanitizer reports, debug lines."""
    wrong = find_secrets(box, "what was said", b"".join(box.said_all))
    for path in files_of(box):
        with open(path, "rb") as file:
            wrong += find_secrets(box, path, file.read(64 << 20))
    return wrong
