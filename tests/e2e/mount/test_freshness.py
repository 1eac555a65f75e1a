"""How old a value may be, what an open file shows, and that an unchanged cloud looks unchanged."""
import mmap
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from harness import NOTEBOOK, TASK, line_from, read, read_open, synthetic, text, wait_exit, wait_until, xattr

RUNNING = synthetic(0)  # its status: see training_status in tests/emulator/synth.c


@pytest.fixture
def cloud(box):
    return box.emulator("--tasks", 3)


def change(cloud, id=RUNNING, **members):
    cloud.set("training", id, **members)


# ---- a change is seen

def test_a_change_is_seen_after_the_ttl_and_not_before(box, cloud):
    mount = box.mount("tione", "ttl=2")
    path = mount / "training" / RUNNING / "status"
    asked = time.monotonic()
    assert text(path) == "RUNNING"
    change(cloud, Status="FAILED")
    with cloud.counting() as made:
        while time.monotonic() < asked + 1.5:
            assert text(path) == "RUNNING"
            time.sleep(0.1)
    assert made == {}
    wait_until(lambda: text(path) == "FAILED", 3)
    assert 1.8 < time.monotonic() - asked < 3


def test_a_live_resource_stays_longer_than_a_list_lets_it(box, cloud):
    mount = box.mount("tione", "ttl=1")
    path = mount / "training" / RUNNING / "status"
    assert RUNNING in mount.names("training") and text(path) == "RUNNING"
    change(cloud, Status="SUCCEED", UpdateTime="2025-12-31T00:00:00+08")
    wait_until(lambda: text(path) == "SUCCEED", 3)
    assert '"Status": "SUCCEED"' in read(path.parent / "describe.json").decode()


def test_a_resource_that_goes_and_one_that_comes(box, cloud):
    mount = box.mount("tione", "ttl=1")
    assert len(mount.names("training")) == 4
    cloud.remove("training", RUNNING)
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING", "CreateTime": "2025-05-05T00:00:00+08"})
    names = wait_until(lambda: "train-new" in mount.names("training") and mount.names("training"), 4)
    assert RUNNING not in names and len(names) == 4
    wait_until(lambda: mount.error("training/%s/status" % RUNNING) == "ENOENT", 4)


def test_a_directory_that_is_held_open_lists_what_is_new(box, cloud):
    mount = box.mount("tione", "ttl=1")
    fd = os.open(mount / "training", os.O_RDONLY | os.O_DIRECTORY)
    try:
        assert len(os.listdir(fd)) == 4
        cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
        wait_until(lambda: "train-new" in os.listdir(fd), 4)
    finally:
        os.close(fd)


class Shell:
    """A shell with its working directory in the mount; it runs one line at a time."""

    def __init__(self, where):
        self.process = subprocess.Popen(["sh"], cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)

    def ask(self, command):
        self.process.stdin.write(command.encode() + b"; echo '<end>'\n")
        lines = []
        while (line := line_from(self.process.stdout)) not in ("<end>\n", ""):
            lines.append(line)
        return "".join(lines)

    def close(self):
        self.process.stdin.close()
        if wait_exit(self.process.pid, 10) is None:
            self.process.kill()
        self.process.stdout.close()


@pytest.mark.parametrize("inside, file, before, after, members", [
    ("", "status", "RUNNING\n", "FAILED\n", {"Status": "FAILED"}),
    ("image_info", "image_name", "torch1.9-py3.8-cuda11.1-gpu\n", "other\n",
     {"ImageInfo": {"ImageType": "PRE_SET", "ImageName": "other"}}),
    ("tags", "team", "alpha\n", "omega\n", {"Tags": [{"TagKey": "team", "TagValue": "omega"}]}),
    ("resource_config_infos/0", "cpu", "2000\n", "64000\n", {"ResourceConfigInfos": [{"Cpu": 64000}]}),
])
def test_who_stands_in_a_directory_sees_the_new_value(box, cloud, inside, file, before, after, members):
    mount = box.mount("tione", "ttl=1")
    shell = Shell(mount / "training" / RUNNING / inside)
    try:
        assert shell.ask("cat " + file) == before
        change(cloud, **members)
        wait_until(lambda: shell.ask("cat " + file) == after, 4)
        assert file in shell.ask("ls").split()
    finally:
        shell.close()


