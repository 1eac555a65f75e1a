"""T: certificates, protocols, redirects, and settings that could turn their verification off."""
import json
import os
import re
import shutil
import ssl
import struct
import subprocess

import pytest

from harness import PLAIN, TOP, error_of, synthetic, timed, wait_until
from net import ONE, QUICK, SLACK, STATUS, Broken, Server, last_error, task
from net import tls  # noqa: F401 (a fixture)

# a certificate of make-certs.sh: a word of the cause, as the log has it
CERTIFICATES = {
    "T01-self-signed": "self-signed", "T02-expired": "expired", "T03-not-yet": "not yet valid",
    "T04-wrong-host": "does not match|no alternative", "T05-wrong-usage": "purpose|unsuitable",
    "T06-other-ca": "issuer",
}


def swap(cloud, certificates, name):
    """Uses another certificate for all new connections."""
    cloud.control("cert", {"cert": str(certificates / (name + ".pem")), "key": str(certificates / (name + ".key"))})
    cloud.control("drop", {"how": "fin"})


@pytest.mark.parametrize("row", CERTIFICATES)
def test_T01_to_T06_a_bad_certificate(box, tls, certificates, row):
    cloud, trust = tls("--tasks", 2)
    known = Broken(box.mount("tione", trust, *QUICK, endpoint=cloud.tls_url))
    swap(cloud, certificates, row[4:])
    known.run_out()
    calls, connections = cloud.total(), cloud.counts()["connections"]
    known.cold("training/%s/status" % synthetic(0), "EPROTO", 1 + SLACK)
    known.warm_is_served(1 + SLACK)
    fields = last_error(known.mount)
    assert re.search(CERTIFICATES[row], fields[-1]) and "certificate" in fields[-1].lower(), fields
    assert cloud.total() == calls  # nothing was said to it
    assert cloud.counts()["connections"] - connections <= 2  # one for K, one for W at most: no second try
    swap(cloud, certificates, "server")
    wait_until(lambda: known.mount.xattr(STATUS, "stale") == "0", 6, "a fresh answer")


@pytest.mark.parametrize("row", CERTIFICATES)
def test_T01_to_T06_without_a_mount(box, tls, row):
    """The same from a cold start: nothing that a session could have left behind."""
    cloud, trust = tls(name=row[4:])
    result = box.run("cat", "-o", "endpoint=%s,%s" % (cloud.tls_url, trust), "tione", STATUS)
    assert result.returncode == 1 and b"Protocol error" in result.stderr and cloud.total() == 0


# ---- protocols

def speaks(certificates, least=None, most=None, ciphers=None, name="server"):
    """A TLS server of our own, as weak as it is told: (what `serve` does, what it came to)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / (name + ".pem"), certificates / (name + ".key"))
    context.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    with_warning = {"minimum_version": least, "maximum_version": most}
    for attribute, value in with_warning.items():
        if value:
            setattr(context, attribute, value)
    came_to = []

    def serve(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as session:
                came_to.append(session.version())
                session.recv(4096)
        except OSError as error:
            came_to.append(str(error))
    return serve, came_to


WEAK = {
    "TLS-1.0": {"least": ssl.TLSVersion.TLSv1, "most": ssl.TLSVersion.TLSv1},
    "TLS-1.1": {"least": ssl.TLSVersion.TLSv1_1, "most": ssl.TLSVersion.TLSv1_1},
    "NULL": {"most": ssl.TLSVersion.TLSv1_2, "ciphers": "eNULL:@SECLEVEL=0"},
    "anonymous": {"most": ssl.TLSVersion.TLSv1_2, "ciphers": "aNULL:@SECLEVEL=0"},
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("weak", WEAK)
def test_T07_old_protocols_and_no_ciphers(box, certificates, weak):
    """RC4 is in no OpenSSL of today, ours or the program's."""
    serve, came_to = speaks(certificates, **WEAK[weak])
    with Server(serve) as server:
        mount = box.mount("tione", "cacert=%s" % (certificates / "ca.pem"), *QUICK,
                          endpoint="https://127.0.0.1:%d" % server.port)
        took, got = timed(mount.error, STATUS)
        assert got == "EPROTO" and took < 1 + SLACK
        wait_until(lambda: came_to, 5)
        assert server.connections == 1 and "TLSv1" not in came_to, came_to


def test_T07_what_is_refused_above_can_be_spoken(box, certificates):
    """What the rows above are worth: 1.2 with the same server goes as far as a request."""
    serve, came_to = speaks(certificates, most=ssl.TLSVersion.TLSv1_2)
    with Server(serve) as server:
        mount = box.mount("tione", "cacert=%s" % (certificates / "ca.pem"), *QUICK,
                          endpoint="https://127.0.0.1:%d" % server.port)
        assert mount.error(STATUS) == "EIO"  # it hangs up after the request
        assert came_to[0] == "TLSv1.2"


