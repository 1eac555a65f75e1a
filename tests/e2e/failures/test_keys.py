"""K: keys that a service issues (for a role, a machine or a pod), and the places where keys are found."""
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

from harness import (APART, KEYS, NOTEBOOK, PLAIN, TASK, error_of, mounts_below, synthetic, timed, wait_until, xattr)

STATUS = "training/%s/status" % TASK
NAME = "notebooks/%s/name" % NOTEBOOK
ROLE = "qcs::cam::uin/1:roleName/reader"
IDENTITY = "canary-identity-0123456789"
NO_KEYS = dict.fromkeys(KEYS)
BASE = {name: value for name, value in KEYS.items() if name.startswith("TENCENT")}
AS_ROLE = {"TENCENTCLOUD_ROLE_ARN": ROLE, "TENCENTCLOUD_ROLE_SESSION_NAME": "describefs-test"}
ASKED = ("AssumeRole", "AssumeRoleWithWebIdentity", "MetadataRole", "MetadataKey")


@pytest.fixture(autouse=True)
def watched(box):
    """No issued key, and no token that it was issued for, may appear anywhere (I7, conftest.py)."""
    box.secrets = ["canary-lent-", IDENTITY]


def keys(cloud, **who):
    cloud.control("keys", who)


def services(cloud):
    return "metadata=" + cloud.url, "sts=" + cloud.url


def write(box, name, text, mode=0o600):
    path = box.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name("new")
    new.write_text(text if isinstance(text, str) else json.dumps(text))
    new.chmod(mode)
    new.rename(path)
    return path


def asked(cloud):
    """How many requests for a key were made."""
    return {action: n for action, n in cloud.calls().items() if action in ASKED}


def cluster(box, cloud, **who):
    token = write(box, "k8s/token", IDENTITY, 0o644)
    keys(cloud, provider="cls-1", identity=IDENTITY, identity_role="qcs::tke", **who)
    return {"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "cls-1", "TKE_ROLE_ARN": "qcs::tke",
            "TKE_WEB_IDENTITY_TOKEN_FILE": token}


# ---- each way to a key

def by_environment(box, cloud):
    keys(cloud, role_arn=ROLE, base_only=True)
    return {**NO_KEYS, **BASE, **AS_ROLE}, {"AssumeRole": 1}


def by_profile(box, cloud):
    keys(cloud, role_arn=ROLE, base_only=True)
    write(box, ".tccli/default.credential", {
        "secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"], "role-arn": ROLE,
        "role-session-name": "me.too"})
    return NO_KEYS, {"AssumeRole": 1}


def by_sdk_file_and_role(box, cloud):
    keys(cloud, role_arn=ROLE, base_only=True)
    write(box, ".tencentcloud/credentials", "[default]\nsecret_id = %s\nsecret_key = %s\n" % tuple(BASE.values()))
    return {**NO_KEYS, **AS_ROLE}, {"AssumeRole": 1}


def by_machine_named(box, cloud):
    keys(cloud, machine_role="my-role")
    write(box, ".tccli/default.credential", {"type": "cvm-role"})
    return NO_KEYS, {"MetadataRole": 1, "MetadataKey": 1}


def by_machine_found(box, cloud):
    keys(cloud, machine_role="my-role")
    return NO_KEYS, {"MetadataRole": 2, "MetadataKey": 1}  # whether it is one is asked at the mount


def by_cluster(box, cloud):
    return {**NO_KEYS, **cluster(box, cloud)}, {"AssumeRoleWithWebIdentity": 1}


WAYS = [by_environment, by_profile, by_sdk_file_and_role, by_machine_named, by_machine_found, by_cluster]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__[3:])
def test_K01_each_way_to_a_key_is_gone_once_and_by_the_first_reader(box, cloud, way):
    env, expected = way(box, cloud)
    mount = box.mount("tione", *services(cloud), env=env)
    mount.names()
    before = asked(cloud)
    assert before in ({}, {"MetadataRole": 1}) and (not before or way is by_machine_found)
    assert mount.text(STATUS) == "SUCCEED" and mount.text(NAME) == "notebook-test" and mount.names("training") == [TASK]
    assert asked(cloud) == expected
    assert set(cloud.counts()["by_verdict"]) == {"ok"}
    assert "\nkey until       20" in mount.read(".describefs/status").decode()


