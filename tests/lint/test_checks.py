"""Every check finds the mistake that it is there to find: a small tree without a fault, and one change to it."""
import pathlib
import shutil
import subprocess

import pytest

import checks
import shape

HEADER = "/*\n * %s.h - a thing.\n */\n%s"

TREE = {
    ".editorconfig": (pathlib.Path(__file__).parents[2] / ".editorconfig").read_text(),
    "LICENSE": "x\n", "README.md": "x\n", "README.zh-CN.md": "x\n", "packaging/x": "x\n", "tests/x": "x\n",
    "Makefile": "CORE_MODULES := low mid\nPROGRAM_MODULES := top\nVERBS := top/top\n",
    "src/README.md": "<!-- modules -->\n| module | what |\n|---|---|\n| `low` | a |\n| `mid` | b |\n| `top` | c |\n"
                     "<!-- /modules -->\n",
    "include/low/low.h": HEADER % ("low", "#include <stddef.h>\n"),
    "include/mid/mid.h": HEADER % ("mid", '#include "low/low.h"\n'),
    "src/mid/inner.h": HEADER % ("inner", '#include "mid/mid.h"\n'),
    "src/top/top.h": HEADER % ("top", '#include "mid/mid.h"\n'),
    "src/low/low.c": '#include "low/low.h"\n\nint low_add(int a, int b)\n{\n\treturn a + b; /* system("x") */\n}\n',
    "src/mid/mid.c": '#include "inner.h"\n#include <string.h>\n\nstatic const char *const WORDS[] = { "a  b" };\n',
    "src/top/top.c": '#include "top.h"\n#include <unistd.h>\n',
}


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def append(root, name, text):
    (root / name).parent.mkdir(exist_ok=True)
    with open(root / name, "a") as file:
        file.write(text)


SOURCE_CHECKS = [checks.check_module_table, checks.check_downward, checks.check_private, checks.check_makefile_modules, checks.check_makefile_verbs,
                 checks.check_header_comments, checks.check_foreign, checks.check_banned, checks.check_people, shape.check_editorconfig,
                 shape.check_file_lines, shape.check_functions, shape.check_structs, checks.check_paths, checks.check_document_names, checks.check_top]


