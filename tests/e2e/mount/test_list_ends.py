"""The end of a listing: no total or marker in an answer, valid or not, makes a backup delete its copy."""
import subprocess

import pytest

from harness import PLAIN

LIST = "DescribeTrainingTasks"
TASKS = 131  # with the sample


def copy_of(mount, kind, copy):
    """A copy of the listing's names, as a backup keeps one."""
    result = subprocess.run(["rsync", "--dirs", "--delete", "--times", "%s/" % (mount / kind), "%s/" % copy],
                            capture_output=True, text=True, timeout=60)
    return result.returncode, sorted(entry.name for entry in copy.iterdir())


def mount_anew(box):
    return box.mount("tione", "rate=1000", binary=PLAIN)


SPELLINGS = ['131', '131.0', '1.31e2', '"131"', '" 131 "', '"1,31"', "[131]", "true", "null", "", "-1", "0", "10",
             "9223372036854775808", "1e400", "{}"]


@pytest.mark.parametrize("page", [50, 30])
def test_rsync_delete_keeps_its_copy_whatever_the_total_is(box, tmp_path, page):
    cloud = box.emulator("--tasks", TASKS - 1, "--rate", 0)
    copy = tmp_path / "copy"
    copy.mkdir()
    status, whole = copy_of(mount_anew(box), "training", copy)
    assert (status, len(whole)) == (0, TASKS)
    for spelling in SPELLINGS:
        cloud.clear()
        cloud.plan("total_lies", action=LIST, text=spelling, n=page)
        mount = mount_anew(box)
        status, names = copy_of(mount, "training", copy)
        assert (status, names) == (0, whole), spelling
        assert mount.xattr("training", "complete") == "1", spelling
        mount.unmount()


def test_a_first_page_that_is_empty_and_says_nothing_clear_deletes_nothing(box, tmp_path):
    cloud = box.emulator("--tasks", TASKS - 1, "--rate", 0)
    copy = tmp_path / "copy"
    copy.mkdir()
    _, whole = copy_of(mount_anew(box), "training", copy)
    for spelling in ('" 0 "', "true", "[0]", "-1", "131", "1.31e2", "9223372036854775808"):
        mount = mount_anew(box)
        cloud.plan("total_lies", action=LIST, text=spelling, n=0)
        status, names = copy_of(mount, "training", copy)
        assert status != 0 and names == whole, spelling
        cloud.clear()
        mount.unmount()


@pytest.mark.parametrize("more, ends", [('true', 'false'), ('"true"', '"false"'), ("1", "0"), ("null", "false"), ("", ""),
                                        ('"yes"', "false")])
def test_rsync_delete_keeps_its_copy_whatever_says_that_there_is_more(box, tmp_path, more, ends):
    cloud = box.emulator("--jobs", 30, "--rate", 0)
    copy = tmp_path / "copy"
    copy.mkdir()
    _, whole = copy_of(box.mount("qianfan", "rate=1000", binary=PLAIN), "finetuning", copy)
    assert len(whole) > 30
    cloud.plan("total_lies", action="DescribeFineTuningJobs", more=more, ends=ends, n=7)
    mount = box.mount("qianfan", "rate=1000", binary=PLAIN)
    assert copy_of(mount, "finetuning", copy) == (0, whole)
    assert mount.xattr("finetuning", "complete") == ("1" if ends else "0")


@pytest.mark.parametrize("spelling", ["131.0", '" 131 "', "null", "", "0", "-1"])
def test_a_view_and_a_harvest_are_read_to_their_ends_too(box, spelling):
    """A short page does not end a filtered list either, nor the lists whose items mention models."""
    cloud = box.emulator("--tasks", TASKS - 1, "--models", 60, "--rate", 0)
    wanted = ("by-status/training/RUNNING", "models")
    mount = mount_anew(box)
    before = [mount.names(path) for path in wanted]
    assert min(map(len, before)) > 20
    cloud.plan("total_lies", text=spelling, n=7)
    mount = mount_anew(box)
    assert [mount.names(path) for path in wanted] == before


def test_a_promise_of_more_without_a_way_to_it_is_no_whole_listing(box):
    cloud = box.emulator("--jobs", 30, "--rate", 0)
    for following in ("null", '""', "", "true", "{}"):
        cloud.plan("total_lies", action="DescribeFineTuningJobs", more="true", next=following, n=7)
        mount = box.mount("qianfan", "rate=1000", binary=PLAIN)
        assert len(mount.names("finetuning")) == 7
        assert mount.xattr("finetuning", "complete") == "0", following
        mount.unmount()
        cloud.clear()


def test_a_limit_that_the_cloud_refuses_is_halved_once_and_remembered(box):
    cloud = box.emulator("--tasks", TASKS - 1, "--jobs", 30, "--rate", 0)
    cloud.plan("limit_max", action=LIST, n=30)
    mount = box.mount("tione", "rate=1000", "ttl=0", binary=PLAIN)
    with cloud.counting() as made:
        assert len(mount.names("training")) == TASKS
    assert made == {LIST: 1 + 6}
    mount.names("training")
    refused = [call for call in cloud.log() if call["action"] == LIST and call["verdict"] != "ok"]
    assert len(refused) == 1
    assert mount.xattr("training", "complete") == "1"
    assert "Limit" in mount.text(".describefs/errors")
    qianfan = box.mount("qianfan", "rate=1000", binary=PLAIN)
    cloud.plan("limit_max", action="DescribeFineTuningJobs", n=50)
    assert len(qianfan.names("finetuning")) > 30
