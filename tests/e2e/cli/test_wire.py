"""What goes over the wire: headers, bodies, TLS; checked by the emulator, which signs with code of its own."""
import json

import pytest

from harness import KEYS, MODEL, TASK, VERSION, synthetic

STATUS = "training/%s/status" % TASK


# ---- TLS

@pytest.fixture
def tls(box, certificates):
    """An emulator that speaks TLS with one of the certificates; and the options to trust it."""
    def start(name="server", *options):
        cloud = box.emulator("--tls-port", 0, "--cert", certificates / (name + ".pem"), "--key",
                             certificates / (name + ".key"), *options)
        return cloud, ["endpoint=" + cloud.tls_url, "cacert=%s" % (certificates / "ca.pem")]
    return start


def cat(box, options, source="tione", path=STATUS):
    return box.run("cat", "-o", ",".join(options), source, path)


@pytest.mark.parametrize("source, path, value", [("tione", STATUS, b"SUCCEED\n"),
                                                 ("qianfan", "training/1/jobs/1/status", b"FINISH\n")])
def test_tls_end_to_end(box, tls, source, path, value):
    cloud, options = tls()
    result = cat(box, options, source, path)
    assert (result.returncode, result.stdout, result.stderr) == (0, value, b"")
    assert cloud.total() == 1


def test_tls_by_the_name_of_the_host(box, tls):
    cloud, options = tls()
    options[0] = "endpoint=https://localhost:" + cloud.ports["tls"]
    assert cat(box, options).stdout == b"SUCCEED\n"


@pytest.mark.parametrize("source, path", [("tione", STATUS), ("qianfan", "training/1/jobs/1/status")])
@pytest.mark.parametrize("host", ["localhost:0%s", "LOCALHOST:%s/", "LocalHost.:000%s", "[0:0:0:0:0:0:0:1]:0%s", "[::1]:%s"])
def test_what_is_signed_is_the_host_that_is_sent_however_it_is_written(box, tls, source, path, host):
    cloud, options = tls()
    options[0] = "endpoint=https://" + host % cloud.ports["tls"]
    result = cat(box, options, source, path)
    assert (result.returncode, result.stderr) == (0, b"")
    assert [line["signed_ok"] for line in cloud.log()] == [True]


@pytest.mark.parametrize("name", ["expired", "not-yet", "wrong-host", "wrong-usage", "self-signed", "other-ca"])
def test_a_bad_certificate_is_a_protocol_error_and_no_call(box, tls, name):
    cloud, options = tls(name)
    result = cat(box, options)
    assert result.returncode == 1 and b"Protocol error" in result.stderr and not result.stdout
    assert cloud.total() == 0


def test_a_certificate_that_nobody_vouches_for_is_refused(box, tls):
    cloud, options = tls()
    assert b"Protocol error" in cat(box, options[:1]).stderr  # the system's certificates do not know our CA
    assert cloud.total() == 0


@pytest.mark.parametrize("priorities", ["NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT:+SHA1", "NORMAL:-VERS-ALL:+VERS-TLS1.0"])
def test_an_old_tls_is_refused(box, tls, priorities):
    try:
        cloud, options = tls("server", "--tls-priorities", priorities)
    except AssertionError:
        pytest.skip("this machine's GnuTLS cannot speak so old a TLS")
    assert b"Protocol error" in cat(box, options).stderr
    assert cloud.total() == 0


def test_plain_http_at_a_tls_address_and_the_reverse_are_protocol_errors(box, tls):
    cloud, options = tls()
    result = cat(box, ["endpoint=https://127.0.0.1:" + cloud.ports["http"], *options[1:]])
    assert b"Protocol error" in result.stderr
    result = cat(box, ["endpoint=http://127.0.0.1:" + cloud.ports["tls"]])
    assert result.returncode == 1 and not result.stdout
    assert cloud.total() == 0


def test_a_mount_over_tls(box, tls, certificates):
    cloud, options = tls()
    mount = box.mount("tione", options[1], endpoint=cloud.tls_url)
    assert mount.text(STATUS) == "SUCCEED"
    assert len(mount.names("training")) == 1


def test_a_connection_is_used_again(box, tls):
    cloud, options = tls("server", "--tasks", 130)
    result = box.run("ls", "-o", ",".join(options), "tione", "training")
    assert len(result.stdout.split()) == 131
    assert cloud.total() == 3 and cloud.counts()["connections"] <= 2  # the last two pages come together


# ---- what is asked

def test_a_describe_names_the_resource_and_nothing_else(box, cloud):
    box.verb("cat", "tione:ap-shanghai", STATUS)
    call = cloud.log()[0]
    assert (call["action"], call["region"], call["body"]) == ("DescribeTrainingTask", "ap-shanghai", {"Id": TASK})
    assert call["signed_ok"] and call["verdict"] == "ok"


def test_a_list_goes_by_offset_in_the_order_of_creation(box):
    cloud = box.emulator("--tasks", 120)
    box.verb("ls", "tione", "training")
    assert [call["body"] for call in cloud.log()] == [
        {"OrderField": "CreateTime", "Order": "ASC", "Offset": offset, "Limit": 50} for offset in (0, 50, 100)]


def test_a_list_goes_by_marker(box):
    cloud = box.emulator("--jobs", 150)
    assert len(box.verb("ls", "qianfan", "finetuning").stdout.split()) == 154
    first, second = [call["body"] for call in cloud.log()]
    assert first == {"maxKeys": 100} and set(second) == {"maxKeys", "marker"}


