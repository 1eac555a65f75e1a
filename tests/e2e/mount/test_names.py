"""Names, values and shapes that a cloud may send, harmless and hostile: none hides the others."""
import json
import os
import re
import subprocess
import unicodedata

import model
from harness import MODEL, TASK, VERSION, cat_error, error_of, read, text, xattr

ONE = "DescribeTrainingTask"


def unescape(name):
    """The text that a name stands for: %XX is a byte, a single % is the empty text."""
    if name == "%":
        return b""
    raw = os.fsencode(name)
    return re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), raw)


def is_safe(name):
    raw = os.fsencode(name)
    shown = raw.decode("utf-8")  # raises where it is none
    return (0 < len(raw) <= 255 and name not in (".", "..") and "/" not in name and shown == name and
            not any(unicodedata.category(c) in ("Cc",) or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
                    for c in name) and not name.startswith((".", "-", " ")) and not name.endswith(" "))


HOSTILE = ["a/b", "/etc/passwd", "../../etc/passwd", "..", ".", "", " ", "a\nb", "\x1b[2J", "\x1b]52;c;x\x07", "a\tb",
           "\x7f", "\u0085", "\u202etxt.exe", "%41", "100%", "-rf", "~", "*", "a b", " a", "a ", "\U0001f680", "é",
           "e\u0301", "x" * 255, "x" * 256, "x" * 300, "é" * 200, "\u0000", "a\u0000b", "CON", ".git", "describe.json",
           "$(reboot)", "`id`", ";ls", "a'b", 'a"b', "\\", "x" * 238 + "~0123456789abcdef"]


def put_tags(cloud, keys):
    cloud.put("training", {"Id": "train-t", "Status": "RUNNING", "Name": "neighbour",
                           "Tags": [{"TagKey": key, "TagValue": "value %d" % i} for i, key in enumerate(keys)]})


def check_names(directory, keys, values):
    names = os.listdir(directory)
    assert len(names) == len(set(names)) == len(keys)
    assert [name for name in names if not is_safe(name)] == []
    found = {}
    for name in names:
        path = os.path.join(directory, name)
        found[read(path).decode()] = name
        assert os.lstat(path).st_size == len(read(path))
    assert sorted(found) == sorted(value + "\n" for value in values)
    for key, value in zip(keys, values):
        raw = key.encode("utf-8", "surrogatepass")
        name = found[value + "\n"]
        if "~" not in name or len(raw) < 100:
            assert unescape(name) == raw, (key, name)
        else:
            assert len(os.fsencode(name)) <= 255
    return found


# promise: 4
def test_hostile_keys_of_a_map_are_listed_once_each_and_open(box, cloud):
    put_tags(cloud, HOSTILE)
    mount = box.mount("tione")
    found = check_names(mount / "training/train-t/tags", HOSTILE, ["value %d" % i for i in range(len(HOSTILE))])
    assert mount.text("training/train-t/name") == "neighbour"
    for line, name in list(found.items())[:10]:
        again = box.mount("tione") if line == "value 0\n" else mount
        assert again.read("training/train-t/tags/" + name).decode() == line  # the same on every mount


def test_hostile_member_names_are_listed_once_each_and_open(box, cloud):
    keys = [key for key in HOSTILE if key != "describe.json"]
    members = {key: "value %d" % i for i, key in enumerate(keys)}
    cloud.put("training", {"Id": "train-t", "Status": "RUNNING", "Inner": members, **members})
    mount = box.mount("tione", "secrets")  # "/etc/passwd" is named like a secret
    names = mount.names("training/train-t/inner")
    # in snake_case some of them become equal (an "E" of "CON"): each still has an entry of its own
    assert len(names) == len(set(names)) == len(members) and all(map(is_safe, names))
    got = {mount.text("training/train-t/inner/" + name) for name in names}
    assert got == set(members.values())
    assert mount.text("training/train-t/status") == "RUNNING"
    for name in mount.names("training/train-t"):
        assert is_safe(name) and error_of(os.stat, mount / "training/train-t" / name) == "ok"
    assert len(mount.names("training/train-t")) == len(members) + 4


