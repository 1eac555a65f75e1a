"""The documents say what the program does: every table of theirs that has a source is held against it."""
import errno
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import checks

MAN = "packaging/man/describefs.1"


def read(top, name):
    return (top / name).read_text()


def code(cell):
    """The words in a cell that stand in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def first_cells(top, name, table):
    """The words in the first column of a marked table, all rows together."""
    return [word for row in checks.rows(checks.section(read(top, name), table)) for word in code(row[0])]


# ---- README.md

def test_kinds_of_the_readme_are_the_catalogs(top, tables):
    shown = [line for line in checks.section(read(top, "README.md"), "kinds").splitlines() if line.startswith("| `")]
    assert shown == tables["kind"], "put this between the comments:\n" + "\n".join(tables["kind"])


def option_words(top):
    """The words of OPTIONS in options.c that may be given: {word: what it wants, "" if it takes no value}."""
    table = re.search(r"\bOPTIONS\[\] = \{\n(.*?)\n\};", read(top, "src/options.c"), re.S)[1]
    found = {}
    for word, wants, function in re.findall(r'\{\s*"(\w+)",\s*(NULL|"[^"]*"),\s*(\w+)\s*\}', table):
        if function != "refuse":
            found[word] = "" if wants == "NULL" else wants
    assert len(found) > 10, "options.c has no table that this test can read"
    return found


def option_rows(top):
    found = {}
    for row in checks.rows(checks.section(read(top, "README.md"), "options")):
        for word in code(row[0]):
            found[word] = row
    return found


def test_options_of_the_readme_are_those_of_options_c(top):
    words, shown = option_words(top), option_rows(top)
    assert set(shown) == set(words)
    for word, row in shown.items():
        assert bool(row[1]) == bool(words[word]), "%s: takes a value, or takes none" % word
        for number in re.findall(r"\d[\d.]*", words[word].split("http")[0]):
            assert number in row[1] or number == "777", "%s: %s is not in %r" % (word, number, row[1])


def test_defaults_of_the_readme_are_those_of_config_c(top):
    shown = option_rows(top)
    defaults = dict(re.findall(r"^\s*\.(\w+) = (.+),$", re.search(
        r"void config_set_defaults\(.*?\n\}\n", read(top, "src/config.c"), re.S)[0], re.M))
    assert int(shown["deadline"][2]) * 1000 == int(defaults["deadline_ms"])
    assert shown["stale"][2] + " * 1000" == defaults["stale_ms"]
    assert defaults["max_memory"] == "(size_t)%s << 20" % shown["max_memory"][2].rstrip("M")
    assert defaults["ttl_ms"] == "-1" and "catalog" in shown["ttl"][2]


def test_words_passed_to_libfuse_are_named(top):
    passed = re.search(r"\bPASSED\[\] = \{(.*?)\};", read(top, "src/options.c"), re.S)[1]
    for word in re.findall(r'"(\w+)"', passed):
        assert "`%s`" % word in read(top, "README.md"), word
        assert word in read(top, MAN), word


def test_errors_of_the_readme_are_those_of_fault_c(top, tables):
    shown = {}
    for number, _, retries, stale, names in checks.rows(checks.section(read(top, "README.md"), "errors")):
        shown.update({name: (number, retries, stale) for name in code(names)})
    real = {}
    for row in tables["fault"]:
        name, number, retries, stale, _ = row.split()
        real[name] = (number, retries, stale)
    assert shown == real


def test_places_of_keys_are_those_of_the_keyring(top):
    """Every variable that the keyring reads, and every file, stands in the tables of both readmes, and nothing else."""
    sources = "".join(read(top, "src/keyring%s.c" % name) for name in ("", "_tencent", "_tccli", "_baidu"))
    variables = set(re.findall(r'(?:copy_variable|clean_variable|take_secret|getenv)\("(\w+)"\)', sources))
    variables -= {"HOME", "NOTIFY_SOCKET", "XDG_CONFIG_HOME", "SUDO_UID", "TENCENTCLOUD_REGION", "TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ROLE_SESSION_NAME"}
    for name in "README.md", "README.zh-CN.md":
        words = code(checks.section(read(top, name), "keys"))
        assert {word.lstrip("$") for word in words if re.fullmatch(r"\$?[A-Z]{3,}_\w+", word)} == variables, name
        files = {word.replace("~", "").replace("PROFILE", "%s") for word in words if re.match(r"[~/.]", word)}
        found = set(re.findall(r'"(?:%s)?(/[\w.%-]+/[\w.%/-]+|\.env)"', sources.replace("%s/.tccli/%s.%s", "%s/.tccli/%s.credential")))
        assert files == {file for file in found if "/describefs/" not in file}, name  # settings are no place of keys
    assert variables <= set(re.findall(r"\bEv (\w+)", source_words(top)))


def test_the_readme_and_the_manual_name_every_xattr(top):
    table = re.search(r"\bxattrs\[\] = \{\n(.*?)\n\};", read(top, "src/tree_xattr.c"), re.S)[1]
    names = re.findall(r'\{ "(\w+)"', table)
    assert len(names) >= 8
    for name in names:
        assert re.search(r"`(user\.describefs)?\.%s`" % name, read(top, "README.md")), name
        assert "user.describefs." + name in read(top, MAN), name


def test_the_readme_can_be_read_in_one_go(top):
    assert len(read(top, "README.md").splitlines()) <= 290


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_session_in_the_readme_runs_as_it_stands(top, build, readme):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse on this machine")
    subprocess.run(["make", "-s", "all", "build/describefs-emulator"], cwd=top, check=True)
    done = subprocess.run([sys.executable, "tests/transcript/run.py", readme], cwd=top, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- README.zh-CN.md

def same_cells(top, table, columns):
    """The cells of these columns in both files' tables: what is no prose."""
    return [[[row[i] for i in columns] for row in checks.rows(checks.section(read(top, name), table))]
            for name in ("README.md", "README.zh-CN.md")]