def test_who_stands_in_a_directory_sees_names_come_and_go(box, cloud):
    mount = box.mount("tione", "ttl=1")
    shell = Shell(mount / "training" / RUNNING / "tags")
    try:
        assert shell.ask("ls") == "qcs:tag:createdBy\nteam\n"
        change(cloud, Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "team", "TagValue": "alpha"}])
        wait_until(lambda: shell.ask("ls") == "a\nteam\n", 4)
        assert shell.ask("cat a") == "1\n"
    finally:
        shell.close()


def test_tail_follows_a_change(box, cloud):
    mount = box.mount("tione", "ttl=1")
    tail = subprocess.Popen(["tail", "-F", "-s", "0.1", "-n", "+1", "status"], stdout=subprocess.PIPE, bufsize=0,
                            stderr=subprocess.DEVNULL, cwd=mount / "training" / RUNNING)
    try:
        assert line_from(tail.stdout) == "RUNNING\n"
        change(cloud, Status="STOPPED")
        assert line_from(tail.stdout) == "STOPPED\n"
        change(cloud, Status="RUNNING")  # from a terminal status, which -o ttl makes as short as any
        assert line_from(tail.stdout) == "RUNNING\n"
    finally:
        tail.kill()
        tail.wait()
        tail.stdout.close()


def test_sighup_has_everything_asked_for_again(box, cloud):
    mount = box.mount("tione")
    assert mount.text("training/%s/status" % RUNNING) == "RUNNING"
    change(cloud, Status="FAILED", SubUinName="another")
    with cloud.counting() as made:
        assert mount.text("training/%s/name" % RUNNING)
    assert made == {}
    with cloud.counting() as made:
        mount.signal(signal.SIGHUP)
        wait_until(lambda: b'"Status": "FAILED"' in mount.read("training/%s/describe.json" % RUNNING))
        assert mount.text("training/%s/sub_uin_name" % RUNNING) == "another"
    assert made == {"DescribeTrainingTask": 1}


# ---- an open file is one answer

def test_an_open_file_keeps_its_old_bytes(box, cloud):
    mount = box.mount("tione", "ttl=1")
    change(cloud, Remark="a" * 100000)
    path = mount / "training" / RUNNING / "remark"
    fd = os.open(path, os.O_RDONLY)
    try:
        assert os.read(fd, 10) == b"a" * 10  # the rest has never been read
        change(cloud, Remark="b" * 50)
        wait_until(lambda: read(path) == b"b" * 50 + b"\n", 4)
        assert read_open(fd) == b"a" * 100000 + b"\n"
        assert os.fstat(fd).st_size == 100001
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapped:
            assert mapped[:] == b"a" * 100000 + b"\n"
    finally:
        os.close(fd)


def test_an_open_file_outlives_its_resource(box, cloud):
    mount = box.mount("tione", "ttl=1")
    path = mount / "training" / RUNNING / "describe.json"
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        cloud.remove("training", RUNNING)
        wait_until(lambda: mount.error(path) == "ENOENT", 4)
        assert len(read_open(fd)) == size
    finally:
        os.close(fd)


