"""The samples of the seed documents, entry for entry, against the model of model.py."""
import json
import os
import stat
import subprocess

import pytest

import model
from harness import COMPANIONS, FIXTURES, MODEL, NOTEBOOK, TASK, VERSION, read, xattr

# source, fixture, path of the object in it, kind, directory in the mount
SAMPLES = [
    ("tione", "seed_tione_DescribeTrainingTask.response.json", ("Response", "TrainingTaskDetail"), "training",
     "training/" + TASK),
    ("tione", "seed_tione_DescribeNotebook.response.json", ("Response", "NotebookDetail"), "notebooks",
     "notebooks/" + NOTEBOOK),
    ("tione", "seed_tione_DescribeTrainingModelVersions.response.json", ("Response", "TrainingModelVersions", 0),
     "versions", "models/%s/versions/%s" % (MODEL, VERSION)),
    ("qianfan", "seed_qianfan_v1_jobDetail.response.json", ("result",), "jobs", "training/1/jobs/1"),
]
sample = pytest.mark.parametrize("source, fixture, inside, kind, path", SAMPLES, ids=[s[3] for s in SAMPLES])


def sample_object(fixture, inside):
    value = model.parse((FIXTURES / fixture).read_text())
    for step in inside:
        value = value[step] if isinstance(step, int) else model.get(value, step)
    return value


def walk(top):
    """{path below `top`: its stat} for everything that the directories list."""
    found = {}
    for where, directories, files in os.walk(top, onerror=raise_it):
        for name in directories + files:
            path = os.path.join(where, name)
            found[os.path.relpath(path, top)] = os.lstat(path)
    return found


def raise_it(error):
    raise error


@sample
def test_every_member_of_a_sample_is_a_file_with_its_bytes(box, source, fixture, inside, kind, path):
    top = box.mount(source) / path
    expected = model.resource(kind, sample_object(fixture, inside))
    assert len(expected) > 15  # a model that expects nothing would prove nothing
    found = walk(top)
    assert sorted(found) == sorted([*expected, "describe.json"])
    for name, entry in expected.items():
        status = found[name]
        if entry.data is None:
            assert stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o555, name
        else:
            assert (name, read(top / name)) == (name, entry.data)
            assert stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == entry.mode, name
            assert status.st_size == len(entry.data), name
            assert (status.st_blocks > 0) == (status.st_size > 0), name
        assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid()), name


@sample
def test_every_entry_says_where_it_comes_from(box, source, fixture, inside, kind, path):
    top = box.mount(source) / path
    object = sample_object(fixture, inside)
    for name, entry in model.resource(kind, object).items():
        assert (name, xattr(top / name, "type")) == (name, entry.type)
        assert (name, xattr(top / name, "key")) == (name, entry.key)
        assert xattr(top / name, "stale") == "0"
    assert xattr(top, "type") == "object"
    assert xattr(top / "describe.json", "type") == "object"


def jq(*arguments):
    return subprocess.run(["jq", *arguments], check=True, stdout=subprocess.PIPE).stdout


@sample
def test_describe_json_is_the_samples_object(box, source, fixture, inside, kind, path):
    describe = box.mount(source) / path / "describe.json"
    query = "".join("[%s]" % json.dumps(step) for step in inside)
    assert jq("-S", ".", str(describe)) == jq("-S", "." + query, str(FIXTURES / fixture))
    # every digit, in the API's order; jq cannot check these
    assert model.parse(read(describe)) == sample_object(fixture, inside)
    # indented as jq prints it
    assert read(describe) == jq(".", str(describe))


def test_the_designs_own_paths_hold(box):
    tione = box.mount("tione")
    assert tione.read("training/%s/status" % TASK) == b"SUCCEED\n"
    assert tione.read("models/%s/versions/%s/format" % (MODEL, VERSION)) == b"TORCH_SCRIPT\n"
    assert tione.read("notebooks/%s/resource_conf/gpu_type" % NOTEBOOK) == b"V100\n"
    qianfan = box.mount("qianfan")
    assert qianfan.read("training/1/jobs/1/status") == b"FINISH\n"
    # "finishtime" in one document, "finishTime" in another
    assert qianfan.read("training/1/jobs/1/finish_time") == b"2023-05-05 01:00:00\n"
    assert qianfan.read("training/17001/jobs/2001/finish_time") == b"2023-12-01 09:42:05\n"
    assert qianfan.xattr("training/1/jobs/1/finish_time", "key") == "finishtime"
    assert qianfan.xattr("training/17001/jobs/2001/finish_time", "key") == "finishTime"


def test_the_root_holds_the_kinds_and_a_readme(box):
    tione = box.mount("tione")
    assert tione.names() == ["README", "by-name", "by-status", "by-tag", "models", "notebooks", "training"]
    assert "training" in tione.read("README").decode()
    qianfan = box.mount("qianfan")
    assert qianfan.names() == ["README", "by-name", "finetuning", "training"]


def test_v2_jobs_hold_their_tasks(box):
    mount = box.mount("qianfan")
    for job in mount.names("finetuning"):
        for task in mount.names("finetuning/%s/tasks" % job):
            assert mount.text("finetuning/%s/tasks/%s/job_id" % (job, task)) == job
            assert mount.text("finetuning/%s/tasks/%s/task_id" % (job, task)) == task
    task = model.get(model.parse(COMPANIONS.read_text()), "qianfan/task")[0]
    path = "finetuning/%s/tasks/%s" % (model.get(task, "jobId"), model.get(task, "taskId"))
    expected = model.resource("tasks", task)
    assert sorted(walk(mount / path)) == sorted([*expected, "describe.json"])
    for name, entry in expected.items():
        if entry.data is not None:
            assert mount.read(path + "/" + name) == entry.data


def test_times_are_the_clouds(box):
    mount = box.mount("tione")
    # the sample's latest time is its EndTime, 2025-05-29T15:43:55+08
    assert int((mount / "training" / TASK).stat().st_mtime) == 1748504635
    assert int((mount / "training" / TASK / "status").stat().st_mtime) == 1748504635
    # EndTime 17:22:16 and UpdateTime 17:17:51 are before StartTime 2024-11-14T19:50:10+08
    assert int((mount / "notebooks" / NOTEBOOK / "status").stat().st_mtime) == 1731585010


def test_a_time_in_the_future_does_not_count(box):
    box.cloud.set("training", TASK, UpdateTime="2099-01-01T00:00:00+08")
    mount = box.mount("tione")
    assert int((mount / "training" / TASK / "status").stat().st_mtime) == 1748504635


def test_uid_gid_and_umask_are_the_mounts(box):
    mount = box.mount("tione", "uid=1234", "gid=4321", "umask=077")
    status = (mount / "training" / TASK / "status").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 4321, 0o400)
