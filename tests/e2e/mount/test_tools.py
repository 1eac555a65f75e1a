"""Everyday programs on the mount: each works as on a disk, and the names that they probe cost no call."""
import errno
import mmap
import os
import shutil
import subprocess

import pytest

from harness import MODEL, NOTEBOOK, TASK, VERSION, error_of, read

SEED = "training/" + TASK
SEED_FILES = 60  # at least, in the sample's directory


@pytest.fixture
def mount(box):
    return box.mount("tione")


def test_tar_takes_and_gives_back_every_byte(mount, tmp_path):
    mount.sh("tar -cf %s/all.tar %s" % (tmp_path, SEED))
    subprocess.run(["tar", "-xf", tmp_path / "all.tar", "-C", tmp_path], check=True)
    mount.sh("diff -r %s %s/%s" % (SEED, tmp_path, SEED))
    assert len([1 for _, _, files in os.walk(tmp_path / SEED) for _ in files]) > SEED_FILES


def test_cp_a_copies_bytes_and_times(mount, tmp_path):
    mount.sh("cp -a %s %s/copy" % (SEED, tmp_path))
    mount.sh("diff -r %s %s/copy" % (SEED, tmp_path))
    for name in ("status", "describe.json", "image_info/image_name"):
        copy, original = (tmp_path / "copy" / name).stat(), (mount / SEED / name).stat()
        assert copy.st_mtime_ns == original.st_mtime_ns and copy.st_size == original.st_size


def test_rsync_and_cpio_and_zip_like_readers(mount, tmp_path):
    mount.sh("rsync -a --checksum %s/ %s/copy/" % (SEED, tmp_path))
    mount.sh("diff -r %s %s/copy" % (SEED, tmp_path))
    shutil.copytree(mount / SEED, tmp_path / "python")
    mount.sh("diff -r %s %s/python" % (SEED, tmp_path))


def test_find_and_grep_and_du_and_wc(mount):
    assert mount.sh("find . -name gpu_type -path '*notebooks*'").split() == [
        "./notebooks/%s/resource_conf/gpu_type" % NOTEBOOK]
    assert sorted(mount.sh("grep -rl V100 notebooks").split()) == [
        "notebooks/%s/describe.json" % NOTEBOOK, "notebooks/%s/resource_conf/gpu_type" % NOTEBOOK]
    assert mount.sh("grep -rh TORCH_SCRIPT models/%s --include=format" % MODEL) == "TORCH_SCRIPT\n"
    assert int(mount.sh("du -s --block-size=1 %s" % SEED).split()[0]) >= 512 * 30
    assert int(mount.sh("du -s --apparent-size --block-size=1 %s" % SEED).split()[0]) > 2000
    for line in mount.sh("find %s -type f -exec wc -c {} +" % SEED).splitlines():
        size, name = line.split()
        if name != "total":
            assert (mount / name).stat().st_size == int(size) == len(read(mount / name))


def test_find_empty_finds_what_is_empty(mount):
    empty = mount.sh("cd %s && find . -maxdepth 1 -empty" % SEED).split()
    assert "./failure_reason" in empty and "./data_configs" in empty and "./status" not in empty
    assert mount.sh("cd %s && test -s failure_reason || echo none" % SEED) == "none\n"


def test_jq_reads_describe_json(mount):
    assert mount.sh("jq -r .Status %s/describe.json" % SEED) == "SUCCEED\n"
    assert mount.sh("jq -r '.ResourceConf.GpuType' notebooks/*/describe.json") == "V100\n"
    assert mount.sh("jq -rs '.[].TrainingModelFormat' models/%s/versions/*/describe.json" % MODEL) == "TORCH_SCRIPT\n"


def test_vim_opens_it_read_only_and_leaves_nothing(mount, tmp_path):
    out = tmp_path / "out"
    result = mount.run("vim -N -u NONE -i NONE -R -es -c 'w! %s' -c 'q!' %s/status" % (out, SEED))
    assert result.returncode == 0 and out.read_text() == "SUCCEED\n"
    # without -n it looks for a place for its swap file, beside the file first
    before = mount.names(SEED)
    assert mount.run("vim -N -u NONE -i NONE -es -c 'q!' %s/status" % SEED).returncode == 0
    assert mount.names(SEED) == before
    # and the write fails
    assert mount.run("vim -N -u NONE -i NONE -es -c 's/SUCCEED/LIES/' -c 'w!' -c 'q!' %s/status" % SEED).returncode
    assert mount.read(SEED + "/status") == b"SUCCEED\n"


def test_git_status_finds_no_repository_and_asks_nothing(box, cloud, mount):
    mount.names(SEED), mount.names("training")
    with cloud.counting() as made:
        for place in (".", "training", SEED, SEED + "/image_info", "models"):
            result = mount.run("git status", cwd=mount / place)
            assert result.returncode == 128 and "not a git repository" in result.stderr
    assert made == {}