def test_hostile_ids_are_listed_once_each_and_open(box, cloud):
    ids = ["train-" + key for key in HOSTILE] + ["..", ".", "/", "-x", "a\nb", "\x1b[31m", "%", "y" * 300]
    for i, id in enumerate(ids):
        cloud.put("training", {"Id": id, "Status": "RUNNING", "Name": "name %d" % i}, id=id.replace("\0", "\ufffd"))
    mount = box.mount("tione", "rate=1000")
    names = mount.names("training")
    assert len(names) == len(set(names)) == len(set(ids)) + 1 and all(map(is_safe, names))
    got = {mount.text("training/%s/name" % name) for name in names}
    assert got == {"name %d" % i for i in range(len(ids))} | {"initCommand_test"}
    assert mount.sh("ls -l training | wc -l").strip() == str(len(names) + 1)


# promise: 4
def test_invalid_utf8_and_lone_surrogates_do_not_spoil_their_neighbours(box, cloud):
    raw = (b'{"Id":"train-t","Status":"RUNNING","Name":"a\xff\xfeb","Remark":"\\ud800 and \\udc00x",'
           b'"Tags":[{"TagKey":"k\xc3(","TagValue":"v\x80"},{"TagKey":"\\udead","TagValue":"w"},'
           b'{"TagKey":"good","TagValue":"\\ud83d\\ude80"}],"Bad\xe2\x82":"x"}')
    answer = b'{"Response":{"TrainingTaskDetail":' + raw + b',"RequestId":"r"}}'
    (box.directory / "answer").write_bytes(answer)
    cloud.plan("body", action=ONE, file=str(box.directory / "answer"))
    mount = box.mount("tione")
    top = mount / "training/train-t"
    assert text(top / "status") == "RUNNING" and text(top / "tags/good") == "\U0001f680"
    assert text(top / "name") == "a\ufffd\ufffdb" and text(top / "remark") == "\ufffd and \ufffdx"
    names = os.listdir(top) + os.listdir(top / "tags")
    assert len(names) == 7 + 3 and all(map(is_safe, names))
    for name in os.listdir(top / "tags"):
        assert cat_error(top / "tags" / name) == "ok"
    json.loads(read(top / "describe.json"))


def test_names_that_collide_keep_apart_and_stay_what_they_are(box, cloud):
    members = {"GpuType": "1", "GPUType": "2", "gpu_type": "3", "gpuType": "4"}
    cloud.put("training", {"Id": "train-t", "Inner": members, "Status": "A", "status": "B", "STATUS": "C"})
    mount = box.mount("tione")
    top = mount / "training/train-t"
    names = os.listdir(top / "inner")
    assert len(set(names)) == 4 and {text(top / "inner" / name) for name in names} == set("1234")
    by_key = {xattr(top / "inner" / name, "key"): text(top / "inner" / name) for name in names}
    assert by_key == members
    outer = {xattr(top / name, "key"): text(top / name) for name in os.listdir(top) if name.startswith("status")}
    assert outer == {"Status": "A", "status": "B", "STATUS": "C"}
    # another order of the same object gives the same names
    cloud.put("training", {"Id": "train-t", "Inner": dict(reversed(members.items()))})
    again = box.mount("tione")
    assert sorted(os.listdir(again / "training/train-t/inner")) == sorted(names)
    for name in names:
        assert read(again / "training/train-t/inner" / name) == read(top / "inner" / name)


def test_what_stripping_would_make_one_name_keeps_its_whole_name(box, cloud):
    cloud.set("version", VERSION, Format="other", Status="odd")
    mount = box.mount("tione")
    top = mount / "models" / MODEL / "versions" / VERSION
    assert {xattr(top / name, "key"): text(top / name) for name in os.listdir(top) if "format" in name} == {
        "Format": "other", "TrainingModelFormat": "TORCH_SCRIPT"}
    assert text(top / "format") == "other" and text(top / "training_model_format") == "TORCH_SCRIPT"
    assert text(top / "status") == "odd" and text(top / "training_model_status") == "STATUS_SUCCESS"


def test_a_member_that_no_catalog_knows_appears_by_the_same_rule(box, cloud):
    cloud.set("training", TASK, NewKPIValue=7, Brand2New={"DeepThing": [1, 2]})
    mount = box.mount("tione")
    assert mount.text("training/%s/new_kpi_value" % TASK) == "7"
    assert mount.read("training/%s/brand2_new/deep_thing" % TASK) == b"1\n2\n"


