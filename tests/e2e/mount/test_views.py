"""by-name, by-status, by-tag and .table.tsv, with the programs that people use on them."""
import collections
import os
import re
import stat

import pytest

from harness import TASK, error_of, read
from test_catalog import write_catalog

LIST = "DescribeTrainingTasks"


def task(cloud, id, **members):
    cloud.put("training", {"Id": id, "Name": id, "Status": "RUNNING", "UpdateTime": "2025-11-01T00:00:00Z", "Tags": [],
                           **members})


@pytest.fixture
def mount(box, cloud):
    task(cloud, "train-a", Name="alpha", Tags=[{"TagKey": "team", "TagValue": "red"}])
    task(cloud, "train-b", Name="beta", Status="FAILED", Tags=[{"TagKey": "team", "TagValue": "blue/green"}])
    task(cloud, "train-c", Name="twice")
    task(cloud, "train-d", Name="twice", Status="FAILED")
    return box.mount("tione")


# ---- links

def test_ls_l_and_readlink_show_where_they_lead(mount):
    shown = mount.sh("ls -l by-name/training/alpha by-status/training/FAILED; readlink by-name/training/alpha")
    assert re.search(r"^lrwxrwxrwx .* 22 .*alpha -> \.\./\.\./training/train-a$", shown, re.M), shown
    assert re.search(r"train-b -> \.\./\.\./\.\./training/train-b$", shown, re.M)
    assert shown.endswith("\n../../training/train-a\n")
    entry = os.lstat(mount / "by-name/training/alpha")
    assert stat.S_ISLNK(entry.st_mode) and entry.st_size == len("../../training/train-a")
    assert entry.st_mtime_ns == os.stat(mount / "training/train-a").st_mtime_ns


def test_a_path_through_a_link_is_the_resource(mount, cloud):
    with cloud.counting() as calls:
        assert mount.sh("cat by-name/training/alpha/status") == "RUNNING\n"
        assert mount.sh("cat by-name/training/beta/status") == "FAILED\n"
        assert mount.sh("cd by-status/training/FAILED/train-b && pwd -P && cat name").endswith(
            "/training/train-b\nbeta\n")
        mount.sh("ls by-name/training by-status/training by-tag/training")
    assert calls == {LIST: 1}
    assert os.path.samefile(mount / "by-tag/training/team/red/train-a", mount / "training/train-a")


def test_of_one_name_each_has_its_id(mount):
    assert mount.sh("ls by-name/training").split()[-2:] == ["twice~train-c", "twice~train-d"]
    assert mount.sh("cat by-name/training/twice~*/status") == "RUNNING\nFAILED\n"
    assert error_of(os.lstat, mount / "by-name/training/twice") == "ENOENT"


def test_one_status_is_one_call_and_no_listing(mount, cloud):
    with cloud.counting() as calls:
        assert mount.names("by-status/training/FAILED") == ["train-b", "train-d"]
        assert mount.sh("cat by-status/training/FAILED/*/status") == "FAILED\nFAILED\n"
        assert mount.names("by-status/training/FAILED") == ["train-b", "train-d"]
    assert calls == {LIST: 1}
    with cloud.counting() as calls:
        assert mount.names("by-tag/training/team/blue%2Fgreen") == ["train-b"]
        assert mount.names("by-status/training/STARTING") == []
        assert error_of(os.listdir, mount / "by-status/training/NOTHING_LIKE_IT") == "ENOENT"
    assert calls == {LIST: 3}


def test_one_page_out_of_a_great_account(box):
    cloud = box.emulator("--tasks", 5000)
    for i in range(60):
        task(cloud, "train-x%d" % i, Status="STOPPING")
    mount = box.mount("tione")
    with cloud.counting() as calls:
        stopping = mount.names("by-status/training/STOPPING")
        for id in stopping:
            assert mount.text("by-status/training/STOPPING/%s/status" % id) == "STOPPING"
    assert len(stopping) == 60 and calls == {LIST: 2}


def test_a_change_at_the_cloud_moves_the_link(box, cloud):
    task(cloud, "train-a")
    mount = box.mount("tione", "ttl=0")
    assert mount.names("by-status/training/RUNNING") == ["train-a"]
    cloud.set("training", "train-a", Status="FAILED", UpdateTime="2025-11-02T00:00:00Z")
    assert mount.names("by-status/training/RUNNING") == []
    assert mount.names("by-status/training/FAILED") == ["train-a"]


# ---- walks

def test_find_l_does_not_go_round(mount):
    assert "File system loop" not in mount.run("find -L . > /dev/null").stderr
    once = mount.sh("find training -name status -type f").split()
    through = mount.sh("find -L by-name/training -name status -type f").split()
    assert len(through) == len(once)


def test_walkers_visit_each_field_once(mount, cloud, tmp_path):
    files = mount.sh("grep -rl . . | sort").splitlines()
    assert len(files) == len(set(files)) and not [name for name in files if name.startswith("./by-")]
    mount.sh("tar -cf %s/all.tar ." % tmp_path)
    kinds = collections.Counter(line[0] for line in mount.sh("tar -tvf %s/all.tar" % tmp_path).splitlines())
    assert kinds["l"] >= 10 and kinds["h"] == 0
    names = mount.sh("tar -tf %s/all.tar" % tmp_path).splitlines()
    assert len([name for name in names if name.endswith("train-a/status")]) == 1


