"""A thousand readers at the same moment: on one file, and on a thousand resources."""
import collections
import errno
import json
import statistics
import subprocess

import harness
import kit

READERS, LATENCY_MS = 1000, 200


def readers(report):
    report.section("%d readers at once, %d ms latency" % (READERS, LATENCY_MS),
                   "Threads of one process that are let go together, on a fresh mount; the floor is one latency.")
    table = []
    with kit.a_box() as box:
        box.emulator("--tasks", READERS, "--latency", LATENCY_MS)
        one = ["training/%s/status" % harness.synthetic(1)] * READERS
        many = ["training/%s/status" % harness.synthetic(i) for i in range(READERS)]
        for row, paths in (("on one file", one), ("on a thousand resources", many)):
            took, calls, failed = [], [], collections.Counter()
            for _ in range(kit.RUNS):
                mount = kit.mount(box, *kit.FRESH)
                with box.cloud.counting() as made:
                    got = run(mount, paths)
                took.append(got["ms"])
                calls.append(sum(made.values()))
                failed.update({errno.errorcode[int(number)]: n for number, n in got["errors"].items() if number != "0"})
                again = run(mount, paths)["ms"]
                mount.unmount(("umount",) if kit.ROOT else ("fusermount3", "-u"))
            middle = statistics.median(took)
            table.append([row, "%.0f ms" % middle, "%.2f" % (middle / LATENCY_MS), "%d" % statistics.median(calls),
                          ", ".join("%d %s" % (n, name) for name, n in failed.items()) or "none", "%.0f ms" % again])
    report.table(["readers", "time", "ratio to the floor", "calls", "failed", "warm again"], table)


def run(mount, paths):
    result = subprocess.run([str(kit.READERS)], input="\n".join(str(mount / path) for path in paths), text=True,
                            capture_output=True, timeout=60, check=True)
    return json.loads(result.stdout)
