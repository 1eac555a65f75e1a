"""The documents say what the program does: every table of theirs that has a source is held against it."""
import errno
import os
import re
import shutil
import subprocess
import sys

import pytest

import checks

MAN = "packaging/man/describefs.1"
SEMANTICS = "packaging/doc/semantics.md"
READMES = "README.md", "README.zh-CN.md"


def read(top, name):
    return (top / name).read_text()


def code(cell):
    """The words in a cell that stand in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# ---- README.md

def test_the_readmes_can_be_read_in_one_go(top):
    for name in READMES:
        assert len(read(top, name).splitlines()) <= 150, name


def test_kinds_of_the_documents_are_the_catalogs(top, tables):
    """semantics.md has the whole table; the tree of both readmes has each path, behind the directory of its source."""
    shown = [line for line in checks.section(read(top, SEMANTICS), "kinds").splitlines() if line.startswith("| `")]
    assert shown == tables["kind"], "put this between the comments:\n" + "\n".join(tables["kind"])
    for name in READMES:
        tree = checks.section(read(top, name), "tree")
        for row in tables["kind"]:
            source, path = code(row)[:2]
            part = re.search(r"describefs %s \w+\n((?:      .*\n)+)" % source, tree)[1]
            assert re.search(r"^      (%s)/" % re.escape(path[1:]) if path.count("/") == 1 else re.escape(path[1:]) + "/",
                             part, re.M), "%s: %s" % (name, path)


def option_words(top):
    """The words of OPTIONS in options.c that may be given: {word: what it wants, "" if it takes no value}."""
    table = re.search(r"\bOPTIONS\[\] = \{\n(.*?)\n\};", read(top, "src/config/options.c"), re.S)[1]
    found = {}
    for word, wants, function in re.findall(r'\{\s*"(\w+)",\s*(NULL|"[^"]*"),\s*(\w+)\s*\}', table):
        if function != "option_refuse":
            found[word] = "" if wants == "NULL" else wants
    assert len(found) > 10, "options.c has no table that this test can read"
    return found


def option_rows(top, name="README.md"):
    found = {}
    for row in checks.rows(checks.section(read(top, name), "options")):
        for word in code(row[0]):
            found[word] = row
    return found


def passed_words(top):
    passed = re.search(r"\bPASSED\[\] = \{(.*?)\};", read(top, "src/config/options.c"), re.S)[1]
    return set(re.findall(r'"(\w+)"', passed))


def manual_options(top):
    """{option: (whether it takes a value, its paragraph)} of describefs(1)."""
    part = re.search(r"^\.Ss Mount options\n(.*?)^\.El$", source_words(top), re.M | re.S)[1]
    found = {}
    for item in re.split(r"^\.It ", part, flags=re.M)[1:]:
        head, _, text = item.partition("\n")
        for word in head.split(" , "):
            found[word.removeprefix("Cm ").split(" ")[0]] = " Ns = Ns " in word, text
    return found


def test_options_of_the_documents_are_those_of_options_c(top):
    """The manual has all of them, and README.md the common ones."""
    words, shown, told = option_words(top), option_rows(top), manual_options(top)
    assert set(told) == set(words) | passed_words(top)
    assert len(shown) >= 6 and set(shown) <= set(words)
    for word, wants in words.items():
        assert told[word][0] == bool(wants), "%s: takes a value, or takes none" % word
        numbers = [number for number in re.findall(r"\d[\d.]*", wants.split("http")[0]) if number != "777"]
        for number in numbers:
            assert number in told[word][1], "%s: %s is not in the manual" % (word, number)
        if word in shown:
            assert bool(shown[word][1]) == bool(wants), "%s: takes a value, or takes none" % word
            for number in numbers:
                assert number in shown[word][1], "%s: %s is not in %r" % (word, number, shown[word][1])


def test_defaults_of_the_documents_are_those_of_config_c(top):
    shown, told = option_rows(top), manual_options(top)
    defaults = dict(re.findall(r"^\s*\.(\w+) = (.+),$", re.search(
        r"void config_set_defaults\(.*?\n\}\n", read(top, "src/config/config_value.c"), re.S)[0], re.M))
    for word, default in (("deadline", str(int(defaults["deadline_ms"]) // 1000)),
                          ("stale", defaults["stale_ms"].removesuffix(" * 1000")),
                          ("max_memory", re.fullmatch(r"\(size_t\)(\d+) << 20", defaults["max_memory"])[1] + "M")):
        assert shown[word][2] == default, word
        assert re.search(r"^The default is %s\b" % default, told[word][1], re.M), word
    assert defaults["ttl_ms"] == "-1" and "catalog" in shown["ttl"][2] and "catalog" in told["ttl"][1]


def test_errors_of_the_manual_are_those_of_error_c(top, tables):
    shown = {name: (number, retried, served) for number, names, retried, served in checks.manual_errors(top)
             for name in names}
    real = {}
    for row in tables["fault"]:
        name, number, retries, stale, _ = row.split()
        real[name] = (number, retries == "yes", stale == "yes")
    assert shown == real


def test_places_of_keys_are_those_of_the_credential_chain(top):
    """Every variable that the credential chain reads, and every file, stands in KEYS of describefs(1), and nothing else."""
    sources = "".join(read(top, "src/auth/%s.c" % name) for name in ("environment", "tencent", "tccli", "baidu", "sources"))
    variables = set(re.findall(r'(?:copy_variable|clean_variable|take_secret|getenv)\("(\w+)"\)', sources))
    variables -= {"HOME", "NOTIFY_SOCKET", "XDG_CONFIG_HOME", "SUDO_UID"}
    keys = re.search(r"^\.Sh KEYS\n(.*?)^\.Sh ", source_words(top), re.M | re.S)[1]
    assert set(re.findall(r"\bEv (\w+)", keys)) == variables
    assert variables <= set(re.findall(r"\bEv (\w+)", re.search(
        r"^\.Sh ENVIRONMENT\n(.*?)^\.Sh ", source_words(top), re.M | re.S)[1]))
    files = {word.replace("~", "").replace("PROFILE", "%s") for word in re.findall(
        r"(?<= )[~/.][\w/.-]+", re.sub(r" Ns Ar profile Ns Pa ", "PROFILE", keys))} - {"/proc/PID/environ"}
    found = set(re.findall(r'"(?:%s)?(/[\w.%-]+/[\w.%/-]+|\.env)"', sources))
    found = {each for file in found if "/describefs/" not in file  # settings are no place of keys
             for each in ([file] if not file.endswith("/%s.%s") else [file[:-2] + "credential", file[:-2] + "configure"])}
    assert files == found


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", SEMANTICS, "tests/demo/session.md"])
def test_a_session_in_a_document_runs_as_it_stands(top, build, name):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse on this machine")
    subprocess.run(["make", "-s", "all", "build/describefs-emulator"], cwd=top, check=True)
    done = subprocess.run([sys.executable, "tests/transcript/run.py", name], cwd=top, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- README.zh-CN.md

def commands(text):
    """The indented lines of code, without their comments and what they are set off with."""
    lines = re.findall(r"^    (\S.*?)(?:  +.*)?$", text, re.M)
    return [re.split(r"  +#", line)[0].rstrip() for line in lines]


def test_the_chinese_readme_has_the_same_session_commands_and_tree(top):
    english, chinese = (read(top, name) for name in READMES)
    assert checks.section(chinese, "transcript") == checks.section(english, "transcript")
    assert len(commands(english)) > 10 and commands(chinese) == commands(english)

    def paths(text):
        return re.findall(r"^    ( *\S+(?: {1,2}\S+)*?)(?:   +.*)?$", checks.section(text, "tree"), re.M)
    assert paths(chinese) == paths(english)


def test_tables_of_the_chinese_readme_are_the_english_ones(top):
    english, chinese = (list(option_rows(top, name).values()) for name in READMES)
    assert [code(row[0]) for row in chinese] == [code(row[0]) for row in english]
    for theirs, ours in zip(english, chinese):
        for cell in 1, 2:
            assert re.findall(r"\d[\d.]*\w?|`[^`]+`", ours[cell]) == [
                word for word in re.findall(r"\d[\d.]*\w?|`[^`]+`", theirs[cell])], ours
    # every other table has as many rows, with the same commands and the same figures
    english, chinese = ([checks.rows(table) for table in re.findall(r"(?:^\|.*\n)+", read(top, name), re.M)]
                        for name in READMES)
    assert [len(table) for table in chinese] == [len(table) for table in english]
    for theirs, ours in zip(sum(english, []), sum(chinese, [])):
        assert code(" ".join(ours)) == code(" ".join(theirs))
        assert sorted(re.findall(r"\d[\d.,]*", " ".join(ours))) == sorted(re.findall(r"\d[\d.,]*", " ".join(theirs)))


def test_the_chinese_readme_has_the_same_headings(top):
    english, chinese = (re.findall(r"^(#+) ", read(top, name), re.M) for name in READMES)
    assert chinese == english


def test_the_chinese_readme_has_no_name_that_the_english_one_lacks(top):
    """Words in backticks: options, files, attributes, commands."""
    english, chinese = (re.sub(r"```.*?```", "", read(top, name), flags=re.S) for name in READMES)
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

def promised(top, name=SEMANTICS):
    """What semantics.md promises, or another document's list of it, by number."""
    heading = {"README.md": "Guarantees", "README.zh-CN.md": "保证"}.get(name, "Promises")
    part = re.search(r"^## %s\n(.*?)^## " % heading, read(top, name), re.M | re.S)[1]
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


