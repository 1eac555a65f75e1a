"""S: another user of a mount with allow_other. Whatever that user does, the owner's reads are answered."""
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from harness import LAST_RESORT, SANITIZED, TASK, cat_error

STATUS = "training/%s/status" % TASK
SECONDS = int(os.environ.get("HOSTILE_SECONDS", "6"))  # longer by hand

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    program = tmp_path_factory.mktemp("hostile") / "hostile_reader"
    source = pathlib.Path(__file__).with_name("hostile_reader.c")
    subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-pthread", "-o", str(program), str(source)], check=True)
    return program


@pytest.mark.parametrize("options", [[], ["secrets", "ttl=1", "max_memory=1M"]], ids=["usual", "secrets"])
def test_S16_a_hostile_reader_breaks_nothing(box, hostile, options):
    """Runs the program with sanitizers, so that errors, leaks and unanswered requests are found afterwards."""
    cloud = box.emulator("--tasks", 300)
    mount = box.mount("tione", "allow_other", "deadline=2", *options, binary=SANITIZED)
    assert mount.text(STATUS) == "SUCCEED"
    os.chmod(box.directory, 0o755)
    program = box.directory / "hostile_reader"
    program.write_bytes(hostile.read_bytes())
    program.chmod(0o755)
    cloud.latency(20)
    reader = subprocess.Popen(["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", str(program), str(mount.path),
                               str(SECONDS)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    killer = threading.Timer(SECONDS + LAST_RESORT, reader.kill)
    killer.start()
    try:
        said, wrong = reader.communicate()
    finally:
        killer.cancel()
    assert reader.returncode == 0 and not wrong and int(said) > 1000, (reader.returncode, said, wrong)
    cloud.latency(0)
    assert mount.alive() and cat_error(mount / "README") == "ok" and b"\n" in mount.read(".describefs/status")
    mount.signal(signal.SIGTERM)
    assert mount.wait() == 0
