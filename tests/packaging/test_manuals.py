"""The manuals render, and say what the sources say."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MANUALS = sorted(path.name for path in (TOP / "packaging/man").iterdir())


def read(name):
    return (TOP / name).read_text()


def man(name):
    return read("packaging/man/" + name)


@pytest.mark.parametrize("name", MANUALS)
@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_it(name):
    env = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80", MANROFFOPT="", MAN_KEEP_FORMATTING="")
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-P", "cat", "-l", "packaging/man/" + name], cwd=TOP,
                          env=env, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.strip() and max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", MANUALS)
@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_has_no_warning(name):
    done = subprocess.run(["groff", "-mandoc", "-ww", "-Tutf8", "-z", "packaging/man/" + name], cwd=TOP,
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("name", MANUALS)
def test_title_version_and_references(name):
    text, (title, section) = man(name), name.rsplit(".", 1)
    version = re.search(r"^VERSION := (\S+)", read("Makefile"), re.M)[1]
    assert ".Dt %s %s\n" % (title.upper(), section) in text
    assert '.Os "describefs %s"\n' % version in text
    for other, number in re.findall(r"^\.Xr (\S*describefs\S*) (\d)", text, re.M):
        assert "%s.%s" % (other, number) in MANUALS, other


@pytest.mark.parametrize("heading, file, array", [
    ("The head", "src/catalog/read_catalog.c", "catalog_fields"),
    ("A kind", "src/catalog/read_kind.c", "kind_fields"),
    ("A call", "src/catalog/read_action.c", "action_fields"),
])
def test_members_of_a_catalog_are_all_described(heading, file, array):
    rows = re.search(r"\b%s\[\] = \{\n(.*?)\n\};" % array, read(file), re.S)[1]
    real = re.findall(r'\{\s*(?:[A-Z]+\(|\.name = )"(\w+)"', rows)
    section = re.search(r"^\.Ss %s\n(.*?)^\.S[sh] " % heading, man("describefs-catalog.5"), re.S | re.M)[1]
    shown = [word for line in re.findall(r"^\.It Cm (.*)$", section, re.M) for word in line.split(" , ")]
    assert sorted(shown) == sorted(real)


def test_the_example_of_a_catalog_is_one(build, make, tmp_path):
    make("all")
    example = re.search(r"^\.Bd [^\n]*\n(\{\n.*?^\}\n)", man("describefs-catalog.5"), re.S | re.M)[1]
    directory = tmp_path / ".config/describefs/catalog"
    directory.mkdir(parents=True)
    (directory / "example.json").write_text(example)
    done = subprocess.run([str(build / "describefs"), "kinds", "tione"], env={"HOME": str(tmp_path), "PATH": ""},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "/groups/<ResourceGroupId>" in done.stdout


def test_the_tree_names_every_xattr():
    table = re.search(r"\bxattrs\[\] = \{\n(.*?)\n\};", read("src/tree/xattr.c"), re.S)[1]
    for name in re.findall(r'\{ "(\w+)"', table):
        assert ".It Li user.describefs.%s\n" % name in man("describefs.7"), name