def test_members_that_are_named_like_what_is_ours(box, cloud):
    cloud.put("version", {"TrainingModelVersionId": "mv-x", "TrainingModelId": MODEL, "describe.json": "fake",
                          "Versions": "fake", "README": "fake", "Status": "A"})
    mount = box.mount("tione")
    top = mount / "models" / MODEL / "versions/mv-x"
    assert json.loads(read(top / "describe.json"))["TrainingModelVersionId"] == "mv-x"
    assert sorted(text(top / name) for name in os.listdir(top) if name != "describe.json").count("fake") == 3


def test_an_id_with_percent_signs_is_entered_by_the_name_that_is_listed(box, cloud):
    cloud.put("training", {"Id": "train-a/b", "Status": "ONE"})
    cloud.put("training", {"Id": "train-a%2Fb", "Status": "TWO"})
    mount = box.mount("tione")
    names = mount.names("training")
    assert "train-a%2Fb" in names and "train-a%252Fb" in names
    assert mount.text("training/train-a%2Fb/status") == "ONE"
    assert mount.text("training/train-a%252Fb/status") == "TWO"


# ---- values

NUMBERS = ["0", "-0", "0.10", "1e3", "1E+3", "-1.50e-7", "18446744073709551616", "12345678901234567890", "1.0",
           "9007199254740993", "7" * 70, "0." + "3" * 70, "1e400", "0.1e1"]


# promise: 4
def test_numbers_are_digit_for_digit(box, cloud):
    inner = ",".join('"N%d":%s' % (i, number) for i, number in enumerate(NUMBERS))
    cloud.put("training", '{"Id":"train-n","RuntimeInSeconds":18446744073709551617,"Numbers":{%s},"List":[%s]}' %
              (inner, ",".join(NUMBERS)))
    mount = box.mount("tione")
    top = mount / "training/train-n"
    assert [text(top / "numbers" / ("n%d" % i)) for i in range(len(NUMBERS))] == NUMBERS
    assert read(top / "list").decode().split() == NUMBERS
    assert text(top / "runtime_in_seconds") == "18446744073709551617"
    describe = model.parse(read(top / "describe.json"))
    assert model.get(describe, "List") == NUMBERS
    assert all(xattr(top / "numbers" / name, "type") == "number" for name in os.listdir(top / "numbers"))


def test_nothing_is_an_empty_file_and_keeps_the_shape_of_its_type(box, cloud):
    cloud.put("training", '{"Id":"train-n","Status":null,"Name":"","Remark":null,"Tags":null,"DataConfigs":null,'
              '"CodeRepos":[],"ImageInfo":null,"LogConfig":{},"Output":{"Paths":null},"Unknown":null,'
              '"UnknownList":[],"UnknownObject":{},"ResourceConfigInfos":[],"LogEnable":false,"RuntimeInSeconds":0}')
    mount = box.mount("tione")
    top = mount / "training/train-n"
    expected = {"status": "null", "name": "string", "remark": "null", "unknown": "null", "unknown_list": "array",
                "output/paths": "null"}
    for name, kind in expected.items():
        assert read(top / name) == b"" and (top / name).stat().st_size == 0, name
        assert xattr(top / name, "type") == kind
    for name, kind in {"tags": "null", "data_configs": "null", "code_repos": "array", "image_info": "null",
                       "log_config": "object", "unknown_object": "object", "resource_config_infos": "array"}.items():
        assert os.listdir(top / name) == [] and xattr(top / name, "type") == kind, name
    assert text(top / "log_enable") == "false" and text(top / "runtime_in_seconds") == "0"


def test_lists_and_maps(box, cloud):
    cloud.put("training", '{"Id":"train-n","Scalars":["a","",null,true,1.50],"Lists":[[1,2],["x"]],'
              '"Objects":[{"A":1},{"B":{"C":"d"}}],"Mixed":[1,{"A":2}],"Text":"two\\nlines",'
              '"Tags":[{"TagKey":"k","TagValue":"v"},{"TagKey":"k2","TagValue":""},{"TagKey":"k3","TagValue":null}]}')
    mount = box.mount("tione")
    top = mount / "training/train-n"
    assert read(top / "scalars") == b"a\n\n\ntrue\n1.50\n"
    assert read(top / "lists/0") == b"1\n2\n" and read(top / "lists/1") == b"x\n"
    assert read(top / "objects/0/a") == b"1\n" and read(top / "objects/1/b/c") == b"d\n"
    assert read(top / "mixed/0") == b"1\n" and read(top / "mixed/1/a") == b"2\n"
    assert read(top / "text") == b"two\nlines\n"
    assert [read(top / "tags" / name) for name in ("k", "k2", "k3")] == [b"v\n", b"", b""]


