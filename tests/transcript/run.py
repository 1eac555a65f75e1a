#!/usr/bin/env python3
"""tests/transcript/run.py [FILE] - acts out the session that FILE (README.md) shows, and compares every byte.

The ```console block between <!-- transcript --> and <!-- /transcript --> is fed, `$ ` line by `$ ` line, to one
shell in an empty directory.  There, `describefs` is build/describefs with the address of a fresh emulator that
has the seed documents' samples; nothing else differs from what a user would type.  Afterwards nothing may be
left mounted or running, and the emulator may have refused no signature.

<!-- transcript tasks=5 ttl=1 --> gives the emulator five more tasks and describefs a TTL of 1 s.  In such a file
<!-- meanwhile 4: COMMAND --> runs COMMAND in the background, 1 s after the shell came to the fourth `$ ` line; `cloud` is
then tests/demo/cloud, which changes what the emulator has.

run.py --record FILE writes what was printed into FILE instead of comparing it.

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


class Session:
    """What a file shows: [(command, what it prints)], and what its comments ask for."""

    def __init__(self, path):
        self.text = path.read_text()
        self.match = re.search(r"<!-- transcript((?: \w+=\w+)*) -->\n```console\n(.*?)```\n<!-- /transcript -->", self.text,
                               re.S)
        if not self.match:
            sys.exit("%s: no ```console block between the transcript's comments" % path)
        self.settings = dict(word.split("=") for word in self.match[1].split())
        self.meanwhile = {int(n): command for n, command in re.findall(r"<!-- meanwhile (\d+): (.*) -->", self.text)}
        self.commands = []
        for line in self.match[2].splitlines(keepends=True):
            if line.startswith("$ "):
                self.commands.append([line[2:-1], ""])
            elif self.commands:
                self.commands[-1][1] += line
            else:
                sys.exit("%s: the transcript does not begin with a command" % path)

    def script(self):
        """The commands for the shell, with the mark behind the output of each."""
        lines = ""
        for n, (command, _) in enumerate(self.commands, 1):
            if n in self.meanwhile:
                lines += "(sleep 1; %s) </dev/null >/dev/null &\n" % self.meanwhile[n]
            lines += "%s\nprintf '%s'\n" % (command, MARK)
        return lines

    def record(self, path, said):
        """Writes what was printed into the file."""
        block = "".join("$ %s\n%s" % (command, printed) for (command, _), printed in zip(self.commands, said))
        path.write_text(self.text[:self.match.start(2)] + block + self.text[self.match.end(2):])


def start_emulator(directory, session):
    """(process, its ports)."""
    ready = directory / "ready"
    process = subprocess.Popen([str(BUILD / "describefs-emulator"), "--port", "0", "--control-port", "0", "--tasks",
                                session.settings.get("tasks", "0"), "--ready", str(ready), "--log",
                                str(directory / "log")], stdin=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit("the emulator did not start")
        time.sleep(0.01)
    return process, dict(line.split("=") for line in ready.read_text().split())


def install(directory, endpoint, ports, session):
    """A describefs in PATH that knows where the emulator is, and cloud, if the session changes what is there."""
    options = "endpoint=" + endpoint + "".join(",ttl=" + session.settings[word] for word in ("ttl",) if word in session.settings)
    programs = {"describefs": '#!/bin/sh\nexec "%s" -o "%s" "$@"\n' % (BUILD / "describefs", options)}
    if session.meanwhile:
        programs["cloud"] = "#!/usr/bin/env bash\nCONTROL=%s EMCTL=%s\n" % (
            ports["control"], TOP / "tests/emulator/emctl") + (TOP / "tests/demo/cloud").read_text()
    (directory / "bin").mkdir()
    for name, text in programs.items():
        program = directory / "bin" / name
        program.write_text(text)
        program.chmod(0o755)


def act(session, directory):
    """What each command printed, stdout and stderr as they came; None for one that was not reached."""
    stage = directory / "stage"
    stage.mkdir()
    env = {"PATH": "%s:%s" % (directory / "bin", os.environ["PATH"]), "HOME": str(directory), "LC_ALL": "C.UTF-8",
           "TZ": "UTC", "PS1": "", **KEYS}
    output = directory / "output"
    with open(output, "wb") as out:
        shell = subprocess.Popen(["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=out, stderr=out,
                                 cwd=stage, env=env, start_new_session=True)
        try:
            shell.communicate(session.script().encode(), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            print("# the session did not end in %d s" % SECONDS)
            shell.kill()
            shell.wait()
    said = output.read_text(errors="replace").split(MARK)
    return said[:-1] + [None] * (len(session.commands) - len(said) + 1)


def mounts_below(directory):
    with open("/proc/self/mounts") as table:
        return [line.split()[1] for line in table if line.split()[1].startswith(str(directory) + "/")]


def users_of(endpoint):
    """The pids of whoever was started with this address."""
    found = []
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if ("endpoint=" + endpoint) in re.split("[\0,]", line.read_text(errors="replace")):
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
    for (command, expected), got in zip(session.commands, said):
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


def run(session):
    """(what each command printed, what should not have been left)."""
    with tempfile.TemporaryDirectory(prefix="describefs-transcript.") as name:
        directory = pathlib.Path(name)
        emulator, ports = start_emulator(directory, session)
        endpoint = "http://127.0.0.1:" + ports["http"]
        try:
            install(directory, endpoint, ports, session)
            said = act(session, directory)
        finally:
            wrong = take_down(directory, emulator, endpoint)
    return said, wrong


def main():
    arguments = [word for word in sys.argv[1:] if word != "--record"]
    path = pathlib.Path(arguments[0]) if arguments else TOP / "README.md"
    session = Session(path)
    if not os.path.exists("/dev/fuse"):
        print("skipped: there is no /dev/fuse on this machine\n0 passed, 0 failed, %d skipped" % len(session.commands))
        return 0
    said, wrong = run(session)
    if "--record" in sys.argv[1:] and None not in said and not wrong:
        session.record(path, said)
        return 0
    passed = report(session, said)
    for line in wrong:
        print("not ok - " + line)
    failed = len(session.commands) - passed + len(wrong)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
