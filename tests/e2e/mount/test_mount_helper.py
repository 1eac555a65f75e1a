"""mount -t describefs as fstab uses it, and systemd's Type=notify."""
import os
import signal
import socket
import subprocess

import pytest

from harness import APART, KEYS, TASK, TOP, SANITIZED, find_daemon, Mount, mounts_below, wait_until

STATUS = "training/%s/status" % TASK


@pytest.fixture
def helper(box):
    """mount.describefs as it would be installed, for the program under test."""
    path = box.directory / "mount.describefs"
    path.write_text((TOP / "packaging/mount.describefs").read_text().replace("@BINDIR@", str(SANITIZED.parent)))
    path.chmod(0o755)
    return path


def adopt(box, path, result):
    """A mount that another program made for the test; it is unmounted afterwards."""
    assert result.returncode == 0, result
    mount = Mount(box, path, result, wait_until(lambda: find_daemon(path), what="the daemon"), result.args)
    box.mounts.append(mount)
    return mount


def run(box, *command, env=None, prefix=()):
    return subprocess.run([*prefix, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, env=box.environment(env), cwd=box.directory)


def test_the_helper_takes_what_mount_says(box, cloud, helper):
    path = box.point()
    words = "rw,noauto,user,nofail,_netdev,x-systemd.automount,x-systemd.idle-timeout=60,comment=a,endpoint="
    mount = adopt(box, path, run(box, helper, "tione", path, "-s", "-v", "-n", "-o", words + cloud.url, "-o", "ttl=60"))
    assert mount.text(STATUS) == "SUCCEED"
    assert mounts_below(path) == [(str(path), "fuse.describefs")]


def test_the_helper_refuses_and_fakes(box, cloud, helper):
    path = box.point()
    result = run(box, helper, "tione")
    assert result.returncode == 1 and "usage:" in result.stderr
    assert run(box, helper, "tione", path, "more").returncode == 1
    for source in "", "tione,,qianfan", ",tione", "tione,":
        result = run(box, helper, source, path)
        assert result.returncode == 1 and "empty word" in result.stderr, source
    result = run(box, helper, "tione", path, "-o", "rw,tll=5")
    assert result.returncode == 2 and "did you mean ttl?" in result.stderr
    result = run(box, helper, "tione", path, "-f", "-o", "rw")
    assert result.returncode == 0 and not result.stderr and not mounts_below(path)


def in_a_namespace_with_the_helper(box, script, env=None):
    """Runs `script` with the helper in /sbin, the only place where mount(8) looks for it."""
    head = """set -e
        sbin=$(readlink -f /sbin)
        mkdir -p over && mount -t tmpfs none over && mkdir over/up over/work
        mount -t overlay overlay -o "lowerdir=$sbin,upperdir=over/up,workdir=over/work" "$sbin"
        cp mount.describefs "$sbin/"
    """
    result = run(box, "bash", "-c", head + script, prefix=[*APART],
                 env=env)
    if "unshare" in result.stderr or "overlay" in result.stderr:
        pytest.skip("no mount namespace or no overlay here: " + result.stderr.strip())
    return result


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.isdir("/sbin"), reason="only root can give mount(8) a helper")
def test_mount_and_fstab_know_the_type(box, cloud, helper):
    """In a mount namespace where /sbin has the helper; HOME is not set, as at boot, and the key is in a file."""
    path = box.point()
    table = box.directory / "fstab"
    table.write_text("tione@work %s describefs noauto,_netdev,nofail,x-systemd.automount,endpoint=%s 0 0\n" %
                     (path, cloud.url))
    key = box.directory / "work.credential"
    key.write_text('{"secretId": "%s", "secretKey": "%s"}\n' %
                   (KEYS["TENCENTCLOUD_SECRET_ID"], KEYS["TENCENTCLOUD_SECRET_KEY"]))
    key.chmod(0o600)
    script = """
        home=$(getent passwd "$(id -u)" | cut -d: -f6)
        mount -t tmpfs none "$home" && mkdir "$home/.tccli"
        cp work.credential "$home/.tccli/"
        mount -T fstab "%(path)s"
        grep -q " %(path)s fuse.describefs ro," /proc/self/mounts
        cat "%(path)s/%(status)s"
        mount -T fstab "%(path)s" 2>&1 && exit 1 || true
        umount "%(path)s"
        mount -t describefs tione@work "%(path)s" -o "rw,ttl=5,endpoint=%(url)s"
        cat "%(path)s/%(status)s"
        umount "%(path)s"
    """ % {"path": path, "status": STATUS, "url": cloud.url}
    result = in_a_namespace_with_the_helper(box, script, env={**dict.fromkeys(KEYS), "HOME": None})
    assert result.returncode == 0, result
    assert result.stdout.split("\n")[0] == "SUCCEED" and result.stdout.count("SUCCEED") == 2


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.isdir("/sbin"), reason="only root can give mount(8) a helper")
def test_fstab_takes_several_sources_and_the_name_of_a_section(box, cloud, helper):
    """Row 22: commas, blanks (\\040 in fstab) and a section of the config file, each by mount -a, twice."""
    points = [box.point() for _ in range(3)]
    (box.directory / "config").write_text(
        "[work]\nsource = tione:ap-shanghai\nmountpoint = /nowhere\nendpoint = %s\n" % cloud.url)
    sources = "tione,qianfan", "tione\\040tione:ap-beijing", "work"
    (box.directory / "fstab").write_text("".join(
        "%s %s describefs defaults,endpoint=%s 0 0\n" % (source, point, cloud.url)
        for source, point in zip(sources, points)))
    result = in_a_namespace_with_the_helper(box, """
        home=$(getent passwd "$(id -u)" | cut -d: -f6)
        mount -t tmpfs none "$home" && mkdir -p "$home/.config/describefs"
        cp config "$home/.config/describefs/"
        mount -a -T fstab
        ls "%s"; ls "%s"; cat "%s/%s"
        mount -a -T fstab
        grep -c " $PWD/.* fuse.describefs " /proc/self/mounts
        umount "%s" "%s" "%s"
    """ % (*points, STATUS, *points))
    assert result.returncode == 0, result
    assert result.stdout.split("\n")[:6] == ["qianfan", "tione", "tione", "tione:ap-beijing", "SUCCEED", "3"], result


