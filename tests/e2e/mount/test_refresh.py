"""describefs refresh PATH...: the next read calls the cloud, whatever the tree and the kernel have cached."""
import errno
import functools
import mmap
import os
import re
import signal
import subprocess
import time

import pytest

from harness import (MODEL, NOTEBOOK, PLAIN, SANITIZED, TASK, TOP, VERSION, error_of, read, read_open, synthetic, wait_until)
from test_freshness import Shell
from test_listing_terms import Messages

RUNNING = synthetic(0)
ONE, LIST = "DescribeTrainingTask", "DescribeTrainingTasks"
KNOWS_EPOCHS = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 16)
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def preload_older(directory):
    """The library that makes the kernel look older."""
    library = directory / "older.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(TOP / "tests/e2e/mount/older_kernel.c"), "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


@pytest.fixture(params=["this kernel", "an older kernel"] if KNOWS_EPOCHS else ["this kernel"])
def kernel(request, box, tmp_path, monkeypatch):
    """Each test runs on this kernel and, unless it is older, on one that looks like a kernel before 6.16."""
    if request.param == "an older kernel":
        for way in ("mount", "foreground"):
            older = functools.partial(getattr(box, way), env=preload_older(tmp_path), binary=PLAIN)
            monkeypatch.setattr(box, way, older)
    return request.param


@pytest.fixture
def cloud(box, kernel):
    return box.emulator("--tasks", 3)


def change(cloud, id=RUNNING, **members):
    cloud.set("training", id, **members)


def refresh(box, *paths, **how):
    result = box.run("refresh", *paths, **how)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b""), result


@pytest.mark.parametrize("path", [
    "training/%s/status" % RUNNING, "training/%s/describe.json" % RUNNING, "training/%s/image_info" % RUNNING,
    "training/%s/image_info/image_type" % RUNNING, "training/%s" % RUNNING, "training/%s/" % RUNNING, "training", "",
    "training/%s/.wait" % RUNNING, "training/%s/.events" % RUNNING])
def test_the_next_read_asks_the_cloud(box, cloud, path):
    mount = box.mount("tione")
    fields = ["training/%s/%s" % (RUNNING, name) for name in ("status", "sub_uin_name", "tags/team")]
    assert mount.names("training")
    before = [mount.text(field) for field in fields]
    change(cloud, Status="FAILED", SubUinName="another", Tags=[{"TagKey": "team", "TagValue": "omega"}])
    with cloud.counting() as made:
        assert [mount.text(field) for field in fields] == before
    assert made == {}
    with cloud.counting() as made:
        refresh(box, str(mount.path) + "/" + path)
    assert sum(made.values()) <= 1  # the next reader asks, not this; but what was never looked up is looked up
    with cloud.counting() as made:
        assert [mount.text(field) for field in fields] == ["FAILED", "another", "omega"]
    assert 1 <= sum(made.values()) <= 2 and set(made) <= {ONE, LIST}  # whichever is the cheaper
    with cloud.counting() as made:
        assert [mount.text(field) for field in fields] == ["FAILED", "another", "omega"]
    assert made == {}


@pytest.mark.parametrize("path", ["training/%s/status" % RUNNING, "training/%s" % RUNNING])
def test_again_and_again(box, cloud, path):
    """Each walk has to be another one for the kernel, also when the one before found nothing new."""
    mount = box.mount("tione")
    field = "training/%s/status" % RUNNING
    for status in ("RUNNING", "RUNNING", "STOPPING", "STOPPING", "FAILED"):
        change(cloud, Status=status)
        refresh(box, str(mount.path) + "/" + path)
        with cloud.counting() as made:
            assert mount.text(field) == status
        assert made == {ONE: 1}


def test_a_relative_path_from_inside(box, cloud):
    mount = box.mount("tione")
    assert mount.text("training/%s/status" % RUNNING) == "RUNNING"
    change(cloud, Status="FAILED")
    refresh(box, ".", cwd=mount / "training" / RUNNING)
    assert mount.text("training/%s/status" % RUNNING) == "FAILED"


