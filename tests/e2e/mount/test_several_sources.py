"""Several sources in one mount, a mount with a name in the config file, and status and doctor for them."""
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from harness import APART, KEYS, LAST_RESORT, SANITIZED, TASK, error_of, read, text, timed, wait_until


@pytest.fixture
def cloud(box):
    return box.cloud


@pytest.fixture
def both(box):
    return box.mount(("tione:ap-shanghai", "qianfan"))


def configure(box, words):
    directory = box.home / ".config/describefs"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config").write_text(words)


def test_each_source_is_a_directory_named_as_it_was_written(box, cloud, both):
    assert sorted(os.listdir(both.path)) == ["qianfan", "tione:ap-shanghai"]
    assert sorted(os.listdir(both / "qianfan"))[0] == "README"
    assert cloud.total() == 0
    assert read(both / "tione:ap-shanghai/training" / TASK / "status") and cloud.total() == 1
    listed = os.listdir(both / "qianfan/finetuning")
    assert listed and os.path.isdir(both / "qianfan/finetuning" / listed[0])
    assert both.error("training") == both.error("tione") == both.error(".git") == "ENOENT"
    assert error_of((both / "x").write_text, "x") == "EROFS"


def test_the_directory_above_leads_to_what_each_source_says_of_itself(box, cloud, both):
    above = both / ".describefs"
    assert ".describefs" not in os.listdir(both.path)
    assert sorted(os.listdir(above)) == ["qianfan", "tione:ap-shanghai"]
    for name in os.listdir(above):
        assert os.readlink(above / name) == "../%s/.describefs" % name
        assert os.lstat(above / name).st_size == len(os.readlink(above / name))
        assert os.path.samefile(above / name, both / name / ".describefs")
        assert name.split(":")[0].encode() in read(above / name / "status") and read(above / name / "errors") == b""
    assert both.sh("cat .describefs/*/status | grep -c ^catalog") == "2\n"
    assert both.error(".describefs/status") == both.error(".describefs/x") == "ENOENT"
    assert error_of(os.readlink, above) == "EINVAL" and cloud.total() == 0


def test_nothing_of_two_sources_is_taken_for_one_file(box, cloud):
    """Two accounts with the same resources: inode numbers differ, on which du, tar and find rely."""
    mount = box.mount(("tione", "tione:ap-shanghai"))
    numbers = {}
    for path, directories, files in os.walk(mount.path):
        for name in [*directories, *files]:
            there = os.path.join(path, name)
            assert numbers.setdefault(os.lstat(there).st_ino, there) == there
    assert len(numbers) > 100
    again = box.mount(("tione", "tione:ap-shanghai"))
    for number, there in list(numbers.items())[:200]:
        assert os.lstat(there.replace(str(mount.path), str(again.path))).st_ino == number


def test_a_wrong_key_does_not_disturb_the_others(box, cloud):
    mount = box.mount(("tione", "qianfan"), env={"QIANFAN_SECRET_KEY": "not-the-right-one"})
    box.auth_failures = True
    assert error_of(os.listdir, mount / "qianfan/finetuning") == "EACCES"
    assert TASK in os.listdir(mount / "tione/training")
    assert b"SignatureDoesNotMatch" in read(mount / "qianfan/.describefs/errors")
    assert read(mount / "tione/.describefs/errors") == b""


def test_a_missing_key_is_said_and_comes_later(box, cloud):
    mount = box.mount(("tione", "qianfan"), silent=False,
                    env={"QIANFAN_ACCESS_KEY": None, "QIANFAN_SECRET_KEY": None})
    assert b"qianfan: " in mount.result.stderr and mount.result.stderr.count(b"\n") == 1
    assert error_of(os.listdir, mount / "qianfan/finetuning") == "EACCES"
    assert TASK in os.listdir(mount / "tione/training")
    directory = box.home / ".go-bcecli"
    directory.mkdir()
    file = directory / "credentials"
    file.touch(0o600)
    file.write_text("[Defaults]\nAk = %s\nSk = %s\n" % (KEYS["QIANFAN_ACCESS_KEY"], KEYS["QIANFAN_SECRET_KEY"]))
    wait_until(lambda: error_of(os.listdir, mount / "qianfan/finetuning") == "ok", 15)