def test_a_service_manager_is_told_when_the_mount_answers(box, cloud):
    """Type=notify: READY=1 is the only message, and the mount exists when it arrives."""
    address = box.directory / "manager"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(20)
        mount, process, _ = box.foreground(env={"NOTIFY_SOCKET": address})
        assert manager.recv(100) == b"READY=1"
        assert mount.text(STATUS) == "SUCCEED"
        mount.signal(signal.SIGTERM)
        assert mount.wait() == 0 and not mounts_below(mount.path)
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_in_the_background_nobody_is_told(box, cloud):
    address = box.directory / "manager"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        box.mount(env={"NOTIFY_SOCKET": address})
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_what_the_unit_starts_after_a_crash_heals_the_mount(box, cloud):
    """Restart=on-failure: a killed daemon leaves a dead mount, over which the same command line mounts again."""
    mount, process, _ = box.foreground()
    path = mount.path
    mount.expected_status = -signal.SIGKILL
    mount.signal(signal.SIGKILL)
    mount.wait()
    assert mounts_below(path)
    again = subprocess.Popen([str(SANITIZED), "mount", "-f", "-o", "", "-o", "endpoint=" + cloud.url, "--", "tione", path],
                             env=box.environment(), stdin=subprocess.DEVNULL)
    again.returncode = 0  # the box waits for it
    second = Mount(box, path, None, again.pid, [])
    box.mounts.append(second)
    wait_until(lambda: os.path.exists(path / "README"), what="the mount")
    assert second.text(STATUS) == "SUCCEED"
    assert len(mounts_below(path)) == 1


def test_updatedb_is_told_the_type_that_the_kernel_shows(box, cloud):
    mount = box.mount()
    kind = mounts_below(mount.path)[0][1]
    assert 'PRUNEFS="%s"' % kind in (TOP / "packaging/updatedb.conf").read_text().splitlines()