def test_each_guarantee_of_the_readme_begins_a_promise(top):
    """README.md says the first sentence of each promise, word for word."""
    whole, short = promised(top), promised(top, "README.md")
    assert list(short) == list(whole) == list(promised(top, "README.zh-CN.md"))
    for number, text in short.items():
        first = re.match(r"\*\*(.*?)\*\*", whole[number], re.S)[1]
        assert text.rstrip(".") == first.rstrip("."), number


def test_the_manuals_send_readers_to_where_the_rest_is_installed(top):
    """What semantics.md says stands in no manual, so both of them name it, and it is installed."""
    for name in MAN, "packaging/man/describefs.7":
        assert "/usr/share/doc/describefs/semantics.md" in read(top, name), name
    assert "%s:$(DOCDIR)" % SEMANTICS in read(top, "packaging/packaging.mk")
    assert "dh_compress -Xsemantics.md\n" in read(top, "packaging/debian/rules"), "the package would have it as .gz"


# ---- src/README.md, and the README of each module

def test_the_table_of_modules_has_their_public_headers(top):
    for row in checks.rows(checks.section(read(top, "src/README.md"), "modules")):
        module = code(row[0])[0]
        real = sorted(path.stem for path in (top / "include" / module).glob("*.h"))
        assert code(row[2]) == real, "src/README.md: the row of %s lacks, or has too many: %s" % (
            module, " ".join(sorted(set(real) ^ set(code(row[2])))) or "nothing, but in another order")


