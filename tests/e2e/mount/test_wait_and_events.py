"""KIND/ID/.wait and .events with everyday tools, and the metrics of a mount."""
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from harness import (MODEL, NOTEBOOK, TASK, VERSION, error_of, line_from, mounts_below, synthetic, timed,
                     wait_until)

RUNNING = synthetic(0)
WAIT, EVENTS = "training/%s/.wait" % RUNNING, "training/%s/.events" % RUNNING
ONE = "DescribeTrainingTask"


@pytest.fixture
def cloud(box):
    return box.emulator("--tasks", 3)


def finish(cloud, status="SUCCEED"):
    cloud.set("training", RUNNING, Status=status)


def watching(mount):
    return int(re.search(r"^describefs_watching (\d+)$", mount.read(".describefs/metrics").decode(), re.M)[1])


def waiter(mount, *command, n=1, **how):
    """A command that waits in the mount."""
    before = watching(mount)
    process = subprocess.Popen(command, cwd=mount.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **how)
    wait_until(lambda: watching(mount) == before + n, 10, "the wait")
    return process


def said(process, seconds=10):
    return process.communicate(timeout=seconds)[0]


# ---- .wait

@pytest.mark.parametrize("command", [
    ["cat", WAIT], ["head", "-n1", WAIT], ["grep", "", WAIT], ["sh", "-c", "read s < %s; echo $s" % WAIT],
    ["bash", "-c", "echo $(<%s)" % WAIT], ["dd", "status=none", "if=" + WAIT], ["cp", WAIT, "/dev/stdout"],
    ["python3", "-c", "print(open('%s').read(), end='')" % WAIT],
    ["python3", "-c", "import mmap; f = open('%s'); print(mmap.mmap(f.fileno(), 0, prot=1).readline()"
     ".decode().strip('\\0'), end='')" % WAIT],
    ["python3", "-c", "import os; os.sendfile(1, os.open('%s', 0), 0, 100)" % WAIT],
], ids=lambda command: command[0] + str(len(command[-1])))
def test_a_read_ends_when_the_job_does(box, cloud, command):
    mount = box.mount("tione", "ttl=1")
    process = waiter(mount, *command)
    time.sleep(1.2)
    assert process.poll() is None
    finish(cloud, "FAILED")
    assert said(process) == b"FAILED\n" and process.returncode == 0


def test_cat_and_the_next_step(box, cloud):
    mount = box.mount("tione", "ttl=1", "deadline=1")
    process = waiter(mount, "sh", "-c", "cat %s && echo next" % WAIT)
    time.sleep(3)  # longer than any other read may take
    assert process.poll() is None
    finish(cloud)
    assert said(process) == b"SUCCEED\nnext\n"


@pytest.mark.parametrize("way, expected", [({"do": "http", "status": 503}, "EIO"), ({"do": "http", "status": 429}, "EBUSY"),
                                           ({"do": "reset"}, "EIO"), ({"do": "half_open"}, "ETIMEDOUT")],
                         ids=lambda way: way if isinstance(way, str) else way["do"] + str(way.get("status", "")))
def test_a_wait_that_begins_in_an_outage_lasts_through_it(box, cloud, way, expected):
    """With nothing cached. Every other file of the directory fails, and so does a stat of the directory."""
    mount = box.mount("tione", "ttl=1", "deadline=1")
    cloud.plan(**way)
    waits = waiter(mount, "cat", WAIT)
    made_up = waiter(mount, "cat", "training/train-4040404040404040404/.wait")
    time.sleep(3)  # longer than any other read may take
    assert waits.poll() is None and made_up.poll() is None
    assert mount.error("training/%s/status" % RUNNING) == expected
    assert error_of(os.listdir, mount / "training" / RUNNING) == expected
    assert error_of(os.stat, mount / "training" / RUNNING) == expected
    cloud.clear()
    finish(cloud)
    assert said(waits, 40) == b"SUCCEED\n"
    assert b"No such file" in made_up.communicate(timeout=40)[1]  # what the cloud says is not there still ends one


