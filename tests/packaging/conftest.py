"""Fixtures of the tests of installed files. None of these tests needs root, a mount or a network."""
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def top():
    return TOP


@pytest.fixture(scope="session")
def build():
    return TOP / os.environ.get("BUILD", "build")


@pytest.fixture(scope="session")
def make(build):
    """make with these words; BUILD is a link farm's own only where a test says so."""
    def run(*words):
        done = subprocess.run(["make", "-s", *words], cwd=TOP, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run
