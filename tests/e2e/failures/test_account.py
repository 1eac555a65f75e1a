"""A: the account: the clouds' error codes, keys that change or expire, wrong clocks."""
import concurrent.futures
import errno
import json
import os
import re
import subprocess
import sys
import time

import pytest

from harness import (KEYS, NOTEBOOK, PLAIN, TASK, TOP, error_of, forget_all, mounts_below, synthetic, timed,
                     wait_until, xattr)

sys.path.append(str(TOP / "tests" / "lint"))
import checks  # noqa: E402

STATUS = "training/%s/status" % TASK
NAME = "notebooks/%s/name" % NOTEBOOK
ONE, LIST = "DescribeTrainingTask", "DescribeTrainingTasks"


def errno_of_fault():
    """The errors of describefs(1): {name of the cause: errno}."""
    return {name: getattr(errno, number) for number, names, *_ in checks.manual_errors(TOP) for name in names}


def codes_in(path, pattern):
    """(code, name of its cause) as the unit tests have them, by hand from the contract."""
    found = re.findall(pattern, (TOP / path).read_text())
    return [(code, fault.lower().replace("_", "-")) for code, fault in found]


def test_A01_every_code_of_both_clouds_is_its_errno(box):
    """All codes at once, each in a process of its own, so that no code affects another one."""
    tencent = codes_in("tests/unit/provider/tencent_codes.h", r'\{ "([^"]+)", ERR_(\w+) \}')
    baidu = codes_in("tests/unit/provider/test_provider_baidu.c", r"\{ (-?\d+), ERR_(\w+) \}")
    assert len(tencent) > 186 and len(baidu) > 30
    cloud, expected, runs = box.cloud, errno_of_fault(), []
    for i, (code, fault) in enumerate(tencent):
        cloud.plan("error", action=ONE, id=synthetic(i), code=code, message="said of %d" % i)
        runs.append((code, fault, "tione", "training/%s/status" % synthetic(i)))
    for i, (code, fault) in enumerate(baidu):
        cloud.plan("error", action="jobDetail", id="1/%d" % (1000 + i), code=int(code), message="said of %d" % i)
        runs.append((code, fault, "qianfan", "training/1/jobs/%d/status" % (1000 + i)))
    options = "endpoint=%s,deadline=1" % cloud.url

    def run(code, fault, source, path):
        said = box.run("cat", "-o", options, source, path, binary=PLAIN).stderr.decode()
        # the id came from the path, so a refused parameter is the reader's mistake
        return code, fault, said, expected["name" if fault == "parameter" else fault]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda row: run(*row), runs))
    wrong = [(code, fault, said) for code, fault, said, error in results if os.strerror(error) not in said]
    assert not wrong
    tries = {}
    for line in cloud.log_lines():
        tries[line["id"]] = tries.get(line["id"], 0) + 1
    assert 3 < max(tries.values()) <= 12  # as often as fit into a second, with sleeps that grow
    once = {"key", "denied", "not-found", "unsupported", "parameter", "too-big"}
    many = [(code, fault) for i, (code, fault) in enumerate(tencent) if fault in once and tries[synthetic(i)] > 1]
    assert not many


@pytest.mark.parametrize("code, errors", [
    ("ResourceNotFound.Xyz", {"ENOENT"}), ("AuthFailure.Xyz", {"EACCES"}), ("UnauthorizedOperation.Xyz", {"EACCES"}),
    ("LimitExceeded.Xyz", {"EBUSY"}), ("", {"EIO", "EBADMSG"}), ("x" * 10240, {"EIO"}),
    ("Bad\x1b[2J\nCode\u009b", {"EIO"}), ("InternalError\u202e", {"EIO"}),
])
def test_A02_a_code_that_nobody_knows_goes_by_its_beginning_and_is_shown_clean(box, cloud, code, errors):
    mount = box.mount("tione", "deadline=3")
    cloud.plan("error", action=ONE, code=code, message="of\u001b]52;c;x\u0007\nit")
    assert mount.error(STATUS) in errors
    lines = mount.read(".describefs/errors").decode().splitlines()
    assert lines and all(len(line.split("\t")) == 6 and len(line) < 2000 for line in lines)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", "".join(lines))


def test_A03_no_permission_for_one_action_shuts_one_directory_only(box, cloud):
    mount = box.mount("tione", "ttl=1")
    cloud.plan("error", action="DescribeNotebooks", code="UnauthorizedOperation.CamNoAuth")
    for _ in range(20):
        assert error_of(os.listdir, mount / "notebooks") == "EACCES"
        assert mount.text(STATUS) == "SUCCEED" and mount.names("training") == [TASK]
    assert cloud.calls()["DescribeNotebooks"] <= 2  # a refusal is held for 5 s