def test_no_source_at_all_that_has_a_key_is_no_mount(box):
    nobody = {"QIANFAN_ACCESS_KEY": None, "QIANFAN_SECRET_KEY": None}
    result = box.run("qianfan", "qianfan@work", box.point(), env=nobody)
    assert result.returncode == 1 and result.stderr.splitlines()[-1] == b"describefs: none of the sources has a key"


def test_a_profile_is_no_mount_option(box, cloud):
    tccli = box.home / ".tccli"
    tccli.mkdir()
    for profile in ("a,allow_other", "b+c"):
        file = tccli / (profile + ".credential")
        file.touch(0o600)
        file.write_text('{"secretId": "%s", "secretKey": "%s"}' % (
            KEYS["TENCENTCLOUD_SECRET_ID"], KEYS["TENCENTCLOUD_SECRET_KEY"]))
        mount = box.mount("tione@" + profile)
        with open("/proc/self/mounts") as table:
            line = next(line.split() for line in table if line.split()[1] == str(mount.path))
        assert line[0] == "tione@" + profile and "allow_other" not in line[3].split(",")
        rows = box.run("status").stdout.decode().splitlines()
        assert any(row.startswith("%s\ttione@%s\t0\t" % (mount.path, profile)) for row in rows), rows


def test_each_has_a_rate_of_its_own(box, cloud):
    mount = box.mount(("tione", "tione:ap-shanghai"), "rate=1", "deadline=1")
    assert read(mount / "tione/training" / TASK / "status")
    assert read(mount / "tione:ap-shanghai/training" / TASK / "status")
    assert cloud.total() == 2


def test_a_pin_is_for_whoever_has_such_a_kind(box, cloud):
    mount = box.mount(("tione", "qianfan"), "pin=models/m-1")
    assert "m-1" in os.listdir(mount / "tione/models")
    refused = box.run("-o", "endpoint=%s,pin=nothing/1" % cloud.url, "tione", "qianfan", box.point())
    assert refused.returncode == 1 and b"nothing" in refused.stderr


def test_the_verbs_walk_several_too(box, cloud):
    configure(box, "[work]\nsource = tione qianfan\nendpoint = %s\n" % cloud.url)
    assert box.run("ls", "work").stdout.split() == [b"qianfan", b"tione"]
    assert box.run("cat", "work", "/tione/training/%s/status" % TASK).stdout
    wrong = box.run("cat", "work", "/training/%s/status" % TASK)
    assert wrong.returncode == 1 and b"No such file" in wrong.stderr


def test_a_named_mount(box, cloud):
    configure(box, "ttl = 3600\n[work]\nsource = tione\nmountpoint = ~/cloud\nendpoint = %s\n" % cloud.url)
    point = box.home / "cloud"
    point.mkdir()
    result = box.run("work")
    assert (result.returncode, result.stderr) == (0, b"")
    try:
        assert TASK in os.listdir(point / "training")
    finally:
        subprocess.run(["fusermount3", "-u", str(point)], check=True)
    assert TASK in os.listdir(box.mount("work") / "training")
    configure(box, "[work]\nsource = tione\nmountpoint = ~/cloud\nrat = 5\n")
    wrong = box.run("work")
    assert wrong.returncode == 2 and b"config:4: unknown name rat: did you mean rate?" in wrong.stderr


def test_a_refresh_of_all(box, cloud, both):
    there = both / "tione:ap-shanghai/training" / TASK / "status"
    before = text(there)
    cloud.set("training", TASK, Status="STOPPED" if before != "STOPPED" else "FAILED")
    assert text(there) == before
    assert box.run("refresh", both.path).returncode == 0
    assert text(there) != before


# ---- status and doctor

