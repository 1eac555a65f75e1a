"""Completions for bash, zsh and fish: what they offer, and that it is what there is."""
import json
import os
import re
import shutil
import subprocess

import pytest

FILES = {"bash": "describefs.bash", "zsh": "_describefs", "fish": "describefs.fish"}
SHELLS = [pytest.param(shell, marks=pytest.mark.skipif(not shutil.which(shell), reason="%s is not installed" % shell))
          for shell in FILES]

# A catalog of the user's own.
MINE = {
    "catalog": "mine", "about": "mine: a test", "cloud": "tencent", "service": "tione", "version": "2021-11-11",
    "endpoint": "https://tione.tencentcloudapi.com", "date": "2021-11-11",
    "kinds": [{"name": "groups", "about": "groups", "list": {"action": "DescribeBillingResourceGroups",
               "items": "ResourceGroupSet", "paging": "offset", "page": 20}, "id": "ResourceGroupId",
               "id_form": "[a-z]*rsg-[a-z0-9]+"}],
}


@pytest.fixture
def home(tmp_path):
    keys, catalogs = tmp_path / ".tccli", tmp_path / ".config/describefs/catalog"
    keys.mkdir()
    catalogs.mkdir(parents=True)
    for name in "default.credential", "work.credential", "work.configure":
        (keys / name).write_text("{}\n")
    (catalogs / "mine.json").write_text(json.dumps(MINE))
    (tmp_path / "mnt").mkdir()
    return tmp_path


@pytest.fixture
def offers(top, build, home, make):
    """What a shell offers at the end of a line, as a set: whole words, whatever the shell puts back."""
    make("all")

    def run(shell, line):
        file = str(top / "packaging/completions" / FILES[shell])
        command = {"bash": ["bash", "--norc", "tests/packaging/complete.bash", file],
                   "zsh": ["zsh", "-f", "tests/packaging/complete.zsh", os.path.dirname(file)],
                   "fish": ["fish", "-N", "tests/packaging/complete.fish", file]}[shell]
        env = {"PATH": "%s:%s" % (build, os.environ["PATH"]), "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb",
               "XDG_CONFIG_HOME": str(home / ".config"), "XDG_DATA_HOME": str(home / "xdg")}
        command[2] = str(top / command[2])
        done = subprocess.run([*command, line], env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done
        word = re.search(r"\S*$", line)[0]
        found = set()
        for offer in done.stdout.split():
            if shell == "bash":  # readline's separators stay where they are
                offer = re.match(r"(.*[:=@])?", word)[0] + offer
            if shell == "zsh" and "-o" in line:  # _values keeps the '=' and what stands before the comma to itself
                offer = offer[len(offer) - len(offer.rpartition(",")[2]):]
            found.add(offer.rpartition(",")[2].rstrip("=/"))
        return found
    return run


def verbs(top):
    table = re.search(r"\bVERBS\[\] = \{\n(.*?)\n\};", (top / "src/config/config_verb.c").read_text(), re.S)[1]
    return set(re.findall(r'\{ "(\w+)"', table))


def letters(top):
    """{verb: the options of one letter that it takes}"""
    table = re.search(r"\bVERBS\[\] = \{\n(.*?)\n\};", (top / "src/config/config_verb.c").read_text(), re.S)[1]
    return {verb: set(found) for verb, found in re.findall(r'\{ "(\w+)", \w+, \w+, \w+, "(\w*)"', table)}


def options(top):
    text = (top / "src/config/options.c").read_text()
    table = re.search(r"\bOPTIONS\[\] = \{\n(.*?)\n\};", text, re.S)[1]
    passed = re.search(r"\bPASSED\[\] = \{(.*?)\};", text, re.S)[1]
    words = {word for word, function in re.findall(r'\{\s*"(\w+)".*?,\s*(\w+)\s*\}', table, re.S) if function != "option_refuse"}
    return words | set(re.findall(r'"(\w+)"', passed))


@pytest.mark.parametrize("shell", SHELLS)
def test_syntax(top, shell):
    file = str(top / "packaging/completions" / FILES[shell])
    done = subprocess.run([shell, "-n", file], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_verbs_and_sources(top, offers, shell):
    assert offers(shell, "describefs ") == verbs(top) | {"tione", "qianfan", "mine"}
    assert offers(shell, "describefs m") == {"mount", "mine"}
    assert offers(shell, "describefs status ") == set()
    assert offers(shell, "describefs help ") == verbs(top) and offers(shell, "describefs help ls ") == set()
    assert offers(shell, "describefs version ") == set()
    for verb in verbs(top) - {"refresh", "status", "help", "version"}:
        assert offers(shell, "describefs %s " % verb) == {"tione", "qianfan", "mine"}, verb
    assert offers(shell, "describefs -o ttl=5 doctor q") == {"qianfan"}
    assert {offer.rstrip("/") for offer in offers(shell, "describefs refresh mn")} == {"mnt"}
    assert {offer.rstrip("/") for offer in offers(shell, "describefs refresh x mn")} == {"mnt"}


@pytest.mark.parametrize("shell", SHELLS)
def test_options(top, offers, shell):
    assert offers(shell, "describefs -o ") == options(top)
    assert offers(shell, "describefs -o ttl=5,se") == {"secrets"}
    assert {offer.rpartition("=")[2] for offer in offers(shell, "describefs -o names=")} == {"api", "snake"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_verb_is_offered_the_options_that_it_takes(top, offers, shell):
    table = letters(top)
    assert table.keys() == verbs(top)
    every = set().union(*table.values())
    for before, taken in [*((verb, found) for verb, found in table.items()), ("", every), ("tione", table["mount"])]:
        line = " ".join(["describefs", *before.split(), "-"])
        assert offers(shell, line) == {"-" + letter for letter in taken | set("hV")} | {"--help", "--version"}, line


@pytest.mark.parametrize("shell", SHELLS)
def test_profiles_and_regions(offers, shell):
    assert offers(shell, "describefs tione@") == {"tione@default", "tione@work"}
    assert offers(shell, "describefs cat tione:ap-shanghai@w") == {"tione:ap-shanghai@work"}
    assert "tione:ap-shanghai" in offers(shell, "describefs tione:ap-s")


@pytest.mark.parametrize("shell", SHELLS)
def test_kinds_as_paths(offers, shell):
    assert offers(shell, "describefs ls tione ") == {"training", "models", "notebooks", "README", "by-name", "by-status", "by-tag"}
    assert offers(shell, "describefs ls tione@work /m") == {"/models"}
    assert offers(shell, "describefs tree qianfan /finetuning/job-1/") == {"/finetuning/job-1/tasks"}
    for verb in "cat", "ls", "ls -l", "tree -L 2":
        assert offers(shell, "describefs %s mine README g" % verb) == {"groups"}, verb
    assert offers(shell, "describefs kinds tione ") == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_mount_points_are_directories(offers, shell):
    assert "mnt" in {offer.rstrip("/") for offer in offers(shell, "describefs tione m")}
    assert "training" not in offers(shell, "describefs tione ")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_broken_catalog_says_nothing_on_the_line(home, offers, shell):
    (home / ".config/describefs/catalog/mine.json").write_text("{")
    assert "ls" in offers(shell, "describefs ")
    assert offers(shell, "describefs ls ") == set()
