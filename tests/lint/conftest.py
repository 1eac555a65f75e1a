"""Fixtures of the lint tests."""
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402

import checks  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def top():
    return TOP


@pytest.fixture(scope="session")
def build():
    return TOP / os.environ.get("BUILD", "build")


def make(*targets):
    done = subprocess.run(["make", "-s", *targets], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, "make %s:\n%s" % (" ".join(targets), done.stderr[-3000:])


@pytest.fixture(scope="session")
def objects(build):
    """Every object of src/*/*.c, up to date."""
    found = [build / path.parent.name / (path.stem + ".o") for path in sorted((TOP / "src").glob("*/*.c"))]
    make(*(str(path.relative_to(TOP)) for path in found))
    return found


@pytest.fixture(scope="session")
def core(objects):
    """Those of the library."""
    return [path for path in objects if path.parent.name in checks.core_modules(TOP)]


@pytest.fixture(scope="session")
def library(build):
    path = build / "libdescribefs.a"
    make(str(path.relative_to(TOP)))
    return path


@pytest.fixture(scope="session")
def tables(library, tmp_path_factory):
    """What print_tables.c says of the catalogs and of the faults: {name of the table: [cells]}."""
    program = tmp_path_factory.mktemp("tables") / "print_tables"
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-I%s" % (TOP / "include"), "-o",
                    str(program), str(TOP / "tests/lint/print_tables.c"), str(library), "-lcjson", "-lcrypto"],
                   check=True)
    found = {}
    for line in subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines():
        name, row = line.split(" ", 1)
        found.setdefault(name, []).append(row)
    return found