@pytest.mark.parametrize("code", ["AuthFailure.SecretIdNotFound", "UnauthorizedOperation"])
def test_a_wait_that_begins_with_a_key_that_is_refused_fails_at_once(box, cloud, code):
    """Time alone does not repair it, so the reader gets the error."""
    box.auth_failures = True
    mount = box.mount("tione")
    cloud.plan("error", code=code)
    assert mount.error(WAIT) == "EACCES"


def test_what_has_ended_is_told_at_once(box, cloud):
    mount = box.mount("tione")
    with cloud.counting() as made:
        assert mount.read("training/%s/.wait" % TASK) == b"SUCCEED\n"
        assert mount.read("training/%s/.wait" % TASK) == b"SUCCEED\n"
    assert made == {ONE: 1}
    assert mount.read("models/%s/versions/%s/.wait" % (MODEL, VERSION)).endswith(b"\n")


def test_programs_that_rely_on_the_size_are_right_once_it_was_read(box, cloud):
    mount = box.mount("tione")
    result = mount.run("cd training/%s && cat .wait && wc -c < .wait && tar -cf - .wait | tar -xOf -" % TASK)
    assert (result.stdout, result.stderr) == ("SUCCEED\n8\nSUCCEED\n", "")


def test_a_job_that_runs_again_is_waited_for_again(box, cloud):
    mount = box.mount("tione", "ttl=1")
    finish(cloud)
    assert mount.read(WAIT) == b"SUCCEED\n"
    finish(cloud, "RUNNING")
    time.sleep(1.1)
    process = waiter(mount, "cat", WAIT)
    finish(cloud, "SUBMIT_FAILED")
    assert said(process) == b"SUBMIT_FAILED\n"


def test_many_waiters_cost_one_call_a_term(box, cloud):
    mount = box.mount("tione", "ttl=2")
    with cloud.counting() as made:
        processes = [waiter(mount, "cat", WAIT) for _ in range(10)]
        time.sleep(5)
        finish(cloud, "STOPPED")
        assert [said(process) for process in processes] == [b"STOPPED\n"] * 10
    assert 2 <= made.pop(ONE) <= 7 and not made


def test_an_outage_does_not_end_it_and_what_is_gone_does(box, cloud):
    mount = box.mount("tione", "ttl=1")
    process = waiter(mount, "cat", WAIT)
    cloud.plan("http", status=500)
    time.sleep(2.5)
    assert process.poll() is None
    cloud.clear()
    cloud.remove("training", RUNNING)
    assert process.communicate(timeout=20)[1].strip().endswith(b"No such file or directory")
    assert process.returncode == 1


def test_a_key_that_is_refused_ends_it(box, cloud):
    box.auth_failures = True
    mount = box.mount("tione", "ttl=1")
    process = waiter(mount, "cat", WAIT)
    cloud.plan("error", code="UnauthorizedOperation", message="no")
    assert process.communicate(timeout=10)[1].strip().endswith(b"Permission denied")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_a_waiter_at_once(box, cloud, number):
    took = []
    while not took or (took[-1] >= 0.2 and len(took) < 3):  # a busy machine may be late once, not thrice
        mount = box.mount("tione")
        process = waiter(mount, "cat", WAIT)
        process.send_signal(number)
        took.append(timed(process.wait, 10)[0])
        process.communicate()
        assert process.returncode == -number
        assert watching(mount) == 0
    assert took[-1] < 0.2, took


