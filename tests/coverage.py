#!/usr/bin/python3
"""coverage.py BUILD PERCENT - runs every test with a build that counts, says how much of each file of src/ was
reached, and fails below PERCENT.  `make coverage` makes the build."""
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def run_tests(build):
    """What they say does not matter here: `make check` does that."""
    # the mounted tests know two binaries; both are this one
    for name, target in (("describefs", "san/describefs"), ("describefs-emulator", "../describefs-emulator")):
        link = build / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    for old in build.rglob("*.gcda"):
        old.unlink()
    with open(build / "log", "wb") as log:
        for group in ("unit", "sim", "net"):
            for program in sorted((build / "tests" / group).rglob("test_*")):
                if os.access(program, os.X_OK) and not program.suffix:
                    subprocess.run([str(program)], stdout=log, stderr=log, timeout=900, cwd=TOP)
        for program in sorted((build / "tests/fuzz").glob("fuzz_*")):
            if os.access(program, os.X_OK) and not program.suffix:
                corpus = "tests/fuzz/corpus/" + program.name[len("fuzz_"):]
                subprocess.run([str(program), corpus], stdout=log, stderr=log, timeout=900, cwd=TOP)
        env = dict(os.environ, BUILD=str(build.relative_to(TOP)), PYTHONDONTWRITEBYTECODE="1")
        for group in ("cli", "mount", "failures"):  # apart: they have files of the same names
            subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "tests/e2e/" + group], stdout=log, stderr=log,
                           cwd=TOP, env=env)


def count(build):
    """{file of src/: (lines reached, lines)}"""
    said = subprocess.run(["gcov", "-n", *map(str, sorted((build / "san").glob("*/*.gcda")))], cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    found = {}
    for name, percent, lines in re.findall(r"File '(src/\w+/\w+\.c)'\nLines executed:([\d.]+)% of (\d+)", said):
        found[name] = (round(float(percent) * int(lines) / 100), int(lines))
    for source in (TOP / "src").glob("*/*.c"):
        name = str(source.relative_to(TOP))
        assert name in found, "nothing of %s ever ran" % name
    return found


def main():
    build, least = TOP / sys.argv[1], float(sys.argv[2])
    if "-n" not in sys.argv:
        run_tests(build)
    found = count(build)
    for name, (reached, lines) in sorted(found.items(), key=lambda item: item[1][0] / item[1][1]):
        print("%5.1f %%  %4d of %4d  %s" % (100 * reached / lines, reached, lines, name))
    reached, lines = (sum(column) for column in zip(*found.values()))
    print("%5.1f %%  %4d of %4d  all" % (100 * reached / lines, reached, lines))
    return 100 * reached / lines < least


sys.exit(main())
