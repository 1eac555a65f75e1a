"""N: what a network does to a mount.  W is a file that was read before the fault, K one that never was.

Routes and name servers: test_network_apart.py.
"""
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import threading
import time

import pytest

from harness import NOTEBOOK, PLAIN, TASK, cat_error, error_of, synthetic, timed, wait_until
from net import (DEADLINE, LIST, ONE, QUICK, SLACK, STATUS, Broken, Relay, Server, descriptors, is_stale, looked_at,
                 task, together)
from net import tls, wire  # noqa: F401 (fixtures)

def status_line(mount, word):
    return re.search(r"^%s +(.*)$" % word, mount.read(".describefs/status").decode(), re.M)[1]


# ---- slow

@pytest.mark.parametrize("ms", [200, 2000])
def test_N01_latency_is_all_that_latency_costs(wire, ms):
    cloud, mount = wire()
    mount = mount("deadline=10", "ttl=15")
    cloud.latency(ms)
    took, got = timed(mount.read, STATUS)
    assert got == b"SUCCEED\n"
    assert ms / 1000 <= took < ms / 1000 + 0.5
    assert cloud.calls() == {ONE: 1} and status_line(mount, "retries") == "0"


def test_N07_a_trickle_is_no_answer_and_leaves_nothing_open(box):
    """A byte each half second from the status line on; and a header at once, then a byte each half second."""
    cloud = box.emulator("--tasks", 40)
    mount = box.mount("tione", *QUICK)
    known = Broken(mount)
    cloud.quiet()
    before = descriptors(mount)
    for piece in (1, 300):
        cloud.plan("slice", bytes=piece, ms=500)
        known.run_out()
        took = together(mount.error, ["training/%s/status" % synthetic(i) for i in range(20)])
        assert {got for _, got in took} == {"ETIMEDOUT"}
        assert max(seconds for seconds, _ in took) < DEADLINE + SLACK
        known.warm_is_served()
        cloud.quiet()  # the cloud has seen the connections close
        cloud.clear()
        wait_until(lambda: not is_stale(mount, STATUS), 12, "a fresh answer: the breaker asks again after 5 s")
    wait_until(lambda: descriptors(mount) <= before + 1, 5, "the descriptors")


def test_N08_a_stall_in_the_middle(wire):
    cloud, mount = wire("--tasks", 3)
    mount = mount("deadline=3")
    known = Broken(mount)
    paths = ["training/%s/describe.json" % synthetic(i) for i in range(2)]
    cloud.plan("stall", count=1, bytes=1500, ms=1000)
    took, got = timed(mount.read, paths[0])
    assert 1 <= took < 3 and json.loads(got)["Id"] == synthetic(0)  # it went on: the whole
    cloud.plan("stall", bytes=1500, ms=20000)
    known.run_out()
    known.cold(paths[1], "ETIMEDOUT", 3 + SLACK)  # and never the half of it
    known.warm_is_served(1)


def test_N09_a_thin_line(wire):
    cloud, mount = wire("--tasks", 2)
    mount = mount("deadline=4")
    known = Broken(mount)
    cloud.set("training", synthetic(1), Remark="x" * (7 << 20))
    cloud.plan("bandwidth", bytes=4096)
    took, got = timed(mount.read, "training/%s/describe.json" % synthetic(0))
    assert json.loads(got)["Id"] == synthetic(0) and took > 0.3
    known.run_out()
    known.cold("training/%s/status" % synthetic(1), "ETIMEDOUT", 4 + SLACK)
    known.warm_is_served(4 + SLACK)


def test_N10_pieces_of_one_byte_are_the_same_answer(wire):
    cloud, mount = wire("--tasks", 10)
    clean, sliced = mount(), mount()
    paths = ["training/%s/describe.json" % synthetic(i) for i in range(10)]
    wanted = [clean.read(path) for path in paths]
    cloud.plan("slice", bytes=1, us=0)
    assert [sliced.read(path) for path in paths] == wanted
    assert cloud.calls() == {ONE: 20}


