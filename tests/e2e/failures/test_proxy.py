"""N23: the proxy that -o proxy= names, good and bad; no other is ever used."""
import base64
import os
import socket

import pytest

from harness import KEYS, TASK, error_of, read, timed
from net import DEADLINE, QUICK, SLACK, STATUS, Relay, Server, last_error, task
from net import tls  # noqa: F401 (fixture)

USER, PASSWORD = "us er", "canary-proxy-p@ss,w:rd"
WRITTEN = "us%20er:canary-proxy-p%40ss%2Cw%3Ard"


class Proxy(Server):
    """CONNECT and nothing else, as `how` says: good, a status, dies, slow, dies-after."""

    def __init__(self, how="good", login=None):
        self.how, self.requests = how, []
        self.login = login and b"Basic " + base64.b64encode(login.encode())
        super().__init__(self.tunnel)

    def tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(4096)
            if not part:
                return
            head += part
        self.requests.append(head)
        method, target, _ = head.split(b"\r\n", 1)[0].split()
        status = 200 if self.how in ("good", "dies-after") else self.how
        if self.login and b"Proxy-Authorization: " + self.login not in head:
            status = 407
        if method != b"CONNECT":
            status = 405
        if status == "slow":
            client.recv(1)
        elif status == "dies":
            client.close()
        elif status != 200:
            client.sendall(b"HTTP/1.1 %d No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nSorr" % status)
        else:
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Odd: 1\r\n\r\n")
            if self.how == "dies-after":
                client.close()
            else:
                self.carry(client, target)

    def carry(self, client, target):
        host, port = target.decode().rsplit(":", 1)
        Relay.carry(type("Target", (), {"target": int(port), "passed": b""})(), client)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port


def through(box, tls, proxy, *options, login="", **how):
    cloud, trust = tls()
    option = "proxy=http://%s127.0.0.1:%d" % (login and login + "@", proxy.port)
    return cloud, box.mount("tione", trust, *QUICK, option, *options, endpoint=cloud.tls_url, **how)


def test_N23_all_calls_go_through_the_proxy(box, tls):
    with Proxy() as proxy:
        cloud, mount = through(box, tls, proxy, env={"no_proxy": "*", "NO_PROXY": "*"})
        assert mount.text(STATUS) == "SUCCEED"
        assert cloud.log()[0]["signed_ok"]
        head = proxy.requests[0]
        assert head.startswith(b"CONNECT 127.0.0.1:%s HTTP/1.1\r\n" % cloud.ports["tls"].encode())
        for word in (b"X-TC", b"TC3-", b"Authorization"):  # what is for the cloud is the cloud's alone
            assert word not in head


def test_N23_the_proxys_login_is_shown_nowhere(box, tls):
    box.secrets = [PASSWORD, WRITTEN, WRITTEN.split(":")[1], base64.b64encode((USER + ":" + PASSWORD).encode()).decode()]
    with Proxy(login=USER + ":" + PASSWORD) as proxy:
        cloud, mount = through(box, tls, proxy, login=WRITTEN)
        assert mount.text(STATUS) == "SUCCEED"
        proxy.login = b"Basic other"
        cloud.control("drop", {"how": "fin"})
        mount.error(task(1))
        with open("/proc/%d/cmdline" % mount.pid, "rb") as words:
            said = words.read()
        assert b"proxy=http://***" in said and b"canary-proxy" not in said and b"us%20er" not in said
        with open("/proc/self/mountinfo") as table:
            assert "canary-proxy" not in table.read()
        said = b"".join(mount.read(".describefs/" + name) for name in ("status", "errors", "metrics", "requests"))
        assert b"canary-proxy" not in said and b"us er" not in said