def test_K02_a_thousand_readers_ask_once(box, readers):
    cloud = box.emulator("--tasks", 20)
    env, _ = by_environment(box, cloud)
    cloud.latency(300)
    mount = box.mount("tione", *services(cloud), env=env)
    paths = [mount / ("training/%s/status" % synthetic(i % 20)) for i in range(1000)]
    result = json.loads(subprocess.run([str(readers)], input="\n".join(map(str, paths)), text=True,
                                       stdout=subprocess.PIPE, check=True, timeout=60).stdout)
    assert result["errors"] == {"0": 1000} and asked(cloud) == {"AssumeRole": 1}


def test_K03_a_source_that_nobody_enters_costs_nothing(box, cloud):
    env, _ = by_environment(box, cloud)
    mount = box.mount("tione", *services(cloud), env=env)
    mount.names()
    mount.read("README")
    mount.read(".describefs/status")
    assert cloud.total() == 0


# ---- renewal

@pytest.mark.parametrize("way", [by_environment, by_machine_named, by_cluster], ids=lambda way: way.__name__[3:])
# promise: 6
def test_K04_no_read_fails_while_keys_end_and_are_renewed(box, cloud, way):
    env, _ = way(box, cloud)
    keys(cloud, life=4)
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env)
    end, errors, reads = time.monotonic() + 13, [], 0
    while time.monotonic() < end:
        errors += [error for error in [mount.error(STATUS)] if error != "ok"]
        reads += 1
        time.sleep(0.05)
    assert not errors and reads > 20
    lent = asked(cloud)
    times = max(lent.values())
    assert 3 <= times <= 40, lent  # some for each life of four seconds, and not one for each read
    refused = cloud.counts()["by_verdict"].get("AuthFailure.TokenFailure", 0)
    assert refused == 0


def test_K05_after_a_pause_longer_than_its_life_the_first_reader_asks_and_nobody_before(box, cloud):
    env, _ = by_environment(box, cloud)
    keys(cloud, life=2)
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env)
    assert mount.text(STATUS) == "SUCCEED"
    total = cloud.total()
    time.sleep(3)
    assert cloud.total() == total
    assert mount.text(STATUS) == "SUCCEED"
    assert set(cloud.counts()["by_verdict"]) == {"ok"}


@pytest.mark.parametrize("way", [by_environment, by_machine_named], ids=lambda way: way.__name__[3:])
def test_K06_a_key_that_is_revoked_is_replaced_without_a_failed_read(box, cloud, way):
    box.auth_failures = True
    env, _ = way(box, cloud)
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env)
    for _ in range(2):
        assert mount.text(STATUS) == "SUCCEED"
        time.sleep(5.2)  # one that was given just now is not asked for again
        keys(cloud, revoke=True)
        assert mount.text(STATUS) == "SUCCEED"
    assert cloud.counts()["by_verdict"]["AuthFailure.TokenFailure"] == 2


def test_K07_the_role_of_another_profile_is_taken_when_the_file_changes(box, cloud):
    box.auth_failures = True
    env, _ = by_profile(box, cloud)
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env)
    assert mount.text(STATUS) == "SUCCEED"
    keys(cloud, role_arn="qcs::other")
    write(box, ".tccli/default.credential", {
        "secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"],
        "role-arn": "qcs::other", "role-session-name": "me"})
    assert mount.text(STATUS) == "SUCCEED"
    assert [line["id"] for line in cloud.log_lines() if line["action"] == "AssumeRole"] == [ROLE, "qcs::other"]


