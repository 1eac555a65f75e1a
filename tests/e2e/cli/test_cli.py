"""ls, cat and tree as people use them: patterns, long listings, paths as POSIX has them, pipes, and what is said of failures."""
import fnmatch
import json
import os
import re
import signal
import subprocess
import time
import types

import pytest

from harness import APART, KEYS, SANITIZED, SECRETS, TASK, synthetic

DIRECTORY = "training/%s" % TASK
STATUS = DIRECTORY + "/status"


def shown(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def failed(result, status=1):
    assert result.returncode == status and result.stderr.count("\n") == 1 and result.stderr.startswith("describefs: ")
    return result.stderr[:-1]


# ---- one line: path, cause, code, message, request id, what to do

@pytest.mark.parametrize("code, words, todo", [
    ("AuthFailure.SecretIdNotFound", "Permission denied", "key from: environment"),
    ("UnauthorizedOperation", "Permission denied", "key from: environment"),
    ("InvalidAction", "Operation not supported", "region"),
    ("InternalError", "Input/output error", "try again"),
    ("RequestLimitExceeded", "Device or resource busy", "try again"),
])
@pytest.mark.parametrize("verb, path", [("cat", STATUS), ("ls", "training"), ("tree", "training"), ("ls", DIRECTORY)])
def test_a_failure_is_one_line_with_what_the_cloud_said_and_what_to_do(box, cloud, verb, path, code, words, todo):
    cloud.plan(do="error", code=code, message="why it is so")
    result = box.verb(verb, "tione", path, options=["deadline=1"])
    line = failed(result)
    assert line.startswith("describefs: %s: %s: %s: why it is so (request " % (path, words, code)), line
    assert todo in line.split(")", 1)[1]
    assert re.search(r"\(request [0-9a-f-]{36}\)", line)
    assert not any(secret in line for secret in SECRETS)


def test_a_list_of_which_the_cloud_says_that_it_is_missing_fails_with_its_words(box, cloud):
    """No resource is missing then, so the reader gets EIO, and so does the error log."""
    cloud.plan(action="DescribeTrainingTasks", do="error", code="ResourceNotFound", message="no such list")
    line = failed(box.verb("ls", "tione", "training", options=["deadline=1"]))
    assert line.startswith("describefs: training: Input/output error: ResourceNotFound: no such list (request "), line


def test_what_the_cloud_says_of_a_missing_resource_is_said(box):
    line = failed(box.verb("cat", "tione", "training/train-0/status"))
    assert "No such file or directory: ResourceNotFound" in line and "(request " in line
    # what costs no call has nothing to say
    assert failed(box.verb("cat", "tione", "nothing")) == "describefs: nothing: No such file or directory"


def test_doctor_says_it_too(box, cloud):
    cloud.plan(action="DescribeTrainingTasks", do="error", code="AuthFailure.SecretIdNotFound", message="no such key")
    box.auth_failures = True
    result = box.verb("doctor", "tione")
    line = next(line for line in result.stdout.splitlines() if line.startswith("problem  call"))
    assert "AuthFailure.SecretIdNotFound: no such key (request " in line and "key from: environment" in line


# ---- pipes

@pytest.mark.parametrize("words", [["tree", "tione", "training"], ["ls", "tione", "training"], ["kinds"],
                                   ["cat", "tione", "training/*/describe.json"], ["doctor", "tione"], ["help"]])
def test_a_reader_of_a_pipe_that_leaves_is_no_failure(box, cloud, words):
    """The pipe is closed before anything is written, so that every one of them meets it."""
    box.auth_failures = True
    options = [] if words[0] == "help" else ["-o", "endpoint=" + cloud.url]
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([str(SANITIZED), words[0], *options, *words[1:]], stdout=writing, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL, env=box.environment({}))
    os.close(writing)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (-signal.SIGPIPE, b"")


def test_tree_stops_when_its_reader_leaves(box):
    cloud = box.emulator("--tasks", 300)
    command = "%s tree -o endpoint=%s,rate=1000 tione training | head -n 1" % (SANITIZED, cloud.url)
    result = subprocess.run(["bash", "-c", command + '; exit "${PIPESTATUS[0]}"'], env=box.environment({}), capture_output=True,
                            timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (128 + signal.SIGPIPE, b"training\n", b"")
    assert cloud.calls().get("DescribeTrainingTask", 0) < 300


# ---- paths

@pytest.mark.parametrize("path", [STATUS + "/", STATUS + "//", STATUS + "/.", STATUS + "/..", STATUS + "/../status",
                                  STATUS + "/x", "README/"])
@pytest.mark.parametrize("verb", ["cat", "ls", "tree"])
def test_a_slash_behind_a_file_wants_a_directory(box, verb, path):
    assert failed(box.verb(verb, "tione", path)) == "describefs: %s: Not a directory" % path if verb != "tree" else True
    assert box.verb(verb, "tione", path).returncode == 1


@pytest.mark.parametrize("path", ["//training///%s//status" % TASK, "./training/./%s/status" % TASK, "../../" + STATUS,
                                  "training/../" + STATUS, "training/%s/../%s/status" % (TASK, TASK),
                                  "by-name/../" + STATUS, "by-name/training/initCommand_test/status",
                                  "by-name/training/initCommand_test/../%s/status" % TASK])
def test_paths_are_resolved_as_posix_has_it(box, path):
    assert shown(box.verb("cat", "tione", path)) == "SUCCEED\n"


@pytest.mark.parametrize("path, words", [("", "No such file"), ("nothing/../" + STATUS, "No such file"),
                                         ("training/train-0/../" + STATUS, "No such file"),
                                         ("x" * 256, "File name too long"), ("training/" + "./" * 2100, "File name too long")])
def test_paths_that_lead_nowhere(box, path, words):
    assert words in failed(box.verb("cat", "tione", path))


# ---- several paths, patterns

def test_ls_of_several_paths_is_as_ls_has_it(box):
    files = shown(box.verb("ls", "tione", STATUS, "README"))
    assert files == STATUS + "\nREADME\n"
    both = shown(box.verb("ls", "tione", "training", STATUS, "notebooks"))
    notebooks = shown(box.verb("ls", "tione", "notebooks"))
    assert both == "%s\n\ntraining:\n%s\n\nnotebooks:\n%s" % (STATUS, TASK, notebooks)
    result = box.verb("ls", "tione", "nothing", "training")
    assert result.returncode == 1 and result.stdout == "training:\n%s\n" % TASK and result.stderr.count("\n") == 1


def test_a_pattern_stands_for_what_matches(box):
    cloud = box.emulator("--tasks", 30)
    lines = shown(box.verb("cat", "tione", "training/*/status")).splitlines()
    assert len(lines) == 31 and cloud.calls() == {"DescribeTrainingTasks": 1}
    assert shown(box.verb("ls", "tione", "training/*[0]/status")).splitlines() == [
        "training/%s/status" % name for name in sorted([TASK, *(synthetic(i) for i in range(30))])
        if fnmatch.fnmatch(name, "*[0]")]
    assert shown(box.verb("ls", "tione", "//READ*")) == "//README\n"
    assert shown(box.verb("ls", "tione", "training/train-13300000000000000??/status", "READ[M]E")).count("\n") == 31


def test_a_pattern_that_nothing_matches_is_itself(box, cloud):
    assert failed(box.verb("cat", "tione", "training/x*/status")) == (
        "describefs: training/x*/status: No such file or directory")
    assert failed(box.verb("cat", "tione", "training/*/nothing")).startswith("describefs: training/*/nothing: No such file")
    assert "README/*: Not a directory" in failed(box.verb("cat", "tione", "README/*"))
    # a listing that fails is no listing without a match
    cloud.plan(do="error", code="UnauthorizedOperation")
    assert "Permission denied: UnauthorizedOperation" in failed(box.verb("cat", "tione", "training/*/status"))


# ---- ls -l, tree -L

def test_ls_l_is_what_the_mount_shows(box):
    lines = shown(box.verb("ls", "-l", "tione", DIRECTORY, env={"TZ": "UTC"})).splitlines()
    assert re.fullmatch(r"total \d+", lines[0])
    names = shown(box.verb("ls", "tione", DIRECTORY)).split()
    rows = [line.split() for line in lines[1:]]
    assert [row[7] for row in rows] == names
    status = rows[names.index("status")]
    assert status[0] == "-r--r--r--" and status[4] == "8" and re.fullmatch(r"20\d\d-\d\d-\d\d", status[5])
    assert rows[names.index("image_info")][0] == "dr-xr-xr-x"
    link = shown(box.verb("ls", "-l", "tione", "by-name/training")).splitlines()[1]
    assert link.startswith("lrwxrwxrwx ") and link.endswith(" initCommand_test -> ../../training/%s" % TASK)
    assert shown(box.verb("ls", "-l", "tione", STATUS)).endswith(" %s\n" % STATUS)


def test_ls_l_of_a_listing_costs_the_list(box):
    cloud = box.emulator("--tasks", 30)
    assert len(shown(box.verb("ls", "-l", "tione", "training")).splitlines()) == 32
    assert cloud.calls() == {"DescribeTrainingTasks": 1}


def test_tree_goes_as_deep_as_it_is_told_and_counts(box):
    cloud = box.emulator("--tasks", 3)
    for level in ["-L", "1"], ["-L1"]:
        lines = shown(box.verb("tree", *level, "tione")).splitlines()
        assert lines[0] == "/" and lines[1] == "|-- README" and lines[-2:] == ["", "7 directories, 1 file"]
        assert len(lines) == 10
    assert cloud.total() == 0
    lines = shown(box.verb("tree", "-L", "2", "tione", "training")).splitlines()
    assert lines.count("|   |-- status") == 3
    directories = sum(line.endswith("_info") or "-- train-" in line for line in lines)
    files, folders = len(lines) - 3, re.fullmatch(r"(\d+) directories, (\d+) files", lines[-1])
    assert int(folders[1]) + int(folders[2]) == files + 1 and int(folders[1]) > directories / 2
    assert shown(box.verb("tree", "tione", STATUS)) == STATUS + "\n\n0 directories, 1 file\n"


# ---- words

@pytest.mark.parametrize("words, said", [
    (["umount", "/mnt/x"], "fusermount3 -u /mnt/x"), (["stat", "x"], "describefs ls -l SOURCE PATH"),
    (["list", "tione"], "describefs ls tione"), (["show", "tione"], "describefs cat tione"),
    (["status", "-o", "ttl=1"], "-o means nothing for status"), (["kinds", "tione@nix"], "describefs kinds tione"),
    (["kinds", "-o", "allow_other"], "-o allow_other means nothing for kinds: only a mount takes it"),
    (["kinds", "-o", "rate=1"], "-o rate means nothing for kinds: only what asks a cloud takes it"),
    (["ls", "-o", "allow_other", "tione"], "-o allow_other means nothing for ls: only a mount takes it"),
    (["version", "now"], "too many arguments"), (["kinds", "tione", "qianfan"], "too many arguments"),
    (["tione", "/nowhere/m", "--foo"], "unknown option --foo: see describefs --help"),
    (["tione@a\nb\x9b", "/m"], r"tione@a\x0ab\xc2\x9b"),
])
def test_words_that_mean_nothing_are_wrong_usage(box, words, said):
    result = box.run(*words)
    assert result.returncode == 2 and result.stdout == b"" and result.stderr.count(b"\n") == 1
    assert said in result.stderr.decode()


def test_help_of_a_verb_says_what_it_takes(box):
    for words in ["help", "ls"], ["ls", "--help"], ["ls", "tione", "-h"]:
        result = box.run(*words)
        assert result.returncode == 0 and result.stderr == b""
        assert result.stdout.startswith(b"Usage: describefs ls [-l] SOURCE [PATH]...\n") and b"-l " in result.stdout
        assert b"ttl" in result.stdout and b"allow_other" not in result.stdout
    assert b'"lss" is not a verb; did you mean describefs ls?' in box.run("help", "lss").stderr


def test_help_and_version_are_verbs_too(box):
    assert box.run("help").stdout == box.run("--help").stdout != b""
    assert box.run("version").stdout == box.run("--version").stdout != b""
    assert box.run("help", env=dict.fromkeys(KEYS)).returncode == 0


def test_a_catalog_that_is_not_there_is_said_with_those_that_are(box):
    for words in ["kinds", "tion"], ["ls", "tion"], ["statos", "/nowhere"]:
        line = box.run(*words).stderr.decode()
        assert line.count("\n") == 1 and "no such catalog; the catalogs are: tione qianfan" in line
    assert "did you mean describefs status?" in line


# ---- kinds

LONG = {
    "catalog": "long", "about": "long: \u009b31mred\u202e", "cloud": "tencent", "service": "tione", "version": "2021-11-11",
    "endpoint": "https://tione.tencentcloudapi.com", "date": "2021-11-11",
    "kinds": [{"name": "a", "about": "short", "list": {"action": "DescribeA", "items": "A", "paging": "offset", "page": 20},
               "id": "Id", "id_form": "a-[0-9]+"},
              {"name": "a_kind_with_a_name_that_is_longer_than_what_the_others_have", "about": "a\u0085b\u2066c",
               "list": {"action": "DescribeB", "items": "B", "paging": "offset", "page": 20},
               "id": "AnIdWhoseNameIsLongTooAndMakesItWorse", "id_form": "b-[0-9]+"}],
}


def test_kinds_say_once_that_a_listing_is_partial(box):
    for line in shown(box.verb("kinds")).splitlines():
        assert line.count("partial") <= 1, line


def test_the_columns_of_kinds_fit_and_a_catalog_gives_no_orders(box, tmp_path):
    catalogs = tmp_path / ".config/describefs/catalog"
    catalogs.mkdir(parents=True)
    (catalogs / "long.json").write_text(json.dumps(LONG))
    text = shown(box.verb("kinds", env={"HOME": str(tmp_path)}))
    assert not any(odd in text for odd in "\u009b\u202e\u0085\u2066")
    assert "a\\xc2\\x85b\\xe2\\x81\\xa6c" in text and "long: \\xc2\\x9b31mred\\xe2\\x80\\xae" in text
    for part in re.split(r"^\S.*\n", text, flags=re.M)[1:]:
        columns = {re.match(r" *(/\S+ +)?", line).end() for line in part.splitlines()}
        assert len(columns) == 1, part


# ---- doctor

NO_BAIDU = {"QIANFAN_ACCESS_KEY": None, "QIANFAN_SECRET_KEY": None}
NO_MACHINE = "metadata=http://127.0.0.1:1"


def findings(result):
    return re.findall(r"^(ok|warning|problem) +(\S+) +(.*)$", result.stdout, re.M)


def test_doctor_says_what_is_wrong_with_the_files_and_goes_on(box, cloud, tmp_path):
    box.auth_failures = True  # what it asks of the endpoint is not signed
    files = tmp_path / ".config/describefs"
    (files / "catalog").mkdir(parents=True)
    (files / "config").write_text("[one]\nsource = tione\n\n[two]\nsource = tione\ndeadlin = 5\n")
    (files / "catalog/bad.json").write_text("{")
    result = box.verb("doctor", "tione", env={"HOME": str(tmp_path)})
    found = findings(result)
    assert result.returncode == 1 and result.stderr == ""
    assert any(f[:2] == ("problem", "config") and "config:6: unknown name deadlin: did you mean deadline?" in f[2] for f in found)
    assert any(f[:2] == ("problem", "catalogs") and "bad.json" in f[2] for f in found)
    assert ("ok", "call", "DescribeTrainingTasks succeeded") in found
    (files / "config").write_text("[one]\nsource = tione\n")
    (files / "catalog/bad.json").unlink()
    result = box.verb("doctor", "tione", env={"HOME": str(tmp_path)})
    assert result.returncode == 0 and ("ok", "config", str(files / "config")) in findings(result)
    assert ("ok", "catalogs", "tione qianfan") in findings(result)


def test_doctor_names_every_mistake_in_the_files(box, cloud, tmp_path):
    box.auth_failures = True
    files = tmp_path / ".config/describefs"
    (files / "catalog").mkdir(parents=True)
    (files / "config").write_text("[one]\nsource = tione\ndeadlin = 5\n\n[two]\nsource = tione\nrate = many\n")
    (files / "catalog/a.json").write_text("{")
    (files / "catalog/b.json").write_text("[]")
    for words in [], ["tione"]:
        found = findings(box.verb("doctor", *words, options=[NO_MACHINE], env={"HOME": str(tmp_path)}))
        for what, places in ("config", ("config:3: ", "config:7: ")), ("catalogs", ("a.json", "b.json")):
            lines = [f[2] for f in found if f[:2] == ("problem", what)]
            assert len(lines) == 2 and all(place in line for place, line in zip(places, lines)), found
    # a mount needs one line
    assert "a.json" in failed(box.verb("kinds", env={"HOME": str(tmp_path)}))


def test_doctor_without_a_source_looks_at_those_that_the_files_name(box, cloud, tmp_path):
    """With the options of their mounts; a cloud that none of them names is looked at as ever."""
    box.auth_failures = True
    files = tmp_path / ".config/describefs"
    files.mkdir(parents=True)
    (files / "config").write_text("[good]\nsource = tione:ap-shanghai\nendpoint = %s\n"
                                  "[bad]\nsource = tione@work nix\nendpoint = http://127.0.0.1:1\n" % cloud.url)
    result = box.run("doctor", "-o", NO_MACHINE, env={"HOME": str(tmp_path), **NO_BAIDU})
    found = findings(types.SimpleNamespace(stdout=result.stdout.decode()))
    assert result.returncode == 1 and result.stderr == b""
    start = [found.index(("ok", "catalog", name)) for name in ("tione:ap-shanghai [good]", "tione@work [bad]", "qianfan")]
    good, bad, qianfan = found[start[0]:start[1]], found[start[1]:start[2]], found[start[2]:]
    assert ("ok", "call", "DescribeTrainingTasks succeeded") in good and cloud.calls()["DescribeTrainingTasks"] == 1
    assert any(f[:2] == ("problem", "key") and "work" in f[2] for f in bad)
    assert any(f[:2] == ("problem", "endpoint") and "127.0.0.1:1" in f[2] for f in bad)
    assert any(f[:2] == ("problem", "catalog") and f[2].startswith("nix: no such catalog") for f in bad)
    assert qianfan[1][:2] == ("ok", "key") and qianfan[1][2].startswith("not set up: ")


def test_doctor_holds_nothing_against_a_cloud_that_is_not_used(box, cloud):
    box.auth_failures = True
    result = box.verb("doctor", options=[NO_MACHINE], env=NO_BAIDU)
    assert result.returncode == 0, result.stdout
    assert any(f[:2] == ("ok", "key") and f[2].startswith("not set up: ") for f in findings(result))
    # named, it counts; and so does a key that is there and wrong, or none at all
    result = box.verb("doctor", "qianfan", options=[NO_MACHINE], env=NO_BAIDU)
    assert result.returncode == 1 and any(f[:2] == ("problem", "key") for f in findings(result))
    result = box.verb("doctor", options=[NO_MACHINE], env={"QIANFAN_SECRET_KEY": None})
    assert result.returncode == 1 and any(f[:2] == ("problem", "key") for f in findings(result))
    result = box.verb("doctor", options=[NO_MACHINE], env=dict.fromkeys(KEYS))
    assert result.returncode == 1 and ("problem", "key", "no source has credentials: set up one of the sources above") in findings(result)


def test_doctor_names_what_there_is_for_what_is_not(box):
    result = box.verb("doctor", "nix")
    assert result.returncode == 1 and ("problem", "catalog", "nix: no such catalog; the catalogs are: tione qianfan") in findings(result)


def test_doctor_of_an_unknown_source_has_one_problem(box):
    """It says nothing about keys: a source that is named and unknown has none to look for."""
    found = findings(box.verb("doctor", "nosuch"))
    problems = [f[1:] for f in found if f[0] == "problem" and f[1] in ("catalog", "key")]
    assert problems == [("catalog", "nosuch: no such catalog; the catalogs are: tione qianfan")]


def test_doctor_keeps_the_deadline(box, cloud):
    """Each check that waits ends at the deadline, also where 5 s are the limit without one."""
    cloud.plan(do="half_open")
    start = time.monotonic()
    result = box.verb("doctor", "tione", options=["deadline=1"])
    assert time.monotonic() - start < 4
    line = next(f[2] for f in findings(result) if f[:2] == ("problem", "endpoint"))
    assert line.startswith(cloud.url + ": Connection timed out: ") and line.endswith("; check the network, or raise -o deadline=")


def test_doctor_keeps_the_deadline_of_a_section(box, cloud, tmp_path):
    cloud.plan(do="half_open")
    files = tmp_path / ".config/describefs"
    files.mkdir(parents=True)
    (files / "config").write_text("[one]\nsource = tione\nendpoint = %s\ndeadline = 0.5\n" % cloud.url)
    start = time.monotonic()
    result = box.run("doctor", "-o", NO_MACHINE, env={"HOME": str(tmp_path), **NO_BAIDU})
    assert time.monotonic() - start < 4
    assert b"%s: Connection timed out: " % cloud.url.encode() in result.stdout


def test_doctor_says_what_to_do_about_an_endpoint_that_fails(box, cloud):
    """In the form of the other lines: what, cause, detail, advice."""
    result = box.run("doctor", "-o", "endpoint=http://127.0.0.1:1", "tione")
    line = next(f[2] for f in findings(types.SimpleNamespace(stdout=result.stdout.decode())) if f[1] == "endpoint")
    assert line.startswith("http://127.0.0.1:1: Connection refused: "), line
    assert line.endswith("; check the endpoint, and any proxy or firewall before it")


def test_doctor_says_that_a_proxy_of_the_environment_is_not_used(box, cloud):
    box.auth_failures = True
    for name in "https_proxy", "HTTPS_PROXY", "ALL_PROXY":
        result = box.verb("doctor", "tione", env={name: "http://user:canary@127.0.0.1:1"})
        assert result.returncode == 0 and any(f[:2] == ("warning", "proxy") and f[2].startswith(name + " is set and is not used")
                                              for f in findings(result))
        assert "canary" not in result.stdout
    assert not any(f[1] == "proxy" for f in findings(box.verb("doctor", "tione")))


def as_user(uid, mode):
    """A user, and a /dev/fuse of that mode."""
    return (*APART, "sh", "-c", "mount -t tmpfs -o dev,mode=755 t /mnt && mknod /mnt/fuse c 10 229 && chmod %s /mnt/fuse && "
            "mount --bind /mnt/fuse /dev/fuse && exec setpriv --reuid=%d --regid=%d --clear-groups \"$@\"" % (mode, uid, uid), "sh")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make devices")
def test_doctor_knows_why_a_user_cannot_mount(box):
    box.auth_failures = True
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    closed = findings(box.verb("doctor", "tione", prefix=as_user(65534, "600")))
    fuse = next(f for f in closed if f[1] == "fuse")
    assert fuse[0] == "problem" and "Permission denied; its mode denies access" in fuse[2] and "modprobe" not in fuse[2]
    assert next(f for f in closed if f[1] == "permissions")[0] == "problem"
    nobody = findings(box.verb("doctor", "tione", prefix=as_user(65534, "666")))
    assert next(f for f in nobody if f[1] == "permissions")[0] == "ok" and not any(f[1] == "user" for f in nobody)
    stranger = findings(box.verb("doctor", "tione", prefix=as_user(54321, "666")))
    assert any(f[:2] == ("problem", "user") and "no passwd entry for the uid 54321" in f[2] for f in stranger)