# promise: 3
def test_a_reader_is_never_torn_while_the_value_changes_all_the_time(box, cloud):
    mount = box.mount("tione", "ttl=0", "rate=10000")
    path = mount / "training" / RUNNING / "remark"
    stop = threading.Event()

    def letter(n):
        return "abcdefghijklmnopqrstuvwxyz"[n % 26] * (20000 + n % 7 * 1000)

    def keep_changing():
        n = 0
        while not stop.is_set():
            n += 1
            change(cloud, Remark=letter(n))

    change(cloud, Remark=letter(0))
    changer = threading.Thread(target=keep_changing)
    changer.start()
    seen, whole, end = set(), 0, time.monotonic() + 4
    try:
        while time.monotonic() < end and not (whole > 150 and len(seen) > 20):
            fd = os.open(path, os.O_RDONLY)
            size, got = os.fstat(fd).st_size, b""
            while part := os.read(fd, 4096):
                got += part
            os.close(fd)
            assert len(got) == size and len(set(got[:-1])) == 1, "torn: %r" % set(got)
            seen.add(got)
            whole += 1
    finally:
        stop.set()
        changer.join()
    assert whole > 20 and len(seen) > 5


def test_one_pass_over_a_directory_is_one_answer(box, cloud):
    """The values of one `cat *` come from at most two answers; the names of a directory come from one."""
    mount = box.mount("tione", "ttl=0", "rate=10000")
    stop = threading.Event()

    def keep_changing():
        n = 0
        while not stop.is_set():
            n += 1
            change(cloud, Tags=[{"TagKey": "%d-%03d" % (n % 2, i), "TagValue": "x"} for i in range(300)])

    changer = threading.Thread(target=keep_changing)
    changer.start()
    try:
        seen, end = set(), time.monotonic() + 2
        wait_until(lambda: len(mount.names("training/%s/tags" % RUNNING)) == 300)
        while time.monotonic() < end and len(seen) < 20:
            names = mount.names("training/%s/tags" % RUNNING)
            assert len(names) == 300 and len({name[0] for name in names}) == 1
            seen.add(names[0][0])
    finally:
        stop.set()
        changer.join()


# promise: 3
def test_what_stands_is_listed_once_though_the_listing_is_refreshed_midway(box):
    cloud = box.emulator("--tasks", 1200)
    mount = box.mount("tione", "ttl=1", "rate=10000")
    standing = {synthetic(i) for i in range(1200)} | {TASK}
    gone = {synthetic(i) for i in (0, 1, 600, 1190)}
    with os.scandir(mount / "training") as entries:
        names = [next(entries).name]  # the first few hundred have been read with it
        for id in gone:
            cloud.remove("training", id)
        cloud.put("training", {"Id": "train-new", "CreateTime": "2020-01-01T00:00:00+08"})
        wait_until(lambda: "train-new" in mount.sh("ls -U training").split(), 5)
        names += [entry.name for entry in entries]
    assert len(names) == len(set(names))
    assert standing - gone <= set(names)


def test_tasks_that_go_while_a_listing_is_read_hide_no_others(box):
    cloud = box.emulator("--tasks", 300, "--latency", 30)
    for i in range(40):
        cloud.put("training", {"Id": "train-old-%d" % i, "CreateTime": "2020-01-01T00:00:%02d+08" % i})
    mount = box.mount("tione", "rate=10000")
    stop = threading.Event()

    def remove():  # each shifts what follows to an earlier page
        for i in range(40):
            if stop.wait(0.005):
                return
            cloud.remove("training", "train-old-%d" % i)

    remover = threading.Thread(target=remove)
    remover.start()
    names = mount.names("training")
    stop.set()
    remover.join()
    assert len(names) == len(set(names))
    assert {synthetic(i) for i in range(300)} | {TASK} <= set(names)


# ---- an unchanged cloud looks unchanged

FIND = "find . -printf '%p %T@ %i %s %m\\n' | LC_ALL=C sort"