def test_ctrl_c_and_ctrl_z_at_a_terminal(box, cloud):
    mount = box.mount("tione", "ttl=1")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "--norc", "-i"], {"PATH": os.environ["PATH"], "PS1": "$", "HOME": str(box.home)})
    seen = b""

    def until(word):
        nonlocal seen
        end = time.monotonic() + 10
        while word not in seen:
            assert time.monotonic() < end, seen
            seen += os.read(terminal, 4096)
        seen = seen.split(word, 1)[1]

    os.write(terminal, b"cat %s; echo a-$?\n" % os.fsencode(mount / WAIT))
    wait_until(lambda: watching(mount) == 1)
    os.write(terminal, b"\x03")
    wait_until(lambda: watching(mount) == 0)
    os.write(terminal, b"cat %s\n" % os.fsencode(mount / WAIT))
    wait_until(lambda: watching(mount) == 1)
    os.write(terminal, b"\x1a")
    until(b"Stopped")
    finish(cloud)
    os.write(terminal, b"fg\n")
    until(b"SUCCEED")
    os.write(terminal, b"exit\n")
    os.waitpid(pid, 0)
    os.close(terminal)


def test_timeout_ends_it(box, cloud):
    mount = box.mount("tione")
    result = mount.run("timeout 1 cat %s" % WAIT)
    assert result.returncode == 124 and result.stdout == ""


def test_nobody_else_in_the_directory_waits(box, cloud):
    """Neither for a name that exists nor for one to be created; and a stat of .wait does not wait."""
    mount = box.mount("tione")
    process = waiter(mount, "cat", WAIT)
    result = mount.run("cd training/%s && timeout 5 cat status remark no-such-file; timeout 5 touch x; timeout 5 mkdir y; "
                       "timeout 5 ls -la > /dev/null; timeout 5 stat -c %%s .wait && timeout 5 test -e .wait" % RUNNING)
    assert result.returncode == 0 and result.stdout.startswith("RUNNING\n") and result.stdout.endswith("\n14\n")
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_daemon_ends_it_though_readers_wait(box, cloud, number):
    mount = box.mount("tione")
    processes = [waiter(mount, "cat", WAIT) for _ in range(2)]
    mount.signal(number)
    took, status = timed(mount.wait)
    assert status == 0 and took < 3
    for process in processes:
        assert process.communicate(timeout=5)[1] and process.returncode == 1
    assert mounts_below(mount.path) == []


def test_an_unmount_is_not_held_up(box, cloud):
    mount = box.mount("tione")
    process = waiter(mount, "cat", str(mount / WAIT))
    assert subprocess.run(["umount", str(mount.path)], stderr=subprocess.PIPE, timeout=10).returncode != 0  # busy
    subprocess.run(["umount", "-l", str(mount.path)], check=True, timeout=10)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)
    assert mount.wait() == 0