def test_a_list_of_more_than_ten_objects_is_whole(box, cloud):
    cloud.put("training", {"Id": "train-n", "DataConfigs": [{"MappingPath": "/%d" % i} for i in range(250)]})
    mount = box.mount("tione")
    names = mount.names("training/train-n/data_configs")
    assert sorted(map(int, names)) == list(range(250))
    assert mount.text("training/train-n/data_configs/249/mapping_path") == "/249"


def test_a_member_twice_is_the_last_one_as_jq_has_it(box, cloud):
    cloud.plan("body", action=ONE, body='{"Response":{"TrainingTaskDetail":{"Id":"train-n","Status":"A","Status":"B"},'
               '"RequestId":"r"}}')
    mount = box.mount("tione")
    assert mount.text("training/train-n/status") == "B"
    assert mount.sh("jq -r .Status training/train-n/describe.json") == "B\n"
    assert mount.names("training/train-n") == ["describe.json", "id", "status"]


def test_a_value_of_a_few_megabytes(box, cloud):
    cloud.put("training", {"Id": "train-n", "Remark": "0123456789abcdef" * 100000})
    mount = box.mount("tione")
    path = mount / "training/train-n/remark"
    assert path.stat().st_size == 1600001 and read(path) == b"0123456789abcdef" * 100000 + b"\n"
    assert path.stat().st_blocks == 3126


# ---- secrets

SSH = {"Enable": True, "Port": 6001, "LoginCommand": "ssh -p 6001 root@1.2.3.4 canary-login", "PublicKey": "ssh-rsa A"}
IMAGE = {"ImageType": "CUSTOM", "ImageSecret": {"Username": "canary-user", "Password": "canary-password"}}


def put_secrets(cloud):
    cloud.put("training", {"Id": "train-s", "Status": "RUNNING", "ExposeNetworkConfig": {"SSHConfig": SSH},
                           "ImageInfo": IMAGE, "Envs": [{"Name": "TOKEN", "Value": "canary-env"}]})
    return "training/train-s/"


def test_secrets_are_hidden_in_files_and_in_describe_json(box, cloud):
    top = put_secrets(cloud)
    mount = box.mount("tione")
    assert mount.text(top + "expose_network_config/ssh_config/login_command") == "<hidden>"
    assert mount.text(top + "image_info/image_secret/password") == "<hidden>"
    assert mount.text(top + "envs") == "<hidden>"
    assert mount.text(top + "expose_network_config/ssh_config/port") == "6001"
    assert "canary" not in mount.sh("cat %sdescribe.json" % top)
    describe = json.loads(mount.read(top + "describe.json"))
    assert describe["ImageInfo"] == {"ImageType": "CUSTOM", "ImageSecret": {"Username": "<hidden>",
                                                                            "Password": "<hidden>"}}
    assert mount.run("grep -r canary .").returncode == 1
    assert mount.sh("getfattr -Rd training | grep -c canary || :").strip() == "0"


def test_secrets_are_shown_on_demand_for_the_owner_alone(box, cloud):
    top = put_secrets(cloud)
    mount = box.mount("tione", "secrets")
    path = mount / (top + "expose_network_config/ssh_config/login_command")
    assert text(path) == SSH["LoginCommand"]
    assert path.stat().st_mode & 0o777 == 0o400
    assert mount.text(top + "image_info/image_secret/password") == "canary-password"
    assert (mount / (top + "image_info/image_secret/password")).stat().st_mode & 0o777 == 0o400
    assert mount.text(top + "envs/0/value") == "canary-env"
    assert json.loads(mount.read(top + "describe.json"))["Envs"] == [{"Name": "TOKEN", "Value": "canary-env"}]
    assert (mount / (top + "describe.json")).stat().st_mode & 0o777 == 0o400
    assert (mount / (top + "status")).stat().st_mode & 0o777 == 0o444


