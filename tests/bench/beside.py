"""Another build of describefs beside this one, in the same rounds: what a change made slower or larger."""
import os
import shutil
import statistics
import time

import kit
import passes
import start
import warm

PROGRAM = os.environ.get("BENCH_BESIDE", "")
LISTED, DESCRIBED = 10000, 1000  # tasks, of which the CPU and the memory are taken


def copies():
    """{name: a copy of the program}: the builds may go on meanwhile."""
    other = kit.BUILD / "bench" / "describefs.beside"
    shutil.copy2(PROGRAM, other)
    return {"before": other, "now": kit.program()}


def mounts(box, programs, *options):
    return {name: box.mount("tione", *options, binary=program, endpoint=box.cloud.url)
            for name, program in programs.items()}


def ready(programs):
    """Seconds until the first answer."""
    with kit.a_box() as box:
        box.emulator("--tasks", 10)
        return start.interleaved_starts(box, {name: start.starter(box, program) for name, program in programs.items()})


def warm_rows(programs):
    with kit.a_box() as box:
        box.emulator("--tasks", kit.N)
        subjects = mounts(box, programs, *kit.FRESH)
        for mount in subjects.values():
            kit.timed("cat training/*/describe.json | cat", mount.path, box, 300)
        return warm.rounds(box, {name: mount.path for name, mount in subjects.items()}, warm.WORKLOADS)


def first_rows(programs):
    """The first pass after a mount, the data already in the daemon."""
    with kit.a_box() as box:
        box.emulator("--tasks", kit.PASS_N)
        subjects = mounts(box, programs, *kit.FRESH)
        for mount in subjects.values():
            passes.fill(box, mount.path)
        return {"first pass: " + row: kit.interleaved(subjects, lambda mount, script=script: passes.forgotten(mount, script, box))
                for row, script in passes.PASSES.items()}


def again_rows(programs):
    """The pass after a TTL in which nothing changed."""
    with kit.a_box() as box:
        box.emulator("--tasks", kit.PASS_N)
        subjects = mounts(box, programs, "ttl=%d" % kit.PASS_TTL, *kit.FRESH[1:])
        for mount in subjects.values():
            passes.fill(box, mount.path)

        def measure(mount, script):
            time.sleep(kit.PASS_TTL + 0.2)
            return kit.timed(script, mount.path, box)
        return {"after the TTL: " + row: kit.interleaved(subjects, lambda mount, script=script: measure(mount, script))
                for row, script in passes.PASSES.items()}


def listed_rows(programs):
    """CPU and memory of a listing, and of all descriptions after it; a mount of its own each round."""
    with kit.a_box() as box:
        box.emulator("--tasks", LISTED)
        found = {}

        def measure(program):
            mount = box.mount("tione", *kit.FRESH, binary=program, endpoint=box.cloud.url)
            os.listdir(mount.path)
            idle, cpu, began = kit.memory_kib(mount.pid), kit.cpu_ns(mount.pid), time.perf_counter()
            names = sorted(os.listdir(mount.path / "training"))
            values = [idle * 1024, (kit.cpu_ns(mount.pid) - cpu) / 1e9 / len(names), time.perf_counter() - began,
                      (kit.memory_kib(mount.pid) - idle) * 1024 / len(names)]
            listed, cpu = kit.memory_kib(mount.pid), kit.cpu_ns(mount.pid)
            for name in names[:DESCRIBED]:
                (mount.path / "training" / name / "describe.json").read_bytes()
            values += [(kit.cpu_ns(mount.pid) - cpu) / 1e9 / DESCRIBED, (kit.memory_kib(mount.pid) - listed) * 1024 / DESCRIBED]
            mount.unmount(("umount",) if kit.ROOT else ("fusermount3", "-u"))
            return values
        got = kit.interleaved(programs, measure)
        for i, row in enumerate(("resident when idle", "CPU a task listed", "`ls training` of %d" % LISTED,
                                 "resident a task listed", "CPU a task described", "resident a task described")):
            found[row] = {name: [value[i] for value in values] for name, values in got.items()}
        return found


def shown(row, values):
    if row.startswith("resident"):
        return "%d bytes" % statistics.median(values)
    return kit.duration(values)


def beside(report):
    if not PROGRAM:
        report.section("Another build")
        report.say("Left out: BENCH_BESIDE names no program.")
        return
    programs = copies()
    report.section("Another build: before is %s" % PROGRAM,
                   "Medians of %d interleaved rounds; the ratio is the median of the rounds' own." % kit.RUNS)
    rows = {"mount until the first `ls /`": ready(programs), **listed_rows(programs), **warm_rows(programs),
            **(first_rows(programs) if kit.ROOT else {}), **again_rows(programs)}
    report.table(["", "before", "now", "now / before"],
                 [[row, shown(row, values["before"]), shown(row, values["now"]), kit.ratio(values["now"], values["before"])]
                  for row, values in rows.items()])
