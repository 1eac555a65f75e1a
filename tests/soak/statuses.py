#!/usr/bin/python3
"""make soak-statuses TASKS=20000: `cat training/*/status` with the options as they are, and the calls that it takes.

A list of 20,000 takes longer to be read than a live value stands. What came with it stands while it is read and read
from, so the list's pages are all the calls. The exit status is 1 where there were others, or a status was missing.
"""
import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import harness  # noqa: E402

PAGE = 50  # tasks


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    words.add_argument("--tasks", type=int, default=20000)
    tasks = words.parse_args().tasks
    harness.be_subreaper()
    box = harness.Box()
    box.watchdog.cancel()  # a long list is no hang
    wrong = []
    try:
        cloud = box.emulator("--tasks", tasks)
        mount = box.mount("tione", binary=harness.PLAIN)
        cloud.reset()
        seconds, said = harness.timed(lambda: mount.sh("cat training/*/status | wc -l", timeout=None))
        calls = cloud.calls()
        print("%d statuses in %.1f s, with a load of %.1f" % (int(said), seconds, os.getloadavg()[0]))
        print("calls: %s" % ", ".join("%s %d" % call for call in sorted(calls.items())))
        pages = -(-(tasks + 1) // PAGE)  # the emulator has one of its own
        if int(said) != tasks + 1:
            wrong.append("%d statuses, not %d" % (int(said), tasks + 1))
        if calls != {"DescribeTrainingTasks": pages}:
            wrong.append("not the %d pages of the list alone" % pages)
    finally:
        wrong += box.finish()
    print("\n".join(wrong or ["good"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