# ---- unreachable

def test_N02_a_refused_connection(box, cloud):
    known = Broken(box.mount("tione", *QUICK))
    cloud.kill()
    known.both(task(1), "ECONNREFUSED")
    took = known.cold(task(2), "ECONNREFUSED")
    assert took > 0.02  # it was tried again


def test_N03_a_listen_queue_that_is_full(box):
    """Connections are neither accepted nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
            waiting.append(one)
        endpoint = "http://127.0.0.1:%d" % listener.getsockname()[1]
        mount = box.mount("tione", *QUICK, endpoint=endpoint)
        took, got = timed(mount.error, STATUS)
        for one in waiting:
            one.close()
    assert got == "ETIMEDOUT" and took < DEADLINE + SLACK


# ---- broken off

@pytest.mark.parametrize("where", [0, 100, 1500])
def test_N05_a_reset_is_tried_again(wire, where):
    cloud, mount = wire()
    mount = mount()
    cloud.plan("reset", count=1, bytes=where)
    assert mount.text(STATUS) == "SUCCEED"
    assert cloud.calls() == {ONE: 2}


def test_N05_resets_never_make_a_wrong_byte(wire):
    """A fifth of all answers is cut in the middle: each read is right or EIO."""
    cloud, mount = wire("--tasks", 400)
    paths = ["training/%s/describe.json" % synthetic(i) for i in range(400)]
    clean = mount("deadline=5")
    wanted = [got for _, got in together(clean.read, paths)]
    broken = mount("deadline=5")
    cloud.plan("reset", percent=10, bytes=1200)
    cloud.plan("reset", percent=10, bytes=90)
    got = [got for _, got in together(lambda path: looked_at(broken / path), paths)]
    assert {a for a, b in zip(got, wanted) if a != b} <= {"EIO"}
    assert sum(a == b for a, b in zip(got, wanted)) > 380  # three in a row are 3 of 400


# promise: 1
def test_N06_a_cloud_that_accepts_and_never_answers(wire, readers):
    cloud, mount = wire("--tasks", 2)
    known = Broken(mount())
    cloud.plan("half_open")
    known.run_out()
    paths = [str(known.mount / "training" / synthetic(i % 2) / "status") for i in range(500)]
    took, result = timed(lambda: subprocess.run([str(readers)], input="\n".join(paths), text=True,
                                                capture_output=True, timeout=60))
    assert result.returncode == 0, result.stderr
    assert "ETIMEDOUT" in result.stdout or '"110"' in result.stdout, result.stdout
    assert took < DEADLINE + SLACK + 1
    assert cloud.calls()[ONE] <= 4  # one for each file, one for what was known: no herd
    known.warm_is_served()


# ---- connections that were kept

def little_was_lost(mount):
    """A call that has to be made again may count at the cloud: it is told, and made within the rate, not in secret by
    curl.  And one dead connection is enough to know of the others for two seconds."""
    assert int(status_line(mount, "failures")) <= 3


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_N15_a_kept_connection_that_has_ended(wire, how):
    cloud, mount = wire("--tasks", 20)
    mount = mount()
    for i in range(20):
        assert mount.text("training/%s/status" % synthetic(i))
        cloud.control("drop", {"how": how})
    assert cloud.calls() == {ONE: 20} and cloud.counts()["connections"] == 20
    little_was_lost(mount)


@pytest.mark.parametrize("verb", ["close_early", "reset"])
def test_N15_a_kept_connection_that_ends_when_it_is_used(wire, verb):
    cloud, mount = wire("--tasks", 20)
    mount = mount()
    assert mount.text(STATUS)
    cloud.plan(verb, reused=True)
    for i in range(20):
        assert mount.text("training/%s/status" % synthetic(i))
    little_was_lost(mount)


def test_N15_a_kept_connection_that_is_forgotten_on_the_way(box):
    """A NAT has dropped its table: packets on old connections are lost, a new connection works."""
    cloud = box.emulator("--tasks", 8)
    paths = ["training/%s/status" % synthetic(i) for i in range(8)]
    with Relay(int(cloud.ports["http"])) as relay:
        mount = box.mount("tione", "ttl=60", endpoint="http://127.0.0.1:%d" % relay.port)
        cloud.latency(200)
        together(mount.error, paths[:4])  # several are kept
        before = relay.server.connections
        relay.forget()
        cloud.latency(0)
        took, got = timed(mount.error, paths[4])
        assert got == "ok" and took < 4 + SLACK  # 3 s, and no second one is tried
        assert timed(mount.error, paths[5])[1] == "ok" and relay.server.connections > before
        little_was_lost(mount)


def test_N15_a_cloud_that_is_slow_is_no_connection_that_is_forgotten(box, cloud):
    """The server's kernel acknowledges data that the server has not read yet."""
    mount = box.mount("tione", "ttl=60")
    mount.text("notebooks/%s/name" % NOTEBOOK)
    cloud.latency(3600)
    took, got = timed(mount.error, STATUS)
    assert got == "ok" and took > 3.5 and cloud.calls()[ONE] == 1 and cloud.counts()["connections"] == 1


