"""The readers of a soak: what people and scripts do with a mount, and a look at what they get.

Half of what they do are system calls of this process, whose errno, bytes and time are looked at one by one.  The other
half are commands (cat, grep -r, find, ls -l, tar), whose complaints are looked at; one that goes on for too long, and
every third at any moment, gets a signal, and must end at once.
"""
import collections
import errno
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

import checks
import harness
import weather

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
PATIENCE = 20  # s, then they get a signal
LATE = 2  # s after it
# What commands say that is no errno: a resource went while they were at it.
REMARKS = re.compile(r"tar: .*: (File removed before we read it|file changed as we read it)$"
                     r"|tar: Exiting with failure status due to previous errors$")


def allowed():
    """The errno that describefs(1) has."""
    return {row[0] for row in checks.manual_errors(harness.TOP)}


def name_of(failure):
    return "EOPNOTSUPP" if failure.errno == errno.ENOTSUP else errno.errorcode.get(failure.errno, str(failure.errno))


def is_behind_another(pid):
    """Whether it waits, deaf, for the kernel to be told of a name that another process asked for first."""
    try:
        with open("/proc/%d/wchan" % pid) as file:
            return file.read() == "d_alloc_parallel"
    except OSError:
        return False


class Crowd:
    """All readers, and what they saw."""

    def __init__(self, mount, sky, number, seed, deadline):
        self.mount, self.sky, self.deadline = mount, sky, deadline
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.done, self.errors, self.signals, self.behind = collections.Counter(), collections.Counter(), 0, 0
        self.longest = collections.defaultdict(float)
        self.wrong = []
        self.allowed = allowed()
        self.words = {os.strerror(getattr(errno, name)): name for name in self.allowed}
        self.readers = [Reader(self, random.Random(seed * 1000000 + i)) for i in range(number)]

    def start(self):
        for reader in self.readers:
            reader.start()

    def stop(self, seconds):
        """Until the last has ended; what is wrong if it does not."""
        end = time.monotonic() + seconds
        for reader in self.readers:
            reader.join(max(0.1, end - time.monotonic()))
        return ["a reader still waits in %s" % reader.what for reader in self.readers if reader.is_alive()]

    def took(self, what, seconds):
        with self.lock:
            self.longest[what] = max(self.longest[what], seconds)

    def finding(self, text):
        with self.lock:
            if len(self.wrong) < 1000:
                self.wrong.append("%s" % text)

    def error(self, name, path):
        """An errno that somebody was told: one of the table, and ENOENT only for what may be gone."""
        with self.lock:
            self.errors[name] += 1
        if name not in self.allowed:
            self.finding("%s of %s" % (name, path))
        elif name == "ENOENT" and not re.search("train-soak-", path):
            self.finding("ENOENT of %s, which is there" % path)


