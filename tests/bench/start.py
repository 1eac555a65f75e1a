"""How long a mount takes to answer, and how much memory it needs, as the account grows."""
import os
import shutil
import subprocess
import time

import kit

DESCRIBED_MAX = 10000


def started(box, command, path, program="fusermount3"):
    """Seconds from the command to the first answer of `ls /`; then it is unmounted."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=box.environment(), timeout=20)
    os.listdir(path)
    took = time.perf_counter() - began
    subprocess.run(["umount" if kit.ROOT else program, *([] if kit.ROOT else ["-u"]), str(path)], check=True)
    return took


def starter(box, program):
    """Not box.mount, which looks for the daemon: that would count."""
    def start():
        path = box.point()
        return started(box, [str(program), "-o", "endpoint=" + box.cloud.url, "tione", str(path)], path)
    return start


def interleaved_starts(box, starters):
    return kit.interleaved(starters, lambda start: start(), max(kit.RUNS, 7))


def ready(box):
    """Seconds until the first answer: describefs, and bindfs where there is one."""
    def bindfs():
        path = box.point()
        return started(box, ["bindfs", "-r", str(box.home), str(path)], path, "fusermount")
    return interleaved_starts(box, {"describefs": starter(box, kit.program()),
                                    **({"bindfs": bindfs} if shutil.which("bindfs") else {})})


def grow(n):
    """A row: what n listed, and then described, resources cost."""
    with kit.a_box() as box:
        emulator = box.emulator("--tasks", n)
        mount = kit.mount(box, *kit.FRESH)
        os.listdir(mount.path)
        idle = kit.memory_kib(mount.pid)
        began, cpu = time.perf_counter(), kit.cpu_ns(mount.pid)
        names = [name for name in os.listdir(mount.path / "training") if name.startswith("train-")]
        listed_s, listed_cpu = time.perf_counter() - began, kit.cpu_ns(mount.pid) - cpu
        listed = kit.memory_kib(mount.pid)
        server = kit.cpu_ns(emulator.process.pid)
        row = ["%d" % n, "%d" % emulator.total(), kit.human(listed_s), kit.human(listed_s / len(names)),
               kit.human(listed_cpu / 1e9 / len(names)), kit.human(server / 1e9 / len(names)),
               "%.1f MiB" % (listed / 1024), "%d" % ((listed - idle) * 1024 // len(names))]
        if n > DESCRIBED_MAX:
            return idle, row + ["-", "-", "-"]
        began = time.perf_counter()
        size = 0
        for name in names:
            with open(mount.path / "training" / name / "describe.json", "rb") as file:
                size += len(file.read())
        took = time.perf_counter() - began
        described = kit.memory_kib(mount.pid)
        return idle, row + ["%d" % ((described - idle) * 1024 // len(names)), "%d" % (size // len(names)),
                            kit.human(took / len(names))]


def start(report):
    report.section("Start and memory")
    with kit.a_box() as box:
        times = ready(box)
    rows, idle = [], 0
    for n in map(int, kit.SIZES.split()):
        idle, row = grow(n)
        rows.append(row)
    report.table(["", "", "target"], [
        ["mount until the first `ls /` answers", kit.duration(times["describefs"]), "<= 30 ms"],
        ["the same of bindfs", kit.duration(times.get("bindfs", "not installed")), ""],
        ["RSS when idle", "%.1f MiB" % (idle / 1024), "<= 8 MiB"],
        ["the program's size, stripped", "%d KiB" % (stripped() // 1024), ""]])
    report.say()
    report.say("RSS is beyond what the idle daemon has; of described resources it includes what their listing takes.")
    report.say()
    report.table(["tasks", "calls", "listed in", "a task", "our CPU", "emulator's", "RSS", "RSS a task listed, bytes",
                  "and described", "its describe.json", "time to describe one"], rows)


def stripped():
    copy = kit.BUILD / "bench" / "describefs.stripped"
    subprocess.run(["strip", "-o", str(copy), str(kit.program())], check=True)
    return copy.stat().st_size