def test_T08_a_tls_port_that_speaks_plainly(box, cloud):
    mount = box.mount("tione", endpoint="https://127.0.0.1:" + cloud.ports["http"])
    took, got = timed(mount.error, STATUS)
    assert got == "EPROTO" and took < 1 + SLACK
    with Server(lambda connection: (connection.sendall(b"220 mail.example ESMTP\r\n"), connection.recv(999))) as server:
        mount = box.mount("tione", endpoint="https://127.0.0.1:%d" % server.port)
        took, got = timed(mount.error, STATUS)
        assert got == "EPROTO" and took < 1 + SLACK


def test_T08_a_handshake_that_never_ends(box):
    """The connect time of 3 s ends each try, not curl's own 300 s; it is tried until the deadline."""
    with Server() as server:
        server.serve = server.hear
        mount = box.mount("tione", endpoint="https://127.0.0.1:%d" % server.port)
        took, got = timed(mount.error, STATUS)
        assert got == "ETIMEDOUT" and took < 10 + SLACK


# ---- redirects

def places(sink, cloud):
    return {
        "host": "http://localhost:%d/" % sink.port,
        "port": "http://127.0.0.1:%d/" % sink.port,
        "https": "https://127.0.0.1:%d/" % sink.port,
        "file": "file:///etc/passwd",
        "ftp": "ftp://127.0.0.1:%d/" % sink.port,
        "self": cloud.url + "/",
        "relative": "/elsewhere",
        "nonsense": "://\x01",
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
# promise: 7
def test_T09_no_redirect_is_followed(box, status):
    box.auth_failures = True
    cloud = box.emulator("--tasks", 8, "--token", "the-secret-token")
    mount = box.mount("tione", *QUICK, env={"TENCENTCLOUD_TOKEN": "the-secret-token"})
    known = Broken(mount)
    with Server() as sink:
        sink.serve = sink.hear
        for i, (place, location) in enumerate(places(sink, cloud).items()):
            cloud.clear()
            cloud.plan("redirect", action=ONE, status=status, location=location)
            with cloud.counting() as made:
                known.cold("training/%s/status" % synthetic(i), "EPROTO", 1 + SLACK)
            assert made == {ONE: 1}, place
        known.run_out()
        known.warm_is_served(1 + SLACK)
        assert (sink.connections, sink.heard) == (0, b"")


def test_T09_a_redirect_without_a_place_and_baidus(box, cloud):
    cloud.plan("http", status=302)
    cloud.plan("http", status=300, body={"Response": {"RequestId": "r"}})
    assert box.mount("tione").error(STATUS) == "EPROTO"
    with Server() as sink:
        cloud.clear()
        cloud.plan("redirect", status=307, location="http://127.0.0.1:%d/" % sink.port)
        mount = box.mount("qianfan")
        assert mount.error("training/1/jobs/1/status") == "EPROTO"
        assert error_of(os.listdir, mount / "finetuning") == "EPROTO"
        assert sink.connections == 0


# ---- what is not to be talked out of it

@pytest.mark.parametrize("endpoint", [
    "http://tione.tencentcloudapi.com", "http://192.0.2.1", "http://localhost.example.com", "http://127.0.0.1.example",
    "http://127.0.0.1@example.com", "http://[2001:db8::1]:80", "http://0.0.0.0", "ftp://127.0.0.1", "file:///etc",
    "HTTP://example.com", "http://127.1.example", "//127.0.0.1", "http:/127.0.0.1", "",
])
def test_T10_plain_http_only_to_this_machine(box, endpoint):
    point = box.point()
    result = box.run("-o", "endpoint=" + endpoint, "tione", point)
    assert result.returncode == 2 and result.stderr.count(b"\n") == 1 and b"endpoint" in result.stderr
    assert not os.path.ismount(point)


def untrusting(box, certificates):
    """Everything that makes curl or OpenSSL of other programs trust our CA, or not look."""
    files = box.directory / "trust"
    files.mkdir()
    (files / "openssl.cnf").write_text(
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nVerifyMode = None\n"
        "MinProtocol = TLSv1\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\nOptions = UnsafeLegacyRenegotiation\n")
    for name in (".curlrc", "_curlrc"):
        (box.home / name).write_text("insecure\nverbose\ncacert = %s\n" % (certificates / "ca.pem"))
    (box.home / ".netrc").write_text("machine 127.0.0.1 login netrc-login password netrc-password\n")
    (box.home / ".netrc").chmod(0o600)
    ca = str(certificates / "ca.pem")
    return {"CURL_CA_BUNDLE": ca, "SSL_CERT_FILE": ca, "SSL_CERT_DIR": str(certificates), "CURL_HOME": str(box.home),
            "NETRC": str(box.home / ".netrc"), "SSL_NO_VERIFY": "1", "GIT_SSL_NO_VERIFY": "1",
            "PYTHONHTTPSVERIFY": "0", "NODE_TLS_REJECT_UNAUTHORIZED": "0", "XDG_CONFIG_HOME": str(box.home),
            "OPENSSL_CONF": str(files / "openssl.cnf"), "CURL_SSL_BACKEND": "gnutls"}


def test_T11_no_variable_and_no_file_widens_whom_we_trust(box, tls, certificates):
    cloud, trust = tls()
    env = untrusting(box, certificates)
    mount = box.mount("tione", *QUICK, endpoint=cloud.tls_url, env=env)
    assert mount.error(STATUS) == "EPROTO" and cloud.total() == 0
    for option in ("insecure", "k", "verify=0", "no_verify", "ssl_verify=no", "capath=/"):
        result = box.run("-o", "endpoint=%s,%s" % (cloud.tls_url, option), "tione", box.point())
        assert result.returncode == 2, option
    # and none of it is in the way of what is right
    assert box.mount("tione", trust, endpoint=cloud.tls_url, env=env).text(STATUS) == "SUCCEED"
    assert "Basic" not in json.dumps(cloud.log())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("weak", WEAK)
def test_T11_openssls_own_file_does_not_bring_weak_ones_back(box, certificates, weak):
    serve, came_to = speaks(certificates, **WEAK[weak])
    env = untrusting(box, certificates)
    with Server(serve) as server:
        mount = box.mount("tione", "cacert=%s" % (certificates / "ca.pem"), *QUICK, env=env,
                          endpoint="https://127.0.0.1:%d" % server.port)
        assert mount.error(STATUS) == "EPROTO"
        wait_until(lambda: came_to, 5)
        assert not [word for word in came_to if word.startswith("TLSv1") and len(word) < 8], came_to


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_T11_no_file_of_curl_is_opened(box, tls, certificates):
    cloud, trust = tls()
    env = untrusting(box, certificates)
    trace = box.directory / "trace"
    result = box.run("cat", "-o", "endpoint=%s,%s" % (cloud.tls_url, trust), "tione", STATUS, binary=PLAIN, env=env,
                     prefix=("strace", "-f", "-qq", "-e", "trace=open,openat,access,stat,newfstatat,readlink", "-o",
                             str(trace)))
    assert (result.returncode, result.stdout) == (0, b"SUCCEED\n"), result.stderr
    seen = trace.read_text(errors="replace")
    assert "ca.pem" in seen  # strace saw it work: the way there is gone step by step
    for name in (".netrc", "curlrc", "hsts", "cookies"):
        assert name not in seen


# promise: 7
def test_T12_the_secrets_of_a_session_are_not_written(box, tls):
    cloud, trust = tls()
    for name in ("f", "b"):
        log = box.directory / ("keys-" + name)
        mount = box.mount("tione", trust, endpoint=cloud.tls_url, env={"SSLKEYLOGFILE": log},
                          binary=PLAIN)
        assert mount.text(STATUS) == "SUCCEED" and not log.exists()
    result = box.run("cat", "-o", "endpoint=%s,%s" % (cloud.tls_url, trust), "tione", STATUS,
                     env={"SSLKEYLOGFILE": log})
    assert result.returncode == 0 and not log.exists()


@pytest.fixture(scope="session")
def later(tmp_path_factory):
    library = tmp_path_factory.mktemp("later") / "later.so"
    subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(library),
                    str(TOP / "tests/e2e/failures/later.c"), "-ldl"], check=True)
    return library


