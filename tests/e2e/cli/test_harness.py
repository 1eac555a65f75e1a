"""The tests' own eyes: what harness.py and the sanitizers are there to see is seen."""
import os
import re
import signal
import subprocess

import pytest

import harness
from harness import PLAIN, SANITIZED, TASK, TOP

STATUS = "training/%s/status" % TASK


def sanitizer_flags():
    """What the Makefile builds the program under test with."""
    makefile = (TOP / "Makefile").read_text()
    return " ".join(re.search("^%s := (.*)$" % name, makefile, re.M)[1] for name in ("SAN", "SAN_LINK")).split()


@pytest.mark.parametrize("program, status, report", [
    ("heap_overflow", 99, "heap-buffer-overflow"), ("signed_overflow", 99, "signed integer overflow"),
    ("leak", 99, "LeakSanitizer"), ("none", 0, None)])
def test_the_sanitizers_are_on(box, program, status, report):
    binary = box.directory / program
    subprocess.run(["cc", "-std=gnu17", "-O1", "-g", *sanitizer_flags(), "-o", str(binary),
                    str(TOP / "tests/asan" / (program + ".c"))], check=True)
    result = subprocess.run([str(binary)], env=box.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == status
    found = box.sanitizer_reports()
    assert (len(found) == 1 and report in found[0]) if report else not found
    for file in box.reports.iterdir():
        file.unlink()


def test_the_program_under_test_is_built_with_them():
    symbols = subprocess.run(["nm", str(SANITIZED)], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "__asan_init" in symbols and "__ubsan_handle_add_overflow_abort" in symbols
    assert "__asan_init" not in subprocess.run(["nm", str(PLAIN)], stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture
def other():
    """A box that is looked over by the test itself."""
    box = harness.Box()
    yield box
    box.finish()


needs_fuse = pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="there is no /dev/fuse on this machine")


@needs_fuse
def test_a_box_that_was_used_well_has_nothing_to_say(other):
    assert other.mount("tione").text(STATUS) == "SUCCEED"
    assert other.finish() == []


@needs_fuse
def test_a_box_tells_of_a_daemon_that_died(other):
    other.mount("tione").signal(signal.SIGKILL)
    assert any("ended with -9" in wrong for wrong in other.finish())


@needs_fuse
def test_a_box_tells_of_a_busy_mount(other):
    fd = os.open(other.mount("tione").path, os.O_RDONLY)
    try:
        assert any("busy" in wrong for wrong in other.finish())
    finally:
        os.close(fd)


@needs_fuse
def test_a_box_tells_of_refused_signatures(other):
    assert other.mount("tione", env={"TENCENTCLOUD_SECRET_KEY": "wrong"}).error(STATUS) == "EACCES"
    assert any("refused a signature" in wrong for wrong in other.finish())


def test_a_box_tells_of_what_still_runs(other):
    process = subprocess.Popen(["sleep", "100"])
    assert any("still running" in wrong and "sleep" in wrong for wrong in other.finish())
    process.returncode = -9  # the box has waited for it


def test_a_box_tells_of_a_sanitizers_report(other):
    (other.reports / "asan.1").write_text("ERROR: AddressSanitizer")
    assert any("AddressSanitizer" in wrong for wrong in other.finish())
