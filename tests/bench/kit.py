"""What the parts of the bench share: its variables, the clock, interleaved rounds, and the table.

Every figure is the median of BENCH_RUNS rounds.  A round runs each subject once, in an order that moves on from
round to round, and a ratio is the median of the rounds' own ratios: what else runs on the machine meets all alike.
"""
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import threading
import time

import harness

TOP, BUILD = harness.TOP, harness.BUILD
OPEN, READERS = BUILD / "bench" / "bench_open", BUILD / "bench" / "readers"
ROOT = os.geteuid() == 0


def variable(name, default):
    value = os.environ.get("BENCH_" + name, "")
    return type(default)(value) if value else default


N = variable("N", 500)
RUNS = variable("RUNS", 7)
PASS_N = variable("PASS_N", 100)
PASS_TTL = variable("PASS_TTL", 2)
COLD = variable("COLD", "20:200 200:2000")  # calls a second : tasks
COLD_RUNS = variable("COLD_RUNS", 2)  # above 50 calls a second, where one run is made after the other
NODE_TASKS = variable("NODE_TASKS", 20)
SIZES = variable("SIZES", "1000 10000 100000")
SECONDS = variable("SECONDS", 30)  # for one pass of one subject; a slower one is stopped, and named
PARTS = variable("PARTS", "warm requests cold passes start readers")

# Everything stays within its time, nothing is dropped, the rate is the machine's.
FRESH = ("ttl=86400", "rate=10000", "max_memory=4G", "deadline=600")


# ---- boxes and mounts

def program():
    """A copy of the program as the bench began: somebody may build meanwhile."""
    copy = BUILD / "bench" / "describefs"
    if program.fresh:
        part = copy.with_suffix(".new")
        shutil.copy2(harness.PLAIN, part)
        part.replace(copy)
        program.fresh = False
    return copy


program.fresh = True


@contextlib.contextmanager
def a_box(seconds=900):
    """Emulators, mounts and a directory of one part's own, all gone at its end; what was wrong is raised then."""
    box = harness.Box()
    box.watchdog.cancel()  # a test's; here a pass has a time of its own, and this is the last resort
    box.watchdog = threading.Timer(seconds, box.kill_daemons)
    box.watchdog.daemon = True
    box.watchdog.start()
    box.others = []
    try:
        yield box
    except BaseException:
        release(box)
        box.finish()
        raise
    wrong = release(box) + box.finish()
    if wrong:
        raise RuntimeError("; ".join(wrong))


def release(box):
    """Unmounts what is not a describefs, and ends its daemons by their id."""
    wrong = []
    for path, process in reversed(box.others):
        if path and harness.mounts_below(path):
            ended = subprocess.run(["umount", str(path)] if ROOT else ["fusermount3", "-u", str(path)],
                                   stderr=subprocess.DEVNULL)
            if ended.returncode:
                subprocess.run(["umount", "-l", str(path)], stderr=subprocess.DEVNULL)
                wrong.append("%s was busy" % path)
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    box.others = []
    return wrong


def mount(box, *options, emulator=None):
    return box.mount("tione", *options, binary=program(), endpoint=(emulator or box.cloud).url)


def tmpfs(box):
    """A tmpfs of the part's own; a directory in /dev/shm where one may not mount."""
    path = box.directory / "tmpfs"
    path.mkdir()
    if ROOT:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80%,nr_inodes=0", "bench", str(path)], check=True)
        box.others.append((path, None))
        return path
    assert os.path.ismount("/dev/shm"), "there is no tmpfs to lay beside"
    path.rmdir()
    path.symlink_to(subprocess.check_output(["mktemp", "-d", "-p", "/dev/shm"], text=True).strip())
    return path


def copy(source, target, glob="*"):
    """target/training, with what matches of source/training, and its times."""
    (target / "training").mkdir(parents=True)
    script = 'cp -a "$1"/training/%s "$2"/training/' % glob
    subprocess.run(["sh", "-c", script, "sh", str(source), str(target)], check=True)


# ---- time

