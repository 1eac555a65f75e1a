"""N21: an endpoint with several addresses, of which some do not answer, in a network namespace of this file's own."""
import contextlib
import socket

import pytest

from harness import timed
from net import DEADLINE, QUICK, SLACK, STATUS, NameServer, Relay
from net import apart, network, tls  # noqa: F401 (fixtures)

HOST = "tione.tencentcloudapi.com"


class Full:
    """A listener whose queue is full: the kernel drops every SYN that arrives, as a firewall does."""

    def __init__(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sockets = [socket.socket(family)]
        self.sockets[0].bind((address, port))
        self.sockets[0].listen(0)
        for _ in range(8):
            one = socket.socket(family)
            self.sockets.append(one)
            one.setblocking(False)
            one.connect_ex((address, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.sockets:
            one.close()


def trusting(apart, tls, addresses):
    """An emulator behind a relay at 127.0.0.3, the relay, and the endpoint whose name has these addresses."""
    cloud, trust = tls()
    relay = Relay(int(cloud.ports["tls"]), ("127.0.0.3", 0))
    apart.replace("/etc/nsswitch.conf", "hosts: files\n")
    apart.replace("/etc/hosts", "".join("%s %s\n" % (address, HOST) for address in addresses))
    return relay, (trust, *QUICK), "https://%s:%d" % (HOST, relay.port)


@pytest.mark.parametrize("silent", [["127.0.0.1"], ["127.0.0.1", "::1"], ["127.0.0.1", "127.0.0.2", "::1"]])
def test_N21_the_first_addresses_swallow_packets(apart, tls, silent):
    """Only the last of many addresses answers. curl reaches it too if it may take 3 s to connect."""
    relay, options, endpoint = trusting(apart, tls, [*silent, "127.0.0.3"])
    with relay, contextlib.ExitStack() as stack:
        for address in silent:
            stack.enter_context(Full(address, relay.port))
        mount = apart.box.mount("tione", *options, "deadline=6", endpoint=endpoint)
        ours, got = timed(mount.text, STATUS)
        assert got == "SUCCEED"
        assert ours < 3 + SLACK
        assert timed(mount.text, STATUS)[0] < SLACK


@pytest.mark.parametrize("dead", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::1", "127.0.0.1", "127.0.0.2"]])
def test_N21_the_first_addresses_refuse(apart, tls, dead):
    relay, options, endpoint = trusting(apart, tls, [*dead, "127.0.0.3"])
    with relay:
        mount = apart.box.mount("tione", *options, endpoint=endpoint)
        took, got = timed(mount.text, STATUS)
        assert got == "SUCCEED" and took < SLACK


def test_N21_one_refuses_one_swallows_one_has_no_route(apart, tls):
    relay, options, endpoint = trusting(apart, tls, ["127.0.0.1", "2001:db8:7::1", "127.0.0.2", "127.0.0.3"])
    with relay, Full("127.0.0.2", relay.port):
        mount = apart.box.mount("tione", *options, "deadline=6", endpoint=endpoint)
        took, got = timed(mount.text, STATUS)
        assert got == "SUCCEED" and took < 3 + SLACK


def test_N21_all_swallow_packets(apart, tls):
    silent = ["127.0.0.1", "127.0.0.2", "::1"]
    relay, options, endpoint = trusting(apart, tls, silent)
    with relay, contextlib.ExitStack() as stack:
        for address in silent:
            stack.enter_context(Full(address, relay.port))
        mount = apart.box.mount("tione", *options, "deadline=6", endpoint=endpoint)
        took, got = timed(mount.error, STATUS)
        assert got == "ETIMEDOUT" and 2.9 < took < 6 + SLACK


def test_N21_all_refuse(apart, tls):
    relay, options, endpoint = trusting(apart, tls, ["127.0.0.1", "127.0.0.2", "::1"])
    with relay:
        mount = apart.box.mount("tione", *options, endpoint=endpoint)
        took, got = timed(mount.error, STATUS)
        assert got == "ECONNREFUSED" and took < DEADLINE + SLACK


@pytest.mark.parametrize("how", ["refuses", "swallows"])
def test_N22_the_name_leads_elsewhere_meanwhile(apart, tls, how):
    """The address that curl caches for 60 s is dead: the read that finds this out is answered from the new address."""
    cloud, trust = tls()
    apart.replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    apart.replace("/etc/nsswitch.conf", "hosts: dns\n")
    with NameServer({"A": "127.0.0.2"}) as names, Relay(int(cloud.ports["tls"]), ("127.0.0.2", 0)) as old:
        options = (trust, *QUICK, "deadline=8")
        mount = apart.box.mount("tione", *options, endpoint="https://%s:%d" % (HOST, old.port))
        assert mount.text(STATUS) == "SUCCEED"
        asked = names.asked
        names.answers = {"A": "127.0.0.3"}
        with Relay(int(cloud.ports["tls"]), ("127.0.0.3", old.port)):
            old.down()
            cloud.control("drop", {"how": "fin"})
            with Full("127.0.0.2", old.port) if how == "swallows" else contextlib.nullcontext():
                took, got = timed(mount.names, "training")
            assert got and took < 8
        assert names.asked > asked
