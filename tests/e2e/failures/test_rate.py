"""R: many readers, few calls: herds, retries, refusals, outages, walks and pages."""
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

import pytest

from harness import (APART, NOTEBOOK, PLAIN, TASK, cat_error, error_of, forget_all, read, synthetic, text, timed, wait_until,
                     xattr)

STATUS = "training/%s/status" % TASK
ONE, LIST = "DescribeTrainingTask", "DescribeTrainingTasks"


def together(readers, paths):
    result = subprocess.run([str(readers)], input="\n".join(map(str, paths)), text=True, stdout=subprocess.PIPE,
                            check=True, timeout=60)
    return json.loads(result.stdout)


def test_R01_a_thousand_readers_of_one_cold_file_are_one_call(box, cloud, readers):
    cloud.latency(300)
    mount = box.mount("tione")
    result = together(readers, [mount / STATUS] * 1000)
    assert (result["errors"], result["different"], result["bytes"]) == ({"0": 1000}, 0, 8000)
    assert cloud.calls() == {ONE: 1}


def test_R02_a_thousand_readers_of_what_fails_are_one_call_and_one_error(box, cloud, readers):
    cloud.latency(300)
    cloud.plan("error", action=ONE, code="AuthFailure.SecretIdNotFound")
    mount = box.mount("tione")
    began = time.monotonic()
    assert together(readers, [mount / STATUS] * 1000)["errors"] == {"13": 1000}
    most = 1 + int(time.monotonic() - began)  # the failure is held for a second; a slow machine needs longer for them
    made = cloud.calls()[ONE]
    assert 1 <= made <= most
    time.sleep(1.1)
    assert together(readers, [mount / STATUS] * 100)["errors"] == {"13": 100}
    assert made < cloud.calls()[ONE] <= made + 2


def test_R03_nothing_is_an_answer_and_is_kept_like_any(box, cloud):
    cloud.remove("training", TASK)
    cloud.remove("notebook", NOTEBOOK)
    mount = box.mount("tione", "ttl=600")
    for _ in range(10):
        assert mount.names("training") == mount.names("notebooks") == []
    assert cloud.calls() == {LIST: 1, "DescribeNotebooks": 1}