# ---- proxies

@pytest.mark.parametrize("scheme", ["http", "https"])
def test_N16_a_proxy_in_the_environment_is_not_used(box, tls, scheme):
    cloud, trust = tls()
    with Server() as sink:
        there = "http://127.0.0.1:%d" % sink.port
        names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "socks_proxy"]
        mount = box.mount("tione", trust, endpoint=cloud.url if scheme == "http" else cloud.tls_url,
                          env=dict.fromkeys(names, there))
        assert mount.text(STATUS) == "SUCCEED"
        assert sink.connections == 0


@pytest.mark.parametrize("plan", [
    {"do": "http", "status": 407, "headers": {"Proxy-Authenticate": "Basic realm=x"}},
    {"do": "http", "status": 200, "body": "<html>Please sign in</html>", "headers": {"Content-Type": "text/html"}},
])
def test_N16_a_proxy_that_nobody_configured_speaks_for_the_cloud(box, cloud, plan):
    known = Broken(box.mount("tione", *QUICK))
    cloud.plan(**plan)
    known.both(task(1), "EBADMSG")


# ---- outage and recovery

def test_N17_everything_known_outlives_an_outage_and_there_is_no_stampede(box):
    """Four seconds instead of ten minutes, 1,000 objects instead of 10,000; the rate is the default one."""
    cloud = box.emulator("--tasks", 1000, "--rate", 20)
    with Relay(int(cloud.ports["http"])) as relay:
        mount = box.mount("tione", "ttl=1", "deadline=5", endpoint="http://127.0.0.1:%d" % relay.port)
        paths = [mount / "training" / name / "status" for name in mount.names("training")]
        wanted = [looked_at(path) for path in paths]
        assert len(paths) == 1001 and b"SUCCEED\n" in wanted
        time.sleep(1.1)
        relay.down()
        for _ in range(2):
            assert [got for _, got in together(looked_at, paths, 20)] == wanted
        assert is_stale(mount, STATUS)
        cloud.quiet()
        cloud.reset()
        cloud.set("training", TASK, Status="FAILED")
        relay.up()
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            again = pool.map(looked_at, paths)
            wait_until(lambda: mount.text(STATUS) == "FAILED", 10, "the first fresh value")
            assert time.monotonic() - began < 5 + SLACK  # the breaker asks again every 5 s
            assert not set(again) - set(wanted) - {b"FAILED\n"}
        counts = cloud.counts()
        assert set(counts["by_verdict"]) == {"ok"}  # never over the rate
        assert max(counts["max_in_1s"].values()) <= 20