@pytest.mark.parametrize("offset", [90000, -90000])
# promise: 6
def test_K08_a_clock_that_is_wrong_is_learned_from_whom_it_asks_first(box, offset):
    box.auth_failures = True
    cloud = box.emulator("--clock-offset", offset)
    env, _ = by_environment(box, cloud)
    mount = box.mount("tione", *services(cloud), env=env)
    assert mount.text(STATUS) == "SUCCEED" and mount.text(NAME) == "notebook-test"
    assert cloud.counts()["by_verdict"] == {"AuthFailure.SignatureExpire": 1, "ok": 3}


# ---- failures

@pytest.mark.parametrize("how, errors", [
    (dict(role_arn="qcs::another"), "EACCES"), (dict(role_arn=None), "EACCES"),
])
def test_K09_a_role_that_is_refused_is_EACCES_and_says_why(box, cloud, how, errors):
    env, _ = by_environment(box, cloud)
    keys(cloud, **how)
    mount = box.mount("tione", "deadline=3", *services(cloud), env=env)
    for _ in range(5):
        assert mount.error(STATUS) == errors
    assert error_of(os.listdir, mount / "training") == errors
    assert asked(cloud)["AssumeRole"] <= 2  # a refusal answers for itself for a moment
    assert "\t(key)\tEACCES\tResourceNotFound.RoleNotFound\t" in mount.read(".describefs/errors").decode()
    keys(cloud, role_arn=ROLE)
    wait_until(lambda: mount.error(STATUS) == "ok", 10, "a role that may be taken")


@pytest.mark.parametrize("way, plan, error", [
    (by_environment, dict(do="http", status=503), "EIO"), (by_machine_named, dict(do="http", status=404), "EACCES"),
    (by_environment, dict(do="body", body="<html>"), "EBADMSG"), (by_machine_named, dict(do="body", body="<html>"), "EBADMSG"),
    (by_environment, dict(do="half_open"), "ETIMEDOUT"), (by_machine_named, dict(do="half_open"), "ETIMEDOUT"),
    (by_environment, dict(do="redirect", location="http://example.com/"), "EPROTO"),
    (by_environment, dict(do="error", code="UnauthorizedOperation"), "EACCES"),
    (by_environment, dict(do="error", code="ResourceNotFound"), "EACCES"),
])
# promise: 3
def test_K10_who_gives_no_key_is_never_the_resources_fault(box, cloud, way, plan, error):
    env, _ = way(box, cloud)
    keys(cloud, life=2)
    mount = box.mount("tione", "ttl=1", "deadline=3", *services(cloud), env=env)
    assert mount.text(STATUS) == "SUCCEED"
    for action in ASKED:
        cloud.plan(action=action, **plan)
    time.sleep(2.2)  # the key has ended: what is known stays, what is not is the service's cause
    took, value = timed(mount.text, STATUS)
    assert value == "SUCCEED" and took < 4 and xattr(mount / STATUS, "stale") == "1"
    took, said = timed(mount.error, NAME)
    assert said == error and took < 4
    assert "\t(key)\t%s\t" % error in mount.read(".describefs/errors").decode()
    cloud.clear()
    wait_until(lambda: mount.error(NAME) == "ok", 12, "a key")


def test_K11_a_service_that_is_gone_is_the_networks_cause(box, cloud):
    env, _ = by_environment(box, cloud)
    mount = box.mount("tione", "deadline=3", "sts=http://127.0.0.1:1", env=env)
    assert mount.error(STATUS) == "ECONNREFUSED"
    assert cloud.total() == 0