def test_a_waiter_does_not_keep_the_daemon_awake(box, cloud):
    def spent():
        with open("/proc/%d/stat" % mount.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    mount = box.mount("tione")
    processes = [waiter(mount, "cat", WAIT) for _ in range(3)]
    before = spent()
    time.sleep(4)
    assert spent() - before <= 20  # hundredths of a second
    for process in processes:
        process.kill()
        process.communicate()


def test_it_works_without_a_mount(box, cloud):
    result = box.verb("cat", "tione", "training/%s/.wait" % TASK)
    assert (result.returncode, result.stdout) == (0, "SUCCEED\n")
    command = ["cat", "-o", "endpoint=%s,ttl=1" % cloud.url, "tione", WAIT]
    from harness import SANITIZED
    process = subprocess.Popen([str(SANITIZED), *command], env=box.environment(), stdout=subprocess.PIPE)
    wait_until(lambda: cloud.calls().get(ONE, 0) >= 3)
    finish(cloud)
    assert said(process) == b"SUCCEED\n"


def test_only_where_there_is_an_end_to_wait_for(box, cloud):
    mount = box.mount("tione")
    with cloud.counting() as made:
        for path in (".wait", "training/.wait", "models/%s/.wait" % MODEL, ".events", "training/.events"):
            assert mount.error(path) == "ENOENT"
    assert set(made) <= {"DescribeTrainingModels", "DescribeTrainingModelVersions"}
    assert mount.read("models/%s/.events" % MODEL) == b""


# ---- .events

@pytest.mark.parametrize("command", [["tail", "-f"], ["tail", "-n+1", "-F"], ["tail", "-f", "---disable-inotify"],
                                     ["tail", "-f", "-s", "0.3"]], ids=" ".join)
def test_tail_prints_each_change(box, cloud, command):
    mount = box.mount("tione", "ttl=1")
    process = subprocess.Popen([*command, EVENTS], cwd=mount.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               bufsize=0)
    try:
        wait_until(lambda: cloud.calls().get(ONE, 0) >= 2)  # it follows
        for status, tag in (("STOPPING", "one"), ("STOPPED", "two")):
            cloud.set("training", RUNNING, Status=status, Tags=[{"TagKey": "team", "TagValue": tag}])
            lines = [line_from(process.stdout) for _ in range(2)]
            if status == "STOPPING":
                lines.append(line_from(process.stdout))
                assert lines[1].split("\t")[1:] == ["tags/qcs:tag:createdBy", lines[1].split("\t")[2], "\n"]
            for line in lines:
                assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t[^\t]+\t[^\t]*\t[^\t]*\n$", line), line
            before = "RUNNING" if status == "STOPPING" else "STOPPING"
            assert lines[0].split("\t")[1:] == ["status", before, status + "\n"]
            assert lines[-1].split("\t")[1:] == ["tags/team", "alpha" if tag == "one" else "one", tag + "\n"]
    finally:
        process.kill()
        process.communicate()


def test_nobody_is_asked_when_nobody_follows(box, cloud):
    mount = box.mount("tione", "ttl=1")
    assert mount.read(EVENTS) == b""
    cloud.quiet()
    before = cloud.total()
    time.sleep(2.5)
    assert cloud.total() == before
    process = subprocess.Popen(["tail", "-f", EVENTS], cwd=mount.path, stdout=subprocess.DEVNULL)
    wait_until(lambda: cloud.total() >= before + 2)
    process.kill()
    process.wait()
    time.sleep(0.5)
    before = cloud.total()
    time.sleep(2)
    assert cloud.total() == before


def test_the_lines_so_far_can_be_read_again(box, cloud):
    mount = box.mount("tione", "ttl=1")
    fd = os.open(mount / EVENTS, os.O_RDONLY)
    try:
        assert os.read(fd, 100) == b""
        finish(cloud)
        time.sleep(1.1)
        assert re.fullmatch(rb"[^\t]+\tstatus\tRUNNING\tSUCCEED\n", os.read(fd, 1000))
        assert os.read(fd, 1000) == b""
        assert mount.sh("cut -f2- " + EVENTS) == "status\tRUNNING\tSUCCEED\n"
        assert mount.sh("wc -l < " + EVENTS) == "1\n"
    finally:
        os.close(fd)


def test_an_outage_does_not_end_a_tail(box, cloud):
    mount = box.mount("tione", "ttl=1", "deadline=1")
    process = subprocess.Popen(["tail", "-f", EVENTS], cwd=mount.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               bufsize=0)
    wait_until(lambda: cloud.calls().get(ONE, 0) >= 2)
    for plan in ("half_open", "http"):
        cloud.plan(plan, **({"status": 503} if plan == "http" else {}))
        time.sleep(2.5)
        assert process.poll() is None
        cloud.clear()
    finish(cloud)
    assert line_from(process.stdout, 20).endswith("\tstatus\tRUNNING\tSUCCEED\n")
    process.kill()
    assert process.communicate()[1] == b""


# ---- nobody meets them who does not ask for them

@pytest.mark.parametrize("command", [
    "grep -r nothing . || :", "tar -cf - . | cat > /dev/null", "rsync -a ./ {to}/", "find . -type f -exec cat {{}} + > /dev/null",
    "find . -name '.*' -mindepth 1", "cp -r . {to}", "du -a . > /dev/null", "ls -laR . > /dev/null",
], ids=lambda command: command.split()[0] + str(len(command)))
def test_a_walk_meets_no_file_that_blocks_or_grows(box, cloud, command, tmp_path):
    mount = box.mount("tione", "rate=1000", "ttl=1")
    process = waiter(mount, "cat", WAIT)  # they are there, and a job runs
    tail = subprocess.Popen(["tail", "-f", EVENTS], cwd=mount.path, stdout=subprocess.DEVNULL)
    result = mount.run("timeout 40 bash -c \"%s\"" % command.format(to=tmp_path), timeout=60)
    assert result.returncode == 0 and ".wait" not in result.stdout and ".events" not in result.stdout, result
    assert not list(tmp_path.rglob(".wait")) and not list(tmp_path.rglob(".events"))
    assert watching(mount) == 1
    for left in (process, tail):
        left.kill()
        left.wait()
    process.communicate()


def test_the_readme_names_them(box, cloud):
    said = box.mount("tione").read("README").decode()
    for word in (".wait", ".events", "describefs refresh", ".describefs/", "metrics"):
        assert word in said


# ---- metrics and requests

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?[0-9]+(?:\.[0-9]+)?)$')