# promise: 2
def test_A04_what_may_not_be_read_any_more_is_dropped(box, cloud):
    mount = box.mount("tione", "ttl=1", "deadline=2")
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan("error", code="UnauthorizedOperation")
    start = time.monotonic()
    wait_until(lambda: mount.error(STATUS) == "EACCES", 6)
    assert time.monotonic() - start < 5  # the TTL, a second, and a busy machine
    cloud.clear()
    cloud.kill()
    # an outage would show the last good answer, but that was dropped
    wait_until(lambda: mount.error(STATUS) == "ECONNREFUSED", 9, "the end of the refusal that is held")


@pytest.mark.parametrize("code", ["AuthFailure.SecretIdNotFound", "AuthFailure.SignatureFailure"])
def test_A05_a_key_that_is_refused_leaves_what_is_known(box, code):
    cloud = box.emulator("--tasks", 5)
    mount = box.mount("tione", "ttl=1", "deadline=3")
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan("error", code=code)
    time.sleep(1.1)
    for _ in range(10):
        assert mount.text(STATUS) == "SUCCEED"
    assert xattr(mount / STATUS, "stale") == "1"
    assert [mount.error("training/%s/status" % synthetic(i)) for i in range(5)] == ["EACCES"] * 5
    assert cloud.total() <= 1 + 4 + 5  # nothing is tried again; a refusal of the known one is held for 1 s


@pytest.mark.parametrize("offset, extra", [(0, 0), (240, 0), (-240, 0), (3600, 1), (-3600, 1), (90000, 1), (-90000, 1)])
# promise: 6
def test_A06_a_clock_that_is_wrong_costs_one_call_for_ever(box, offset, extra):
    box.auth_failures = True
    cloud = box.emulator("--clock-offset", offset)
    mount = box.mount("tione", "ttl=1")
    for path, value in [(STATUS, "SUCCEED"), (NAME, "notebook-test")] * 2:
        assert mount.text(path) == value
    time.sleep(1.1)
    assert mount.text(STATUS) == "SUCCEED"
    assert cloud.counts()["by_verdict"].get("AuthFailure.SignatureExpire", 0) == extra
    assert cloud.total() == 3 + extra


@pytest.mark.parametrize("date", ["", "garbage", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2099 00:00:00 GMT"])
def test_A07_a_date_that_explains_nothing_makes_no_loop(box, date):
    box.auth_failures = True
    cloud = box.emulator("--clock-offset", 3600)
    cloud.plan("date_offset", date=date)
    mount = box.mount("tione", "deadline=3")
    assert mount.error(STATUS) == "EACCES"
    assert cloud.total() <= 2
    assert "SignatureExpire" in mount.read(".describefs/errors").decode()
    cloud.clear()
    wait_until(lambda: mount.error(STATUS) == "ok", 5, "an answer with a Date that is right")


@pytest.mark.parametrize("step", [3600, -3600, 31536000, -31536000])
# promise: 6
def test_A08_a_step_of_the_wall_clock_changes_nothing(box, cloud, preload, step):
    """Sets the wall clock of the daemon alone (tests/e2e/failures/clock.c)."""
    box.auth_failures = True  # until the new offset is learned
    clock = box.directory / "clock"
    clock.write_bytes(bytes(8))
    mount = box.mount("tione", "ttl=600", "deadline=3", binary=PLAIN,
                      env={"LD_PRELOAD": preload("clock"), "FAULT_CLOCK": clock})
    assert mount.text(STATUS) == "SUCCEED"
    with open(clock, "r+b") as file:
        file.write(step.to_bytes(8, "little", signed=True))
    with cloud.counting() as made:
        forget_all(mount.path)
        assert mount.text(STATUS) == "SUCCEED"
    assert made == {}  # a TTL is no matter of the wall clock
    took, value = timed(mount.text, NAME)
    assert value == "notebook-test" and took < 3
    assert cloud.counts()["by_verdict"] == {"ok": 2, "AuthFailure.SignatureExpire": 1}


# ---- keys that change


@pytest.fixture
def keyed(box, cloud, request):
    """A mount whose key, with a token, is in tccli's file: (mount, function that writes the file)."""
    box.auth_failures = True
    directory = box.home / ".tccli"
    directory.mkdir()
    path = directory / "default.credential"
    key = {"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"]}

    def write(token, way="rename"):
        box.secrets = [*getattr(box, "secrets", []), token]
        new = directory / "new"
        text = json.dumps({**key, "token": token})
        if way == "rename":
            new.write_text(text)
            new.chmod(0o600)
            new.rename(path)
        else:  # in place
            path.write_text(text)

    write("token-of-the-test-0")
    cloud.control("rotate", {"token": "token-of-the-test-0"})
    mount = box.mount("tione", "ttl=%d" % getattr(request, "param", 1), "deadline=3", env=dict.fromkeys(KEYS))
    assert mount.text(STATUS) == "SUCCEED"
    return mount, write, path


@pytest.mark.parametrize("keyed", [0], indirect=True)
# promise: 6
def test_A09_twenty_rotations_and_no_failed_read(box, cloud, keyed):
    """tccli writes the new key before the old one ends. When the cloud refuses the old one, the file is read once."""
    mount, write, _ = keyed
    for i in range(1, 21):
        write("token-of-the-test-%d" % i, "rename" if i % 2 else "in place")
        cloud.control("rotate", {"token": "token-of-the-test-%d" % i})
        assert mount.text(STATUS) == "SUCCEED"
    verdicts = cloud.counts()["by_verdict"]
    # the daemon notices a changed file before the call, so usually no call is refused
    assert verdicts.pop("AuthFailure.TokenFailure", 0) <= 20 and set(verdicts) == {"ok"}


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "a page", "0644", "FIFO", "1 GB", "a loop", "a directory",
                                 "another key"])