PROBES = [".git", ".Trash", ".Trash-1000", ".hidden", ".directory", ".DS_Store", "._status", ".svn", ".hg", ".bzr",
          ".xdg-volume-info", ".nomedia", "autorun.inf", "desktop.ini", "Thumbs.db", "HEAD", ".gitignore", ".envrc",
          ".editorconfig", ".status.swp", "System Volume Information", "$RECYCLE.BIN", "lost+found", ".fuse_hidden",
          ".snapshot", ".localized", ".metadata_never_index"]


@pytest.mark.parametrize("place", ["", "training", SEED, SEED + "/image_info", "models", "models/" + MODEL, "notebooks",
                                   "models/%s/versions" % MODEL])
def test_probes_are_enoent_without_a_call(box, cloud, mount, place):
    mount.sh("ls -l %s" % (place or "."))
    with cloud.counting() as made:
        for name in PROBES:
            assert (name, error_of(os.stat, mount / place / name)) == (name, "ENOENT")
    assert made == {}


def test_probes_are_enoent_without_a_call_also_where_nobody_was(box, cloud, mount):
    with cloud.counting() as made:
        for name in PROBES:
            assert error_of(os.stat, mount / "training" / name) == "ENOENT"
            assert error_of(os.stat, mount / "models" / name) == "ENOENT"
            assert error_of(os.stat, mount / name) == "ENOENT"
    assert made == {}


def test_a_cold_cd_of_a_shell_with_a_git_prompt_is_one_call(box, cloud, mount):
    with cloud.counting() as made:
        mount.run("git rev-parse --git-dir; ls -d .hidden .Trash; cat status", cwd=mount / SEED)
    assert made == {"DescribeTrainingTask": 1}


def test_ways_to_read(mount, tmp_path):
    path, size = mount / SEED / "describe.json", (mount / SEED / "describe.json").stat().st_size
    whole = read(path)
    assert len(whole) == size > 2000
    fd = os.open(path, os.O_RDONLY)
    try:
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapped:
            assert mapped[:] == whole
        assert os.pread(fd, 100, 1000) == whole[1000:1100]
        assert os.pread(fd, 100, size - 5) == whole[-5:]
        assert os.pread(fd, 100, size) == b"" and os.pread(fd, 100, size + 4096) == b""
        assert os.lseek(fd, -10, os.SEEK_END) == size - 10 and os.read(fd, 100) == whole[-10:]
        assert os.lseek(fd, 0, os.SEEK_DATA) == 0 and os.lseek(fd, 0, os.SEEK_HOLE) == size
        with open(tmp_path / "sent", "wb") as out:
            assert os.sendfile(out.fileno(), fd, 0, size) == size
        os.fsync(fd)
    finally:
        os.close(fd)
    assert read(tmp_path / "sent") == whole
    assert mount.sh("dd if=%s bs=1 2> /dev/null" % path).encode() == whole
    assert mount.sh("dd if=%s iflag=direct bs=4096 2> /dev/null" % path).encode() == whole
    assert mount.sh("tail -c 7 %s; head -c 3 %s; tail -n 1 %s" % (path, path, path)).encode() == (
        whole[-7:] + whole[:3] + whole.splitlines(True)[-1])
    assert mount.sh("split -b 100 --filter=cat %s" % path).encode() == whole
    assert open(path, encoding="utf-8").read().encode() == whole
    with open(path, "rb") as file:
        assert b"".join(iter(lambda: file.read(1), b"")) == whole


def test_getfattr_shows_where_it_comes_from(mount):
    shown = mount.sh("getfattr -d --absolute-names %s/status" % SEED)
    for name, value in [("key", "Status"), ("type", "string"), ("action", "DescribeTrainingTask")]:
        assert 'user.describefs.%s="%s"' % (name, value) in shown
    for name in ("request_id", "fetched", "expires", "stale"):  # of one fetch: for who asks by name
        assert "user.describefs.%s=" % name not in shown
        assert mount.sh("getfattr --only-values -n user.describefs.%s %s/status" % (name, SEED))
    assert 'user.describefs.complete="1"' in mount.sh("ls training > /dev/null; getfattr -d training")
    assert mount.sh("getfattr -d . README") == ""
    assert mount.sh("getfattr --only-values -n user.describefs.type models/%s/versions/%s/is_qat" %
                    (MODEL, VERSION)) == "boolean"