def test_a_walk_over_the_root_costs_no_call_more(box, cloud):
    mount = box.mount("tione")
    with cloud.counting() as calls:
        mount.sh("ls")
    assert calls == {}
    with cloud.counting() as calls:
        mount.sh("grep -r RUNNING . || :")
    n = len(mount.names("training")) + len(mount.names("notebooks"))
    assert calls[LIST] == 1 and calls["DescribeNotebooks"] == 1
    assert calls["DescribeTrainingTask"] + calls["DescribeNotebook"] == n


def test_rsync_a_copies_links_as_links_and_nothing_twice(mount, tmp_path):
    mount.sh("rsync -aO --modify-window=-1 ./ %s/copy/" % tmp_path)
    copy = tmp_path / "copy"
    assert os.readlink(copy / "by-name/training/alpha") == "../../training/train-a"
    assert read(copy / "by-status/training/RUNNING/train-a/status") == b"RUNNING\n"
    again = mount.sh("rsync -aO --modify-window=-1 --itemize-changes ./ %s/copy/" % tmp_path)
    assert [line for line in again.splitlines() if line[1] in "fL"] == []


# ---- the table

def test_the_table_is_for_awk_and_cut_and_column(mount, cloud):
    with cloud.counting() as calls:
        table = mount.sh("cat training/.table.tsv")
        assert mount.sh("cut -f1,3 training/.table.tsv | grep train-b") == "train-b\tFAILED\n"
        assert sorted(mount.sh("awk -F'\\t' '$3 == \"FAILED\" {print $2}' training/.table.tsv").split()) == [
            "beta", "twice"]
        mount.sh("column -ts $'\\t' training/.table.tsv | head -n 1")
    assert calls == {LIST: 1}
    lines = table.splitlines()
    assert lines[0].split("\t")[:3] == ["id", "name", "status"] and len(lines) == 6
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
    assert [line.split("\t")[0] for line in lines[1:]] == [entry.name for entry in os.scandir(mount / "training")]
    assert os.stat(mount / "training/.table.tsv").st_size == len(table.encode())


def test_the_table_is_in_no_listing(mount):
    mount.sh("cat training/.table.tsv > /dev/null")
    assert ".table.tsv" not in mount.sh("ls -a training; find training -maxdepth 1; echo training/.[!.]*").split()
    assert mount.names("models") is not None and mount.error("models/.table.tsv") == "ok"
    assert mount.error(".table.tsv") == "ENOENT" and mount.error("training/%s/.table.tsv" % TASK) == "ENOENT"


def test_a_table_that_is_open_is_one_listing(box, cloud):
    task(cloud, "train-a")
    mount = box.mount("tione", "ttl=0", "stale=0", "deadline=60")  # on a busy machine nothing old stands in
    path = mount / "training/.table.tsv"
    fd = os.open(path, os.O_RDONLY)
    before = os.pread(fd, 1 << 16, 0)
    cloud.set("training", "train-a", Name="new name", UpdateTime="2025-11-02T00:00:00Z")
    assert b"\tnew name\t" in read(path)
    assert os.pread(fd, 1 << 16, 0) == before and b"new name" not in before
    assert os.fstat(fd).st_ino != os.stat(path).st_ino
    os.close(fd)


# ---- a user's kind, and without a mount

def test_a_users_kind_has_the_views(box, cloud):
    write_catalog(box, {"catalog": "tione", "kinds": [{
        "name": "groups", "about": "resource groups", "id": "ResourceGroupId", "id_form": "[a-z]+-[A-Za-z0-9]+",
        "label": "ResourceGroupName", "tags": "TagSet", "type": "Group", "columns": ["FreeInstance"],
        "list": {"action": "DescribeBillingResourceGroups", "items": "ResourceGroupSet", "paging": "offset",
                 "page": 100}}],
        "types": {"Group": {"ResourceGroupId": "string", "ResourceGroupName": "string", "FreeInstance": "int",
                            "TagSet": "{TagKey:TagValue}"}}})
    mount = box.mount("tione")
    ids = mount.names("groups")
    links = mount.names("by-name/groups")
    assert ids and len(links) == len(ids)
    assert {os.readlink(mount / "by-name/groups" / link) for link in links} == {"../../groups/" + id for id in ids}
    assert "groups" in mount.names("by-tag") and "groups" not in mount.names("by-status")
    assert mount.sh("head -n 1 groups/.table.tsv") == "id\tname\tfree_instance\n"
    assert re.search(r"^  by-name/KIND/NAME .*\bgroups\b", mount.read("README").decode(), re.M)


def test_links_are_followed_without_a_mount(box, cloud):
    task(cloud, "train-a", Name="alpha")
    assert box.verb("cat", "tione", "by-name/training/alpha/status").stdout == "RUNNING\n"
    assert box.verb("cat", "tione", "by-name/training/../../training/train-a/name").stdout == "alpha\n"
    assert "status" in box.verb("ls", "tione", "by-status/training/RUNNING/train-a").stdout.split()
    shown = box.verb("tree", "tione", "by-name/training").stdout
    assert "|-- alpha -> ../../training/train-a\n" in shown and "status" not in shown
    assert box.verb("cat", "tione", "training/.table.tsv").stdout.startswith("id\tname\tstatus\t")
    assert box.verb("cat", "tione", "by-name/training/nobody/status").returncode == 1
