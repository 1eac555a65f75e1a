"""N: what routes and name servers do to a mount, in a network namespace that is this file's alone."""
import socket

import pytest

from harness import KEYS, TASK, timed, wait_until
from net import DEADLINE, QUICK, SLACK, STATUS, Broken, NameServer, Relay, Server, is_stale, task, together
from net import apart, network, tls  # noqa: F401 (fixtures)

HOST = "tione.tencentcloudapi.com"  # a name in the certificate


def v6(cloud):
    """The address that a namespace can take away, while the control port stays at 127.0.0.1."""
    return "http://[::1]:" + cloud.ports["http"]


# ---- routes

def test_N03_an_address_that_swallows_packets(apart):
    cloud = apart.box.emulator()
    known = Broken(apart.box.mount("tione", *QUICK, endpoint=v6(cloud)))
    cloud.control("drop", {"how": "fin"})
    apart.ip("-6 addr del ::1/128 dev lo")
    apart.ip("-6 route add ::1/128 dev lo")  # out, back in, and nobody's
    known.both(task(1), "ETIMEDOUT")
    apart.ip("-6 route del ::1/128 dev lo")
    apart.ip("-6 addr add ::1/128 dev lo")
    cloud.set("training", TASK, Status="FAILED")
    wait_until(lambda: known.mount.text(STATUS) == "FAILED", 6, "the new value")


@pytest.mark.parametrize("route, error", [
    ("unreachable", "EHOSTUNREACH"), ("prohibit", "EHOSTUNREACH"), ("blackhole", "EHOSTUNREACH"), (None, "ENETUNREACH"),
])
def test_N04_no_way_there(apart, route, error):
    cloud = apart.box.emulator()
    known = Broken(apart.box.mount("tione", *QUICK, endpoint=v6(cloud)))
    cloud.control("drop", {"how": "fin"})
    apart.ip("-6 addr del ::1/128 dev lo")
    if route:
        apart.ip("-6 route add %s ::1/128" % route)
    known.both(task(1), error)
    if route:
        apart.ip("-6 route del %s ::1/128" % route)
    apart.ip("-6 addr add ::1/128 dev lo")
    wait_until(lambda: not is_stale(known.mount, STATUS), 6, "a fresh answer")


# ---- names

def named(apart, cloud_port, answers):
    apart.replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    apart.replace("/etc/nsswitch.conf", "hosts: dns\n")
    return "https://%s:%s" % (HOST, cloud_port), NameServer(answers)


def test_N11_a_silent_name_server(apart):
    endpoint, server = named(apart, 443, None)
    with server:
        mount = apart.box.mount("tione", *QUICK, endpoint=endpoint)
        before = mount.threads()
        took = together(mount.error, [task(i) for i in range(100)])
        assert {got for _, got in took} == {"ETIMEDOUT"}
        assert max(seconds for seconds, _ in took) < DEADLINE + SLACK
        assert server.asked
        # the root and cached data need no name lookup
        assert timed(mount.names)[0] < 0.5
        # libc gives up after 2 x 5 s; then curl's resolver threads have ended
        wait_until(lambda: mount.threads() <= before + 2, 20, "the end of the resolvers")


@pytest.mark.parametrize("answers", [3, 2, 5, {}], ids=["NXDOMAIN", "SERVFAIL", "REFUSED", "no-address"])
def test_N12_a_name_that_does_not_resolve(apart, answers):
    endpoint, server = named(apart, 443, answers)
    with server:
        mount = apart.box.mount("tione", "deadline=5", endpoint=endpoint)
        took, got = timed(mount.error, task(1))
        assert got == "EHOSTUNREACH" and took < 5 + SLACK  # tried again as long as the reader may wait
        assert server.asked


@pytest.mark.parametrize("answers", [{"A": "0.0.0.0"}, {"AAAA": "::"}, {"A": "0.0.0.0", "AAAA": "::"}])
def test_N12_a_name_server_that_blocks(apart, answers):
    """0.0.0.0 would be this machine: the daemon must not connect to it."""
    with Server(address=("::", 0)) as listener:
        endpoint, server = named(apart, listener.port, answers)
        with server:
            mount = apart.box.mount("tione", "deadline=5", endpoint=endpoint)
            took, got = timed(mount.error, task(1))
            assert got == "EHOSTUNREACH" and took < 5 + SLACK  # tried again as long as the reader may wait
        with socket.create_connection(("127.0.0.1", listener.port)):  # it would have been heard
            wait_until(lambda: listener.connections == 1, 5)


def test_N12_a_name_that_resolves(apart, tls):
    """With a valid answer each row above succeeds."""
    cloud, trust = tls()
    endpoint, server = named(apart, cloud.ports["tls"], {"A": "127.0.0.1"})
    with server:
        mount = apart.box.mount("tione", trust, endpoint=endpoint)
        assert mount.text(STATUS) == "SUCCEED"


def test_N13_an_ipv6_address_that_swallows_packets(apart, tls):
    cloud, trust = tls()
    apart.ip("-6 route add 2001:db8:1::/48 dev lo")
    endpoint, server = named(apart, cloud.ports["tls"], {"A": "127.0.0.1", "AAAA": "2001:db8:1::1"})
    with server:
        mount = apart.box.mount("tione", trust, endpoint=endpoint)
        took, got = timed(mount.text, STATUS)
        assert got == "SUCCEED"
        assert 0.15 < took < 0.5 + SLACK  # the other one was tried, for 200 ms


def test_N14_ipv6_alone(apart):
    cloud = apart.box.emulator()
    mount = apart.box.mount("tione", endpoint=v6(cloud))
    apart.ip("addr del 127.0.0.1/8 dev lo")
    assert mount.text(STATUS) == "SUCCEED"
    apart.ip("addr add 127.0.0.1/8 dev lo")
    assert cloud.log()[0]["signed_ok"]


# ---- the metadata service by its own name

METADATA = "http://metadata.tencentyun.com"


@pytest.mark.parametrize("address, options, near", [
    ("169.254.0.23", [], True), ("10.1.2.3", [], False), ("192.168.7.7", [], False), ("100.64.1.1", [], False),
    ("10.1.2.3", ["metadata=" + METADATA], True),
    ("203.0.113.7", [], False), ("203.0.113.7", ["metadata=" + METADATA], False), ("100.128.0.1", [], False),
])
def test_K20_the_metadata_service_is_on_the_link_unless_it_is_named(apart, address, options, near):
    """Plain http leaves the machine for this service only, and only to an address in its range."""
    box, cloud = apart.box, apart.box.emulator()
    box.secrets = ["canary-lent-"]
    cloud.control("keys", {"machine_role": "my-role"})
    apart.ip("addr add %s/32 dev lo" % address)
    apart.replace("/etc/hosts", "127.0.0.1 localhost\n%s metadata.tencentyun.com\n" % address)
    try:
        with Relay(cloud.ports["http"], (address, 80)) as metadata:
            if near:
                mount = box.mount("tione", *options, env=dict.fromkeys(KEYS))
                assert mount.text(STATUS) == "SUCCEED"
                assert set(cloud.counts()["by_verdict"]) == {"ok"} and metadata.server.connections
            else:
                result = box.run("-o", ",".join(["endpoint=" + cloud.url, *options]), "tione", box.point(), env=dict.fromkeys(KEYS))
                assert result.returncode == 1 and b"tione: no key: set TENCENTCLOUD_SECRET_ID" in result.stderr
                assert metadata.server.connections == 0
    finally:
        apart.ip("addr del %s/32 dev lo" % address)
