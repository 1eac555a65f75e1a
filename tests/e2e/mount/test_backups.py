"""Programs that copy a tree again and again: terms end while they run, and only what changed at the cloud has changed.

Each runs three times: it ends with 0 and complains of nothing; it finds nothing to do; it finds the change."""
import json
import os
import time

import pytest

from harness import LAST_RESORT, synthetic

TTL = int(os.environ.get("BACKUP_TTL", 1))  # s; more under an emulated kernel (tests/kernels)
TASKS = 15
CHANGED, FIELD = synthetic(3), "remark"


@pytest.fixture
def mount(box):
    """A cloud so slow that TTLs expire many times in one run."""
    cloud = box.emulator("--tasks", TASKS, "--latency", 100)
    return box.mount("tione", "ttl=%d" % TTL, "deadline=30", "rate=200")


class Tool:
    """A command that is run in the mount; its stdout.  It must take longer than a term, end with 0 and be silent on stderr."""

    def __init__(self, mount, directory):
        self.mount, self.directory = mount, directory
        self.env = {"HOME": directory, "RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": directory / "restic",
                    "BORG_REPO": directory / "borg", "BORG_BASE_DIR": directory, "BORG_PASSPHRASE": ""}

    def run(self, script, long=True):
        started = time.monotonic()
        result = self.mount.run(script, timeout=LAST_RESORT, env=self.env)
        assert result.returncode == 0 and not result.stderr, (script, result)
        assert not long or time.monotonic() - started > TTL, "no term ended meanwhile"
        return result.stdout


@pytest.fixture
def tool(mount, tmp_path):
    return Tool(mount, tmp_path)


def change(box):
    """Changes a value of one task, and adds one task."""
    box.cloud.set("training", CHANGED, Remark="changed by hand")
    box.cloud.put("training", {"Id": "train-new", "Name": "train-new", "Status": "RUNNING", "CreateTime": "2025-05-05T00:00:00+08"})
    time.sleep(TTL + 0.1)


def is_change(path):
    """Whether the path belongs to the changed task or the new one, or to a directory or link that shows them."""
    return CHANGED in path or "train-new" in path


def test_tar_ends_with_0(tool):
    for _ in range(2):
        tool.run("tar -cf %s/all.tar ." % tool.directory)


def test_tar_g_takes_what_changed(box, tool):
    def taken(level):
        tool.run("tar -g %s/state -cf %s/%d.tar ." % (tool.directory, tool.directory, level))
        names = tool.run("tar -tf %s/%d.tar" % (tool.directory, level), long=False).split("\n")
        return [name for name in names if name and not name.endswith("/")]

    assert len(taken(0)) > TASKS * 20
    assert taken(1) == []
    change(box)
    names = taken(2)
    assert "./training/%s/%s" % (CHANGED, FIELD) in names and "./training/train-new/status" in names
    assert [name for name in names if not is_change(name)] == []


@pytest.mark.parametrize("options", ["-a", "-aX"])
def test_rsync_copies_what_changed(box, tool, options):
    def copied():
        return tool.run("rsync %s --modify-window=-1 --delete --itemize-changes ./ %s/copy/" % (options, tool.directory))

    assert len(copied().splitlines()) > TASKS * 20
    assert copied() == ""
    change(box)
    lines = copied().splitlines()
    assert any(line.startswith(">f") and line.endswith("%s/%s" % (CHANGED, FIELD)) for line in lines)
    assert any(line.endswith("train-new/status") for line in lines)
    assert [line for line in lines if line[1] == "f" and not is_change(line)] == []
    tool.run("diff -r --no-dereference training %s/copy/training" % tool.directory)


def test_cp_a_copies_and_find_newer_finds_nothing(box, tool):
    tool.run("cp -a training %s/one; touch %s/then" % (tool.directory, tool.directory))
    time.sleep(TTL + 0.1)
    newer = "find . \\( -newer %s/then -o -cnewer %s/then \\) ! -path ./training" % (tool.directory, tool.directory)
    assert tool.run(newer) == ""
    box.cloud.set("training", CHANGED, Remark="changed by hand")
    time.sleep(TTL + 0.1)
    assert "./training/%s/%s" % (CHANGED, FIELD) in tool.run(newer).splitlines()
    tool.run("cp -a training/. %s/one; diff -r training %s/one" % (tool.directory, tool.directory))


def test_restic_adds_what_changed(box, tool):
    tool.run("restic init -q", long=False)

    def backup():
        lines = tool.run("restic backup --json . | grep summary")
        return json.loads(lines.splitlines()[-1])

    first = backup()
    assert first["files_new"] > TASKS * 20
    second = backup()
    assert (second["files_new"], second["files_changed"], second["dirs_changed"]) == (0, 0, 0), second
    assert second["data_added"] == 0, second
    change(box)
    third = backup()
    assert third["files_new"] > 0 and 1 <= third["files_changed"] < 20, third
    assert "changed by hand\n" == tool.run("restic dump latest /training/%s/%s" % (CHANGED, FIELD), long=False)


def test_borg_adds_what_changed(box, tool):
    tool.run("borg init -e none", long=False)

    def backup(name):
        """What was added or modified."""
        lines = tool.run("borg create --list --filter AME ::%s . 2>&1" % name).splitlines()
        return [line[2:] for line in lines if line[:2] in ("A ", "M ", "E ") and line[2:] != latest]

    # borg always stores this again
    latest = tool.run("find . -type f -printf '%C@ %P\\n' | sort -n | tail -n 1", long=False).split()[1]

    assert len(backup("one")) > TASKS * 20
    assert backup("two") == []
    change(box)
    third = backup("three")
    assert "training/%s/%s" % (CHANGED, FIELD) in third and "training/train-new/status" in third
    assert [name for name in third if not is_change(name)] == []