def test_other_xattrs_are_simply_not_there(mount):
    for name in ("security.selinux", "user.mine", "system.posix_acl_access", "user.describefs", "user.describefs.nope"):
        # EOPNOTSUPP for these attributes, so that ls asks once for the mount and not for every file
        assert error_of(os.getxattr, mount / SEED / "status", name) == (
            "ENODATA" if name.startswith("user.") else "EOPNOTSUPP")
    assert error_of(os.getxattr, mount / SEED / "status", "user.describefs.key") == "ok"


# ---- everything that would write

WRITES = {
    "open to write": lambda path: os.open(path / "status", os.O_WRONLY),
    "open to read and write": lambda path: os.open(path / "status", os.O_RDWR),
    "open to append": lambda path: os.open(path / "status", os.O_WRONLY | os.O_APPEND),
    "truncate on open": lambda path: os.open(path / "status", os.O_WRONLY | os.O_TRUNC),
    "truncate": lambda path: os.truncate(path / "status", 0),
    "create": lambda path: os.open(path / "new", os.O_WRONLY | os.O_CREAT, 0o600),
    "a nameless file": lambda path: os.open(path, os.O_WRONLY | os.O_TMPFILE, 0o600),
    "mkdir": lambda path: os.mkdir(path / "new"),
    "mknod": lambda path: os.mknod(path / "new"),
    "unlink": lambda path: os.unlink(path / "status"),
    "rmdir": lambda path: os.rmdir(path / "image_info"),
    "rename": lambda path: os.rename(path / "status", path / "other"),
    "link": lambda path: os.link(path / "status", path / "other"),
    "symlink": lambda path: os.symlink("x", path / "other"),
    "chmod": lambda path: os.chmod(path / "status", 0o666),
    "chown": lambda path: os.chown(path / "status", 1, 1),
    "utime": lambda path: os.utime(path / "status", (1, 1)),
    "setxattr": lambda path: os.setxattr(path / "status", "user.describefs.key", b"x"),
    "a new xattr": lambda path: os.setxattr(path / "status", "user.mine", b"x"),
    "removexattr": lambda path: os.removexattr(path / "status", "user.describefs.key"),
}


@pytest.mark.parametrize("what", WRITES)
def test_everything_that_would_write_is_erofs(mount, what):
    mount.names(SEED)
    assert error_of(WRITES[what], mount / SEED) == "EROFS"
    assert mount.read(SEED + "/status") == b"SUCCEED\n"


def test_writing_elsewhere_is_erofs_too(mount):
    for place in ("", "training", "models", ".describefs"):
        assert error_of(os.mkdir, mount / place / "new") == "EROFS"
    assert error_of(os.unlink, mount / "README") == "EROFS"
    assert error_of(os.open, mount / ".describefs/errors", os.O_WRONLY | os.O_TRUNC) == "EROFS"
    assert error_of(os.rmdir, mount / "training") in ("EROFS", "EBUSY")


def test_a_private_mapping_can_be_written_and_a_shared_one_cannot(mount):
    fd = os.open(mount / SEED / "status", os.O_RDONLY)
    try:
        with mmap.mmap(fd, 0, access=mmap.ACCESS_COPY) as mapped:
            mapped[0:1] = b"X"
        with pytest.raises(OSError) as failure:
            mmap.mmap(fd, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        assert failure.value.errno == errno.EACCES
    finally:
        os.close(fd)
    assert mount.read(SEED + "/status") == b"SUCCEED\n"


def test_open_to_create_reads_what_is_there(mount):
    fd = os.open(mount / SEED / "status", os.O_RDONLY | os.O_CREAT)
    assert os.read(fd, 100) == b"SUCCEED\n"
    os.close(fd)


def test_a_directory_is_no_file_and_a_file_no_directory(mount):
    assert "Is a directory" in mount.run("cat training").stderr
    assert error_of(os.listdir, mount / SEED / "status") == "ENOTDIR"
    assert mount.error(SEED + "/status/x") == "ENOTDIR"
    assert mount.error(SEED + "/nothing_like_it") == "ENOENT"
    assert error_of(os.stat, mount / SEED / ("x" * 300)) in ("ENAMETOOLONG", "ENOENT")


def test_shell_completion_and_globs(mount):
    mount.names("training")
    assert mount.sh("compgen -f training/train-13297") == SEED + "\n"
    assert mount.sh("echo */*/status") == "notebooks/%s/status %s/status\n" % (NOTEBOOK, SEED)
    assert mount.sh("shopt -s globstar; ls -d notebooks/**/gpu_type") == (
        "notebooks/%s/resource_conf/gpu_type\n" % NOTEBOOK)


def test_stat_f_and_df_answer(mount):
    mount.sh("stat -f . %s; df %s" % (SEED, SEED))
    assert os.statvfs(mount.path).f_namemax == 255
    assert os.statvfs(mount.path).f_flag & os.ST_RDONLY