@pytest.mark.parametrize("how", ["gone", "no role", "silent", "a page"])
def test_K12_on_a_machine_without_a_role_a_mount_says_at_once_what_to_do(box, cloud, how):
    box.auth_failures = True  # doctor asks the endpoint a bare question
    metadata = "metadata=" + cloud.url
    if how == "gone":
        metadata = "metadata=http://127.0.0.1:1"
    elif how == "silent":
        cloud.plan("half_open")
    elif how == "a page":
        cloud.plan("body", body="<html>Sign in to this network</html>")
    point = box.point()
    took, result = timed(lambda: box.run("-o", "endpoint=%s,%s" % (cloud.url, metadata), "tione", point, env=NO_KEYS))
    said = result.stderr.decode()
    assert result.returncode == 1 and said.count("\n") == 1 and not mounts_below(point) and took < 5
    assert "no key: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run `tccli configure`" in said
    assert "describefs doctor tione" in said and ".tencentcloud" not in said  # the two usual ways; doctor has the rest
    doctor = box.run("doctor", "-o", "endpoint=%s,%s" % (cloud.url, metadata), "tione", env=NO_KEYS).stdout.decode()
    line = re.search(r"^problem +key .*", doctor, re.M)[0]
    for words in ("TENCENTCLOUD_SECRET_ID", ".tccli/default.credential", ".tencentcloud/credentials",
                  "/etc/tencentcloud/credentials", "TKE_ROLE_ARN", "machine", "tccli configure"):
        assert words in line, line


def test_K13_a_clusters_token_is_read_again_for_each_question(box, cloud):
    env = {**NO_KEYS, **cluster(box, cloud, life=3)}
    box.secrets.append("canary-renewed")
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env)
    assert mount.text(STATUS) == "SUCCEED"
    keys(cloud, identity="canary-renewed")
    write(box, "k8s/token", "canary-renewed", 0o644)
    time.sleep(3.2)
    assert mount.text(STATUS) == "SUCCEED"
    assert set(cloud.counts()["by_verdict"]) == {"ok"}


# ---- keys of other tools, and Baidu's

@pytest.mark.parametrize("kind", ["oauth", "sso"])
def test_K14_a_lent_key_that_has_ended_says_to_run_tccli(box, cloud, kind):
    box.auth_failures = True
    lent = {"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"],
            "token": "lent-1", "type": kind}
    write(box, ".tccli/default.credential", {**lent, "expiresAt": int(time.time()) - 1})
    result = box.run("-o", "endpoint=" + cloud.url, "tione", box.point(), env=NO_KEYS)
    assert result.returncode == 1 and b"run tccli" in result.stderr and result.stderr.count(b"\n") == 1
    cloud.control("rotate", {"token": "lent-1"})
    write(box, ".tccli/default.credential", {**lent, "expiresAt": int(time.time()) + 2})
    mount = box.mount("tione", "ttl=0", "deadline=3", env=NO_KEYS)
    assert mount.text(STATUS) == "SUCCEED"
    cloud.control("rotate", {"token": "lent-2"})
    time.sleep(2.5)
    assert mount.error(NAME) == "EACCES"
    assert "run tccli" in mount.read(".describefs/errors").decode()
    write(box, ".tccli/default.credential", {**lent, "token": "lent-2", "expiresAt": int(time.time()) + 600})
    wait_until(lambda: mount.error(NAME) == "ok", 8, "the key that tccli renewed")


def test_K15_baidus_dotenv_file_of_the_directory_we_were_started_in(box, cloud):
    """The daemon's working directory is / by then. The next call uses a key that has changed in the file."""
    box.auth_failures = True
    run = "training/1/jobs/1/status"
    work = box.home / "work"
    write(box, "work/.env", "# mine\nexport QIANFAN_ACCESS_KEY=%s\nQIANFAN_SECRET_KEY='%s'\n" % (
        KEYS["QIANFAN_ACCESS_KEY"], KEYS["QIANFAN_SECRET_KEY"]))
    mount = box.mount("qianfan", "ttl=0", env=NO_KEYS, cwd=work)
    assert os.readlink("/proc/%d/cwd" % mount.pid) == "/" and mount.text(run)
    new = cloud.control("rotate", {"access_key": "ALTAKnew", "access_secret": "canary-new-secret"})
    box.secrets.append("canary-new-secret")
    assert new
    write(box, "work/.env", "QIANFAN_ACCESS_KEY=ALTAKnew\nQIANFAN_SECRET_KEY=canary-new-secret\n")
    assert mount.text(run)
    assert set(cloud.counts()["by_verdict"]) == {"ok"}