def metrics(mount):
    """The text, by the rules of the exposition format: HELP, TYPE, then all samples of that name, once."""
    text = mount.read(".describefs/metrics").decode()
    assert text.endswith("\n")
    types, values, name = {}, {}, None
    lines = text.split("\n")[:-1]
    for at, line in enumerate(lines):
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in types and len(line.split(" ", 3)[3]) > 5
            assert lines[at + 1].startswith("# TYPE %s " % name)
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == name
            types[name] = line.split(" ")[3]
            assert types[name] in ("counter", "gauge") and (types[name] == "counter") == name.endswith("_total")
        else:
            sample = SAMPLE.match(line)
            assert sample and sample[1] == name and name in types, line
            assert (name, sample[2]) not in values
            values[name, sample[2]] = float(sample[3])
    assert all(name.startswith("describefs_") for name in types)
    return values


def test_metrics_are_what_prometheus_reads(box, cloud):
    mount = box.mount("tione")
    before = metrics(mount)
    assert ("describefs_newest_answer_age_seconds", None) not in before
    mount.sh("cat training/*/status; cat training/%s/status > /dev/null" % RUNNING)
    cloud.plan("http", status=500, count=1, action="DescribeNotebook")
    mount.read("notebooks/%s/name" % NOTEBOOK)
    cloud.plan("error", code="ResourceNotFound", message="no", count=1, action="DescribeNotebook")
    assert mount.error("notebooks/nb-1/name") == "ENOENT"
    after = metrics(mount)
    made = cloud.calls()
    for action, n in made.items():
        assert sum(value for (name, labels), value in after.items()
                   if name == "describefs_calls_total" and 'action="%s"' % action in labels) == n
    assert after["describefs_calls_total", '{action="DescribeNotebook",cause="server"}'] == 1
    assert after["describefs_calls_total", '{action="DescribeNotebook",cause="not-found"}'] == 1
    assert after["describefs_retries_total", None] == 1
    assert after["describefs_memory_bytes", None] > before["describefs_memory_bytes", None]
    assert after["describefs_uptime_seconds", None] >= before["describefs_uptime_seconds", None]
    assert 0 <= after["describefs_newest_answer_age_seconds", None] < 60
    assert after["describefs_questions_total", None] == (after["describefs_waits_total", None] +
                                                        after["describefs_cache_hits_total", None])
    for key, value in before.items():
        assert not key[0].endswith("_total") or after[key] >= value
    assert ".describefs" not in mount.names()


def test_requests_are_what_is_under_way(box, cloud):
    cloud.plan("half_open")
    mount = box.mount("tione", "deadline=30")
    assert mount.read(".describefs/requests") == b""
    process = subprocess.Popen(["cat", "training/%s/status" % TASK], cwd=mount.path, stderr=subprocess.PIPE)
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    line = mount.read(".describefs/requests").decode()
    assert re.fullmatch(r"\d+\.\d{3}\tDescribeTrainingTask\t/training/%s\t1\tsent\n" % TASK, line)
    process.kill()
    process.communicate()