def test_ids_of_v1_travel_as_integers(box, cloud):
    box.verb("cat", "qianfan", "training/1/jobs/1/status")
    call = cloud.log()[0]
    assert (call["action"], call["body"]) == ("jobDetail", {"taskId": 1, "jobId": 1})


def test_short_pages_and_shifted_pages_lose_nothing(box):
    for fault in ({"do": "page_short", "n": 7}, {"do": "page_shift", "n": -3}):
        cloud = box.emulators[0] if box.emulators else box.emulator("--tasks", 60)
        cloud.clear()
        cloud.plan(action="DescribeTrainingTasks", **fault)
        names = box.verb("ls", "tione", "training").stdout.split()
        assert {synthetic(i) for i in range(60)} <= set(names) and len(names) == len(set(names)) == 61, fault


@pytest.mark.parametrize("how", [{"bytes": 1, "us": 100}, {"bytes": 37, "us": 500}])
def test_an_answer_in_small_pieces_is_whole(box, cloud, how):
    cloud.plan("slice", **how)
    assert box.verb("cat", "tione", STATUS).stdout == "SUCCEED\n"


# ---- whose key

def tccli(box, profile="default", configure=None, **key):
    directory = box.home / ".tccli"
    directory.mkdir(exist_ok=True)
    key = key or {"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEYS["TENCENTCLOUD_SECRET_KEY"]}
    (directory / (profile + ".credential")).write_text(json.dumps(key))
    (directory / (profile + ".credential")).chmod(0o600)
    if configure:
        (directory / (profile + ".configure")).write_text(json.dumps(configure))


NO_KEYS = dict.fromkeys(KEYS)


def test_a_key_from_tcclis_files(box, cloud):
    tccli(box, configure={"_sys_param": {"region": "ap-beijing", "output": "json"}})
    assert box.verb("cat", "tione", STATUS, env=NO_KEYS).stdout == "SUCCEED\n"
    assert cloud.log()[-1]["region"] == "ap-beijing"
    assert box.verb("cat", "tione:ap-nanjing", STATUS, env=NO_KEYS).stdout == "SUCCEED\n"
    assert cloud.log()[-1]["region"] == "ap-nanjing"


def test_the_region_where_nobody_names_one(box, cloud):
    box.verb("cat", "tione", STATUS)
    assert cloud.log()[-1]["region"] == "ap-guangzhou"
    box.verb("cat", "tione", STATUS, env={"TENCENTCLOUD_REGION": "ap-shanghai"})
    assert cloud.log()[-1]["region"] == "ap-shanghai"


def test_a_named_profile_is_used_instead_of_the_environment(box, cloud):
    box.auth_failures = True
    tccli(box, "work", {"_sys_param": {"region": "ap-shanghai"}})
    wrong = {"TENCENTCLOUD_SECRET_ID": "AKIDwrong", "TENCENTCLOUD_SECRET_KEY": "wrong",
             "TENCENTCLOUD_REGION": "ap-nanjing"}
    assert box.verb("cat", "tione@work", STATUS, env=wrong).stdout == "SUCCEED\n"
    assert cloud.log()[-1]["region"] == "ap-shanghai"
    assert "Permission denied" in box.verb("cat", "tione", STATUS, env=wrong).stderr


def test_the_environment_wins_over_the_file_and_tccli_profile_names_one(box, cloud):
    box.auth_failures = True
    tccli(box, "default", secretId="AKIDwrong", secretKey="wrong")
    tccli(box, "other")
    assert box.verb("cat", "tione", STATUS).stdout == "SUCCEED\n"
    assert "Permission denied" in box.verb("cat", "tione", STATUS, env=NO_KEYS).stderr
    assert box.verb("cat", "tione", STATUS, env={**NO_KEYS, "TCCLI_PROFILE": "other"}).stdout == "SUCCEED\n"


def test_a_temporary_key_sends_its_token(box):
    cloud = box.emulator("--token", "the-token")
    tccli(box, secretId=KEYS["TENCENTCLOUD_SECRET_ID"], secretKey=KEYS["TENCENTCLOUD_SECRET_KEY"], token="the-token")
    assert box.verb("cat", "tione", STATUS, env=NO_KEYS).stdout == "SUCCEED\n"
    assert box.verb("cat", "tione", STATUS, env={"TENCENTCLOUD_TOKEN": "the-token"}).stdout == "SUCCEED\n"
    assert cloud.counts()["by_verdict"] == {"ok": 2}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secretId":"x"}', '{"secretId":"a b ","secretKey":"c"}',
                                     '{"secretId":"a","secretKey":"c","type":"magic"}', "\0\xff"])
def test_a_bad_credential_file_is_one_line_that_names_it(box, cloud, content):
    (box.home / ".tccli").mkdir()
    (box.home / ".tccli/default.credential").write_text(content)
    (box.home / ".tccli/default.credential").chmod(0o600)
    result = box.verb("cat", "tione", STATUS, env=NO_KEYS)
    assert result.returncode == 1 and result.stderr.count("\n") == 1 and ".tccli/default.credential" in result.stderr
    assert cloud.total() == 0


def test_a_model_that_is_entered_is_proved_by_its_versions(box, cloud):
    assert box.verb("cat", "tione", "models/%s/versions/%s/format" % (MODEL, VERSION)).stdout == "TORCH_SCRIPT\n"
    assert [call["body"] for call in cloud.log() if call["action"] == "DescribeTrainingModelVersions"] == [
        {"TrainingModelId": MODEL}]