def test_other_paths_are_not_asked_for(box, cloud):
    mount = box.mount("tione")
    others = ["training/%s/remark" % TASK, "notebooks/%s/name" % NOTEBOOK, "training/%s/remark" % synthetic(1),
              "models/%s/versions/%s/format" % (MODEL, VERSION)]
    mount.sh("cat %s training/%s/remark > /dev/null" % (" ".join(others), RUNNING))
    refresh(box, mount / "training" / RUNNING)
    with cloud.counting() as made:
        mount.sh("cat %s > /dev/null; ls models/%s/versions > /dev/null" % (" ".join(others), MODEL))
    assert made == {}
    refresh(box, mount / "notebooks", mount / "models" / MODEL)
    with cloud.counting() as made:
        mount.sh("cat %s > /dev/null" % " ".join(others))
    assert sorted(made) == ["DescribeNotebook", "DescribeTrainingModelVersion"] or \
        sorted(made) == ["DescribeNotebook", "DescribeTrainingModelVersions"]


def questions(mount):
    return int(re.search(r"^describefs_questions_total (\d+)$", mount.read(".describefs/metrics").decode(), re.M)[1])


def test_what_the_kernel_keeps_of_others_it_keeps(box, cloud):
    """The kernel sends the daemon no request for another resource."""
    mount = box.mount("tione")
    others = " ".join("training/%s/%s" % (id, name) for id in (TASK, synthetic(1)) for name in ("status", "remark", "tags/*"))

    def asked():
        before = questions(mount)
        mount.sh("cat %s > /dev/null" % others)
        return questions(mount) - before

    mount.sh("cat %s > /dev/null; find training/%s > /dev/null" % (others, RUNNING))
    asked()
    assert asked() < 5
    for path in (RUNNING, RUNNING + "/status"):
        refresh(box, mount / "training" / path)
        assert asked() < 5  # of some twenty


def cat(mount, fields):
    return [mount.text(field) for field in fields]


@pytest.mark.parametrize("path", ["training/%s/status" % RUNNING, "training/%s" % RUNNING, "training", ""])
def test_more_than_once(box, cloud, path):
    mount = box.mount("tione")
    fields = ["training/%s/%s" % (RUNNING, name) for name in ("status", "sub_uin_name", "tags/team")]
    for tag in ("omega", "other"):
        assert all(cat(mount, fields))
        assert mount.names("training") and mount.names("training/" + RUNNING)
        change(cloud, Status="FAILED" + tag, SubUinName=tag, Tags=[{"TagKey": "team", "TagValue": tag}])
        refresh(box, str(mount.path) + "/" + path)
        with cloud.counting() as made:
            assert cat(mount, fields) == ["FAILED" + tag, tag, tag]
        assert sum(made.values()) <= 2
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
    refresh(box, mount / "training")
    assert "train-new" in mount.names("training")


VERSIONS = "models/%s/versions" % MODEL
FORMAT = "%s/%s/format" % (VERSIONS, VERSION)


@pytest.mark.parametrize("path,field,kind,id,member", [
    ("training", "training/%s/sub_uin_name" % RUNNING, "training", RUNNING, "SubUinName"),
    ("", "training/%s/sub_uin_name" % RUNNING, "training", RUNNING, "SubUinName"),
    ("notebooks", "notebooks/%s/name" % NOTEBOOK, "notebooks", NOTEBOOK, "Name"),
    ("models/%s" % MODEL, FORMAT, "version", VERSION, "TrainingModelFormat"),
    ("models", FORMAT, "version", VERSION, "TrainingModelFormat"),
    (VERSIONS, FORMAT, "version", VERSION, "TrainingModelFormat"),
    ("%s/%s" % (VERSIONS, VERSION), FORMAT, "version", VERSION, "TrainingModelFormat")])
def test_what_was_entered_by_name_and_never_listed(box, cloud, path, field, kind, id, member):
    mount = box.mount("tione", "ttl=600")
    for value in ("one", "two"):
        before = mount.text(field)
        cloud.set(kind, id, **{member: value})
        assert mount.text(field) == before != value
        refresh(box, str(mount.path) + "/" + path)
        assert mount.text(field) == value