class Reader(threading.Thread):
    def __init__(self, crowd, dice):
        super().__init__(daemon=True)
        self.crowd, self.dice, self.mount, self.sky = crowd, dice, crowd.mount, crowd.sky
        self.seen = {}  # (id, file): the newest generation that was shown
        self.what = "nothing"

    def run(self):
        doings = [self.a_file] * 5 + [self.an_object] * 3 + [self.a_listing] * 2 + [self.the_root] * 3 + \
                 [self.attributes] + [self.a_command] * 10
        while not self.crowd.over.wait(self.dice.uniform(0, 1)):
            doing = self.dice.choice(doings)
            self.what = doing.__name__
            try:
                doing()
            except OSError as failure:
                self.crowd.error(name_of(failure), str(failure.filename))
            except AssertionError as failure:
                self.crowd.finding("%s: %s" % (self.what, str(failure)[:300]))
            except Exception as failure:
                self.crowd.finding("%s: %r" % (self.what, failure))
            with self.crowd.lock:
                self.crowd.done[self.what.replace("_", " ")] += 1

    def timed(self, what, function, *arguments):
        start = time.monotonic()
        try:
            return function(*arguments)
        finally:
            self.crowd.took(what, time.monotonic() - start)

    def a_resource(self):
        kind = self.dice.choice(list(self.sky.standing))
        if kind == "training" and self.dice.random() < 0.3:
            return kind, self.dice.choice(weather.COMING)
        return kind, self.dice.choice(self.sky.standing[kind])

    # ---- calls of our own

    def whole(self, id, value, file):
        """A remark is of one generation, and of none older than this reader has seen in this file: what the list
        said last may be newer than the last good answer of the describe call, which stands in during an outage."""
        generations = set(value.split())
        assert len(generations) == 1, "%s is torn: %s" % (id, sorted(generations))
        generation = int(value.split()[0][1:])
        assert value.rstrip("\n") == weather.remark(generation), "%s is not whole" % id
        if id.startswith("train-soak-"):
            return
        seen = self.seen.get((id, file), 0)
        assert generation >= seen, "%s/%s went back from g%d to g%d" % (id, file, seen, generation)
        self.seen[id, file] = generation

    def read(self, path):
        fd = self.timed("operation", os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return harness.read_open(fd).decode()
        finally:
            os.close(fd)

    def a_file(self):
        kind, id = self.a_resource()
        if self.dice.random() < 0.5:
            self.whole(id, self.read(self.mount / kind / id / "remark"), "remark")
        else:
            got = self.read(self.mount / kind / id / "id")
            assert got == id + "\n", "%s calls itself %r" % (id, got)

    def an_object(self):
        kind, id = self.a_resource()
        got = json.loads(self.read(self.mount / kind / id / "describe.json"))
        assert got["Id"] == id, "%s is %s" % (id, got["Id"])
        self.whole(id, got["Remark"], "describe.json")

    def a_listing(self):
        kind = self.dice.choice(list(self.sky.standing) + ["models"])
        names = self.timed("listing", os.listdir, self.mount / kind)
        assert len(names) == len(set(names)), "%s has a name twice" % kind
        missing = set(self.sky.standing.get(kind, ())) - set(names)
        assert not missing, "%s lacks %s" % (kind, sorted(missing))

    def the_root(self):
        what = self.dice.choice((os.statvfs, os.listdir, os.stat))
        self.timed("root", what, self.mount.path)
        self.timed("root", os.stat, self.mount / "training")
        self.timed("root", harness.read, self.mount / ".describefs/status")

    def attributes(self):
        kind, id = self.a_resource()
        path = self.mount / kind / id / "remark"
        self.timed("operation", os.stat, path)
        assert harness.xattr(path, "stale") in ("0", "1")

    # ---- commands

    def a_command(self):
        kind, id = self.a_resource()
        there = "%s/%s" % (kind, id)
        commands = (["cat", there + "/status", there + "/describe.json"], ["grep", "-r", "no such text", there],
                    ["grep", "-r", "no such text", "notebooks"], ["find", there], ["find", ".", "-maxdepth", "2"],
                    ["find", "training", "-name", "end_time"], ["ls", "-l", there], ["ls", "-l", "training"],
                    ["ls", "-lR", "models"], ["tar", "c", there],
                    ["tar", "c", "notebooks"], ["cat", "training/*/status"])
        command = self.dice.choice(commands)
        self.what = command[0]
        if "*" in command[1]:  # as a shell would, but for an error, which it would keep to itself
            names = os.listdir(self.mount / "training")
            command = ["cat"] + ["training/%s/status" % name for name in names]
        patience = self.dice.uniform(0, 0.5) if self.dice.random() < 0.3 else self.dice.uniform(2, PATIENCE)
        process = subprocess.Popen(command, cwd=self.mount.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
                                   env=self.mount.box.environment())
        try:
            said = process.communicate(timeout=patience)[1]
        except subprocess.TimeoutExpired:
            said = self.interrupt(process)
        for line in said.splitlines():
            self.complaint(line)

    def interrupt(self, process):
        start, number = time.monotonic(), self.dice.choice(SIGNALS)
        os.killpg(process.pid, number)
        behind = False
        while True:
            try:
                said = process.communicate(timeout=0.2)[1]
                break
            except subprocess.TimeoutExpired:
                behind = behind or is_behind_another(process.pid)
        took = time.monotonic() - start
        self.crowd.took("signal behind" if behind else "signal", took)
        if took > (self.crowd.deadline + LATE if behind else LATE):
            self.crowd.finding("%s ended %.1f s after %s" % (process.args[:4], took, number.name))
        with self.crowd.lock:
            self.crowd.signals += 1
            self.crowd.behind += behind
        return said[:said.rfind("\n") + 1]  # it may have died in the middle of a word

    def complaint(self, line):
        name = self.crowd.words.get(line.rsplit(": ", 1)[-1])
        if name:
            self.crowd.error(name, line)
        elif not REMARKS.match(line):
            self.crowd.finding("it said: " + line)