@pytest.mark.parametrize("check", SOURCE_CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_found_where_nothing_is_wrong(tree, check):
    assert check(tree) == []


MISTAKES = [
    (checks.check_module_table, "src/new/new.c", "", "src/new: not in the table"),
    (checks.check_module_table, "src/new.c", "", "src/new.c: lies in no module"),
    (checks.check_downward, "src/low/low.c", '#include "mid/mid.h"\n', "includes mid/mid.h, but mid stands after low"),
    (checks.check_downward, "include/mid/mid.h", '#include "top/top.h"\n', "top stands after mid"),
    (checks.check_downward, "src/top/top.c", '#include "../mid/inner.h"\n', "includes ../mid/inner.h"),
    (checks.check_private, "include/mid/own.h", "", "include/mid/own.h: only its own module"),
    (checks.check_foreign, "src/mid/mid.c", "#include <curl/curl.h>\n", "is known to curl_error, http_client, transfer alone"),
    (checks.check_foreign, "include/low/low.h", "#include <openssl/evp.h>\n", "src/top/top.c: sees <openssl/evp.h>"),
    (checks.check_foreign, "src/top/top.c", "#include <fuse_lowlevel.h>\n", "is known to fuse/front, fuse/mount, fuse/notify, fuse/refresh, fuse/reply, fuse/walk alone"),
    (checks.check_foreign, "src/mid/mid.c", "#include <cJSON.h>\n", "is known to json alone"),
    (checks.check_foreign, "src/low/low.c", "#include <time.h>\n", "is not for the library"),
    (checks.check_foreign, "src/top/top.c", "#include <libxml/tree.h>\n", "is in no table"),
    (checks.check_banned, "src/low/low.c", "void f(char *a) { strcpy (a, a); }\n", "strcpy"),
    (checks.check_banned, "src/low/low.c", "int f(char *a) { return atoi(a); }\n", "atoi"),
    (checks.check_banned, "src/low/low.c", "char *f(void) { return malloc(1); }\n", "malloc belongs to buf"),
    (checks.check_banned, "src/low/low.c", 'char *f(void) { return getenv("A"); }\n', "getenv belongs to environment"),
    (checks.check_people, "src/low/low.c", "/* A call. It answers\n * whoever waits: now. Then no more. */\n",
     "src/low/low.c:8: whoever: name the process: It answers whoever waits: now."),
    (checks.check_people, "README.md", "\nThe one who asks gets it.\n", "README.md:3: who asks: name the process: The one who asks"),
    (checks.check_people, "packaging/x", "Nobody does.\n", "Nobody"),
    (shape.check_editorconfig, "src/low/low.c", "int a; \n", "src/low/low.c:7: ends in blanks"),
    (shape.check_editorconfig, "src/low/low.c", "int a;\r\n", "carriage return"),
    (shape.check_editorconfig, "src/low/low.c", "//" + "x" * 120 + "\n", "longer than 110 columns"),
    (shape.check_editorconfig, "src/low/low.c", "\t" * 14 + "int a;\n", "longer than 110 columns"),
    (shape.check_editorconfig, "src/low/low.c", "    int a;\n", "not indented by tabs"),
    (shape.check_editorconfig, "src/low/low.c", "\t        int a;\n", "not indented by tabs"),
    (shape.check_editorconfig, "src/low/low.c", "int a;", "one newline"),
    (shape.check_editorconfig, "src/low/low.c", "int a;\n\n", "one newline"),
    (shape.check_editorconfig, "tests/x.mk", "ifdef A\n  B := 1\nendif\n", "tests/x.mk:2: is not indented by tabs"),
    (shape.check_editorconfig, "tests/x.sh", "cat <<EOF\n  a\nEOF\n  b\n", "tests/x.sh:4: is not indented by tabs"),
    (shape.check_editorconfig, "tests/x.py", "if a:\n  b()\n", "tests/x.py:2: is not indented by 4 blanks"),
    (shape.check_editorconfig, "tests/x.json", "{\n \"a\": 1\n}\n", "tests/x.json:2: is not indented by 2 blanks"),
    (shape.check_file_lines, "src/low/low.c", "int a;\n" * 500, "506 lines"),
    (shape.check_functions, "src/low/low.c", "int f(int a)\n{\n" + "\ta++;\n" * 37 + "\treturn a;\n}\n", "41 lines"),
    (shape.check_functions, "src/low/low.c", "int f(int a)\n{\n" + "\tif (a)\n\t\ta++;\n" * 16 + "\treturn a;\n}\n",
     "17 branches"),
    (shape.check_structs, "include/low/low.h", "struct big {\n" + "".join("\tint a%d;\n" % i for i in range(21)) + "};\n",
     "struct big: 21 members"),
    (shape.check_structs, "src/low/low.c", "struct big {\n\tint a, b : 4;\n\tunion {\n\t\tint c;\n\t\tstruct {\n" +
     "".join("\t\t\tint d%d;\n" % i for i in range(18)) + "\t\t};\n\t};\n};\n", "struct big: 21 members"),
    (checks.check_paths, "src/low/low.c", "/* see .." + "/shared/x */\n", "names .." + "/shared"),
    (checks.check_paths, "README.md", "in /" + "work/main\n", "names /" + "work/main"),
    (checks.check_document_names, "src/low/low.c", "/* see other.md */\n", "there is no other.md"),
    (checks.check_top, "notes.txt", "x\n", "notes.txt: not one of the names"),
    (checks.check_header_comments, "include/low/new.h", "int a;\n", "does not open with"),
]


@pytest.mark.parametrize("check, name, text, word", MISTAKES,
                         ids=["%s: %s" % (check.__name__, word) for check, _, _, word in MISTAKES])
def test_a_mistake_is_found(tree, check, name, text, word):
    append(tree, name, text)
    found = check(tree)
    assert any(word in finding for finding in found), found


def test_a_verb_that_is_no_source_is_found(tree):
    (tree / "Makefile").write_text("VERBS := top/top top/gone\n")
    assert checks.check_makefile_verbs(tree) == ["Makefile: VERBS names src/top/gone.c, which is not there"]


def test_an_opening_comment_that_is_wrong_is_found(tree):
    header = tree / "include/mid/mid.h"
    header.write_text(header.read_text().replace("mid.h - a", "med.h - a"))
    assert ["does not open with" in finding for finding in checks.check_header_comments(tree)] == [True]


def test_a_module_that_the_makefile_does_not_build_is_found(tree):
    (tree / "Makefile").write_text("CORE_MODULES := low low other\nPROGRAM_MODULES := top\n")
    assert checks.check_makefile_modules(tree) == [
        "Makefile: neither CORE_MODULES nor PROGRAM_MODULES has mid", "Makefile: other is not a module of src/README.md",
        "Makefile: the lists of modules have low twice"]


def test_a_struct_in_a_struct_counts_as_one_member(tree):
    inner = "struct {\n" + "".join("\t\tint b%d;\n" % i for i in range(20)) + "\t} inner;\n"
    append(tree, "src/low/low.c", "struct outer {\n" + "".join("\tint a%d;\n" % i for i in range(19)) + "\t" + inner + "};\n")
    assert shape.check_structs(tree) == []


def test_what_others_wrote_stays_as_it_is(tree):
    append(tree, "tests/fixtures/x.json", "{\r\n   \"a\": 1} ")
    assert shape.check_editorconfig(tree) == []


def test_a_line_that_clang_format_writes_in_another_way_is_found(tree):
    program, needed = shape.clang_format()
    if not program:
        pytest.skip(needed)
    shutil.copy(pathlib.Path(__file__).parents[2] / ".clang-format", tree)
    assert shape.check_format(tree, program) == []
    append(tree, "src/low/low.c", "int a=1;\n")
    found = shape.check_format(tree, program)
    assert found and found[0].startswith("src/low/low.c:7: code should be clang-formatted"), found


def test_an_exception_counts_once_and_must_be_needed(tree):
    append(tree, "src/low/low.c", "int f(char *a) { return atoi(a); }\n")
    table = tree / "tests/lint/exceptions.txt"
    table.parent.mkdir()
    table.write_text("# why\nbanned src/low/low.c  atoi  because\n")
    assert checks.check_banned(tree) == []
    append(tree, "tests/lint/exceptions.txt", "banned src/mid/mid.c  atoi  because\n")
    assert checks.check_banned(tree) == ["tests/lint/exceptions.txt: banned src/mid/mid.c atoi is not needed any more: "
                                         "take it out"]


def test_a_sentence_about_people_is_excepted_as_a_whole(tree):
    append(tree, "README.md", "\nFiles that the user `nobody` owns are\nnot read. Others are.\n")
    assert len(checks.check_people(tree)) == 1
    table = tree / "tests/lint/exceptions.txt"
    table.parent.mkdir()
    table.write_text("people README.md  Files that the user `nobody` owns are not read.  a name\n")
    assert checks.check_people(tree) == []


def compile_one(tmp_path, text):
    source, object = tmp_path / "x.c", tmp_path / "x.o"
    source.write_text(text)
    subprocess.run(["cc", "-O2", "-fPIE", "-c", "-o", str(object), str(source)], check=True)
    return object


@pytest.mark.parametrize("text, what", [
    ("int count;", "count"),
    ("static int last = 3; int next(void) { return ++last; }", "last"),
    ("int next(void) { static int seen; return ++seen; }", "seen"),
    ("_Thread_local int own;", "own"),
    ("const char *word = \"a\";", "word"),
], ids=["common", "static", "in a function", "of a thread", "pointer"])
def test_what_can_change_is_found(tmp_path, text, what):
    found = checks.check_state(tmp_path, [compile_one(tmp_path, text)])
    assert len(found) == 1 and what in found[0]


@pytest.mark.parametrize("text", [
    "const int five = 5;",
    "const char *const words[] = { \"a\", \"b\" };",
    "static const struct { const char *name; int n; } rows[] = { { \"a\", 1 } }; int f(int i) { return rows[i].name[0]; }",
    "extern int other; int f(void) { return other; }",
], ids=["number", "words", "rows", "elsewhere"])
def test_what_can_not_change_is_not(tmp_path, text):
    assert checks.check_state(tmp_path, [compile_one(tmp_path, text)]) == []


@pytest.mark.parametrize("text, name", [
    ("#include <time.h>\nlong f(void) { return time(0); }", "time"),
    ("#include <unistd.h>\nlong f(void *a, unsigned long n) { return read(0, a, n); }", "read"),
    ("#include <stdlib.h>\nchar *f(void) { return getenv(\"A\"); }", "getenv"),
    ("void *curl_easy_init(void); void *f(void) { return curl_easy_init(); }", "curl_easy_init"),
], ids=["time", "read", "getenv", "curl"])
def test_a_call_to_the_world_is_found(tmp_path, text, name):
    assert checks.check_calls([compile_one(tmp_path, text)]) == ["x.o: calls " + name]


def test_a_call_within_is_not(tmp_path):
    text = "#include <string.h>\nunsigned long f(char *a) { return strlen(a); }"
    assert checks.check_calls([compile_one(tmp_path, text)]) == []


def test_a_table_is_read_as_it_is_written():
    text = "<!-- t -->\n| a | b |\n|---|---|\n| `x` | 1\\|2 |\n<!-- /t -->\n"
    assert checks.rows(checks.section(text, "t")) == [["`x`", "1|2"]]
    with pytest.raises(AssertionError):
        checks.section(text, "other")


def test_comments_and_texts_do_not_count():
    assert checks.bare('a /* b\n c */ d "e // f" // g\n\'"\' h') == 'a \n d "" \n\'\' h'


def test_the_tree_of_these_tests_has_no_git(tree):
    if shutil.which("git"):
        inside = subprocess.run(["git", "-C", str(tree), "rev-parse"], capture_output=True).returncode == 0
        assert not inside, "the checks would list another repository's files: set TMPDIR outside of it"
    assert checks.listed(tree) == sorted(TREE)
    assert pathlib.Path(tree, "src/low/low.c").exists()