def test_K16_bcecmds_key_with_its_session_token(box):
    box.secrets.append("canary-session")
    cloud = box.emulator("--session-token", "canary-session")
    write(box, ".go-bcecli/credentials", "[Defaults]\nAk = %s\nSk = %s\nSts = canary-session\n" % (
        KEYS["QIANFAN_ACCESS_KEY"], KEYS["QIANFAN_SECRET_KEY"]))
    mount = box.mount("qianfan", env=NO_KEYS)
    assert mount.text("training/1/jobs/1/status")
    assert cloud.counts()["by_verdict"] == {"ok": 1}


@pytest.mark.parametrize("name, text", [
    (".tencentcloud/credentials", "[default]\nsecret_id = a\nsecret_key = canary-lent-b\n"),
    ("work/.env", "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=canary-lent-b\n"),
    (".go-bcecli/credentials", "[Defaults]\nAk = a\nSk = canary-lent-b\n"),
])
@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_K17_a_file_with_a_secret_that_others_can_read_is_refused(box, cloud, name, text, mode):
    path = write(box, name, text, mode)
    (box.home / "work").mkdir(exist_ok=True)
    source = "tione" if "tencent" in name else "qianfan"
    result = box.run("-o", "endpoint=" + cloud.url, source, box.point(), env=NO_KEYS, cwd=box.home / "work")
    assert result.returncode == 1 and ("chmod 600 %s\n" % path).encode() in result.stderr
    assert result.stderr.count(b"\n") == 1 and cloud.total() == 0


def test_K21_of_the_sdks_two_files_one_is_read(box, cloud):
    """In a mount table of its own, with an /etc that has the machine's."""
    for name in ("upper", "work"):
        (box.home / name).mkdir()
    write(box, "etc-credentials", "[default]\nsecret_id = %s\nsecret_key = %s\n" % tuple(BASE.values()))
    script = """
        mount -t tmpfs none "$HOME/work" && mkdir "$HOME/work/upper" "$HOME/work/work" &&
        mount -t overlay none -o "lowerdir=/etc,upperdir=$HOME/work/upper,workdir=$HOME/work/work" /etc || exit 77
        mkdir /etc/tencentcloud && cp -p "$HOME/etc-credentials" /etc/tencentcloud/credentials && exec "$@"
    """

    def cat():
        return box.run("cat", "-o", "endpoint=%s,metadata=http://127.0.0.1:1" % cloud.url, "tione", STATUS, env=NO_KEYS,
                       prefix=(*APART, "bash", "-c", script, "bash"))

    result = cat()
    if result.returncode == 77:
        pytest.skip("no overlay here")
    assert result.stdout == b"SUCCEED\n", result
    write(box, ".tencentcloud/credentials", "[work]\nsecret_id = a\nsecret_key = b\n")  # the user's, though it has no default
    result = cat()
    assert result.returncode == 1 and b"no key" in result.stderr


# ---- files that are used or refused

def complain(box, cloud, *arguments, env=NO_KEYS, **how):
    """The one line of a start that fails before any call and without a mount."""
    result = box.run(*arguments, env=env, **how)
    said = result.stderr.decode()
    assert result.returncode in (1, 2) and said.count("\n") == 1 and cloud.total() == 0, result
    return said


def test_K22_half_a_key_is_said_and_no_other_account_is_shown(box, cloud):
    write(box, ".tccli/default.credential", {"secretId": "AKIDother", "secretKey": "canary-lent-other"})
    write(box, ".go-bcecli/credentials", "[Defaults]\nAk = other\nSk = canary-lent-other\n")
    endpoint = "endpoint=" + cloud.url
    halves = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"), ("QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY")
    for one, other in [*halves, *(pair[::-1] for pair in halves)]:
        for env in {one: "x"}, {one: "x", other: ""}:
            source = "tione" if "TENCENT" in one else "qianfan"
            said = complain(box, cloud, "-o", endpoint, source, box.point(), env={**NO_KEYS, **env})
            assert "environment: %s is set, but %s is missing or empty" % (one, other) in said, said