def test_N23_a_section_of_the_config_file_names_it(box, tls):
    box.secrets = [PASSWORD]
    cloud, trust = tls()
    with Proxy(login=USER + ":" + PASSWORD) as proxy:
        directory = box.home / ".config" / "describefs"
        directory.mkdir(parents=True)
        (directory / "config").write_text("[work]\nsource = tione\nproxy = http://%s@127.0.0.1:%d\n" % (WRITTEN, proxy.port))
        os.chmod(directory / "config", 0o600)
        result = box.run("cat", "-o", "endpoint=%s,%s" % (cloud.tls_url, trust), "work", STATUS)
        assert (result.returncode, result.stdout) == (0, b"SUCCEED\n"), result.stderr
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("how, error, words", [
    (407, "EACCES", "takes no such user or password (407)"), (403, "EACCES", "refuses to connect (403)"),
    (502, "EIO", "refuses to connect (502)"), (504, "ETIMEDOUT", "refuses to connect (504)"),
    ("dies", "EIO", ""), ("dies-after", "EPROTO EIO", ""), ("slow", "ETIMEDOUT", ""),
])
def test_N23_a_proxy_that_does_not_do_its_work_is_named(box, tls, how, error, words):
    with Proxy() as proxy:
        cloud, mount = through(box, tls, proxy)
        before = mount.read(STATUS)
        proxy.how = how
        cloud.control("drop", {"how": "fin"})
        took, got = timed(mount.error, task(1))
        assert got in error.split() and took < DEADLINE + SLACK
        line = last_error(mount)
        assert "proxy " + proxy.url in line[5] and words in line[5], line
        assert mount.read(STATUS) == before  # what is known is kept: the proxy says nothing of it
        proxy.how = "good"


def test_N23_a_proxy_that_is_not_there_is_named(box, tls):
    with Proxy() as proxy:
        port = proxy.port
    cloud, trust = tls()
    mount = box.mount("tione", trust, *QUICK, "proxy=http://127.0.0.1:%d" % port, endpoint=cloud.tls_url)
    assert mount.error(STATUS) == "ECONNREFUSED"
    assert "the proxy http://127.0.0.1:%d: " % port in last_error(mount)[5]
    assert cloud.total() == 0


def test_N23_a_proxy_that_speaks_tls(box, tls, certificates):
    """https://: the request to the proxy is encrypted too, and its certificate is verified."""
    cloud, trust = tls()
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")

    class Hidden(Proxy):
        def tunnel(self, client):
            inner, outer = socket.socketpair()
            self.start(self.shuttle, client, outer)
            super().tunnel(inner)

        def shuttle(self, client, inner):
            secret = context.wrap_socket(client, server_side=True)
            secret.settimeout(0.02)
            inner.setblocking(False)
            while True:
                for one, other in ((secret, inner), (inner, secret)):
                    try:
                        part = one.recv(65536)
                    except (TimeoutError, BlockingIOError):
                        continue
                    if not part:
                        inner.close()
                        return
                    other.sendall(part)

    with Hidden() as proxy:
        mount = box.mount("tione", trust, *QUICK, "deadline=8", "proxy=https://localhost:%d" % proxy.port, endpoint=cloud.tls_url)
        assert mount.text(STATUS) == "SUCCEED"
        assert proxy.requests
        other = box.mount("tione", trust, *QUICK, "proxy=https://127.0.0.2:%d" % proxy.port, endpoint=cloud.tls_url)
        assert other.error(STATUS) in ("EPROTO", "ECONNREFUSED")


def test_N23_what_speaks_in_the_clear_goes_through_none(box):
    """The metadata service, and a cloud that a test plays on this machine."""
    cloud = box.emulator()
    box.secrets = ["canary-lent-"]
    cloud.control("keys", {"machine_role": "my-role"})
    with Proxy() as proxy:
        mount = box.mount("tione", *QUICK, "proxy=" + proxy.url, "metadata=" + cloud.url, env=dict.fromkeys(KEYS))
        assert mount.text(STATUS) == "SUCCEED"
        assert proxy.connections == 0


@pytest.mark.parametrize("value", ["http://u:canary-proxy-x@", "socks5://canary-proxy-u@127.0.0.1:1", "u:canary-proxy-x@host:1",
                                   "http://u:canary-proxy%0a@host:1", "http://u:canary-proxy-x@host:1/path", "http://"])
def test_N23_what_is_no_proxy_is_refused_in_one_line_that_hides_it(box, value):
    result = box.run("-o", "proxy=" + value, "tione", box.point())
    assert result.returncode == 2
    assert result.stderr == b"describefs: -o proxy: expected http[s]://[USER:PASSWORD@]HOST[:PORT]\n"