def rsync(source, to):
    """
    What a second copy would do, item by item.  --modify-window=-1: by default rsync 3.2 and later compare whole
    seconds only, and the nanoseconds are where our times tell equal from changed.
    """
    result = subprocess.run(["rsync", "-a", "--modify-window=-1", "--itemize-changes", "%s/" % source, "%s/" % to],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout.splitlines()


def files_of(lines):
    return sorted(line.split(" ", 1)[1] for line in lines if line[1] == "f")


def warm(mount):
    mount.sh("find . > /dev/null; grep -r nothing . || :")


def test_the_whole_tree_is_the_same_on_two_mounts(box):
    box.emulator("--tasks", 5, "--notebooks", 3, "--models", 2, "--versions", 2)
    one, two = box.mount("tione"), box.mount("tione")
    warm(one)
    warm(two)
    first = one.sh(FIND)
    assert first.count("\n") > 300
    assert first == two.sh(FIND)


def test_the_whole_tree_is_the_same_twice_on_one_mount(box):
    box.emulator("--tasks", 5, "--notebooks", 3, "--models", 2, "--versions", 2)
    mount = box.mount("tione")
    first = mount.sh(FIND)
    assert first.count("\n") > 300
    assert mount.sh(FIND) == first


def test_the_whole_tree_is_the_same_after_its_ttl(box):
    cloud = box.emulator("--tasks", 5, "--notebooks", 3)
    mount = box.mount("tione", "ttl=1", "rate=1000")

    def look():
        # The mtime of a kind's directory moves by a nanosecond once its listing has expired, because that
        # makes the kernel drop its cached names.
        listing = r"^(\./(training|notebooks|models(/[^/]+/versions)?|by-\S+) [0-9]+)\.[0-9]+(?=.* 555$)"
        return re.sub(listing, r"\1", mount.sh(FIND), flags=re.M)

    warm(mount)
    first = look()
    before = cloud.total()
    time.sleep(1.1)
    assert look() == first
    assert cloud.total() > before  # it did ask again


def test_a_second_rsync_transfers_nothing_also_across_a_remount(box, tmp_path):
    box.emulator("--tasks", 5, "--notebooks", 3, "--models", 2, "--versions", 2)
    mount = box.mount("tione", "rate=1000")
    assert len(files_of(rsync(mount.path, tmp_path))) > 300
    assert rsync(mount.path, tmp_path) == []
    mount.unmount()
    again = box.mount("tione", "rate=1000")
    assert rsync(again.path, tmp_path) == []


def test_a_second_incremental_tar_holds_no_file(box, tmp_path):
    box.emulator("--tasks", 5, "--notebooks", 2)
    mount = box.mount("tione", "rate=1000")
    for name in ("one", "two"):
        mount.sh("tar -cf %s/%s.tar --listed-incremental=%s/snar ." % (tmp_path, name, tmp_path))
    files = mount.sh("tar -tf %s/two.tar" % tmp_path).splitlines()
    assert [name for name in files if not name.endswith("/")] == []


def test_an_incremental_tar_takes_what_changed(box, cloud, tmp_path):
    """tar compares whole seconds of mtime and ctime, and the cloud's own time has not changed."""
    mount = box.mount("tione", "ttl=1", "rate=1000")
    mount.sh("tar -cf %s/one.tar --listed-incremental=%s/snar ." % (tmp_path, tmp_path))
    time.sleep(1.1)  # tar itself takes what changed within the second of its start
    change(cloud, SubUinName="uses0")
    wait_until(lambda: mount.text("training/%s/sub_uin_name" % RUNNING) == "uses0", 4)
    mount.sh("tar -cf %s/two.tar --listed-incremental=%s/snar ." % (tmp_path, tmp_path))
    files = mount.sh("tar -tf %s/two.tar" % tmp_path).splitlines()
    assert sorted(name for name in files if not name.endswith("/")) == [
        "./training/%s/describe.json" % RUNNING, "./training/%s/sub_uin_name" % RUNNING]


def test_rsync_takes_exactly_what_changed_also_of_the_same_size(box, cloud, tmp_path):
    mount = box.mount("tione", "ttl=1", "rate=1000")
    rsync(mount.path, tmp_path)
    change(cloud, SubUinName="uses0")  # "user0" has as many bytes
    change(cloud, synthetic(1), Remark="longer than before")
    wait_until(lambda: mount.text("training/%s/sub_uin_name" % RUNNING) == "uses0", 4)
    wait_until(lambda: mount.text("training/%s/remark" % synthetic(1)) == "longer than before", 4)
    assert files_of(rsync(mount.path, tmp_path)) == sorted([
        "training/%s/sub_uin_name" % RUNNING, "training/%s/describe.json" % RUNNING,
        "training/%s/remark" % synthetic(1), "training/%s/describe.json" % synthetic(1)])
    assert read(tmp_path / "training" / RUNNING / "sub_uin_name") == b"uses0\n"
    assert files_of(rsync(mount.path, tmp_path)) == []


def test_a_change_that_another_mount_saw_looks_the_same_there(box, cloud, tmp_path):
    """One mount saw the value before the change, the other only after it."""
    one = box.mount("tione", "ttl=1", "rate=1000")
    warm(one)
    change(cloud, SubUinName="uses0")
    wait_until(lambda: one.text("training/%s/sub_uin_name" % RUNNING) == "uses0", 4)
    rsync(one.path, tmp_path)
    two = box.mount("tione", "rate=1000")
    assert files_of(rsync(two.path, tmp_path)) == []


def test_ls_and_find_know_the_clouds_times(box):
    cloud = box.emulator("--tasks", 20)
    mount = box.mount("tione")
    names = mount.sh("ls -t training").split()
    stamps = {name: (mount / "training" / name).stat().st_mtime for name in names}
    assert names == sorted(names, key=lambda name: -stamps[name]) and len(set(map(int, stamps.values()))) == 21
    reference = box.directory / "reference"
    reference.touch()
    os.utime(reference, (1748504634, 1748504634))  # a second before the seed task's end
    newer = mount.sh("find training -mindepth 1 -maxdepth 1 -newer %s" % reference).split()
    assert sorted(newer) == sorted("training/" + name for name in names if stamps[name] > 1748504634)
    assert "training/" + TASK in newer and 1 < len(newer) < 21
    assert mount.sh("find training -maxdepth 1 -newermt 2099-01-01") == ""
    assert cloud.calls() == {"DescribeTrainingTasks": 1}


def test_xattrs_tell_when_it_was_fetched_and_until_when_it_stands(box, cloud):
    mount = box.mount("tione")
    path = mount / "training" / TASK / "status"
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    assert read(path) == b"SUCCEED\n"
    assert form.match(xattr(path, "fetched")) and form.match(xattr(path, "expires"))
    assert xattr(path, "action") == "DescribeTrainingTask"
    assert xattr(path, "request_id") == cloud.log()[-1]["request_id"]
    read(mount / "notebooks" / NOTEBOOK / "name")
    assert xattr(mount / "notebooks" / NOTEBOOK / "name", "action") == "DescribeNotebook"

    def seconds(name):
        return time.mktime(time.strptime(xattr(path, name), "%Y-%m-%dT%H:%M:%SZ"))

    assert abs(seconds("expires") - seconds("fetched") - 600) <= 1  # in a terminal status; whole seconds


def test_no_time_of_the_mounts_own_files_is_in_the_future(box, cloud):
    """Row 26: nanoseconds come from the content, so those of a new file can be any in its second."""
    mount = box.mount("tione", "ttl=0")
    for _ in range(10):
        mount.error("training/none/status")
        for name in "status", "errors", "metrics", "requests":
            mount.read(".describefs/" + name)
            status = os.stat(mount / ".describefs" / name)
            assert max(status.st_mtime_ns, status.st_ctime_ns) <= time.time_ns(), name
            assert status.st_mtime > time.time() - 60
        assert os.stat(mount / ".describefs").st_mtime <= time.time()
