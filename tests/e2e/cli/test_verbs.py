"""ls, cat, tree, kinds and doctor: the same tree without a mount, over real HTTP and TLS."""
import json
import os
import re
import socket
import time

import pytest

import model
from harness import (FIXTURES, KEYS, MODEL, NOTEBOOK, SANITIZED, SECRETS, TASK, VERSION, synthetic)

STATUS = "training/%s/status" % TASK
VERSION_PATH = "models/%s/versions/%s" % (MODEL, VERSION)


def shown(result):
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def failed(result, status=1):
    assert result.returncode == status and result.stderr.count("\n") == 1 and result.stderr.startswith("describefs: ")
    return result.stderr


# ---- ls

def test_ls_shows_the_root_and_the_kinds(box):
    assert shown(box.verb("ls", "tione")).split() == ["README", "by-name", "by-status", "by-tag", "models", "notebooks",
                                                       "training"]
    assert shown(box.verb("ls", "tione", "/")) == shown(box.verb("ls", "tione", "."))
    assert shown(box.verb("ls", "qianfan")).split() == ["README", "by-name", "finetuning", "training"]


def test_ls_lists_all_pages_sorted(box):
    cloud = box.emulator("--tasks", 130)
    names = shown(box.verb("ls", "tione", "training")).split()
    assert len(names) == 131 and names == sorted(names) and synthetic(129) in names
    assert cloud.calls() == {"DescribeTrainingTasks": 3}


def test_ls_lists_what_is_in_a_resource(box):
    fixture = json.loads((FIXTURES / "seed_tione_DescribeTrainingTask.response.json").read_text())
    names = shown(box.verb("ls", "tione", "/training/%s/" % TASK)).split()
    assert names == sorted([model.snake(key) for key in fixture["Response"]["TrainingTaskDetail"]] + ["describe.json"])
    assert shown(box.verb("ls", "tione", STATUS)) == STATUS + "\n"


def test_ls_of_what_is_not_there_fails_in_one_line(box):
    assert "training/train-0: No such file" in failed(box.verb("ls", "tione", "training/train-0"))
    assert "nothing: No such file" in failed(box.verb("ls", "tione", "nothing"))
    assert "Not a directory" in failed(box.verb("ls", "tione", STATUS + "/x"))


# ---- cat

@pytest.mark.parametrize("source, path, value", [
    ("tione", STATUS, "SUCCEED\n"), ("tione", VERSION_PATH + "/format", "TORCH_SCRIPT\n"),
    ("tione", "notebooks/%s/resource_conf/gpu_type" % NOTEBOOK, "V100\n"),
    ("tione", "/training/%s/tags/qcs:tag:createdBy" % TASK, "CAMUser:100042146752:evanxli\n"),
    ("tione", "training/%s/failure_reason" % TASK, ""), ("qianfan", "training/1/jobs/1/status", "FINISH\n"),
    ("qianfan", "training/1/jobs/1/finish_time", "2023-05-05 01:00:00\n"),
    ("tione:ap-shanghai", "training/%s/log_enable" % TASK, "false\n"),
])
def test_cat_prints_a_value(box, source, path, value):
    assert shown(box.verb("cat", source, path)) == value


def test_cat_takes_several_paths_in_order(box, cloud):
    path = "training/%s/" % TASK
    assert shown(box.verb("cat", "tione", path + "status", path + "framework_name", path + "status")) == (
        "SUCCEED\nPYTORCH\nSUCCEED\n")
    assert cloud.calls() == {"DescribeTrainingTask": 1}


def test_cat_goes_on_after_a_failure_and_says_so(box):
    path = "training/%s/" % TASK
    result = box.verb("cat", "tione", "training/train-0/status", path + "status", path)
    assert result.returncode == 1 and result.stdout == "SUCCEED\n"
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and "No such file" in lines[0] and "Is a directory" in lines[1]


def test_cat_of_describe_json_is_the_apis_object(box):
    text = shown(box.verb("cat", "tione", "training/%s/describe.json" % TASK))
    fixture = model.parse((FIXTURES / "seed_tione_DescribeTrainingTask.response.json").read_text())
    assert model.parse(text) == model.get(fixture, "Response", "TrainingTaskDetail")


def test_cat_of_readme_makes_no_call(box, cloud):
    readme = shown(box.verb("cat", "tione", "README"))
    assert "/training/<Id>" in readme and "/models/<TrainingModelId>/versions/<TrainingModelVersionId>" in readme
    assert cloud.total() == 0


def test_cat_to_a_full_disk_fails(box):
    result = box.verb("cat", "tione", STATUS, prefix=("sh", "-c", 'exec "$@" > /dev/full', "sh"))
    assert result.returncode == 1 and "No space left" in result.stderr


# ---- tree

def test_tree_shows_everything_below(box):
    lines = shown(box.verb("tree", "tione", "training")).splitlines()
    assert lines[0] == "training" and lines[1] == "`-- " + TASK
    assert "    |-- status" in lines and "    |-- image_info" in lines and "    |   |-- image_name" in lines
    fixture = model.parse((FIXTURES / "seed_tione_DescribeTrainingTask.response.json").read_text())
    entries = model.resource("training", model.get(fixture, "Response", "TrainingTaskDetail"))
    assert len(lines) == 2 + len(entries) + 1 + 2  # and describe.json, and the count