def test_the_chinese_readme_shows_the_same_session_and_commands(top):
    english, chinese = read(top, "README.md"), read(top, "README.zh-CN.md")
    assert checks.section(chinese, "transcript") == checks.section(english, "transcript")
    for line in re.findall(r"^    ((?:make|rsync) [^#\n]*?) *(?:#.*)?$", english, re.M):
        assert "\n    %s" % line in chinese, line


def test_tables_of_the_chinese_readme_are_the_english_ones(top):
    for table, columns in ("kinds", (0, 1, 3, 4)), ("errors", (0, 4)):
        english, chinese = same_cells(top, table, columns)
        assert chinese == english, table
    english, chinese = same_cells(top, "errors", (2, 3))
    assert [["是" if cell == "yes" else "否" for cell in row] for row in english] == chinese
    english, chinese = same_cells(top, "options", (0, 1, 2))
    assert [code(row[0]) for row in chinese] == [code(row[0]) for row in english]
    for theirs, ours in zip(english, chinese):
        for cell in 1, 2:
            assert re.findall(r"\d[\d.]*\w?|`[^`]+`", ours[cell]) == [
                word for word in re.findall(r"\d[\d.]*\w?|`[^`]+`", theirs[cell])], ours


def test_the_chinese_readme_has_no_name_that_the_english_one_lacks(top):
    """Words in backticks: options, files, attributes, commands."""
    english, chinese = (re.sub(r"```.*?```", "", read(top, name), flags=re.S) for name in ("README.md", "README.zh-CN.md"))
    assert not set(code(chinese)) - set(code(english.replace("\n", " ")))


def test_links_lead_somewhere(top):
    for name in checks.listed(top):
        if not name.endswith(".md"):
            continue
        text = read(top, name)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (top / name).parent / path if path else top / name
            assert there.exists(), "%s: there is no %s" % (name, target)
            if anchor:
                heads = re.findall(r"^#+ (.*)$", there.read_text(), re.M)
                anchors = {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}
                assert anchor in anchors, "%s: %s" % (name, target)


# ---- promises

def promised(top):
    """What the README promises, by number."""
    part = re.search(r"^## What it promises\n(.*?)^## ", read(top, "README.md"), re.M | re.S)[1]
    return dict(re.findall(r"^(\d+)\. (.*(?:\n   .*)*)", part, re.M))


def marked(top):
    """{test: the promises that the line above it names}"""
    found = {}
    for path in sorted((top / "tests").rglob("*")):
        if path.suffix not in (".py", ".c"):
            continue
        for numbers, name in re.findall(r"^(?:/\*|#) promise: ([\d, ]+?)(?: \*/)?\n(?:def|static void) (\w+)\(",
                                        path.read_text(), re.M):
            assert name not in found, "%s is marked twice" % name
            found[name] = set(numbers.split(", "))
    return found


def test_every_promise_has_its_tests_and_they_say_so(top):
    shown = {}
    for part in checks.section(read(top, "tests/promises.md"), "promises").split("## Promise ")[1:]:
        number, names = part.split("\n", 1)
        assert code(names), "no test shows promise %s" % number
        for name in code(names):
            shown.setdefault(name, set()).add(number)
    assert shown == marked(top), "tests/promises.md, and the comments above the tests"
    assert set().union(*shown.values()) == set(promised(top))


def test_no_mark_of_a_promise_stands_where_no_test_is(top):
    for path in sorted((top / "tests").rglob("*")):
        if path.suffix in (".py", ".c") and path.name != "test_documents.py":
            text = path.read_text()
            marks = re.findall(r"promise: \d.*\n(.*)", text)
            for below in marks:
                assert re.match(r"def test_\w+\(|static void \w+\(void \*\*", below), "%s: %s" % (path, below)


