"""make install and make uninstall: into DESTDIR, everything, and nothing left."""
import os
import re
import shutil
import subprocess

import pytest

WHERE = {  # below PREFIX
    "bin/describefs": 0o755,
    "lib/systemd/user/describefs@.service": 0o644,
    "share/bash-completion/completions/describefs": 0o644,
    "share/fish/vendor_completions.d/describefs.fish": 0o644,
    "share/man/man1/describefs.1": 0o644,
    "share/man/man5/describefs-catalog.5": 0o644,
    "share/man/man7/describefs.7": 0o644,
    "share/man/man8/mount.describefs.8": 0o644,
    "share/zsh/site-functions/_describefs": 0o644,
    **{"share/doc/describefs/%s" % name: 0o644 for name in ("README.md", "README.zh-CN.md", "semantics.md", "updatedb.conf")},
}


def files(root):
    return {str(path.relative_to(root)): path.stat().st_mode & 0o7777
            for path in root.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("prefix, helper", [
    (None, "sbin/mount.describefs"), ("/usr", "sbin/mount.describefs"),
    ("/home/joe/.local", "home/joe/.local/sbin/mount.describefs"),
])
def test_everything_comes_and_everything_goes(make, tmp_path, prefix, helper):
    words = ["DESTDIR=%s" % tmp_path] + (["PREFIX=" + prefix] if prefix else [])
    prefix = (prefix or "/usr/local")[1:]
    before = os.umask(0o077)  # the modes are ours, not the caller's
    try:
        make("install", *words)
    finally:
        os.umask(before)
    assert files(tmp_path) == {helper: 0o755, **{"%s/%s" % (prefix, name): mode for name, mode in WHERE.items()}}
    program = "/%s/bin/describefs" % prefix
    for name in helper, prefix + "/lib/systemd/user/describefs@.service":
        text = (tmp_path / name).read_text()
        assert program in text and "@BINDIR@" not in text, name
    make("uninstall", *words)
    assert files(tmp_path) == {}
    assert not list(tmp_path.rglob("*describefs*"))


def test_uninstall_leaves_what_is_not_ours(make, tmp_path):
    other = tmp_path / "usr/local/share/doc/describefs/notes"
    other.parent.mkdir(parents=True)
    other.write_text("mine\n")
    make("install", "DESTDIR=%s" % tmp_path)
    make("uninstall", "DESTDIR=%s" % tmp_path)
    assert list(files(tmp_path)) == ["usr/local/share/doc/describefs/notes"]


def test_every_file_for_installation_is_installed(top):
    """Nothing of packaging/ is forgotten in the lists, and the packages know all of it."""
    makefile = (top / "packaging/packaging.mk").read_text()
    for directory in "man", "completions", "systemd":
        for path in (top / "packaging" / directory).iterdir():
            assert str(path.relative_to(top)) in makefile, path


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_is_one(build, make, tmp_path):
    make("install", "DESTDIR=%s" % tmp_path)
    unit = tmp_path / "usr/local/lib/systemd/user/describefs@.service"
    unit.write_text(unit.read_text().replace("/usr/local/bin/describefs", str(build / "describefs")))
    done = subprocess.run(["systemd-analyze", "verify", "--user", "--man=no", str(unit)], capture_output=True, text=True,
                          env=dict(os.environ, XDG_RUNTIME_DIR=str(tmp_path), HOME=str(tmp_path)))
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_nothing_in_the_unit_hides_the_mount(top):
    """A mount namespace of its own would; what implies NoNewPrivileges in a user's manager takes fusermount3 away."""
    lines = (top / "packaging/systemd/describefs@.service").read_text().splitlines()
    words = {line.split("=")[0] for line in lines if line and line[0] not in "#["}
    assert not [word for word in words if word.startswith((
        "Private", "Protect", "ReadOnly", "ReadWrite", "Inaccessible", "Bind", "Temporary", "Root", "Mount", "Restrict",
        "SystemCall", "NoNew", "MemoryDeny", "LockPersonality", "Dynamic", "Capability", "Ambient"))]
    assert {"Type", "Restart", "ExecStart", "WantedBy"} <= words


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["mount.describefs", "test-deb.sh", "completions/describefs.bash"])
def test_shellcheck(top, name):
    shell = ["-s", "bash"] if name.endswith(".bash") else []
    done = subprocess.run(["shellcheck", *shell, str(top / "packaging" / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_packages_have_the_makefiles_version(top):
    version = re.search(r"^VERSION := (\S+)", (top / "Makefile").read_text(), re.M)[1]
    assert (top / "packaging/debian/changelog").read_text().startswith("describefs (%s) " % version)
    assert re.search(r"^Version: +%s$" % re.escape(version), (top / "packaging/describefs.spec").read_text(), re.M)


def test_the_packages_have_every_file(top):
    """The spec's list is complete; debhelper takes whatever is installed."""
    spec = (top / "packaging/describefs.spec").read_text().partition("%files")[2]
    for name in [*WHERE, "sbin/mount.describefs"]:
        if "/doc/" not in name:
            assert re.search(r"^%%\{\w+\}\S*/%s\*?$" % re.escape(os.path.basename(name)), spec, re.M), name


def packages_of(top, *groups):
    """The Debian packages that tests/deps.sh installs for these groups."""
    text = (top / "tests/deps.sh").read_text()
    return {pair.rpartition(":")[2] for group in groups
            for pair in re.search(r"^%s='([^']*)'" % group, text, re.M)[1].split()}


def test_make_deb_installs_what_the_build_needs(top):
    """Row 22: on a fresh Debian, make deb needs no command before it."""
    control = (top / "packaging/debian/control").read_text()
    needed = re.search(r"^Build-Depends: (.*?)^\S", control, re.M | re.S)[1]
    names = {word.strip().split(" ")[0] for word in needed.split(",") if word.strip()}
    names = {"debhelper" if name == "debhelper-compat" else name for name in names}
    assert names | {"dpkg-dev", "build-essential"} <= packages_of(top, "build", "deb")
    recipe = re.search(r"^deb: .*\n((?:\t.*\n)+)", (top / "packaging/packaging.mk").read_text(), re.M)[1]
    assert recipe.startswith("\ttests/deps.sh build deb\n")


def test_the_package_names_the_person_that_builds_it(top, make):
    """Row 48: the package names no mail address that is not read."""
    for name in "control", "changelog":
        assert "@MAINTAINER@" in (top / "packaging/debian" / name).read_text()
        assert ".example>" not in (top / "packaging/debian" / name).read_text()
    said = make("-n", "deb", "DEBFULLNAME=Ann Other", "DEBEMAIL=ann@example.org")
    assert "s|@MAINTAINER@|Ann Other <ann@example.org>|" in said


def test_the_unit_bounds_the_daemons_memory(top):
    """Row 48: more than max_memory's default, or the daemon would be killed for what it promises to keep."""
    unit = (top / "packaging/systemd/describefs@.service").read_text()
    limits = {name: int(size) << (30 if unit_of == "G" else 20)
              for name, size, unit_of in re.findall(r"^(MemoryHigh|MemoryMax)=(\d+)([GM])$", unit, re.M)}
    assert 256 << 20 < limits["MemoryHigh"] < limits["MemoryMax"]