@pytest.mark.parametrize("region", ["ap-shanghai\n", " 'ap-shanghai'\r\n", "\ufeffap-shanghai"])
def test_K23_a_region_with_something_around_it_is_that_region(box, cloud, region):
    env = {**BASE, "TENCENTCLOUD_REGION": region}
    assert box.run("cat", "-o", "endpoint=" + cloud.url, "tione", STATUS, env=env).stdout == b"SUCCEED\n"
    assert {line["region"] for line in cloud.log_lines()} == {"ap-shanghai"}


@pytest.mark.parametrize("region", ["ap shanghai", "AP-SHANGHAI", "'ap-shanghai", "${REGION}", " "])
def test_K24_a_region_that_cannot_be_one_is_never_the_catalogs(box, cloud, region):
    said = complain(box, cloud, "cat", "-o", "endpoint=" + cloud.url, "tione", STATUS, env={**BASE, "TENCENTCLOUD_REGION": region})
    assert "TENCENTCLOUD_REGION" in said
    write(box, ".tccli/default.configure", '{"_sys_param": {"region": "ap-shang')
    said = complain(box, cloud, "cat", "-o", "endpoint=" + cloud.url, "tione", STATUS, env=BASE)
    assert ".tccli/default.configure: cut off" in said


def test_K25_as_root_only_roots_own_files_decide(box, cloud):
    """And the files of the user that ran sudo."""
    if os.geteuid():
        pytest.skip("only root can make files of another user")
    work = box.home / "work"
    path = write(box, "work/.env", "QIANFAN_ACCESS_KEY=%s\nQIANFAN_SECRET_KEY=%s\n" % (
        KEYS["QIANFAN_ACCESS_KEY"], KEYS["QIANFAN_SECRET_KEY"]))
    work.chmod(0o1777)
    os.chown(path, 4321, 4321)
    write(box, ".go-bcecli/credentials", "[Defaults]\nAk = mine\nSk = canary-lent-mine\n")
    ask = ("cat", "-o", "endpoint=" + cloud.url, "qianfan", "training/1/jobs/1/status")
    said = complain(box, cloud, *ask, cwd=work)
    assert "%s: belongs to the user 4321" % path in said and "chown root" in said
    done = box.run(*ask, env={**NO_KEYS, "SUDO_UID": "4321"}, cwd=work)
    assert done.returncode == 0, done


@pytest.mark.parametrize("name, text", [
    (".config/describefs/config", "deadline = 5\n"), (".config/describefs/catalog/x.json", "{}"),
    (".tccli/default.configure", '{"_sys_param": {"region": "ap-shanghai"}}'),
    (".tccli/default.credential", '{"secretId": "a", "secretKey": "b"}'), (".tencentcloud/credentials", "[default]\n")])
@pytest.mark.parametrize("closed", [False, True])
def test_K26_a_home_of_another_user_is_named(box, cloud, name, text, closed):
    """As sudo without -H leaves HOME: the file belongs to another user, or cannot be reached."""
    if os.geteuid():
        pytest.skip("only root can make files of another user")
    path = write(box, name, text)
    for each in [path, *path.parents]:
        if each == box.home.parent:
            break
        os.chown(each, 4321, 4321)
    box.home.chmod(0o700 if closed else 0o755)
    as_user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if closed else ()
    for each in [box.directory, box.reports] if closed else []:
        each.chmod(0o777)
    env = NO_KEYS if "credential" in name else BASE
    result = box.run("cat", "-o", "endpoint=" + cloud.url, "tione", STATUS, env=env, prefix=as_user)
    said = result.stderr.decode()
    assert result.returncode and "HOME is %s, which belongs to the user 4321: run sudo -H" % box.home in said, said


