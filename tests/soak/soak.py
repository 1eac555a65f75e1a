#!/usr/bin/python3
"""make soak MINUTES=30: many readers, random faults and random changes, and what the daemon grows to meanwhile.

The readers (readers.py) do what people and scripts do, and look at what they get: no errno but those of describefs(1)'s
table, no ENOENT for what stands the whole time, no listing that lacks it, no value torn or older than one seen before.
The weather (weather.py) breaks the cloud and changes what it holds.  Every ten seconds the daemon's memory, descriptors
and threads are looked at; the median of the second quarter of the run beside that of the last one says what grows.
The last lines are a table; then what was wrong, a line each, and the exit status is 1.
"""
import argparse
import collections
import contextlib
import os
import pathlib
import re
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "lint")]

import harness  # noqa: E402
import readers  # noqa: E402
import weather  # noqa: E402

TASKS, NOTEBOOKS, MODELS, RATE, DEADLINE = 300, 30, 10, 20, 10
TTL = 11  # s: longer than an answer may take, or each name of a path would wait for one (packaging/doc/semantics.md, known limits)
SLACK = 3  # s, what two busy cores may be late
LATE_MS = 150  # what a busy machine may hold up a call before the emulator sees it
SOCKETS = 64 + 8  # connections that are kept, and some that are in use
MEMORY = 24  # MiB, max_memory: reached within the first quarter


class Samples:
    """What the daemon has, as a row for each moment."""

    def __init__(self, mount):
        self.mount, self.rows, self.began = mount, [], time.monotonic()

    def take(self):
        with open("/proc/%d/status" % self.mount.pid) as lines:
            status = dict(line.split(":", 1) for line in lines)
        sockets, others = self.descriptors()
        self.rows.append((time.monotonic() - self.began, int(status["VmRSS"].split()[0]) / 1024, others, sockets,
                          int(status["Threads"]), self.kept()))

    def descriptors(self):
        """(sockets, others): connections come and are kept as the weather is, all else stays."""
        directory, found = "/proc/%d/fd" % self.mount.pid, []
        for name in os.listdir(directory):
            with contextlib.suppress(OSError):  # closed since
                found.append(os.readlink("%s/%s" % (directory, name)).startswith("socket:"))
        return sum(found), len(found) - sum(found)

    def kept(self):
        """What the program itself says that it keeps, MiB."""
        return int(re.search(rb"kept +(\d+) bytes", self.mount.read(".describefs/status"))[1]) / (1 << 20)

    def quarters(self, column):
        """The medians of the second quarter and of the last, and the time between the middles of the two in hours."""
        end = self.rows[-1][0]
        second = [row[column] for row in self.rows if end / 4 <= row[0] <= end / 2]
        last = [row[column] for row in self.rows if row[0] >= end * 3 / 4]
        return statistics.median(second), statistics.median(last), end / 2 / 3600

    def most(self, column):
        return max(row[column] for row in self.rows)


def environment(box):
    """What is freed is kept back by ASan only for as long as the run needs to see its growth."""
    return {"ASAN_OPTIONS": box.environment()["ASAN_OPTIONS"] + ":quarantine_size_mb=4"}


def run(box, arguments):
    cloud = box.emulator("--tasks", TASKS, "--notebooks", NOTEBOOKS, "--models", MODELS, "--versions", 2,
                         "--rate", RATE)
    if os.geteuid() == 0:  # its clock is what the rate is measured with
        os.setpriority(os.PRIO_PROCESS, cloud.process.pid, -5)
    box.auth_failures = True  # the cloud's clock is set wrong on purpose
    program = harness.PLAIN if arguments.program == "plain" else harness.SANITIZED
    mount = box.mount("tione", "ttl=%d" % TTL, "deadline=%d" % DEADLINE, "max_memory=%dM" % MEMORY, binary=program,
                      env=environment(box))
    sky = weather.Weather(cloud, mount, arguments.seed)
    crowd = readers.Crowd(mount, sky, arguments.readers, arguments.seed, DEADLINE)
    samples, end = Samples(mount), time.monotonic() + arguments.minutes * 60
    pause = min(10, arguments.minutes * 60 / 24)
    crowd.start()
    sky.start()
    while time.monotonic() < end and mount.alive():
        time.sleep(min(pause, max(0, end - time.monotonic())))
        if mount.alive():
            samples.take()
    crowd.over.set()
    sky.stop()
    wrong = crowd.stop(readers.PATIENCE + DEADLINE + SLACK) if mount.alive() else ["the daemon died"]
    if mount.alive():
        wrong += afterwards(cloud, mount, sky)
    return cloud, samples, crowd, sky, wrong