def test_the_names_of_views(box, cloud):
    mount = box.mount("tione", "ttl=600")
    running = "by-status/training/RUNNING"
    for status in ("FAILED", "RUNNING"):
        mount.names(running)
        before = os.path.lexists(mount / running / RUNNING)
        change(cloud, Status=status)
        refresh(box, mount / "training")
        assert os.path.lexists(mount / running / RUNNING) == (RUNNING in mount.names(running)) == (not before)


def test_of_several_sources(box, cloud):
    mount = box.mount(("tione", "qianfan"), "ttl=600")
    field = "tione/training/%s/sub_uin_name" % RUNNING
    for path in ("", "tione", "tione/training", "tione/training/" + RUNNING, field):
        before = mount.text(field)
        change(cloud, SubUinName="after " + path)
        assert mount.text(field) == before
        refresh(box, str(mount.path) + "/" + path)
        assert mount.text(field) == "after " + path


def test_names_come_and_go(box, cloud):
    mount = box.mount("tione")
    fd = os.open(mount / "training", os.O_RDONLY)
    assert len(mount.names("training")) == 4 and len(os.listdir(fd)) == 4
    assert mount.error("training/train-new/status") == "ENOENT"
    cloud.remove("training", RUNNING)
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING", "CreateTime": "2025-05-05T00:00:00+08"})
    refresh(box, mount / "training")
    names = mount.names("training")
    assert "train-new" in names and RUNNING not in names and sorted(os.listdir(fd)) == names
    assert mount.text("training/train-new/status") == "RUNNING"
    assert mount.error("training/%s/status" % RUNNING) == "ENOENT"
    os.close(fd)


@pytest.mark.parametrize("path", ["training/train-new", "training", ""])
@pytest.mark.parametrize("listed", [False, True])
def test_a_name_that_was_not_there_a_moment_ago(box, cloud, path, listed):
    mount = box.mount("tione", "ttl=600")
    assert not listed or len(mount.names("training")) == 4
    assert mount.error("training/train-new/status") == "ENOENT"
    cloud.put("training", {"Id": "train-new", "Status": "RUNNING"})
    assert mount.error("training/train-new/status") == "ENOENT"
    refresh(box, str(mount.path) + "/" + path)
    assert mount.text("training/train-new/status") == "RUNNING"


def test_a_shell_that_stands_there_goes_on(box, cloud):
    mount = box.mount("tione")
    shells = {inside: Shell(mount / "training" / RUNNING / inside) for inside in ("", "image_info", "tags")}
    listing = Shell(mount / "training")
    try:
        assert shells[""].ask("cat status") == "RUNNING\n"
        assert shells["tags"].ask("ls; cat team") == "qcs:tag:createdBy\nteam\nalpha\n"
        assert len(listing.ask("ls").split()) == 4
        for path in (mount / "training" / RUNNING, mount / "training", mount.path):
            change(cloud, Status="FAILED", Tags=[{"TagKey": "a", "TagValue": "1"}])
            refresh(box, path)
            assert shells["tags"].ask("ls; cat a") == "a\n1\n"
            assert shells[""].ask("cat status") == "FAILED\n"
            assert shells[""].ask("cat tags/a; cat ../%s/status" % RUNNING) == "1\nFAILED\n"
            for inside, shell in shells.items():
                assert shell.ask("/bin/pwd") == str(mount.path / "training" / RUNNING / inside).rstrip("/") + "\n"
            assert len(listing.ask("ls").split()) == 4
            change(cloud, Status="RUNNING", Tags=[{"TagKey": "team", "TagValue": "alpha"}])
            refresh(box, path)
            assert mount.text("training/%s/status" % RUNNING) == "RUNNING"
            for inside, shell in shells.items():  # also when somebody has come by on another way
                assert shell.ask("/bin/pwd") == str(mount.path / "training" / RUNNING / inside).rstrip("/") + "\n"
            assert shells["tags"].ask("ls; cat team") == "team\nalpha\n"
            assert shells[""].ask("cd ..; cat %s/status; cd %s" % (RUNNING, RUNNING)) == "RUNNING\n"
    finally:
        for shell in (listing, *shells.values()):
            shell.close()