@pytest.mark.parametrize("name, text", [("config", "endpoint = http://127.0.0.1:1\n"), ("catalog/x.json", "{}")])
@pytest.mark.parametrize("owner, mode, directory, words", [
    (0, 0o666, 0o755, "other users can write to it: chmod go-w "), (0, 0o664, 0o755, "other users can write to it: chmod go-w "),
    (65534, 0o644, 0o755, "belongs to the user 65534"), (0, 0o644, 0o777, "other users can replace what is in it: chmod go-w "),
])
def test_K26_settings_and_catalogs_that_others_could_have_written_are_refused(box, cloud, name, text, owner, mode,
                                                                             directory, words):
    if os.geteuid():
        pytest.skip("only root can make files of another user")
    path = write(box, ".config/describefs/" + name, text, mode)
    os.chown(path, owner, 0)
    path.parent.chmod(directory)
    assert "HOME" not in complain(box, cloud, "kinds", "tione")
    assert words in complain(box, cloud, "kinds", "tione")
    assert words in complain(box, cloud, "-o", "endpoint=" + cloud.url, "tione", box.point(), env=BASE)


def test_K27_xdg_config_home_is_looked_at(box, cloud):
    write(box, "xdg/describefs/config", "[work]\nsource = tione\nendpoint = %s\n" % cloud.url)
    write(box, ".config/describefs/config", "[work]\nsource = nothing\n")
    write(box, "xdg/describefs/catalog/x.json", "not JSON")
    env = {**BASE, "XDG_CONFIG_HOME": str(box.home / "xdg")}
    assert "xdg/describefs/catalog/x.json" in complain(box, cloud, "cat", "work", STATUS, env=env)
    (box.home / "xdg/describefs/catalog/x.json").unlink()
    assert box.run("cat", "work", STATUS, env=env).stdout == b"SUCCEED\n"


def lay_out_pod(box, mode, group):
    """The pod's home and program; the secret is root's, links and all, as the kubelet lays it out."""
    home = box.home / "pod"
    volume = home / ".tccli"
    volume.mkdir(parents=True)
    put_secret(volume, "..2026_11_30", mode, group, BASE)
    (volume / "default.credential").symlink_to("..data/default.credential")
    volume.chmod(0o1777)
    for path in home, *box.home.parents[:-2], box.home:
        path.chmod(path.stat().st_mode | 0o055)
    return home, shutil.copy(PLAIN, box.home / "describefs")


def put_secret(volume, name, mode, group, keys):
    """Replaces the secret by another one atomically."""
    data = volume / name
    data.mkdir()
    data.chmod(0o755)
    (data / "default.credential").write_text(json.dumps({"secretId": keys["TENCENTCLOUD_SECRET_ID"],
                                                         "secretKey": keys["TENCENTCLOUD_SECRET_KEY"]}))
    os.chown(data / "default.credential", 0, group)
    (data / "default.credential").chmod(mode)
    (volume / "..new").symlink_to(name)
    (volume / "..new").rename(volume / "..data")


