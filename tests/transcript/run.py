#!/usr/bin/env python3
"""tests/transcript/run.py [FILE] - acts out the session that FILE (README.md) shows, and compares every byte.

The ```console block between <!-- transcript --> and <!-- /transcript --> is fed, `$ ` line by `$ ` line, to one
shell in an empty directory.  There, `describefs` is build/describefs with the address of a fresh emulator that
has the seed documents' samples; nothing else differs from what a user would type.  Afterwards nothing may be
left mounted or running, and the emulator may have refused no signature.

The last line says "N passed, N failed, N skipped", a `$ ` line each; exit status 0 if none failed.
Needs build/describefs and build/describefs-emulator, and /dev/fuse (without it, all are skipped).
"""
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
SECONDS = 60  # for the whole session

# The emulator's own account (tests/emulator/README.md).
KEYS = {
    "TENCENTCLOUD_SECRET_ID": "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001",
    "TENCENTCLOUD_SECRET_KEY": "ExampleSecretKey0123456789abcdef",
    "QIANFAN_ACCESS_KEY": "ALTAKexampleexampleexampl",
    "QIANFAN_SECRET_KEY": "exampleSecretAccessKey0123456789",
}
MARK = "\x1e"  # stands between the outputs; no terminal text holds it


def read_session(path):
    """[(command, what it prints)]."""
    match = re.search(r"<!-- transcript -->\n```console\n(.*?)```\n<!-- /transcript -->", path.read_text(), re.S)
    if not match:
        sys.exit("%s: no ```console block between the transcript's comments" % path)
    session = []
    for line in match[1].splitlines(keepends=True):
        if line.startswith("$ "):
            session.append([line[2:-1], ""])
        elif session:
            session[-1][1] += line
        else:
            sys.exit("%s: the transcript does not begin with a command" % path)
    return session


def start_emulator(directory):
    """(process, its ports)."""
    ready = directory / "ready"
    process = subprocess.Popen([str(BUILD / "describefs-emulator"), "--port", "0", "--ready", str(ready), "--log",
                                str(directory / "log")], stdin=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit("the emulator did not start")
        time.sleep(0.01)
    return process, dict(line.split("=") for line in ready.read_text().split())


def install(directory, endpoint):
    """A describefs in PATH that knows where the emulator is."""
    program = directory / "bin" / "describefs"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec "%s" -o "endpoint=%s" "$@"\n' % (BUILD / "describefs", endpoint))
    program.chmod(0o755)


def act(session, directory):
    """What each command printed, stdout and stderr as they came; None for one that was not reached."""
    stage = directory / "stage"
    stage.mkdir()
    script = "".join("%s\nprintf '%s'\n" % (command, MARK) for command, _ in session)
    env = {"PATH": "%s:%s" % (directory / "bin", os.environ["PATH"]), "HOME": str(directory), "LC_ALL": "C.UTF-8",
           "TZ": "UTC", "PS1": "", **KEYS}
    output = directory / "output"
    with open(output, "wb") as out:
        shell = subprocess.Popen(["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=out, stderr=out,
                                 cwd=stage, env=env, start_new_session=True)
        try:
            shell.communicate(script.encode(), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            print("# the session did not end in %d s" % SECONDS)
            shell.kill()
            shell.wait()
    said = output.read_text(errors="replace").split(MARK)
    return said[:-1] + [None] * (len(session) - len(said) + 1)


def mounts_below(directory):
    with open("/proc/self/mounts") as table:
        return [line.split()[1] for line in table if line.split()[1].startswith(str(directory) + "/")]


def users_of(endpoint):
    """The pids of whoever was started with this address."""
    found = []
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if "endpoint=" + endpoint in line.read_text(errors="replace").split("\0"):
                found.append(line.parent.name)
        except OSError:
            pass  # it has just ended
    return found


def take_down(directory, emulator, endpoint):
    """Ends what is left; what should not have been left."""
    wrong = []
    for point in mounts_below(directory):
        wrong.append("%s was left mounted" % point)
        subprocess.run(["fusermount3", "-u", "-z", point], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while users_of(endpoint) and time.monotonic() < end:
        time.sleep(0.01)
    wrong += ["process %s still runs" % pid for pid in users_of(endpoint)]
    emulator.terminate()
    emulator.wait(10)
    for line in (directory / "log").read_text(errors="replace").splitlines():
        call = json.loads(line)
        if not call["signed_ok"]:
            wrong.append("the emulator refused a signature: %s" % line)
    return wrong


def report(session, said):
    """Prints a line a command, and what differs; how many are as they should be."""
    passed = 0
    for (command, expected), got in zip(session, said):
        if got == expected:
            passed += 1
            print("ok - %s" % command)
            continue
        print("not ok - %s" % command)
        if got is None:
            print("# was not reached, or did not end")
            continue
        for line in difflib.unified_diff(expected.splitlines(), got.splitlines(), "shown", "printed", lineterm=""):
            print("# " + line)
    return passed


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "README.md"
    session = read_session(path)
    if not os.path.exists("/dev/fuse"):
        print("skipped: there is no /dev/fuse on this machine\n0 passed, 0 failed, %d skipped" % len(session))
        return 0
    with tempfile.TemporaryDirectory(prefix="describefs-transcript.") as name:
        directory = pathlib.Path(name)
        emulator, ports = start_emulator(directory)
        endpoint = "http://127.0.0.1:" + ports["http"]
        try:
            install(directory, endpoint)
            said = act(session, directory)
        finally:
            wrong = take_down(directory, emulator, endpoint)
    passed = report(session, said)
    for line in wrong:
        print("not ok - " + line)
    failed = len(session) - passed + len(wrong)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
