"""The tour of make demo, written to a pipe, and the mount that KEEP=1 leaves for a shell."""
import os
import re
import subprocess

import pytest

from harness import TASK, TOP, mounts_below

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="there is no /dev/fuse on this machine")


def shell(script, **how):
    return subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, **how)


@pytest.fixture
def demo(tmp_path):
    """(the output of the tour, its directory); removes everything afterwards."""
    environment = dict(PATH=os.environ["PATH"], HOME=str(tmp_path), TMPDIR=str(tmp_path), KEEP="1", LC_ALL="C.UTF-8")
    done = shell("exec tests/demo/demo.sh", cwd=TOP, env=environment)
    place = next(tmp_path.glob("describefs-demo.*"), None)
    try:
        assert done.returncode == 0 and place, done.stdout
        yield done.stdout, place
    finally:
        if place and place.exists():
            ended = shell("%s/bin/cloud end" % place)
            assert ended.returncode == 0, ended.stdout
    assert not place.exists() and not mounts_below(tmp_path)


def test_the_tour_shows_what_moves_and_goes_on_in_another_shell(demo):
    """Row 29: a pipe gets no escapes; one file has keys, PATH and the command that changes the cloud."""
    said, place = demo
    assert "\x1b" not in said
    part = said.partition("Something happens at the cloud")[2]
    assert re.search(r"by-status.*\n%s\n" % TASK, part), said
    assert re.search(r"/\.wait .*\nSUCCEED\n", part), said
    assert re.search(r"\tstatus\tSUCCEED\tSTOPPED\n", part), said
    assert re.search(r"tail .*-F .*\nSTOPPED\nSUCCEED\n", part), said
    for line in ". %s/env" % place, "cd %s/ti" % place, "cloud end":
        assert line in said, said
    went_on = shell(r"""set -e
        . %(place)s/env
        cd %(place)s/ti
        cloud set training %(task)s Status=RUNNING
        until ls by-status/training/RUNNING | grep -q .; do sleep 0.1; done
        cat by-status/training/RUNNING/*/.wait >%(place)s/waited &
        cloud set training %(task)s Status=SUCCEED
        wait
        cat %(place)s/waited
        cloud down
        until [ "$(getfattr --only-values -n user.describefs.stale training/%(task)s/status)" = 1 ]; do sleep 0.1; done
        cat training/%(task)s/status
        cloud up
        describefs cat tione training/%(task)s/status
        ! cloud set training no-such Status=RUNNING 2>&1
        cloud calls | grep -c DescribeTrainingTask
    """ % {"place": place, "task": TASK}, env=dict(PATH=os.environ["PATH"], HOME=str(place), LC_ALL="C.UTF-8"))
    assert went_on.returncode == 0, went_on.stdout
    assert went_on.stdout.split("\n")[:3] == ["SUCCEED"] * 3, went_on.stdout
    assert "there is no training no-such" in went_on.stdout