def test_T13_a_certificate_is_looked_at_again_after_five_minutes(box, tls, certificates, later):
    """A connection that is always in use would otherwise live on what was right when it was made."""
    cloud, trust = tls("--tasks", 2)
    clock = box.directory / "clock"
    clock.write_bytes(bytes(8))
    mount = box.mount("tione", trust, *QUICK, endpoint=cloud.tls_url, binary=PLAIN,
                      env={"LD_PRELOAD": later, "FAULT_LATER": clock})
    known = Broken(mount)
    cloud.control("cert", {"cert": str(certificates / "expired.pem"), "key": str(certificates / "expired.key")})
    known.run_out()
    assert mount.text(STATUS) == "SUCCEED" and mount.xattr(STATUS, "stale") == "0"
    assert cloud.counts()["connections"] == 1  # still the old one
    with open(clock, "r+b") as file:
        file.write(struct.pack("q", 302))
    known.cold("training/%s/status" % synthetic(0), "EPROTO", 1 + SLACK)
    known.warm_is_served()
    assert cloud.counts()["connections"] == 2
    swap(cloud, certificates, "server")
    wait_until(lambda: mount.text(STATUS) == "SUCCEED" and mount.xattr(STATUS, "stale") == "0", 6, "a fresh answer")


@pytest.mark.parametrize("scheme", ["Basic realm=\"x\"", "Negotiate", "NTLM", "Digest realm=\"x\", nonce=\"y\"",
                                    "Bearer"])
def test_T14_nobody_is_logged_in(box, cloud, scheme):
    (box.home / ".netrc").write_text("machine 127.0.0.1 login netrc-login password netrc-password\n")
    mount = box.mount("tione", *QUICK)
    known = Broken(mount)
    cloud.plan("http", status=401, headers={"WWW-Authenticate": scheme})
    with cloud.counting() as made:
        known.cold(task(1), "EACCES", 1 + SLACK)
    assert made == {ONE: 1}
    known.run_out()
    known.warm_is_served(1 + SLACK)