def test_an_open_file_keeps_its_bytes(box, cloud):
    mount = box.mount("tione")
    path = mount / "training" / RUNNING / "describe.json"
    before = read(path)
    held, fresh = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
    mapped = mmap.mmap(held, 0, prot=mmap.PROT_READ)
    first = os.pread(held, 10, 0)
    for status in ("FAILED", "STOPPED"):
        change(cloud, Status=status)
        refresh(box, path)
        assert status.encode() in read(path)
        assert first == before[:10] and read_open(held) == before and read_open(fresh) == before
        assert mapped[:] == before
    mapped.close()
    os.close(held)
    os.close(fresh)


def test_what_cannot_be_had_anew_is_the_last_good_answer(box, cloud):
    mount = box.mount("tione")
    path = "training/%s/status" % RUNNING
    assert mount.text(path) == "RUNNING"
    cloud.plan("http", status=500)
    refresh(box, mount / path)
    assert mount.text(path) == "RUNNING" and mount.xattr(path, "stale") == "1"


def test_while_somebody_waits_for_the_cloud(box, cloud):
    """A reader that waits for a listing delays neither a refresh of it nor readers of cached names."""
    mount = box.mount("tione", "deadline=30")
    assert mount.text("training/%s/status" % RUNNING) == "RUNNING"
    cloud.plan("half_open", action=LIST)
    reader = subprocess.Popen(["ls", "training"], cwd=mount.path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    change(cloud, Status="FAILED")
    refresh(box, mount / "training", mount / "training" / RUNNING, timeout=5)
    assert mount.text("training/%s/status" % RUNNING) == "FAILED"
    start = time.monotonic()
    reader.send_signal(signal.SIGINT)
    reader.communicate(timeout=10)
    assert time.monotonic() - start < 1


def test_sighup_does_it_for_all(box, cloud, kernel):
    if kernel == "an older kernel" or not KNOWS_EPOCHS:
        pytest.skip("before Linux 6.16 SIGHUP leaves the names that the kernel knows until their time is over")
    mount = box.mount("tione")
    path = "training/%s/status" % RUNNING
    assert mount.text(path) == "RUNNING" and mount.names("training")
    change(cloud, Status="FAILED")
    assert mount.text(path) == "RUNNING"
    mount.signal(signal.SIGHUP)
    wait_until(lambda: mount.text(path) == "FAILED", 3)  # no more than the time a signal takes


# ---- who may, and what is none of ours

def test_only_who_may_read_it(box, cloud):
    box.directory.chmod(0o755)
    mount = box.mount("tione")
    result = box.run("refresh", mount / "training", prefix=NOBODY)
    assert result.returncode == 1 and b"Permission denied" in result.stderr and result.stderr.count(b"\n") == 1
    shared = box.mount("tione", "allow_other", "ttl=600")
    path = shared / "training" / RUNNING / "status"
    assert read(path) == b"RUNNING\n"
    change(cloud, Status="FAILED")
    result = box.run("refresh", path, prefix=NOBODY)
    assert result.returncode == 0, result
    assert read(path) == b"FAILED\n"
    closed = box.mount("tione", "allow_other", "umask=077")
    result = box.run("refresh", closed / "training", prefix=NOBODY)
    assert result.returncode == 1 and b"Permission denied" in result.stderr


def test_a_path_that_leads_nowhere_is_said(box):
    """The refresh makes a call first, because the kernel may have cached a name that is newer than the answer."""
    mount = box.mount("tione")
    for path in "training/train-0", "nothing", "training/train-1/status":
        result = box.run("refresh", mount / path)
        assert result.returncode == 1 and result.stdout == b"" and result.stderr.count(b"\n") == 1
        assert b"/%s: No such file or directory" % path.encode() in result.stderr
    result = box.run("refresh", mount / "training/train-0", mount / "training")
    assert result.returncode == 1 and result.stderr.count(b"\n") == 1


def test_what_is_no_describefs_mount(box, tmp_path):
    mount = box.mount("tione")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file", tmp_path / "pipe", "/proc", "/dev/null", "/dev/tty0"):
        if not os.path.exists(path):
            continue
        result = box.run("refresh", path, timeout=10)
        assert result.returncode == 1 and result.stderr == b"describefs: %s: not in a describefs mount\n" % \
            os.fsencode(path), result
    result = box.run("refresh", tmp_path / "nowhere" / "x", mount / "training", tmp_path / "none")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        b"describefs: %s/nowhere/x: No such file or directory" % os.fsencode(tmp_path),
        b"describefs: %s/none: No such file or directory" % os.fsencode(tmp_path)]