# Functions of the kernel, and a file of a mount.
NOT_IN_THE_SOURCES = {"fuse_readdir_uncached", "fuse_dentry_revalidate", "create_time"}


def test_names_in_the_readmes_of_modules_are_in_the_sources(top):
    """Files (`fetch.c`, `fuse/reply.c`) and names of C (`tree_lookup`, `FETCH_FILTERED`) that stand in backticks."""
    files = ["/" + name for name in checks.listed(top)]
    sources = [*checks.c_files(top), top / "Makefile"]
    words = set(re.findall(r"\w+", "".join(path.read_text() for path in sources))) | NOT_IN_THE_SOURCES
    findings = []
    for name in ["src/README.md", *("src/%s/README.md" % module for module in checks.read_modules(top))]:
        for span in code(read(top, name)) if (top / name).exists() else []:
            findings += ["%s: there is no %s" % (name, file)
                         for file in re.findall(r"(?<![\w*/])(?:\w+/)*[a-z]\w*\.[ch]\b", span)
                         if "NAME" not in file and not any(path.endswith("/" + file) for path in files)]
            if re.fullmatch(r"[A-Za-z]\w*_\w+", span) and span not in words:
                findings.append("%s: no source has %s" % (name, span))
    assert not findings, "\n".join(findings)


def test_ceilings_are_all_there(top):
    """The README of a module has each ceiling of the module's headers, with its value."""
    for module in checks.read_modules(top):
        real, name = {}, "src/%s/README.md" % module
        for path in sorted([*(top / "include" / module).rglob("*.h"), *(top / "src" / module).rglob("*.h")]):
            for body in re.findall(r"\benum\s*(?:\w+\s*)?\{(.*?)\}", checks.bare(path.read_text()), re.S):
                real.update(re.findall(r"\b(\w+_MAX(?:_\w+)?)\s*=\s*([^,]+?)\s*(?=,|$)", body))
        text = read(top, name) if (top / name).exists() else ""
        shown = {code(row[0])[0]: code(row[1])[0] for row in checks.rows(checks.section(text, "ceilings"))
                 } if real or "<!-- ceilings -->" in text else {}
        assert shown == real, "%s: the table of ceilings" % name


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


def test_the_manual_names_every_flag(top):
    for flag in re.findall(r"case '(\w)':", re.search(
            r"static bool take_short\(.*?\n\}\n", read(top, "src/config/config.c"), re.S)[0]):
        assert re.search(r"\bFl %s\b" % flag, source_words(top)), flag


def test_the_manual_names_every_verb(top):
    table = re.search(r"\bVERBS\[\] = \{\n(.*?)\n\};", read(top, "src/config/config_verb.c"), re.S)[1]
    for verb in re.findall(r'\{ "(\w+)"', table):
        assert re.search(r"\bCm %s\b" % verb, read(top, MAN)), verb


def test_the_manual_names_every_errno(top, tables):
    shown = set(re.findall(r"\bEr (E\w+)", read(top, MAN)))
    real = {row.split()[1] for row in tables["fault"]}
    assert real <= shown, real - shown
    assert all(hasattr(errno, name) for name in shown)


def test_the_manual_names_every_variable(top):
    for name in re.findall(r'(?:copy_variable|take_secret)\("(\w+)"\)', read(top, "src/auth/environment.c")):
        assert re.search(r"\bEv %s\b" % name, read(top, MAN)), name


def test_the_version_of_the_manual_is_the_makefiles(top):
    version = re.search(r"^VERSION := (\S+)", read(top, "Makefile"), re.M)[1]
    assert "describefs " + version in read(top, MAN)


# ---- src/README.md

def test_where_a_test_goes_names_folders_that_there_are(top):
    rows = checks.rows(checks.section(read(top, "src/README.md"), "tests"))
    folders = [code(row[1])[0] for row in rows]
    assert len(folders) > 5 and all((top / folder).is_dir() for folder in folders), folders