@pytest.mark.parametrize("mode, group, ok", [(0o440, 2345, True), (0o440, 2346, False), (0o444, 2345, False)])
def test_K28_a_secret_that_kubernetes_gives_to_a_pods_group(box, cloud, mode, group, ok):
    """A second user in a real group."""
    if os.geteuid():
        pytest.skip("only root can be another user")
    home, binary = lay_out_pod(box, mode, group)
    done = subprocess.run(["setpriv", "--reuid=1234", "--regid=1234", "--groups=2345", str(binary), "cat", "-o",
                           "endpoint=" + cloud.url, "tione", STATUS], env={"HOME": str(home), "PATH": os.environ["PATH"]},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, cwd="/")
    if ok:
        assert done.stdout == b"SUCCEED\n", done
    else:
        assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"fsGroup" in done.stderr, done


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_K28_a_pod_mounts_with_its_groups_secret_and_reads_it_again(box, cloud):
    """The daemon runs as the second user, which fusermount3 has to know. The kubelet replaces the secret meanwhile."""
    box.auth_failures = True
    home, binary = lay_out_pod(box, 0o440, 2345)
    point = home / "point"
    point.mkdir()
    os.chown(point, 65534, 65534)
    script = """set -e
        mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/fuse c 10 229
        pod() { setpriv --reuid=65534 --regid=65534 --groups=2345 env -i HOME="$0" PATH="$PATH" "$@"; }
        pod "$1" -o ttl=0,stale=0,endpoint=$2 tione "$0/point"
        pod cat "$0/point/$3"; read; pod cat "$0/point/$3"
        pod fusermount3 -u "$0/point" """
    with subprocess.Popen([*APART, "bash", "-c", script, home, binary, cloud.url, STATUS], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as pod:
        assert pod.stdout.readline() == "SUCCEED\n", pod.stderr.read()
        cloud.control("rotate", {"secret_id": "AKIDrotated", "secret_key": "canary-rotated-secret",
                                 "access_key": "x", "access_secret": "y"})
        put_secret(home / ".tccli", "..2026_12_01", 0o440, 2345, {"TENCENTCLOUD_SECRET_ID": "AKIDrotated",
                                                                 "TENCENTCLOUD_SECRET_KEY": "canary-rotated-secret"})
        said, errors = pod.communicate("\n", timeout=60)
        assert (pod.returncode, said, errors) == (0, "SUCCEED\n", "")
    assert cloud.counts()["by_verdict"].keys() == {"ok"}


# ---- secrets

@pytest.mark.parametrize("way", [by_environment, by_machine_named, by_cluster], ids=lambda way: way.__name__[3:])
# promise: 7
def test_K18_at_its_most_talkative_it_says_nothing_of_the_keys_it_was_given(box, cloud, way):
    box.secrets += ["TC3-HMAC", "Signature="]
    env, _ = way(box, cloud)
    keys(cloud, life=3)
    mount, _, errors = box.foreground("tione", "ttl=0", "deadline=2", *services(cloud), flags=("-d",), env=env)
    assert mount.text(STATUS) == "SUCCEED"
    time.sleep(1.7)
    assert mount.text(STATUS) == "SUCCEED"  # and renewed
    for action in ASKED:
        cloud.plan("body", action=action, body={"Response": {"Credentials": {"TmpSecretId": "canary-lent-1"}}})
    time.sleep(3.2)
    mount.error(STATUS)
    mount.sh("getfattr -Rd . 2> /dev/null | cat > /dev/null; cat README > /dev/null")
    said = mount.read(".describefs/status") + mount.read(".describefs/errors")
    mount.unmount()
    errors.seek(0)
    said += errors.read()
    assert b"key status=200" in said and b"(key)" in said
    assert not any(secret.encode() in said for secret in box.secrets)


# promise: 7
def test_K19_keys_that_have_ended_do_not_pile_up_in_memory(box, cloud):
    env, _ = by_environment(box, cloud)
    keys(cloud, life=2)
    mount = box.mount("tione", "ttl=0", *services(cloud), env=env, binary=PLAIN)
    lent = []
    stop = threading.Event()

    def read_on():
        while not stop.is_set():
            mount.text(STATUS)
            time.sleep(0.05)

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        wait_until(lambda: asked(cloud).get("AssumeRole", 0) >= 6, 30, "six keys")
    finally:
        stop.set()
        reader.join()
    with open("/proc/%d/maps" % mount.pid) as maps, open("/proc/%d/mem" % mount.pid, "rb") as memory:
        for line in maps:
            fields = line.split()
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if fields[1].startswith("rw") and "[v" not in line:
                memory.seek(start)
                data = memory.read(end - start)
                at = data.find(b"canary-lent-key-")
                while at >= 0:
                    lent.append(data[at:at + 36])
                    at = data.find(b"canary-lent-key-", at + 1)
    assert 1 <= len(set(lent)) <= 2 and len(lent) <= 4, lent
