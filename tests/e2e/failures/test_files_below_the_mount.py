"""P: what this process reads again lies below its own mount point: it is read where it was before the mount.

The process serves the mount with one thread. A question of its own that meets the mount would wait for itself.
"""
import contextlib
import json
import os
import signal
import socket
import subprocess

import pytest

from harness import KEYS, LAST_RESORT, PLAIN, TASK, TOP, mounts_below, wait_exit, wait_until
from net import apart, network  # noqa: F401 (fixtures)

STATUS = "training/%s/status" % TASK
RUN = "training/1/jobs/1/status"
NO_KEYS = dict.fromkeys(KEYS)
ROTATED = {"TENCENTCLOUD_SECRET_ID": "AKIDrotated", "TENCENTCLOUD_SECRET_KEY": "canary-rotated-secret",
           "QIANFAN_ACCESS_KEY": "ALTAKrotated", "QIANFAN_SECRET_KEY": "canary-rotated-secret"}


class Covered:
    """A directory that a mount is going to cover, and a way to it that stays open."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def write(self, name, text, mode=0o600):
        head, _, _ = name.rpartition("/")
        if head:
            with contextlib.suppress(FileExistsError):
                os.mkdir(head, 0o700, dir_fd=self.fd)
        fd = os.open(name + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode, dir_fd=self.fd)
        with open(fd, "w") as file:
            file.write(text)
        os.rename(name + ".new", name, src_dir_fd=self.fd, dst_dir_fd=self.fd)


@pytest.fixture
def covered(box):
    box.secrets = ["canary-rotated-secret"]
    box.auth_failures = True
    place = Covered(box.home)
    yield place
    os.close(place.fd)


def rotate(cloud):
    """The cloud refuses the old keys from now on."""
    cloud.control("rotate", {"secret_id": ROTATED["TENCENTCLOUD_SECRET_ID"],
                             "secret_key": ROTATED["TENCENTCLOUD_SECRET_KEY"],
                             "access_key": ROTATED["QIANFAN_ACCESS_KEY"],
                             "access_secret": ROTATED["QIANFAN_SECRET_KEY"]})


def read_by_another(mount, path):
    """A reader of a mount that does not answer cannot be killed, so the mount is ended."""
    with subprocess.Popen(["cat", str(mount / path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as reader:
        try:
            return reader.communicate(timeout=LAST_RESORT / 4)[0].strip()
        except subprocess.TimeoutExpired:
            mount.signal(signal.SIGKILL)
            mount.expected_status = -signal.SIGKILL
            raise AssertionError("the mount answers nobody") from None


def tccli(keys):
    return json.dumps({"secretId": keys["TENCENTCLOUD_SECRET_ID"], "secretKey": keys["TENCENTCLOUD_SECRET_KEY"]})


def sdk(keys):
    return "[default]\nsecret_id = %(TENCENTCLOUD_SECRET_ID)s\nsecret_key = %(TENCENTCLOUD_SECRET_KEY)s\n" % keys


def bcecmd(keys):
    return "[Defaults]\nAk = %(QIANFAN_ACCESS_KEY)s\nSk = %(QIANFAN_SECRET_KEY)s\n" % keys


def dotenv(keys):
    return "QIANFAN_ACCESS_KEY=%(QIANFAN_ACCESS_KEY)s\nQIANFAN_SECRET_KEY=%(QIANFAN_SECRET_KEY)s\n" % keys


FILES = {".tccli/default.credential": ("tione", STATUS, tccli), ".tencentcloud/credentials": ("tione", STATUS, sdk),
         ".go-bcecli/credentials": ("qianfan", RUN, bcecmd), ".env": ("qianfan", RUN, dotenv)}


@pytest.mark.parametrize("binary", [None, PLAIN], ids=["sanitized", "plain"])
@pytest.mark.parametrize("name", FILES)
def test_P18_a_key_file_below_the_mount_point_is_read_again(box, cloud, covered, name, binary):
    source, path, write = FILES[name]
    covered.write(name, write(KEYS))
    mount = box.mount(source, "ttl=0", at=box.home, env=NO_KEYS, cwd=box.home, **({"binary": binary} if binary else {}))
    before = read_by_another(mount, path)
    assert before
    covered.write(name, write(ROTATED))
    rotate(cloud)
    assert read_by_another(mount, path) == before
    assert cloud.counts()["by_verdict"].keys() == {"ok"}


def test_P18_a_cacert_below_the_mount_point_is_read_again(box, covered, certificates):
    cloud = box.emulator("--tls-port", 0, "--cert", certificates / "server.pem", "--key", certificates / "server.key")
    good = (certificates / "ca.pem").read_text()
    covered.write("ca/ca.pem", good, 0o644)
    mount = box.mount("tione", "ttl=0,stale=0,cacert=%s" % (box.home / "ca/ca.pem"), at=box.home, endpoint=cloud.tls_url)
    assert read_by_another(mount, STATUS) == "SUCCEED"
    covered.write("ca/ca.pem", "cut off", 0o644)
    cloud.control("drop", {"how": "fin"})
    assert read_by_another(mount, STATUS) == "SUCCEED"  # the last good one stands
    covered.write("ca/ca.pem", (certificates / "other-ca.pem").read_text(), 0o644)
    cloud.control("drop", {"how": "fin"})
    assert "Protocol error" in read_by_another(mount, STATUS)
    covered.write("ca/ca.pem", good + "\n", 0o644)
    wait_until(lambda: read_by_another(mount, STATUS) == "SUCCEED", what="the right CA")


@pytest.mark.parametrize("way", ["link", "dots", "bind", "tccli"])
def test_P18_by_other_ways_to_the_directory(box, cloud, covered, way):
    """By a symbolic link, by "..", through a bind mount that also shows this mount, and with a mount on ~/.tccli."""
    covered.write(".tccli/default.credential", tccli(KEYS))
    seen = box.directory / "seen"
    home = {"link": seen, "dots": box.home / ".tccli" / "..", "bind": seen, "tccli": box.home}[way]
    try:
        if way == "link":
            seen.symlink_to(box.home)
        elif way == "bind":
            (box.directory / "top" / "home").mkdir(parents=True)
            subprocess.run(["mount", "-t", "tmpfs", "none", str(box.directory / "top")], check=True)
            subprocess.run(["mount", "--make-shared", str(box.directory / "top")], check=True)
            (box.directory / "top" / "home").mkdir()
            seen.mkdir()
            subprocess.run(["mount", "--bind", str(box.directory / "top" / "home"), str(seen)], check=True)
            covered = Covered(seen)
            covered.write(".tccli/default.credential", tccli(KEYS))
        point = {"tccli": box.home / ".tccli", "bind": box.directory / "top" / "home"}.get(way, box.home)
        mount = box.mount("tione", "ttl=0,stale=0", at=point, env={**NO_KEYS, "HOME": home})
        assert read_by_another(mount, STATUS) == "SUCCEED"
        if way == "tccli":
            rotate(cloud)
            assert "denied" in read_by_another(mount, STATUS)
        else:
            covered.write(".tccli/default.credential", tccli(ROTATED))
            rotate(cloud)
            assert read_by_another(mount, STATUS) == "SUCCEED"
        mount.unmount()
    finally:
        if way == "bind":
            os.close(covered.fd)
            subprocess.run(["umount", "-l", str(seen)])
            subprocess.run(["umount", "-lR", str(box.directory / "top")])


# ---- files of the machine that libraries of the daemon open again

# a process group of its own, and mounts that end with it
HELD = ("unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc")


def in_a_namespace(box, script, *arguments):
    head = 'set -e; at() { point=$1; shift; "$@" %s -o endpoint=%s tione "$point"; }; ' % (PLAIN, box.cloud.url)
    return subprocess.run([*HELD, str(TOP / "tests/apart.sh"), "bash", "-c", head + script, *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=box.environment(), text=True)


@pytest.mark.parametrize("point", ["/", "/etc", "/etc/ssl", "/etc/ssl/certs", "/proc", "/dev", "/usr/lib"])
def test_P18_a_mount_that_would_hide_what_libraries_read_again_is_refused(box, cloud, point):
    result = in_a_namespace(box, 'at "$0" env; exit 7', point)
    assert result.returncode == 1 and result.stdout == "", result
    assert result.stderr.startswith("describefs: cannot mount on %s: " % point), result.stderr
    assert "lies below it" in result.stderr and result.stderr.count("\n") == 1


def test_P18_a_link_of_the_machine_leads_below_the_mount_point(box, cloud):
    """As /etc/resolv.conf does, to /run."""
    below = box.point()
    result = in_a_namespace(box, """
        mount -t tmpfs none "$0"; cp /etc/resolv.conf "$0/resolv.conf"; ln -s "$0/resolv.conf" "$0/link"
        cp -a /etc "$0/etc"; ln -sf "$0/resolv.conf" "$0/etc/resolv.conf"; mount --bind "$0/etc" /etc
        mkdir "$0/other"; at "$0/other" env; test -e "$0/other/README"; umount "$0/other"
        at "$0" env; exit 7""", str(below))
    assert result.returncode == 1 and "/etc/resolv.conf" in result.stderr, result


def test_P18_with_a_cacert_the_certificates_of_the_machine_are_not_read(box, cloud, certificates):
    result = in_a_namespace(box, 'point=/etc/ssl; %s -o endpoint=%s,cacert=%s tione $point; cat $point/%s' % (
        PLAIN, cloud.url, certificates / "ca.pem", STATUS))
    assert (result.returncode, result.stdout) == (0, "SUCCEED\n"), result


def test_P18_the_socket_of_a_service_manager_lies_below_the_mount_point(box, cloud, covered):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(box.home / "notify"))
        manager.settimeout(LAST_RESORT / 4)
        process = subprocess.Popen([PLAIN, "-f", "-o", "endpoint=" + cloud.url, "tione", str(box.home)],
                                   stdin=subprocess.DEVNULL, env=box.environment({"NOTIFY_SOCKET": box.home / "notify"}))
        try:
            assert manager.recv(100) == b"READY=1"
            process.terminate()
            assert process.wait(LAST_RESORT / 4) == 0
        finally:
            process.kill()
            process.wait()


# ---- later mounts over the files

@contextlib.contextmanager
def a_file_system(box):
    """One that holds a home and a mount point."""
    top = box.directory / "top"
    top.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(top)], check=True)
    try:
        subprocess.run(["mount", "--make-private", str(top)], check=True)
        for name in ("home", "home/point", "home/.tccli", "upper", "work", "lower"):
            (top / name).mkdir(mode=0o700)
        (top / "home/.tccli/default.credential").touch(0o600)
        (top / "home/.tccli/default.credential").write_text(tccli(KEYS))
        yield top
    finally:
        for _ in mounts_below(top):
            subprocess.run(["umount", "-l", str(mounts_below(top)[-1][0])], check=True)


def test_P18_our_tree_is_bound_over_the_directory_that_it_is_mounted_in(box, cloud):
    """The key's file is hidden then, and the key stays. The path to the mount point leads into the mount."""
    with a_file_system(box) as top:
        home = top / "home"
        mount = box.mount("tione", "ttl=0,stale=0", at=home / "point", env={**NO_KEYS, "HOME": home}, binary=PLAIN)
        assert read_by_another(mount, STATUS) == "SUCCEED"
        subprocess.run(["mount", "--bind", str(mount.path), str(home)], check=True)
        assert read_by_another(mount, home / STATUS) == "SUCCEED"
        mount.signal(signal.SIGTERM)
        ended = wait_exit(mount.pid, LAST_RESORT / 4)
        if ended is None:
            mount.signal(signal.SIGKILL)
        mount.status = mount.expected_status
        assert ended == 0