class TooSlow(Exception):
    pass


def timed(script, where, box, seconds=None):
    """Seconds that a shell takes for a script in a directory."""
    command = ["sh", "-c", script]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=where, env=box.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    try:
        said = process.communicate(timeout=seconds or SECONDS)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        raise TooSlow("over %g s" % (seconds or SECONDS)) from None
    took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError("%s in %s: %d, %s" % (script, where, process.returncode, said.decode(errors="replace")[:500]))
    return took


def interleaved(subjects, measure, runs=None):
    """{name: [value a round]} of subjects {name: thing}; a round before them is not counted.

    A subject that fails or is too slow gets the reason instead of its values.
    """
    values = {name: [] for name in subjects}
    for turn in range((runs or RUNS) + 1):
        names = [name for name in subjects if isinstance(values[name], list)]
        for i in range(len(names)):
            name = names[(i + turn) % len(names)]
            try:
                value = measure(subjects[name])
            except (TooSlow, RuntimeError, OSError) as error:
                if name in ("tmpfs", "describefs"):
                    raise
                values[name] = str(error)
                continue
            if turn:
                values[name].append(value)
    return values


def ratio(values, to):
    """The median of the rounds' own ratios."""
    if isinstance(values, str):
        return values
    return "%.2f" % statistics.median(a / b for a, b in zip(values, to))


def duration(values):
    return values if isinstance(values, str) else human(statistics.median(values))


def human(seconds):
    if seconds < 1e-3:
        return "%.1f us" % (seconds * 1e6)
    return "%.1f ms" % (seconds * 1e3) if seconds < 1 else "%.2f s" % seconds


# ---- what a daemon does meanwhile

def cpu_ns(pid):
    """CPU time of a process, by the scheduler's own count."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as line:
            total += int(line.read().split()[0])
    return total


def settle(pid):
    """Until a daemon has nothing to do any more, such as FORGETs to take."""
    seen, since = cpu_ns(pid), time.monotonic()
    while time.monotonic() - since < 0.03:
        time.sleep(0.005)
        now = cpu_ns(pid)
        if now != seen:
            seen, since = now, time.monotonic()


def memory_kib(pid):
    with open("/proc/%d/status" % pid) as lines:
        return int(re.search(r"^VmRSS:\s*(\d+)", lines.read(), re.M)[1])


class Requests:
    """A mount that says each request on its stderr, and what it said since the last look, by opcode."""

    def __init__(self, box, *options):
        self.mount, _, self.errors = box.foreground("tione", *options, flags=("-f", "-d"), binary=program())
        self.path, self.offset = self.mount.path, 0

    def count(self, script, box, seconds=120):
        """The requests of a script run in the mount: {opcode: how many}."""
        settle(self.mount.pid)
        start = os.path.getsize(self.errors.name)
        timed(script, self.path, box, seconds)
        settle(self.mount.pid)
        with open(self.errors.name, "rb") as said:
            said.seek(start)
            found = re.findall(rb"opcode: (\w+)", said.read())
        return {name.decode(): found.count(name) for name in sorted(set(found))}


def by_opcode(counts, per=0):
    """"1 LOOKUP, 2 READ", and how many that is a resource."""
    text = ", ".join("%d %s" % (n, name) for name, n in sorted(counts.items(), key=lambda item: -item[1])) or "none"
    if per and counts:
        text += " (%.1f a resource)" % (sum(counts.values()) / per)
    return text


# ---- the table

class Report:
    def __init__(self, path):
        self.path, self.lines = path, []

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)
        self.path.write_text("\n".join(self.lines) + "\n")

    def section(self, title, *notes):
        self.say()
        self.say("## " + title)
        self.say()
        for note in notes:
            self.say(note)
        if notes:
            self.say()

    def table(self, head, rows):
        cells = [[str(cell).replace("|", "\\|") for cell in row] for row in [head, *rows]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        for i, row in enumerate(cells):
            self.say("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if not i:
                self.say("|" + "|".join("-" * (width + 2) for width in widths) + "|")