def test_no_secret_is_no_secret(box, cloud):
    cloud.put("training", {"Id": "train-s", "ExposeNetworkConfig": {"SSHConfig": {"LoginCommand": ""}}, "Envs": []})
    mount = box.mount("tione")
    assert mount.read("training/train-s/expose_network_config/ssh_config/login_command") == b""
    assert mount.names("training/train-s/envs") == []


def test_what_only_the_list_has_is_no_entry(box, cloud):
    """Only the list's items have Envs, AppId and LatestOperatorInfo; a directory shows the describe call's answer."""
    mount = box.mount("tione")
    before = mount.names("training/" + TASK)
    again = box.mount("tione")
    assert again.names("training") == [TASK]
    assert again.error("training/%s/app_id" % TASK) == "ENOENT"
    assert again.names("training/" + TASK) == before
    assert again.run("grep -r canary .").returncode == 1


# ---- names=api

def test_names_api_are_the_apis(box, cloud):
    mount = box.mount("tione", "names=api")
    assert mount.text("training/%s/Status" % TASK) == "SUCCEED"
    assert mount.text("notebooks/nb-1188508294472113920/ResourceConf/GpuType") == "V100"
    assert mount.text("models/%s/versions/%s/TrainingModelFormat" % (MODEL, VERSION)) == "TORCH_SCRIPT"
    assert mount.text("training/%s/Tags/qcs:tag:createdBy" % TASK).startswith("CAMUser")
    assert mount.error("training/%s/status" % TASK) == "ENOENT"
    fixture = model.parse(mount.read("training/%s/describe.json" % TASK))
    assert mount.names("training/" + TASK) == sorted([*dict(fixture), "describe.json"])


# ---- kinds that no call lists

def test_models_show_what_is_harvested_and_say_that_it_is_partial(box):
    cloud = box.emulator("--models", 4, "--versions", 2)
    mount = box.mount("tione")
    names = mount.names("models")
    # of services: the seeds' and every second synthetic one; of acceleration: the seeds'
    assert MODEL in names and "m-609000000000000000" in names and "m-609000000000000002" in names
    assert "m-609000000000000001" not in names
    assert xattr(mount / "models", "complete") == "0"
    assert cloud.calls()["DescribeTrainingModels"] == 1
    assert mount.names("training") and xattr(mount / "training", "complete") == "1"
    assert "partial" in mount.read("README").decode()


def test_a_model_that_nothing_lists_can_be_entered_and_is_then_listed(box):
    box.emulator("--models", 4, "--versions", 2)
    mount = box.mount("tione")
    assert "m-609000000000000001" not in mount.names("models")
    assert len(mount.sh("cd models/m-609000000000000001 && ls versions").split()) == 2
    assert "m-609000000000000001" in mount.names("models")
    assert mount.error("models/m-0/versions") == "ENOENT"
    assert "m-0" not in mount.names("models")


def test_models_are_listed_where_the_list_call_answers(box):
    cloud = box.emulator("--models", 120, "--versions", 1, "--models-list")
    mount = box.mount("tione")
    assert len(mount.names("models")) == 123
    assert xattr(mount / "models", "complete") == "1"
    assert cloud.calls() == {"DescribeTrainingModels": 3}
    assert mount.text("models/%s/name" % MODEL) == "test-model"


def test_pinned_ids_are_listed(box, cloud):
    cloud.put("model", {"TrainingModelId": "m-pinned", "TrainingModelVersions": []})
    mount = box.mount("tione", "pin=models/m-pinned:models/m-608587242317024640")
    assert "m-pinned" in mount.names("models")
    qianfan = box.mount("qianfan", "pin=training/1/jobs/1:training/17001")
    assert qianfan.names("training") == ["1", "17001"]
    assert qianfan.names("training/1/jobs") == ["1"]
    assert xattr(qianfan / "training", "complete") == "0"
    assert qianfan.text("training/1/jobs/1/status") == "FINISH"
    assert qianfan.sh("cat training/*/jobs/*/status") == "FINISH\n"