@pytest.mark.parametrize("over", ["home", "home/.tccli"])
def test_P18_an_overlay_of_our_mount_lies_over_the_keys_file(box, cloud, over):
    """If the daemon opened the file by its path, it would go through the overlay into its own mount."""
    with a_file_system(box) as top:
        mount = box.mount("tione", "ttl=0,stale=0", at=top / "lower", env={**NO_KEYS, "HOME": top / "home"},
                          binary=PLAIN)
        assert read_by_another(mount, STATUS) == "SUCCEED"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s:%s,upperdir=%s/upper,workdir=%s/work" % (
            mount.path, top / over, top, top), str(top / over)], check=True)
        assert read_by_another(mount, STATUS) == "SUCCEED"
        subprocess.run(["umount", str(top / over)], check=True)
        (top / "home/.tccli/default.credential").write_text(tccli(ROTATED))
        box.auth_failures, box.secrets = True, [ROTATED["TENCENTCLOUD_SECRET_KEY"]]
        rotate(cloud)
        assert read_by_another(mount, STATUS) == "SUCCEED"
        mount.unmount()


@pytest.mark.parametrize("how", ["bind", "overlay"])
def test_P18_our_mount_is_put_over_the_certificates_of_the_machine(apart, certificates, how):
    """libcurl would open the certificates for its next connection through this mount."""
    box = apart.box
    cloud = box.emulator("--tls-port", 0, "--cert", certificates / "server.pem", "--key", certificates / "server.key")
    apart.replace("/etc/ssl/certs/ca-certificates.crt", (certificates / "ca.pem").read_text())
    mount = box.mount("tione", "ttl=0,stale=0,deadline=3", endpoint=cloud.tls_url, binary=PLAIN)
    assert read_by_another(mount, STATUS) == "SUCCEED"
    put = {"bind": ["mount", "--bind", str(mount.path), "/etc/ssl"],
           "overlay": ["mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s:/etc/ssl" % mount.path, "/etc/ssl"]}
    subprocess.run(put[how], check=True)
    try:
        assert read_by_another(mount, STATUS) == "SUCCEED"  # over the connection that is kept
        cloud.control("drop", {"how": "fin"})
        assert "Input/output error" in read_by_another(mount, STATUS)
        assert "unmount what covers them" in read_by_another(mount, ".describefs/errors")
    finally:
        subprocess.run(["umount", "-l", "/etc/ssl"], check=True)
    wait_until(lambda: read_by_another(mount, STATUS) == "SUCCEED", what="the certificates")