def test_the_manual_promises_what_the_readme_does(top):
    part = re.search(r"^\.Sh PROMISES\n(.*?)^\.El$", source_words(top), re.M | re.S)[1]
    items = [re.sub(r"^\.[A-Z][a-z] ", "", item, flags=re.M) for item in part.split("\n.It\n")[1:]]

    def words(text):
        return re.findall(r"[\w'-]+", text)
    assert [words(item) for item in items] == [words(item) for item in promised(top).values()]


# ---- src/README.md

def test_ceilings_are_all_there(top):
    shown = {code(row[0])[0]: code(row[1])[0]
             for row in checks.rows(checks.section(read(top, "src/README.md"), "ceilings"))}
    real = {}
    for path in sorted((top / "include").glob("*.h")):
        for body in re.findall(r"\benum\s*(?:\w+\s*)?\{(.*?)\}", checks.bare(path.read_text()), re.S):
            real.update(re.findall(r"\b(\w+_MAX(?:_\w+)?)\s*=\s*([^,]+?)\s*(?=,|$)", body))
    assert shown == real


@pytest.mark.parametrize("table, file, array", [
    ("catalog", "src/catalog_load.c", "catalog_rows"),
    ("kind", "src/catalog_kind.c", "kind_rows"),
    ("action", "src/catalog_action.c", "action_rows"),
])
def test_members_of_a_catalog_are_all_described(top, table, file, array):
    rows = re.search(r"\b%s\[\] = \{\n(.*?)\n\};" % array, read(top, file), re.S)[1]
    real = re.findall(r'\{\s*(?:[A-Z]+\(|\.name = )"(\w+)"', rows)
    # the first column names all members; what else stands in backticks there is none
    assert sorted(first_cells(top, "src/README.md", table)) == sorted(real)


def example(top):
    section = checks.section(read(top, "src/README.md"), "example")
    return re.search(r"```json\n(.*?)```", section, re.S)[1]


def test_the_example_of_a_catalog_is_one(top, build, tmp_path):
    directory = tmp_path / ".config/describefs/catalog"
    directory.mkdir(parents=True)
    (directory / "example.json").write_text(example(top))
    subprocess.run(["make", "-s", "all"], cwd=top, check=True)
    done = subprocess.run([str(build / "describefs"), "kinds", "tione"], env={"HOME": str(tmp_path), "PATH": ""},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for kind in json.loads(example(top))["kinds"]:
        assert "/%s/<%s>" % (kind["name"], kind["id"]) in done.stdout


# ---- the manual

def rendered(top, name):
    env = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80", MANROFFOPT="", MAN_KEEP_FORMATTING="")
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-P", "cat", "-l", name], cwd=top, env=env,
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_the_manual_renders_without_a_warning(top):
    text = rendered(top, MAN)
    assert text.strip() and max(map(len, text.splitlines())) <= 80


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_has_no_warning_for_the_manual(top):
    done = subprocess.run(["groff", "-mandoc", "-ww", "-Tutf8", "-z", MAN], cwd=top, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


def source_words(top):
    """The manual's source without its escapes."""
    return read(top, MAN).replace("\\-", "-").replace("\\&", "")


def test_the_manual_names_every_option(top):
    text = source_words(top)
    for word in option_words(top):
        assert re.search(r"^\.(It Cm|Cm) .*\b%s\b" % word, text, re.M), word
    # the numbers of what an option wants are in its paragraph
    paragraphs = re.split(r"^\.It ", text, flags=re.M)
    for word, wants in option_words(top).items():
        told = next(paragraph for paragraph in paragraphs if re.match(r"Cm .*\b%s\b" % word, paragraph.split("\n")[0]))
        for number in re.findall(r"\d[\d.]*", wants.split("http")[0]):
            assert number in told or number == "777", "%s: %s" % (word, number)
    for flag in re.findall(r"case '(\w)':", re.search(
            r"static bool take_short\(.*?\n\}\n", read(top, "src/config.c"), re.S)[0]):
        assert re.search(r"\bFl %s\b" % flag, text), flag


def test_the_manual_names_every_verb(top):
    table = re.search(r"\bVERBS\[\] = \{\n(.*?)\n\};", read(top, "src/config_verb.c"), re.S)[1]
    for verb in re.findall(r'\{ "(\w+)"', table):
        assert re.search(r"\bCm %s\b" % verb, read(top, MAN)), verb


def test_the_manual_names_every_errno(top, tables):
    shown = set(re.findall(r"\bEr (E\w+)", read(top, MAN)))
    real = {row.split()[1] for row in tables["fault"]}
    assert real <= shown, real - shown
    assert all(hasattr(errno, name) for name in shown)


def test_the_manual_names_every_variable(top):
    for name in re.findall(r'(?:copy_variable|take_secret)\("(\w+)"\)', read(top, "src/keyring.c")):
        assert re.search(r"\bEv %s\b" % name, read(top, MAN)), name


def test_the_version_of_the_manual_is_the_makefiles(top):
    version = re.search(r"^VERSION := (\S+)", read(top, "Makefile"), re.M)[1]
    assert "describefs " + version in read(top, MAN)
