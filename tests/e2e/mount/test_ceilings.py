"""Another user of a mount with allow_other starts as many requests as possible: a ceiling holds, and the owner is served."""
import os
import re
import subprocess

import pytest

from harness import PLAIN, synthetic, wait_until

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
WAITERS, MADE_UP, FOLLOWED = 2000, 20000, 1000

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def place(box):
    os.chmod(box.directory, 0o755)
    return box


def resident(mount):
    with open("/proc/%d/status" % mount.pid) as lines:
        return int(re.search(r"^VmRSS:\s*(\d+)", lines.read(), re.M)[1]) << 10


def number(mount, name):
    text = mount.read(".describefs/metrics").decode()
    return int(re.search(r"^describefs_%s (\d+)$" % name, text, re.M)[1])


def as_nobody(script, *arguments):
    return subprocess.run([*NOBODY, "sh", "-c", script, *map(str, arguments)], check=True, capture_output=True).stdout


def test_two_thousand_who_wait_for_a_status(place, readers):
    cloud = place.emulator("--tasks", 3)
    mount = place.mount("tione", "allow_other", binary=PLAIN)
    mount.names("training")
    before = resident(mount)
    program = place.directory / "readers"
    program.write_bytes(readers.read_bytes())
    program.chmod(0o755)
    crowd = subprocess.Popen([*NOBODY, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    crowd.stdin.write("%s\n" % (mount / "training" / synthetic(0) / ".wait") * WAITERS)
    crowd.stdin.close()
    wait_until(lambda: number(mount, "watching") == WAITERS)
    assert resident(mount) - before < WAITERS * 4096
    assert mount.text("training/%s/status" % synthetic(1)) and mount.names("notebooks")
    cloud.set("training", synthetic(0), Status="SUCCEED")
    assert place.run("refresh", mount / "training" / synthetic(0)).returncode == 0
    crowd.stdout.read()
    assert crowd.wait() == 0
    assert number(mount, "watching") == 0


def test_twenty_thousand_made_up_names(place):
    place.emulator()
    mount = place.mount("qianfan", "allow_other", binary=PLAIN)
    mount.names("training")
    before = resident(mount)
    found = as_nobody('for i in $(seq $1 $2); do [ -d "$0/$i" ] && echo "$i"; done; :', mount / "training", 100000,
                      100000 + MADE_UP - 1)
    assert found.count(b"\n") == 8192  # each exists by its form; with more it is EBUSY
    assert number(mount, "resources") < 2 * 8192 + 100 and resident(mount) - before < 32 << 20
    status = mount.read(".describefs/status").decode()
    assert re.search(r"^of other users +8192 ids that are not listed$", status, re.M), status
    assert mount.text("training/17001/jobs/2001/status") == "FINISH"
    assert mount.names("training") == ["17001"]


def test_a_thousand_that_are_followed(place):
    cloud = place.emulator("--tasks", FOLLOWED)
    mount = place.mount("tione", "allow_other", "ttl=600", "rate=10000", binary=PLAIN)
    events = mount / "training" / synthetic(1) / ".events"
    assert len(mount.names("training")) >= FOLLOWED
    fd = os.open(events, os.O_RDONLY)  # as tail -f
    mount.text("training/%s/remark" % synthetic(1))
    said = as_nobody('cd "$0" && for i in *; do [ -f "$i/.events" ] || echo "$i"; done', mount / "training")
    assert said == b""
    assert number(mount, "followed") == 257
    cloud.set("training", synthetic(1), Status="FAILED")
    assert place.run("refresh", mount / "training" / synthetic(1)).returncode == 0
    mount.text("training/%s/remark" % synthetic(1))
    assert os.fstat(fd).st_size and b"\tstatus\t" in os.pread(fd, 1 << 16, 0)
    os.close(fd)