def afterwards(cloud, mount, sky):
    """The weather is fine again: nothing is under way any more, and the tree is the cloud's."""
    wrong = []
    cloud.quiet()
    try:
        harness.wait_until(lambda: harness.waiting(mount) == 0, DEADLINE + SLACK, "an end of the requests")
    except AssertionError:
        wrong.append("%d requests are stuck in the kernel" % harness.waiting(mount))
    try:
        harness.wait_until(lambda: sky.is_true(mount), 60, "the truth")
    except (AssertionError, OSError) as failure:
        wrong.append("the tree is not the cloud's a minute later: %s; %s" % (failure, sky.lie))
    return wrong


def busiest(cloud, window_ms):
    """The calls of one action in the window that has most of them: (milliseconds, verdict, connection) of each."""
    calls = collections.defaultdict(list)
    for line in cloud.log_lines():
        calls[line["action"]].append((line["t_ms"], line.get("plan") or line["verdict"], line["connection"]))
    best = []
    for ones in calls.values():
        ones.sort(key=lambda one: one[0])
        first = 0
        for last in range(len(ones)):
            while ones[last][0] - ones[first][0] >= window_ms:
                first += 1
            if last - first + 1 > len(best):
                best = ones[first:last + 1]
    return best


def judge(arguments, cloud, samples, crowd, wrong):
    most = busiest(cloud, 1000 - LATE_MS)
    if len(most) > RATE:
        wrong.append("%d calls of one action within a second: %s" % (len(most), " ".join(
            "%d:%s/%s" % (at - most[0][0], what, connection) for at, what, connection in most)))
    if crowd.longest["operation"] > DEADLINE + SLACK:
        wrong.append("an operation took %.1f s" % crowd.longest["operation"])
    if crowd.longest["root"] > SLACK:
        wrong.append("an operation at the root took %.1f s" % crowd.longest["root"])
    wrong += crowd.wrong
    if arguments.minutes < 20:
        return  # too short to tell growth from a beginning: sockets are kept, ASan keeps what was freed
    for column, name, room in ((1, "memory", lambda before: 2 + before / 20), (2, "descriptors", lambda before: 2),
                               (3, "sockets", lambda before: max(8, SOCKETS - before)),
                               (4, "threads", lambda before: 2)):
        before, after, _ = samples.quarters(column)
        if after - before > room(before):
            wrong.append("%s grew from %.1f to %.1f" % (name, before, after))


def table(arguments, cloud, samples, crowd, sky):
    counts = cloud.counts()

    def tally(what):
        return ", ".join("%s %d" % pair for pair in what.most_common()) or "none"

    rows = [("program, minutes, readers, seed", "%s, %g, %d, %d" % (
                 arguments.program, arguments.minutes, arguments.readers, arguments.seed)),
            ("operations", "%d" % sum(crowd.done.values())),
            ("  of these", tally(crowd.done)),
            ("errors seen", tally(crowd.errors)),
            ("faults, changes", "%d, %d" % (sum(sky.faults.values()), sky.changed)),
            ("calls, most in 1 s of an action", "%d, %d (%d allowed)" % (
                counts["total"], max(counts["max_in_1s"].values(), default=0), RATE)),
            ("longest operation, s", "%.2f (deadline %d)" % (crowd.longest["operation"], DEADLINE)),
            ("longest at the root, s", "%.3f" % crowd.longest["root"]),
            ("longest end after a signal, s", "%.3f; of %d in %d behind another who asks for the same name: %.3f" % (
                crowd.longest["signal"], crowd.behind, crowd.signals, crowd.longest["signal behind"]))]
    for column, name in ((1, "RSS, MiB"), (2, "descriptors but sockets"), (3, "sockets"), (4, "threads"),
                         (5, "kept, MiB")):
        before, after, hours = samples.quarters(column)
        rows.append((name, "2nd quarter %.1f, last %.1f, most %.1f: %+.1f an hour" % (
            before, after, samples.most(column), (after - before) / hours)))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print("%-*s  %s" % (width, name, value), flush=True)


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("--minutes", type=float, default=30)
    parse.add_argument("--readers", type=int, default=50)
    parse.add_argument("--program", choices=("sanitized", "plain"), default="sanitized")
    parse.add_argument("--seed", type=int, default=1)
    arguments = parse.parse_args()
    harness.be_subreaper()
    box = harness.Box()
    box.watchdog.cancel()  # a test's; this is the last resort of a run
    box.watchdog = threading.Timer(arguments.minutes * 60 + 300, box.kill_daemons)
    box.watchdog.daemon = True
    box.watchdog.start()
    try:
        cloud, samples, crowd, sky, wrong = run(box, arguments)
        judge(arguments, cloud, samples, crowd, wrong)
        table(arguments, cloud, samples, crowd, sky)
    except BaseException:
        box.finish()
        raise
    wrong += box.finish()
    reports = sum("sanitizer" in line for line in wrong)
    print("sanitizers' reports %s  %d" % (" " * 11, reports))
    for line, times in collections.Counter(wrong).most_common(40):
        print("WRONG: %s%s" % (line, " (%d times)" % times if times > 1 else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
