"""Fixtures of the tests in tests/e2e; harness.py has the helpers."""
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402

import harness  # noqa: E402

# A shell ignores both signals in what it starts in the background. The readers that the tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

pytest.register_assert_rewrite("model")


def pytest_sessionstart(session):
    harness.be_subreaper()


def pytest_collection_modifyitems(items):
    """Skips the tests in e2e/mount, with a reason, if there is no /dev/fuse."""
    for item in items:
        if item.path.parent.name == "mount" and not os.path.exists("/dev/fuse"):
            item.add_marker(pytest.mark.skip(reason="there is no /dev/fuse on this machine"))


@pytest.fixture
def box():
    """Starts mounts and emulators for a test, and checks the invariants of tests/README.md afterwards."""
    box = harness.Box()
    yield box
    wrong = box.finish()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def cloud(box):
    """An emulator that serves only the samples of the seed documents."""
    return box.cloud


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A CA, a good server certificate, and bad ones."""
    directory = tmp_path_factory.mktemp("certificates")
    subprocess.run([str(harness.TOP / "tests/emulator/make-certs.sh"), str(directory)], check=True)
    return directory


@pytest.fixture(scope="session")
def readers(tmp_path_factory):
    """A program that opens many files at the same moment, with a thread for each (tests/e2e/mount/readers.c)."""
    program = tmp_path_factory.mktemp("readers") / "readers"
    subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-pthread", "-o", str(program),
                    str(harness.TOP / "tests/e2e/mount/readers.c")], check=True)
    return program