def test_what_another_user_enters_is_answered_and_not_listed(box, cloud):
    """Ids that another user makes up do not displace those that the owner opened; the listing shows the last 1,000."""
    os.chmod(box.directory, 0o755)
    mount = box.mount("qianfan", "allow_other", "uid=65533")
    assert mount.text("training/17001/jobs/2001/status") == "FINISH"
    made_up = 'for i in $(seq 20000 22000); do [ -d "$0/$i" ] || echo "$i"; done'
    as_user = ["setpriv", "--clear-groups", "--regid=65534"]
    said = subprocess.run([*as_user, "--reuid=65534", "sh", "-c", made_up, str(mount / "training")], check=True,
                          capture_output=True)
    assert said.stdout == said.stderr == b""
    assert mount.names("training") == ["17001"]
    # root and the user of uid= do enter, also a name that the kernel has just looked up
    subprocess.run([*as_user, "--reuid=65533", "stat", str(mount / "training/20001")], check=True, capture_output=True)
    os.stat(mount / "training/20002")
    assert mount.names("training") == ["17001", "20001", "20002"]


def test_v1_runs_are_entered_by_name(box, cloud):
    mount = box.mount("qianfan")
    assert mount.names("training") == []
    assert xattr(mount / "training", "complete") == "0"
    assert mount.text("training/17001/jobs/2001/status") == "FINISH"
    assert mount.names("training") == ["17001"] and mount.names("training/17001/jobs") == ["2001"]
    # no call can check a V1 task, so every id of the right form exists
    with cloud.counting() as made:
        assert error_of(os.stat, mount / "training/424242") == "ok"
        assert mount.error("training/abc") == "ENOENT" and mount.error("training/007") == "ENOENT"
    assert made == {}
    assert mount.error("training/17001/jobs/999999/status") == "ENOENT"
    assert cloud.log()[0]["body"] == {"taskId": 17001, "jobId": 2001}  # as JSON integers


def test_a_run_of_another_task_is_not_there(box, cloud):
    cloud.plan("body", action="jobDetail", body='{"log_id":"1","result":{"id":2001,"taskId":1,"trainStatus":"X"}}')
    mount = box.mount("qianfan")
    assert mount.error("training/17001/jobs/2001/status") in ("ENOENT", "EBADMSG")


def test_a_task_of_another_job_is_not_there(box, cloud):
    mount = box.mount("qianfan")
    task = mount.names("finetuning/job-failedone/tasks")[0]
    assert mount.error("finetuning/job-ours00000004/tasks/%s/run_status" % task) == "ENOENT"


def test_a_version_of_another_model_is_not_there(box, cloud):
    mount = box.mount("tione")
    assert mount.text("models/%s/versions/%s/format" % (MODEL, VERSION)) == "TORCH_SCRIPT"
    assert mount.error("models/m-700000000000000011/versions/%s/format" % VERSION) == "ENOENT"


def test_a_listing_that_the_cloud_cut_short_says_so(box):
    cloud = box.emulator("--tasks", 20)
    cloud.plan("total_lies", action="DescribeTrainingTasks", total=30)
    mount = box.mount("tione")
    assert len(mount.names("training")) == 21
    assert xattr(mount / "training", "complete") == "0"


def test_a_marker_that_repeats_ends_the_listing(box):
    cloud = box.emulator("--jobs", 250)
    cloud.plan("page_repeat_marker", action="DescribeFineTuningJobs")
    mount = box.mount("qianfan", "deadline=3")
    result = error_of(os.listdir, mount / "finetuning")
    assert cloud.total() <= 6
    assert result in ("ok", "EBADMSG")
    if result == "ok":
        assert xattr(mount / "finetuning", "complete") == "0"


def test_an_item_without_an_id_does_not_hide_the_others(box):
    cloud = box.emulator()
    items = [{"Id": "train-1", "Status": "A"}, {"Status": "B"}, {"Id": "train-3", "Status": "C"}]
    cloud.plan("body", action="DescribeTrainingTasks",
               body={"Response": {"TotalCount": 3, "TrainingTaskSet": items, "RequestId": "r"}})
    mount = box.mount("tione")
    assert mount.sh("cat training/*/status") == "A\nC\n"
    assert xattr(mount / "training", "complete") == "0"
    assert "without an id" in mount.read(".describefs/errors").decode()