def test_A10_A11_a_key_file_that_is_bad_keeps_the_old_key_and_its_answers(box, cloud, keyed, how):
    """The cloud refuses the token and there is no better one: what is known stays, what is not is EACCES.
    (A10 as far as keys are files; test_keys.py has the services.)"""
    mount, write, path = keyed
    cloud.control("rotate", {"token": "token-of-the-test-1"})
    break_file(path, how)
    time.sleep(1.1)
    took, value = timed(mount.text, STATUS)
    assert value == "SUCCEED" and took < 2
    took, error = timed(mount.error, NAME)
    assert error == "EACCES" and took < 2
    assert how != "gone" or "the key has disappeared; looked at: " in mount.read(".describefs/errors").decode()
    assert cloud.total() <= 6
    repair_file(path, how)
    write("token-of-the-test-1")
    wait_until(lambda: mount.error(NAME) == "ok", 8, "the new key")


def break_file(path, how):
    text = path.read_text()
    path.unlink()
    if how == "empty":
        path.write_text("")
    elif how == "cut":
        path.write_text(text[:-9])
    elif how == "a page":
        path.write_text("<html>Sign in</html>")
    elif how == "0644":
        path.write_text(text)
    elif how == "FIFO":
        os.mkfifo(path, 0o600)
    elif how == "1 GB":
        with open(path, "wb") as file:
            file.truncate(1 << 30)
    elif how == "a loop":
        path.symlink_to(path.name)
    elif how == "a directory":
        path.mkdir()
    elif how == "another key":
        path.write_text('{"secretId": "AKIDANOTHER", "secretKey": "another", "token": "another"}')
    if how in ("empty", "cut", "a page", "1 GB", "another key"):
        path.chmod(0o600)


def repair_file(path, how):
    if how == "a directory":
        path.rmdir()


def test_A12_two_accounts_and_two_clocks_side_by_side(box):
    box.auth_failures = True
    box.secrets = ["TheOtherSecretKey0123456789"]
    one = box.emulator("--clock-offset", 7200)
    two = box.emulator("--secret-id", "AKIDOTHER", "--secret-key", "TheOtherSecretKey0123456789", "--clock-offset", -7200)
    other = {"TENCENTCLOUD_SECRET_ID": "AKIDOTHER", "TENCENTCLOUD_SECRET_KEY": "TheOtherSecretKey0123456789"}
    mounts = [box.mount("tione", "ttl=1", endpoint=one.url),
              box.mount("tione", "ttl=1", endpoint=two.url, env=other)]
    two.set("training", TASK, Status="FAILED")
    for _ in range(2):
        assert [mount.text(STATUS) for mount in mounts] == ["SUCCEED", "FAILED"]
        time.sleep(1.1)
    one.kill()
    assert mounts[0].text(STATUS) == "SUCCEED" and xattr(mounts[0] / STATUS, "stale") == "1"
    assert mounts[1].text(STATUS) == "FAILED" and xattr(mounts[1] / STATUS, "stale") == "0"
    for cloud in (one, two):
        verdicts = [line["verdict"] for line in cloud.log_lines()]
        assert verdicts.count("AuthFailure.SignatureExpire") == 1 and set(verdicts) == {"AuthFailure.SignatureExpire", "ok"}


@pytest.mark.parametrize("code", ["UnsupportedRegion", "NoSuchVersion", "InvalidAction", "ActionOffline"])
def test_A13_what_is_not_offered_is_not_asked_for_again(box, cloud, code):
    mount = box.mount("tione", "ttl=1")
    cloud.plan("error", action=LIST, code=code)
    for _ in range(4):
        assert error_of(os.listdir, mount / "training") == "EOPNOTSUPP"
        time.sleep(0.4)
    assert cloud.calls() == {LIST: 1}
    assert mount.text(STATUS) == "SUCCEED"  # another action


def test_A13_a_region_that_is_none_is_refused(box, cloud):
    mount = box.mount("tione:mars-1")
    assert mount.error(STATUS) == "EOPNOTSUPP" and cloud.total() == 1
    assert mounts_below(mount.path)
    subprocess.run(["stat", str(mount.path)], stdout=subprocess.DEVNULL, check=True)