def test_status_has_a_line_for_each_source(box, cloud, both):
    single = box.mount("tione")
    read(single / "training" / TASK / "status")
    lines = box.run("status").stdout.decode().splitlines()
    assert lines[0].split("\t")[:5] == ["MOUNT", "SOURCE", "CALLS", "HITS", "ERRORS"]
    rows = {tuple(line.split("\t")[:2]): line.split("\t")[2:] for line in lines[1:]}
    assert rows[str(single.path), "tione"][0] == "1"
    assert re.fullmatch(r"\d+s", rows[str(single.path), "tione"][3])
    assert rows[str(both.path), "qianfan"][0] == "0" and rows[str(both.path), "qianfan"][3] == "never"
    assert (str(both.path), "tione:ap-shanghai") in rows
    named = box.mount(("tione", "qianfan"), "fsname=x")
    assert b"\n%s\ttione\t" % bytes(named.path) in box.run("status").stdout


def test_status_and_doctor_are_not_held_up_by_a_mount_that_is_stopped_or_dead(box, cloud):
    stopped, dead = box.mount("tione"), box.mount("tione")
    box.auth_failures = True  # the doctor's first question is not signed
    os.kill(dead.pid, signal.SIGKILL)
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        result = box.run("status", timeout=20)
        said = result.stdout.decode()
        assert result.returncode == 1
        assert re.search(r"^%s\ttione\tdead: .*fusermount3 -u " % dead.path, said, re.M)
        assert re.search(r"^%s\ttione\tdoes not answer" % stopped.path, said, re.M)
        said = box.run("doctor", "-o", "endpoint=" + cloud.url, "tione", timeout=30).stdout.decode()
        assert re.search(r"^problem +mount +%s is dead" % dead.path, said, re.M)
        assert re.search(r"^problem +mount +%s does not answer" % stopped.path, said, re.M)
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
        subprocess.run(["umount", "-l", str(dead.path)], check=False)
        box.mounts.remove(dead)


HOSTILE = pathlib.Path(__file__).with_name("hostile.py")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount what is served by hand")
@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_status_and_doctor_trust_no_mount_that_they_ask(box, cloud, verb):
    """Links, a pipe, a device, an endless file, a byte a second, a hang that SIGKILL does not end: one time limit for all."""
    box.auth_failures = True
    directory = box.directory / "hostile"
    directory.mkdir()
    options = ["-o", "endpoint=" + cloud.url, "tione"] if verb == "doctor" else []
    took, result = timed(lambda: subprocess.run(
        [*APART, sys.executable, str(HOSTILE), str(directory), str(SANITIZED), verb, *options],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=LAST_RESORT, env=box.environment()))
    said = result.stdout.decode()
    assert result.returncode == 1 and not result.stderr, result
    for malice in ("link", "pipe", "device", "directory", "endless"):
        assert re.search(r"%s/%s\b.*does not answer as describefs does" % (directory, malice), said), said
    for malice in ("slow", "silent"):
        assert re.search(r"%s/%s\b.*does not answer(:|$)" % (directory, malice), said, re.M), said
    assert "root:" not in said and took < 5 + 20, took  # seven mounts cost the time of one


def test_a_mount_that_another_covers_is_not_asked(box, cloud):
    mount = box.mount("tione")
    subprocess.run(["mount", "-t", "tmpfs", "none", str(mount.path)], check=True)
    try:
        (mount / ".describefs").mkdir()
        (mount / ".describefs" / "metrics").write_text("describefs_calls_total 77\n")
        said = box.run("status").stdout.decode()
        assert re.search(r"^%s\ttione\tanother mount covers it$" % mount.path, said, re.M) and "77" not in said
    finally:
        subprocess.run(["umount", str(mount.path)], check=True)


def test_doctor_makes_one_signed_call_a_source(box, cloud):
    box.auth_failures = True
    result = box.run("doctor", "-o", "endpoint=" + cloud.url, "tione")
    assert re.search(rb"^ok +call +DescribeTrainingTasks succeeded$", result.stdout, re.M), result.stdout
    assert result.returncode == 0
    result = box.run("doctor", "-o", "endpoint=" + cloud.url, "tione", env={"TENCENTCLOUD_SECRET_KEY": "wrong"})
    assert re.search(rb"^problem +call +DescribeTrainingTasks .*AuthFailure.SignatureFailure", result.stdout, re.M)
    assert result.returncode == 1 and b"\033[" not in result.stdout + result.stderr