def test_N17_an_outage_is_told_once_at_its_beginning_and_once_at_its_end(box):
    cloud = box.emulator("--tasks", 30)
    with Relay(int(cloud.ports["http"])) as relay:
        mount, process, errors = box.foreground("tione", "ttl=1", "deadline=%d" % DEADLINE, "rate=10000",
                                                "endpoint=http://127.0.0.1:%d" % relay.port, flags=("-f", "-d"))
        paths = [mount / "training" / name / "status" for name in mount.names("training")]
        relay.down()
        for _ in range(3):
            time.sleep(1.1)
            together(looked_at, paths, 10)
        relay.up()
        wait_until(lambda: looked_at(mount / "training" / TASK / "status") and not is_stale(mount, STATUS), 40)
    errors.seek(0)
    said = errors.read().decode(errors="replace").lower()
    assert (said.count("offline"), said.count("online")) == (1, 1)


def test_N18_flapping_never_shows_an_error_for_what_is_known(box):
    """The network works for a second and fails for a second, for ten seconds."""
    cloud = box.emulator("--tasks", 20)
    with Relay(int(cloud.ports["http"])) as relay:
        mount = box.mount("tione", "ttl=1", "deadline=3", "rate=10000",
                          endpoint="http://127.0.0.1:%d" % relay.port)
        paths = [mount / "training" / name / "status" for name in mount.names("training")]
        wanted = [looked_at(path) for path in paths]
        over = threading.Event()

        def flap():
            while not over.wait(1):
                relay.down()
                time.sleep(1)
                relay.up()
        flapping = threading.Thread(target=flap)
        flapping.start()
        try:
            end = time.monotonic() + 10
            while time.monotonic() < end:
                assert [looked_at(path) for path in paths] == wanted
                assert len(mount.names("training")) == len(paths)
        finally:
            over.set()
            flapping.join()


def test_N19_a_start_without_a_cloud(box):
    """The program without sanitizers, whose start is slow."""
    cloud = box.emulator()
    cloud.kill()
    took, mount = timed(lambda: box.mount("tione", *QUICK, binary=PLAIN))
    assert took < 1 + SLACK
    assert mount.names() == ["README", "by-name", "by-status", "by-tag", "models", "notebooks", "training"]
    assert b"training" in mount.read("README")
    for name in ("training", "notebooks", "models"):
        assert os.stat(mount / name)
        if name != "models":
            assert error_of(os.listdir, mount / name) == "ECONNREFUSED"
    assert mount.error(STATUS) == "ECONNREFUSED"


def test_N20_a_tenth_of_all_answers_is_503(box):
    """Nothing of it is seen by who reads what is known; what is not takes 1.11 requests each, or three 503 in a row."""
    cloud = box.emulator("--tasks", 500)
    mount = box.mount("tione", "ttl=1", "deadline=5", "rate=10000")
    cloud.plan("http", percent=10, status=503, action=ONE)
    paths = [mount / "training" / synthetic(i) / "describe.json" for i in range(500)]
    first = [got for _, got in together(looked_at, paths, 8)]
    failed = sum(got == "EIO" for got in first)
    assert failed <= 4 and all(got == "EIO" or got.startswith(b"{") for got in first)
    assert cloud.calls()[ONE] <= 1.15 * 500 + 10  # a tenth, of that a tenth; and what chance is to 500
    known = [(path, got) for path, got in zip(paths, first) if got != "EIO"]
    for _ in range(4):
        time.sleep(1.1)
        again = [got for _, got in together(looked_at, [path for path, _ in known], 8)]
        assert again == [got for _, got in known]


def test_N20_pages_of_a_list_too(box):
    cloud = box.emulator("--tasks", 1000)
    cloud.plan("http", percent=10, status=503, action=LIST)
    mount = box.mount("tione", "deadline=5", "rate=10000")
    assert cat_error(mount / "README") == "ok"
    assert len(mount.names("training")) == 1001
