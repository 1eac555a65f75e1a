"""status and doctor: their output about mounts, and how a terminal shows hostile names."""
import ctypes
import os
import re
import subprocess

import pytest


def rows(box):
    lines = box.run("status").stdout.decode().split("\n")
    assert lines[0].split("\t") == ["MOUNT", "SOURCE", "CALLS", "HITS", "ERRORS", "NEWEST", "UP", "KEPT", "PART", "USER"]
    return [line.split("\t") for line in lines[1:] if line.startswith(str(box.directory))]


def test_a_terminal_gets_columns_and_a_pipe_tabs(box):
    box.mount(("tione", "qianfan"))
    box.mount("tione")
    status, got = box.at_a_terminal("status")
    lines = got.decode().splitlines()
    assert status == 0
    assert not any("\t" in line for line in lines)
    ours = [line for line in lines if line.startswith(str(box.directory))]
    for head in "SOURCE", "CALLS", "KEPT", "USER":
        column = lines[0].index(head)
        assert all(line[column - 1] == " " and line[column] != " " for line in ours), (head, lines)
    assert [row[:2] + row[8:9] for row in rows(box)] == [
        [str(box.directory / "mnt0"), "tione", "1/2"], [str(box.directory / "mnt0"), "qianfan", "2/2"],
        [str(box.directory / "mnt1"), "tione", "1/1"]]


def test_a_bind_mount_of_a_part_is_not_broken(box):
    box.auth_failures = True  # the doctor's first question is not signed
    mount = box.mount("tione")
    part = box.point()
    subprocess.run(["mount", "--bind", str(mount / "training"), str(part)], check=True)
    try:
        found = {row[0]: row[1:] for row in rows(box)}
        assert found[str(part)] == ["tione", "shows /training of %s" % mount.path]
        assert len(found[str(mount.path)]) == 9
        said = box.run("doctor", "-o", "endpoint=" + box.cloud.url, "tione").stdout.decode()
        assert not re.search(r"^problem +mount +%s" % part, said, re.M)
    finally:
        subprocess.run(["umount", str(part)], check=True)


ODD = "m\033[31m\tx\n/forged\trow\u202e"


def test_names_that_others_chose_are_no_orders_to_a_terminal(box):
    box.auth_failures = True  # the doctor's first question is not signed
    place = box.directory / ODD.replace("/", "-")
    place.mkdir()
    box.mount("tione", "fsname=s\033]0;title\a\u202e", at=place)
    for said in box.run("status").stdout, box.run("doctor", "-o", "endpoint=" + box.cloud.url, "tione").stdout:
        assert b"\033" not in said and b"\a" not in said and "\u202e".encode() not in said
        assert b"\\x1b[31m\\x09x\\x0a-forged\\x09row" in said and b"s\\x1b]0;title\\x07" in said
    assert len(rows(box)) == 1 and len(rows(box)[0]) == 10
    # error lines quote the command line
    for words in ["ls", "-o", "endpoint=" + box.cloud.url, "tione", ODD], ["refresh", ODD], ["tione", ODD], [ODD]:
        result = box.run(*words)
        assert result.returncode in (1, 2) and result.stderr.count(b"\n") == 1
        assert b"\033" not in result.stderr and "\u202e".encode() not in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees everybody's mounts")
def test_root_sees_whose_a_mount_is(box):
    """A mount of another user, which not even root may read."""
    place = box.point()
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = b"fd=%d,rootmode=40000,user_id=65534,group_id=65534" % fuse
    try:
        assert ctypes.CDLL(None, use_errno=True).mount(b"theirs", os.fsencode(place), b"fuse.describefs", 0, options) == 0
        os.close(fuse)
        assert [row for row in rows(box) if row[0] == str(place)] == [
            [str(place), "theirs", "only its owner may read it (mounted by nobody)"]]
        assert box.run("status").returncode == 0
        # doctor examines only mounts of its own user
        box.auth_failures = True
        assert str(place) not in box.run("doctor", "-o", "endpoint=" + box.cloud.url, "tione").stdout.decode()
    finally:
        subprocess.run(["umount", str(place)], check=True)
    mine = box.mount("tione")
    assert [row[-1] for row in rows(box)] == ["root"] and rows(box)[0][0] == str(mine.path)