def test_tree_of_the_whole_source(box):
    box.emulator("--tasks", 3, "--notebooks", 2)
    text = shown(box.verb("tree", "tione", options=["rate=1000"]))
    assert text.splitlines()[0] == "/" and text.count("describe.json") == 4 + 3 + 3
    assert VERSION in text


# ---- kinds

def test_kinds_come_from_the_catalogs(box, cloud):
    both = shown(box.verb("kinds"))
    for word in ("tione", "qianfan", "/training/<Id>", "/notebooks/<Id>", "DescribeTrainingTasks", "DescribeNotebook",
                 "/models/<TrainingModelId>/versions/<TrainingModelVersionId>", "/finetuning/<jobId>/tasks/<taskId>"):
        assert word in both
    only = shown(box.verb("kinds", "qianfan"))
    assert "finetuning" in only and "notebooks" not in only and only in both
    assert "no such catalog" in failed(box.verb("kinds", "nothing"))
    assert cloud.total() == 0


def test_kinds_need_no_key(box):
    assert shown(box.verb("kinds", env=dict.fromkeys(KEYS)))


# ---- doctor

def test_doctor_finds_everything_in_order(box, cloud):
    result = box.verb("doctor", "tione")
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stdout
    for what in ("fuse", "fusermount3", "key", "clock"):
        assert any(re.match(r"(ok|warning) +%s " % what, line) for line in lines), (what, lines)
    assert any(re.match(r"ok +key +environment$", line) for line in lines)
    assert not [line for line in lines if line.startswith("problem")]
    assert not any(secret in result.stdout + result.stderr for secret in SECRETS)
    box.auth_failures = True  # what it asks is not signed


def test_doctor_says_what_is_missing_and_what_to_do(box):
    box.auth_failures = True
    nobody = "metadata=http://127.0.0.1:1"
    result = box.verb("doctor", "tione", options=[nobody], env=dict.fromkeys(KEYS))
    assert result.returncode == 1
    assert re.search(r"^problem +key .*tccli configure", result.stdout, re.M)
    # a key that has to be asked for is asked for, and its end is said
    box.cloud.control("keys", {"machine_role": "my-role"})
    result = box.verb("doctor", "tione", options=["metadata=" + box.cloud.url], env=dict.fromkeys(KEYS))
    assert re.search(r"^ok +key +the role of this machine, until 20\d\d-\S+Z$", result.stdout, re.M)
    assert "canary" not in result.stdout + result.stderr


def test_doctor_sees_a_clock_that_is_off(box):
    box.auth_failures = True
    box.emulator("--clock-offset", 3600)
    result = box.verb("doctor", "tione")
    found = re.search(r"^warning +clock +the server's is \+(\d+) s", result.stdout, re.M)
    assert found and abs(int(found[1]) - 3600) < 5


def test_doctor_sees_an_endpoint_that_is_not_there(box, cloud):
    cloud.kill()
    result = box.verb("doctor", "qianfan")
    assert result.returncode == 1 and re.search(r"^problem ", result.stdout, re.M)


def test_doctor_without_a_source_looks_at_all_of_them(box):
    box.auth_failures = True
    result = box.verb("doctor")
    assert "tione" in result.stdout and "qianfan" in result.stdout


# ---- a bar while somebody waits

def test_tree_and_doctor_show_a_bar_at_a_terminal_and_nowhere_else(box, cloud):
    cloud.latency(150)
    options = ["-o", "endpoint=" + cloud.url]
    status, got = box.at_a_terminal("tree", *options, "tione", "/training")
    assert status == 0 and re.search(rb"\[#* *\] \d+/\d+ ", got) and got.count(b"\r\033[K") >= 1
    # the bar is taken away before the next line, and what is left are the lines
    lines = re.sub(rb"\[#* *\] \d+/\d+ [^\r]*\r\033\[K", b"", got).replace(b"\r\n", b"\n")
    cloud.latency(0)
    piped = box.run("tree", *options, "tione", "/training")
    assert lines == piped.stdout and piped.stderr == b""
    cloud.latency(150)
    box.auth_failures = True
    status, got = box.at_a_terminal("doctor", *options, "tione")
    assert status == 0 and re.search(rb"\[#* *\] \d/3 ", got)
    assert b"\033" not in box.run("doctor", *options, "tione").stdout


# ---- failures, as the mount has them

@pytest.mark.parametrize("plan, words", [
    ({"do": "error", "code": "UnauthorizedOperation"}, "Permission denied"),
    ({"do": "error", "code": "RequestLimitExceeded"}, "Device or resource busy"),
    ({"do": "error", "code": "InvalidAction"}, "Operation not supported"),
    ({"do": "body", "body": "garbage"}, "Bad message"),
    ({"do": "http", "status": 500}, "Input/output error"),
    ({"do": "redirect"}, "Protocol error"),
    ({"do": "half_open"}, "timed out"),
])
def test_failures_are_the_mounts_in_words(box, cloud, plan, words):
    cloud.plan(**plan)
    start = time.monotonic()
    assert words in failed(box.verb("cat", "tione", STATUS, options=["deadline=1"]))
    assert time.monotonic() - start < 3


def test_nothing_listens(box):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = "http://127.0.0.1:%d" % free.getsockname()[1]
        result = box.run("cat", "-o", "deadline=1,endpoint=" + endpoint, "tione", STATUS)
    assert result.returncode == 1 and b"Connection refused" in result.stderr