def test_wrong_usage_is_2(box):
    result = box.run("refresh")
    assert result.returncode == 2 and b"PATH is missing" in result.stderr and result.stderr.count(b"\n") == 1


def test_the_mounts_own_texts_are_always_new(box, kernel):
    mount = box.mount("tione")
    refresh(box, mount / "README", mount / ".describefs/status", mount / ".describefs")
    several = box.mount(("tione", "qianfan"))
    refresh(box, several / "tione/README", several / "qianfan/.describefs/errors")


def test_it_stays_read_only(box, cloud):
    mount = box.mount("tione")
    refresh(box, mount.path)
    assert error_of(os.mkdir, mount / "x") == "EROFS"
    assert error_of(os.open, mount / "training" / RUNNING / "status", os.O_WRONLY) == "EROFS"
    assert mount.error("README") == "ok"


def test_other_ioctls_are_none(box, cloud):
    import fcntl
    mount = box.mount("tione")
    for path in (mount / "README", mount / "training"):
        fd = os.open(path, os.O_RDONLY)
        for number in (0x5401, 0xc1185252, 0x80086601):
            assert error_of(fcntl.ioctl, fd, number, bytearray(280)) in ("ENOTTY", "EINVAL", "EOPNOTSUPP")
        os.close(fd)


@pytest.fixture
def askers(tmp_path_factory):
    """Sends so many requests at once; returns (how many refreshed, how many were too early, an errno)."""
    program = tmp_path_factory.mktemp("askers") / "askers"
    subprocess.run(["cc", "-pthread", "-I", str(TOP / "include"), "-o", str(program), str(TOP / "tests/e2e/mount/askers.c")],
                   check=True)
    for directory in (program.parent, *program.parent.parents[:2]):
        directory.chmod(0o755)

    def ask(times, *paths, prefix=()):
        result = subprocess.run([*prefix, str(program), str(times), *map(str, paths)], check=True,
                                stdout=subprocess.PIPE, timeout=60)
        return tuple(map(int, result.stdout.split()))
    return ask


