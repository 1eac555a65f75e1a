"""An overlay over a mount, and file handles (BUGS of describefs(1))."""
import contextlib
import ctypes
import errno
import os
import platform
import subprocess

import pytest

from harness import TASK, cat_error, forget_all, text, wait_until

STATUS = "training/%s/status" % TASK
NO_EXPORT = (6, 9)  # FUSE_NO_EXPORT_SUPPORT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount an overlay, and open by a handle")


@pytest.fixture
def cloud(box):
    return box.cloud


@contextlib.contextmanager
def overlay(box, mount):
    """overlayfs needs its upper layer on a file system that is no overlayfs."""
    layers, point = box.point(), box.point()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(layers)], check=True)
    for name in ("upper", "work"):
        (layers / name).mkdir()
    options = "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (mount.path, layers, layers)
    mounting = ["mount", "-t", "overlay", "overlay", "-o", options, str(point)]
    try:
        subprocess.run(mounting, check=True)
        yield point, mounting
    finally:
        subprocess.run(["umount", str(point)], check=True)
        subprocess.run(["umount", str(layers)], check=True)


def test_an_overlay_shows_what_does_not_change_and_the_rest_when_it_is_mounted_again(box, cloud):
    mount = box.mount("tione", "ttl=1")
    with overlay(box, mount) as (point, mounting):
        assert text(point / STATUS) == "SUCCEED"
        (point / "training" / TASK / "mine").write_text("mine")  # in the upper layer
        cloud.set("training", TASK, Status="CHANGED")
        wait_until(lambda: mount.text(STATUS) == "CHANGED")
        wait_until(lambda: cat_error(point / STATUS) == "ESTALE")  # as BUGS says
        subprocess.run(["umount", str(point)], check=True)
        subprocess.run(mounting, check=True)
        assert text(point / STATUS) == "CHANGED" and (point / "training" / TASK / "mine").read_text() == "mine"


class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("handle", ctypes.c_ubyte * 128)]


def test_a_file_has_no_handle_that_goes_stale(box):
    mount = box.mount("tione")
    libc, handle, number = ctypes.CDLL(None, use_errno=True), Handle(128), ctypes.c_int()
    path = os.fsencode(mount / STATUS)
    got = libc.name_to_handle_at(-100, path, ctypes.byref(handle), ctypes.byref(number), 0)
    if tuple(map(int, platform.release().split(".")[:2])) >= NO_EXPORT:
        assert got == -1 and ctypes.get_errno() == errno.EOPNOTSUPP
        return
    assert got == 0
    forget_all(mount.path)
    directory = os.open(mount.path, os.O_RDONLY)
    try:
        assert libc.open_by_handle_at(directory, ctypes.byref(handle), os.O_RDONLY) == -1
        assert ctypes.get_errno() == errno.ESTALE
    finally:
        os.close(directory)
