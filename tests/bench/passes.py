"""The first pass after a mount with the data already there, and the pass after a TTL in which nothing changed."""
import time

import harness
import kit
import warm

PASSES = {name: warm.WORKLOADS[name] for name in ("`grep -r`", "`tar`", "`ls -lR`")}
FIRST = {"`grep -r`": "7", "`tar`": "5"}
AGAIN = {"`grep -r`": "3"}


def fill(box, path):
    kit.timed("cat training/*/describe.json | cat", path, box, 120)
    for script in PASSES.values():
        kit.timed(script, path, box, 120)


def forgotten(mount, script, box):
    """Seconds of a pass over a mount that the kernel has forgotten, and the daemon not."""
    harness.forget_all(mount.path)
    kit.settle(mount.pid)
    return kit.timed(script, mount.path, box)


def first(box, plain):
    """{workload: {subject: values}}; the kernel forgets this mount before each pass, the daemon nothing."""
    mount = kit.mount(box, *kit.FRESH)
    fill(box, mount.path)

    def measure(subject, script):
        if subject is mount:
            return forgotten(mount, script, box)
        return kit.timed(script, subject, box)
    return {row: kit.interleaved({"tmpfs": plain, "describefs": mount},
                                 lambda subject, script=script: measure(subject, script))
            for row, script in PASSES.items()}


def again(box, plain):
    """Each workload has its own mount, so that one wait serves all."""
    mounts = {row: kit.mount(box, "ttl=%d" % kit.PASS_TTL, *kit.FRESH[1:]) for row in PASSES}
    for mount in mounts.values():
        fill(box, mount.path)
    rows = {row: {"tmpfs": [], "describefs": []} for row in PASSES}
    for turn in range(kit.RUNS + 1):
        time.sleep(kit.PASS_TTL + 0.2)
        for row, script in PASSES.items():
            one, other = kit.timed(script, plain, box), kit.timed(script, mounts[row].path, box)
            if turn:
                rows[row]["tmpfs"].append(one)
                rows[row]["describefs"].append(other)
    return rows


def counted(forget, wait, *options):
    """{workload: (requests, calls)} of the same passes in a daemon that prints its requests."""
    with kit.a_box() as box:
        box.emulator("--tasks", kit.PASS_N)
        mount = kit.Requests(box, *options, "endpoint=" + box.cloud.url)
        fill(box, mount.path)
        rows = {}
        for row, script in PASSES.items():
            if forget:
                harness.forget_all(mount.path)
            else:
                kit.timed(script, mount.path, box, 120)  # the names that this workload had seen are those that run out
            time.sleep(wait)
            before = box.cloud.total()
            counts = mount.count(script, box)
            rows[row] = counts, box.cloud.total() - before
        return rows


def show(report, rows, counts, targets):
    report.table(["pass", "tmpfs", "describefs", "ratio", "target", "requests", "calls"],
                 [[row, kit.duration(values["tmpfs"]), kit.duration(values["describefs"]),
                   kit.ratio(values["describefs"], values["tmpfs"]), "<= " + targets[row] if row in targets else "",
                   kit.by_opcode(counts[row][0], kit.PASS_N + 1), counts[row][1]] for row, values in rows.items()])


def timed(measure):
    """A box with the files on tmpfs, and what measure(box, files) makes of it."""
    with kit.a_box() as box:
        box.emulator("--tasks", kit.PASS_N)
        source = kit.mount(box, *kit.FRESH)
        plain = kit.tmpfs(box) / "all"
        kit.copy(source.path, plain)
        return measure(box, plain)


def passes(report):
    report.section("The first pass after a mount: %d tasks, the data already in the daemon" % (kit.PASS_N + 1))
    if kit.ROOT:
        show(report, timed(first), counted(True, 0, *kit.FRESH), FIRST)
    else:
        report.say("Left out: only root can have the kernel forget a mount.")
    slow = kit.PASS_TTL + 2
    report.section("The pass after a TTL in which nothing changed: %d tasks" % (kit.PASS_N + 1),
                   "Here the cloud is asked again; the emulator answers at once. ttl=%d; the requests were counted "
                   "with ttl=%d, as printing them is slow." % (kit.PASS_TTL, slow))
    show(report, timed(again), counted(False, slow + 0.2, "ttl=%d" % slow, *kit.FRESH[1:]), AGAIN)