def test_R04_who_leaves_takes_nobody_with_him(box, cloud):
    cloud.latency(800)
    mount = box.mount("tione")
    readers = [subprocess.Popen(["cat", str(mount / STATUS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
               for _ in range(10)]
    wait_until(lambda: cloud.counts()["in_flight"] == 1)
    readers[0].kill()  # who asked first
    readers[5].kill()
    said = [reader.communicate(timeout=20)[0] for reader in readers]
    assert [said[i] for i in (0, 5)] == [b"", b""] and said.count(b"SUCCEED\n") == 8
    assert cloud.calls() == {ONE: 1}


# promise: 5
def test_R05_walks_over_many_stay_within_twenty_calls_a_second(box):
    """find | xargs cat over all fields of some, and a long listing."""
    cloud = box.emulator("--tasks", 1200)
    mount = box.mount("tione", "ttl=600", "deadline=20")
    assert len(mount.names("training")) == 1201
    assert cloud.calls()[LIST] <= 30  # 25 pages
    some = " ".join("training/" + synthetic(i) for i in range(60))
    mount.sh("find %s -type f -exec cat {} + > /dev/null" % some)
    assert cloud.calls()[ONE] == 60  # and I5: at most twenty a second


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}, {"Retry-After": "1000000000"}, {"Retry-After": "-5"},
                                     {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, {"Retry-After": "soon"}])
def test_R06_throttling_is_tried_again_up_to_the_deadline_and_then_busy(box, cloud, headers):
    mount = box.mount("tione", "ttl=1", "deadline=3")
    assert mount.text("notebooks/%s/name" % NOTEBOOK) == "notebook-test"
    cloud.plan("http", status=429, headers=headers)
    took, error = timed(mount.error, STATUS)
    assert error == "EBUSY" and took < 3.5
    assert 1 <= cloud.calls()[ONE] <= 8
    time.sleep(max(0, 1.1 - took))
    assert mount.text("notebooks/%s/name" % NOTEBOOK) == "notebook-test"  # what is known is shown


def test_R06_a_retry_that_is_told_when_waits_so_long(box, cloud):
    mount = box.mount("tione", "deadline=5")
    cloud.plan("http", status=429, headers={"Retry-After": "1"}, count=1)
    took, value = timed(mount.text, STATUS)
    assert value == "SUCCEED" and 0.95 < took < 3
    assert cloud.calls() == {ONE: 2}


@pytest.mark.parametrize("plan", [{"do": "http", "status": 503}, {"do": "http", "status": 504}, {"do": "http", "status": 429},
                                  {"do": "error", "code": "RequestLimitExceeded.UinLimitExceeded"}, {"do": "reset"}],
                         ids=lambda plan: str(plan.get("status", plan["do"])))
def test_R13_seconds_of_failures_are_seen_by_no_reader(box, plan):
    cloud = box.emulator("--tasks", 12)
    mount = box.mount("tione", binary=PLAIN)
    cloud.plan(**plan)
    reading = subprocess.Popen(["xargs", "-P", "12", "-n", "1", "cat"], cwd=mount.path, stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    reading.stdin.write("\n".join("training/%s/remark" % synthetic(i) for i in range(12)).encode())
    reading.stdin.close()
    time.sleep(3)  # of an outage
    during = cloud.total()
    cloud.clear()
    said = reading.stderr.read()
    assert (reading.wait(), said) == (0, b"")
    assert 12 <= during <= 50


def test_R14_more_readers_than_the_rate_has_room_for_are_paced(box):
    """300 readers at once; the rate has room for 262 within the deadline. The others fail after they have waited."""
    cloud = box.emulator("--tasks", 400)
    mount = box.mount("tione", "deadline=15", binary=PLAIN)
    paths = ["training/%s/remark" % synthetic(i) for i in range(400)]
    result = subprocess.run(["xargs", "-P", "300", "-n", "1", "cat"], cwd=mount.path, input="\n".join(paths).encode(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
    # Each cat writes its line in pieces, so lines of several may be mixed. A call that went at the last moment may find
    # its reader gone.
    failed = result.stderr.count(b"training/")
    assert result.stderr.count(b"Device or resource busy") + result.stderr.count(b"Connection timed out") == failed
    assert failed <= 80
    assert {line["verdict"] for line in cloud.log()} == {"ok"}  # and I5: at most twenty calls a second
    if failed:
        assert b"xargs -P" in mount.read(".describefs/errors")


def test_R15_another_users_names_leave_the_owner_his_share(box):
    cloud = box.emulator("--tasks", 40)
    os.chmod(box.directory, 0o755)
    mount = box.mount("tione", "allow_other", binary=PLAIN)
    assert mount.error("notebooks/nb-404/name") == "ENOENT"
    script = "seq 3000 | sed 's|^|%s/training/train-4|' | xargs -P 150 -n 1 stat" % mount.path
    other = subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: cloud.calls().get(ONE, 0) > 20, 20, "the other user's calls")
        took, values = timed(lambda: [mount.read("training/%s/remark" % synthetic(i)) for i in range(10)])
        assert len(values) == 10 and took < 10
        lines = mount.read(".describefs/errors").decode().splitlines()
        assert len(lines) <= 4 and any("/notebooks/nb-404\t" in line for line in lines)
        assert re.search(r" x\d+$", lines[-1])
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()


def test_R16_a_view_beside_a_listing_waits_and_harms_nobody(box):
    """A cloud that answers at most four pages a second; two lists of a hundred pages."""
    cloud = box.emulator("--tasks", 5000)
    mount = box.mount("tione", binary=PLAIN)
    cloud.latency(1000, serves=4)
    listing = subprocess.Popen(["ls", "-f", "training"], cwd=mount.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: cloud.total() > 4, 20, "a listing that is under way")
    view = subprocess.Popen(["sh", "-c", "until ls by-status/training/RUNNING 2> /dev/null; do sleep 0.2; done"],
                            cwd=mount.path, stdout=subprocess.PIPE)
    took, value = timed(mount.text, STATUS)
    assert value == "SUCCEED" and took < 8
    names, error = listing.communicate(timeout=120)
    assert (listing.returncode, error, len(names.split())) == (0, b"", 5001 + 2)
    running = view.communicate(timeout=120)[0].split()
    assert len(running) > 500 and set(running) <= set(names.split())
    assert "timeout" not in mount.read(".describefs/errors").decode()
    assert cloud.calls()[LIST] <= 170  # 101, and those of the view while it waited


class Crowd:
    """Readers that read until they are stopped; returns the errors that they got."""

    def __init__(self, paths, n, pause=0.05):
        self.over, self.met, self.longest = threading.Event(), {}, 0
        self.paths, self.pause = paths, pause
        self.threads = [threading.Thread(target=self.go_on, args=(i,)) for i in range(n)]

    def go_on(self, i):
        dice = random.Random(i)
        while not self.over.wait(self.pause * dice.random()):
            took, error = timed(cat_error, dice.choice(self.paths))
            self.met[error] = self.met.get(error, 0) + 1
            self.longest = max(self.longest, took)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


# promise: 5
def test_R07_an_outage_costs_few_calls_and_ends_without_a_stampede(box):
    """
    Of ten seconds; the five minutes with a thousand readers, at most 150 calls, are played by the engine's
    tests, whose clock is turned by hand.
    """
    cloud = box.emulator("--tasks", 100)
    mount = box.mount("tione", "ttl=1", "deadline=2", binary=PLAIN)
    paths = [mount / "training" / synthetic(i) / "remark" for i in range(100)]
    cloud.plan("http", status=503)
    with Crowd(paths, 40) as crowd:
        time.sleep(10)
        during = cloud.total()
        cloud.clear()
        start = time.monotonic()
        wait_until(lambda: "ok" in crowd.met, 40, "the first good answer")
        assert time.monotonic() - start < 31
        time.sleep(2)
    # thirty tries, five a second up to the first deadlines, and then a probe now and then
    assert during <= 90 and "ENOENT" not in crowd.met
    assert max(cloud.counts()["max_in_1s"].values()) <= 20


def test_R08_a_thousand_readers_of_what_is_known_do_not_notice_an_outage(box, cloud, readers):
    mount = box.mount("tione", "ttl=1", "deadline=2", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan("http", status=503)
    time.sleep(1.1)
    before, start = cloud.total(), time.monotonic()
    for _ in range(3):
        result = together(readers, [mount / STATUS] * 1000)
        assert (result["errors"], result["different"]) == ({"0": 1000}, 0)
    # a refresh is tried again a second after it failed, three times at most each time
    assert cloud.total() - before <= 3 * (2 + time.monotonic() - start)
    assert xattr(mount / STATUS, "stale") == "1"


def test_R08_a_cold_reader_in_an_outage_costs_no_known_one_anything(box, cloud, readers):
    mount = box.mount("tione", "ttl=1", "deadline=2", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    cloud.kill()
    time.sleep(1.1)
    result = together(readers, [mount / STATUS] * 500 + [mount / "notebooks/nb-1/name"] * 500)
    assert result["errors"] == {"0": 500, "111": 500}
    assert result["ms"] < 10000  # the deadline is 2 s; a thousand readers on a busy machine take the rest


def test_R09_all_terms_that_end_at_once_make_no_burst(box, readers):
    box.emulator("--tasks", 50)
    mount = box.mount("tione", "ttl=2", "deadline=10", binary=PLAIN)
    paths = [mount / "training" / synthetic(i) / "remark" for i in range(50)]  # of the describe call alone
    for _ in range(2):
        assert together(readers, paths)["errors"] == {"0": 50}
        time.sleep(2.1)
    # and I5: at most twenty calls a second


def test_R10_what_is_fetched_ahead_lets_people_pass(box):
    cloud = box.emulator("--tasks", 300)
    mount = box.mount("tione", "ttl=600", "deadline=10", binary=PLAIN)
    mount.names("training")
    walk = subprocess.Popen(["grep", "-r", "nothing", "training"], cwd=mount.path, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: cloud.calls().get(ONE, 0) > 40, 20, "a walk that is under way")
        for i in (290, 250, 270):
            took, _ = timed(mount.read, "training/%s/remark" % synthetic(i))
            assert took < 3
    finally:
        walk.terminate()
        walk.wait()


PROBES = [".git", ".Trash", ".Trash-0", ".hidden", ".directory", ".xdg-volume-info", "autorun.inf", ".localized",
          ".DS_Store", ".svn", ".hg", ".editorconfig", "Makefile", "node_modules", "package.json", "tags", ".envrc",
          "lost+found", "desktop.ini", "Thumbs.db"]


def test_R11_names_that_programs_look_for_cost_no_call(box, cloud):
    mount = box.mount("tione")
    for directory in ("", "training", "notebooks", "models"):
        for name in PROBES:
            assert mount.error(os.path.join(directory, name)) == "ENOENT"
    mount.sh("git rev-parse 2> /dev/null || :; test -e /.git || :", cwd=mount / "training")
    assert cloud.total() == 0


UPDATEDB = 'PRUNE_BIND_MOUNTS="yes"\nPRUNEPATHS="/tmp"\nPRUNEFS="NFS afs %s proc"\n'


@pytest.mark.parametrize("types, warned", [("fuse fuse.sshfs", True), ("fuse.describefs", False)])
def test_R11_the_doctor_knows_of_updatedb(box, cloud, types, warned):
    box.auth_failures = True  # the doctor asks without a key
    etc = box.directory / "etc"
    etc.mkdir()
    (etc / "updatedb.conf").write_text(UPDATEDB % types)
    script = 'cp -r /etc/ssl /etc/ca-certificates* %s/ 2> /dev/null; mount --bind %s /etc && exec "$@"' % (etc, etc)
    said = box.run("doctor", "-o", "endpoint=" + cloud.url, "tione",
                   prefix=(*APART, "sh", "-c", script, "sh")).stdout.decode()
    line = next(line for line in said.splitlines() if "updatedb" in line)
    assert line.startswith("warning" if warned else "ok")
    assert not warned or "PRUNEFS" in line and "fuse.describefs" in line


# ---- pages

def listed(box, cloud, *plans, total=350):
    """Runs `ls` repeatedly with these plans; returns what it shows and what exists."""
    mount = box.mount("tione", "ttl=1", "deadline=4", "rate=1000", binary=PLAIN)
    before = mount.names("training")
    assert len(before) == total + 1
    for plan in plans:
        cloud.plan(action=LIST, **plan)
    time.sleep(1.1)
    return mount, before


def test_R12_a_page_that_fails_leaves_the_old_listing_whole(box):
    cloud = box.emulator("--notebooks", 350)  # of a kind that is always read whole
    mount = box.mount("tione", "ttl=1", "deadline=4", "rate=1000")
    before = mount.names("notebooks")
    assert len(before) == 351
    cloud.plan("http", action="DescribeNotebooks", status=500, **{"from": 3})
    time.sleep(1.1)
    for _ in range(3):
        assert mount.names("notebooks") == before
    assert xattr(mount / "notebooks", "stale") == "1"


def test_R12_a_page_that_fails_cold_is_an_error_and_not_half_a_listing(box):
    cloud = box.emulator("--tasks", 350)
    cloud.plan("http", action=LIST, status=500, **{"from": 7})
    mount = box.mount("tione", "deadline=3", "rate=1000")
    assert error_of(os.listdir, mount / "training") == "EIO"


AGAIN = pytest.mark.xfail(strict=False, reason="page.c: where every page is the first again, an `ls` of 8 pages costs "
                          "some 110 calls; 10 and those asked ahead would do")


@pytest.mark.parametrize("plan", [{"do": "total_lies", "total": 40}, {"do": "total_lies", "total": 100000},
                                  {"do": "total_lies", "delta": -1}, {"do": "total_lies", "delta": 51},
                                  pytest.param({"do": "page_repeat_marker"}, marks=AGAIN), {"do": "page_short", "n": 49},
                                  {"do": "page_shift", "n": -1}, {"do": "page_shift", "n": 1},
                                  {"do": "page_short", "n": 0, "from": 3, "count": 1}],
                         ids=lambda plan: "-".join(map(str, plan.values())))
def test_R12_pages_that_lie_hide_nothing_for_good_and_show_nothing_twice(box, plan):
    """Each listing is complete, an error, or the old one; there are no more calls than possible pages."""
    cloud = box.emulator("--tasks", 350)
    mount, before = listed(box, cloud, plan)
    start = cloud.total()
    for _ in range(2):
        try:
            names = mount.names("training")
        except OSError:
            continue
        assert len(names) == len(set(names)) and set(names) <= set(before)
    # twice: the pages that there are and two more, and what was asked for ahead of its turn
    assert cloud.total() - start <= 2 * (8 + 2 + 32)
    cloud.clear()
    wait_until(lambda: error_of(os.listdir, mount / "training") == "ok" and mount.names("training") == before, 10,
               "the whole listing")


def test_R12_the_same_id_on_two_pages_is_one_name(box):
    cloud = box.emulator("--tasks", 120)
    cloud.plan("page_shift", action=LIST, n=-10)
    mount = box.mount("tione", "deadline=4", "rate=1000")
    try:
        names = mount.names("training")
        assert len(names) == len(set(names))
    except OSError:
        pass  # a listing that cannot be whole is none
    forget_all(mount.path)
    assert text(mount / STATUS) and read(mount / STATUS) == b"SUCCEED\n"
