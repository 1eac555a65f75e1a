"""Nothing known: the calls that a command makes and how long it takes, beside the floor that the cloud's rate sets."""
import concurrent.futures
import filecmp
import os
import shutil
import statistics
import subprocess
import time

import harness
import kit

LATENCY_MS = 100
LISTED = {"`ls training`": "ls training", "`cat training/*/status`": "cat training/*/status"}
DESCRIBED = {"`grep -r`": "grep -r RUNNING training | cat", "`describe.json` of all": "cat training/*/describe.json | cat"}


class Cloud:
    """An emulated cloud that holds its rate, and a fresh mount of it."""

    def __init__(self, box, rate, tasks):
        self.box, self.rate = box, rate
        self.emulator = box.emulator("--tasks", tasks, "--rate", rate, "--latency", LATENCY_MS)
        self.mount = None

    def fresh(self):
        if self.mount:
            self.mount.unmount(("umount",) if kit.ROOT else ("fusermount3", "-u"))
            time.sleep(1.05)  # the second in which the cloud still counts the last run's calls
        self.emulator.reset()
        self.mount = kit.mount(self.box, "ttl=86400", "rate=%g" % self.rate, "max_memory=4G", "deadline=120",
                               emulator=self.emulator)
        return self

    def run(self, script, limit):
        """(seconds, or None when it was stopped at the limit; calls; calls that the cloud refused for the rate)"""
        try:
            took = kit.timed(script, self.mount.path, self.box, limit)
        except kit.TooSlow:
            took = None
        counts = self.emulator.counts()
        refused = sum(n for name, n in counts["by_verdict"].items() if "Limit" in name)
        return took, counts["total"] - refused, refused, counts["by_action"]


def measure(clouds, script, limit, runs):
    """At a low rate all clouds at once, as none of them does much; else one run after the other on one cloud."""
    if len(clouds) > 1:
        for cloud in clouds:
            cloud.fresh()
        with concurrent.futures.ThreadPoolExecutor(len(clouds)) as pool:
            return list(pool.map(lambda cloud: cloud.run(script, limit), clouds))
    results = []
    for _ in range(runs):
        results.append(clouds[0].fresh().run(script, limit))
        if results[-1][0] is None:
            break
    return results


def line(row, results, limit, rate, tasks, expected):
    """One row.  Within the limit: its time.  Stopped there: the time that its calls so far let expect."""
    calls = round(statistics.median(result[1] for result in results))
    floor = expected / rate
    if all(result[0] for result in results):
        took = statistics.median(result[0] for result in results)
        shown = kit.human(took)
    else:
        took = limit * expected / max(calls, 1)
        shown = "~%s (stopped at %g s, %d calls)" % (kit.human(took), limit, calls)
        calls = "~%d" % expected
    refused = max(result[2] for result in results)
    return [row, tasks, "%g/s" % rate, calls, shown, kit.human(floor), "%.2f" % (took / floor), len(results), refused]


def node_modules():
    """The official client, installed as tests/e2e/cli/sdk does it; None where that cannot be."""
    sdk, wanted = kit.BUILD / "sdk", kit.TOP / "tests" / "contract" / "sdk" / "package.json"
    installed = sdk / "installed.json"
    try:
        if not installed.exists() or not filecmp.cmp(wanted, installed, shallow=False):
            sdk.mkdir(exist_ok=True)
            shutil.copy(wanted, sdk / "package.json")
            subprocess.run(["npm", "--prefix", str(sdk), "install", "--no-audit", "--no-fund", "--no-package-lock",
                            "--loglevel=error"], check=True, timeout=120, capture_output=True)
            shutil.copy(wanted, installed)
    except (OSError, subprocess.SubprocessError):
        return None
    return sdk / "node_modules"


def node_loop(box, emulator):
    """Seconds a task of a shell that asks the official client for one status at a time."""
    modules = node_modules()
    if not modules:
        return None
    ids = [harness.synthetic(i) for i in range(kit.NODE_TASKS)]
    script = "for id in %s; do node %s %s $id || exit 1; done" % (
        " ".join(ids), kit.TOP / "tests" / "bench" / "one_status.js", emulator.ports["http"])
    took = kit.timed("export SDK_MODULES=%s NODE_NO_WARNINGS=1; %s" % (modules, script), box.directory, box, 120)
    return took / len(ids)


def cold(report):
    report.section("Cold: %d ms latency" % LATENCY_MS,
                   "A fresh mount for each run. The floor is calls / rate. Runs at up to 50 calls a second are made at "
                   "the same time, each with a cloud of its own; the others one after the other.")
    table, loops = [], []
    for pair in kit.COLD.split():
        rate, tasks = (int(number) for number in pair.split(":"))
        with kit.a_box() as box:
            clouds = [Cloud(box, rate, tasks) for _ in range(kit.RUNS if rate <= 50 else 1)]
            pages = -(-(tasks + 1) // 50)
            for rows, calls in ((LISTED, pages), (DESCRIBED, pages + tasks + 1)):
                limit = max(10, 4 * calls / rate)
                for row, script in rows.items():
                    results = measure(clouds, script, limit, kit.COLD_RUNS)
                    table.append(line(row, results, limit, rate, tasks + 1, calls))
            clouds[0].emulator.reset()
            each = node_loop(box, clouds[0].emulator) if not loops else loops[0]
            if each:
                loops.append(each)
                table.append(["the official Node client, one status at a time", tasks + 1, "%g/s" % rate, tasks + 1,
                              "~" + kit.human(each * (tasks + 1)), kit.human((tasks + 1) / rate),
                              "%.2f" % (each * (tasks + 1) * rate / (tasks + 1)), 1, 0])
    report.table(["cold", "tasks", "rate", "calls", "time", "floor", "ratio", "runs", "refused"], table)
    report.say()
    report.say("The Node client was run for %d tasks, %s each, and scaled." % (kit.NODE_TASKS, kit.human(loops[0]))
               if loops else "Left out: the official Node client cannot be installed here.")
