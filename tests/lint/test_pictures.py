"""The pictures of README.md are well-formed, small, need nothing from elsewhere, and show what the files that they are drawn
from say."""
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

PICTURES = {"session.svg": "tests/demo/picture.py", "bench.svg": "tests/bench/plot.py"}


def test_these_are_the_pictures(top):
    assert {path.name for path in (top / "packaging/doc").glob("*.svg")} == set(PICTURES)
    for readme in "README.md", "README.zh-CN.md":
        shown = re.findall(r"!\[[^\]]+\]\(packaging/doc/([^)]+)\)", (top / readme).read_text())
        assert shown == list(PICTURES), readme


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_svg_and_small(top, name):
    path = top / "packaging/doc" / name
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("viewBox")
    assert path.stat().st_size < 60_000
    text = path.read_text()
    assert "<script" not in text and not re.search(r"(href|src|url\()", text), "it needs something from elsewhere"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_its_script_draws(top, tmp_path, name):
    """The session itself is run by test_documents.py; the bench's tables are those of a run that was kept."""
    script = str(top / PICTURES[name])
    subprocess.run([sys.executable, script, str(tmp_path / name)], check=True)
    assert (tmp_path / name).read_text() == (top / "packaging/doc" / name).read_text(), "run %s" % PICTURES[name]


def test_the_session_is_in_its_picture(top):
    """Each command of tests/demo/session.md stands in the picture, in the same order."""
    root = xml.etree.ElementTree.parse(top / "packaging/doc/session.svg").getroot()
    lines = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    commands = re.findall(r"^\$ (.*)$", (top / "tests/demo/session.md").read_text(), re.M)
    assert commands and [line for line in lines if line in commands] == commands
