#!/usr/bin/python3
"""Runs the parts that BENCH_PARTS names, and prints their tables, which also go to build/."""
import datetime
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]

import beside  # noqa: E402
import cold  # noqa: E402
import kit  # noqa: E402
import passes  # noqa: E402
import readers  # noqa: E402
import start  # noqa: E402
import warm  # noqa: E402

PARTS = {"warm": warm.warm, "requests": warm.requests, "cold": cold.cold, "passes": passes.passes,
         "start": start.start, "readers": readers.readers, "beside": beside.beside}


def commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", str(kit.TOP), *arguments], capture_output=True, text=True).stdout.strip()
    return (git("rev-parse", "--short", "HEAD") or "none") + \
        (" and changes" if git("status", "--porcelain", "--", "src", "include") else "")


def main():
    unknown = [part for part in kit.PARTS.split() if part not in PARTS]
    if unknown:
        sys.exit("BENCH_PARTS: no such part: %s; there are %s" % (" ".join(unknown), " ".join(PARTS)))
    if not os.path.exists("/dev/fuse"):
        sys.exit("make bench: there is no /dev/fuse on this machine")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # what is mounted is unmounted on the way out
    kit.harness.be_subreaper()
    report = kit.Report((kit.BUILD / "bench").with_suffix(".md"))
    report.say("Linux %s, %d cores, %s, commit %s; load %.1f at the start; each figure a median of %d interleaved runs "
               "unless it says otherwise." % (platform.release(), os.cpu_count(), datetime.date.today(), commit(),
                                              os.getloadavg()[0], kit.RUNS))
    failed = 0
    for part in kit.PARTS.split():
        began = time.monotonic()
        try:
            PARTS[part](report)
        except Exception:
            traceback.print_exc()
            report.say("The part %s could not be measured: %s" % (part, sys.exc_info()[1]))
            failed = 1
        print("(%s: %.0f s)" % (part, time.monotonic() - began), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
