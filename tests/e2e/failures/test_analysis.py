"""C: what programs say that read ours: sanitizers, compilers that are asked to doubt, analyzers.

The unit, sim and net tests and the mounted ones all run with ASan, UBSan and LSan; C03 and C08 are `make valgrind`
and `make coverage` (README.md)."""
import os
import re
import shutil
import subprocess

import pytest

import harness
from harness import SANITIZED, TOP

FLAGS = ["-Iinclude", "-D_GNU_SOURCE", '-DDESCRIBEFS_VERSION="0"', "-std=c17",
         *subprocess.run(["pkg-config", "--cflags", "fuse3", "libcurl", "libcjson", "openssl"], text=True,
                         stdout=subprocess.PIPE, check=True).stdout.split()]
SOURCES = sorted(path.relative_to(TOP) for path in (TOP / "src").glob("*/*.c"))


def test_C01_what_the_tests_run_is_watched(box):
    """That the watch is awake, tests/e2e/cli/test_harness.py shows with programs that must not live."""
    names = subprocess.run(["nm", str(SANITIZED)], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "__asan_init" in names and "__ubsan_handle" in names and "__lsan_do_leak_check" in names
    assert harness.Box.mount.__kwdefaults__.get("binary", SANITIZED) == SANITIZED
    assert harness.Box.run.__kwdefaults__["binary"] == SANITIZED
    env = box.environment()
    assert "halt_on_error=1" in env["ASAN_OPTIONS"] and "detect_leaks=1" in env["ASAN_OPTIONS"]
    assert "halt_on_error=1" in env["UBSAN_OPTIONS"]


def complaints(*command, each=False):
    """The findings for all sources, with one process for each core."""
    result = subprocess.run(["xargs", "-P%d" % (os.cpu_count() or 1), "-n1" if each else "-n8", *command], cwd=TOP,
                            input="\n".join(map(str, SOURCES)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [line for line in result.stdout.splitlines() if "warning:" in line or "error:" in line]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_C05_compilers_that_doubt_every_conversion_have_nothing_to_say(compiler):
    if not shutil.which(compiler):
        pytest.skip(compiler + " is not installed")
    said = complaints(compiler, *FLAGS, "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-fsyntax-only")
    # gcc warns about a value for a bit-field even if it is masked
    assert [line for line in said if not re.search(r"unsigned int:\d+", line)] == []


def test_C05_gccs_analyzer_finds_nothing():
    assert complaints("gcc", *FLAGS, "-O1", "-fanalyzer", "-c", "-o", "/dev/null", each=True) == []


def test_C05_cppcheck_is_a_test_of_the_lint_group():
    assert "def test_cppcheck" in (TOP / "tests/lint/test_source.py").read_text()