def resident_kib(mount):
    with open("/proc/%d/status" % mount.pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def test_many_at_once_are_a_few(box, askers):
    """A thousand requests for one listing of 20,000: two refreshes, and no list of held ids for each request."""
    box.emulator("--tasks", 20000)
    mount = box.mount("tione", "rate=100000", "ttl=600", binary=PLAIN)
    assert mount.sh("ls -l training | wc -l").strip() == "20002"
    mount.sh("ls -l by-status/training/RUNNING > /dev/null")
    before = resident_kib(mount)
    assert askers(1000, str(mount.path) + "/training/") == (1000, 0, 0)
    assert mount.names(".describefs")
    assert resident_kib(mount) - before < 16 << 10
    # these processes do not perform their tasks, so they are under way until the daemon notices
    done, _, error = askers(64, *(str(mount.path) + "/training/%s/" % synthetic(i) for i in range(64)))
    assert (done, error) == (16, errno.EBUSY)
    wait_until(lambda: box.run("refresh", mount / "training", timeout=20).returncode == 0, 20)


def test_another_user_does_it_once_in_a_term(box, cloud, askers):
    box.directory.chmod(0o755)
    mount = box.mount("tione", "allow_other", "ttl=600")  # no term ends meanwhile
    training, task = str(mount.path) + "/training/", "%s/training/%s/" % (mount.path, RUNNING)
    assert len(mount.names("training")) == 4
    assert askers(1, training, prefix=NOBODY) == (1, 0, 0)
    with cloud.counting() as made:
        for _ in range(5):
            mount.names("training")
            assert askers(1, training, prefix=NOBODY) == (0, 1, 0)
            assert askers(1, task, prefix=NOBODY) == (0, 1, 0)
    assert made == {LIST: 1}
    odd = box.directory / "\033[31m\u202e"  # the line is for a terminal, which must not obey a path
    odd.symlink_to(training)
    result = box.run("refresh", odd, prefix=NOBODY)
    assert result.returncode == 1 and b"try again in " in result.stderr and result.stderr.count(b"\n") == 1
    assert b"/\\x1b[31m\\xe2\\x80\\xae: " in result.stderr
    refresh(box, training)  # the user who mounted it may
    with cloud.counting() as made:
        mount.names("training")
    assert made == {LIST: 1}


def test_it_takes_a_few_messages_however_much_the_kernel_knows(box, kernel):
    """The messages of the verb's own system calls: for a name that the kernel forgets there is only FORGET."""
    box.emulator("--tasks", 200)
    mount, _, said = box.foreground("tione", "rate=10000", "ttl=600", flags=("-f", "-d"), binary=PLAIN)
    mount.sh("find training > /dev/null")
    messages = Messages(said)
    for path in ("training/" + synthetic(7), "training", ""):
        mount.sh("cat training/*/status > /dev/null")
        messages.since()
        refresh(box, str(mount.path) + "/" + path)
        asked = [name for name in messages.since() if name != "FORGET"]
        print(path, *asked)
        assert len(asked) <= 8 and not [name for name in asked if name.startswith("READ")], asked
        with box.cloud.counting() as made:
            mount.sh("cat training/%s/status" % synthetic(7))
        assert sum(made.values()) >= 1


def test_two_thousand_resources_that_the_kernel_knows(box):
    """However much the kernel has cached, a refresh is short and delays no reader."""
    box.emulator("--tasks", 2000)
    mount = box.mount("tione", "rate=10000", "ttl=600", binary=SANITIZED)
    mount.sh("cat training/*/tags/* > /dev/null 2>&1; :")
    start = time.monotonic()
    refresh(box, mount / "training")
    took = time.monotonic() - start
    assert took < 5
    with box.cloud.counting() as made:
        mount.sh("cat training/%s/status" % synthetic(1999))
    assert sum(made.values()) <= 41


def test_a_name_that_cannot_be_checked_is_a_failure(box, cloud):
    """The name is a negative entry of the kernel; after the refresh the cloud has to say whether it exists, and fails."""
    mount = box.mount("tione", "deadline=1")
    assert mount.error("training/train-77/status") == "ENOENT"
    cloud.plan(do="http", status=500)
    result = box.run("refresh", mount / "training/train-77")
    assert result.returncode == 1 and result.stderr.count(b"\n") == 1
    assert b"training/train-77: cannot check whether it exists: Input/output error" in result.stderr
    cloud.clear()
    result = box.run("refresh", "")
    assert result.returncode == 1 and result.stderr.startswith(b'describefs: "": ')


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount another file system inside")
@pytest.mark.parametrize("path, value", [("training/%s" % RUNNING, "FAILED"), ("training", None), ("", None)])
def test_a_mount_inside_the_mount_stays(box, cloud, path, value):
    """The kernel unmounts what lies below a name that it forgets, so such a name is left to expire, and a line says so."""
    mount = box.mount("tione")
    field, inner = "training/%s/status" % RUNNING, mount / "training" / RUNNING / "image_info"
    assert mount.text(field) == "RUNNING"
    subprocess.run(["mount", "-t", "tmpfs", "inner", str(inner)], check=True)
    try:
        (inner / "file").write_text("kept")
        change(cloud, Status="FAILED")
        result = box.run("refresh", mount / path)
        assert result.returncode == 0
        assert b"no Linux can while another file system is mounted inside\n" in result.stderr, result
        assert result.stderr.count(b"\n") == 1
        assert mount.text(field) in ([value] if value else ["RUNNING", "FAILED"])
        mount.names("training")
        assert (inner / "file").read_text() == "kept" and os.path.ismount(inner)
    finally:
        subprocess.run(["umount", str(inner)])
    refresh(box, mount / path)
    assert mount.text(field) == "FAILED"
