"""The house as src/README.md describes it: each sentence of its rules is a test here."""
import os
import shutil
import stat
import subprocess

import pytest

import checks
import shape


def none(findings):
    assert not findings, "\n" + "\n".join(findings)


# ---- modules

def test_every_file_lies_in_a_module_of_the_table(top):
    none(checks.check_module_table(top))


def test_includes_go_down(top):
    none(checks.check_downward(top))


def test_no_header_is_public_without_need(top):
    none(checks.check_private(top))


def test_the_makefile_and_the_table_agree_on_the_modules(top):
    none(checks.check_makefile_modules(top))


def test_the_verbs_of_the_makefile_are_sources(top):
    none(checks.check_makefile_verbs(top))


def test_every_header_opens_with_what_it_is(top):
    none(checks.check_header_comments(top))


def test_one_file_knows_one_foreign_thing(top):
    none(checks.check_foreign(top))


def linked(tmp_path, *what):
    """What the linker says of a program of these parts, with the library's two libraries; "" if it links."""
    main = tmp_path / "main.c"
    main.write_text("int main(void) { return 0; }\n")
    done = subprocess.run(["cc", "-o", str(tmp_path / "main"), str(main), *map(str, what), "-lcjson", "-lcrypto"],
                          capture_output=True, text=True)
    assert done.returncode == 0 or done.stderr
    return done.stderr[-3000:] if done.returncode else ""


def test_the_library_links_without_fuse_and_curl(top, library, tmp_path):
    assert linked(tmp_path, "-Wl,--whole-archive", library, "-Wl,--no-whole-archive") == ""


def test_each_module_of_the_library_links_without_those_behind_it(top, build, library, core, tmp_path):
    """So client links without tree and engine, and all below engine without FUSE, curl and clocks."""
    parts = sorted((build / "catalog").glob("*_json.o"))
    for name in [name for name in checks.read_modules(top) if name in checks.core_modules(top)]:
        parts += [path for path in core if checks.module_of(path) == name]
        assert linked(tmp_path, *parts) == "", name


def test_a_call_to_a_module_behind_does_not_link(tmp_path):
    (tmp_path / "low.c").write_text("int high(void); int low(void) { return high(); }\n")
    assert "high" in linked(tmp_path, tmp_path / "low.c")


# ---- what objects say

def test_nothing_can_change_but_what_main_makes(top, objects):
    none(checks.check_state(top, objects))


def test_the_library_reaches_no_file_no_network_no_clock(core):
    none(checks.check_calls(core))


# ---- words and shape

def test_banned_functions(top):
    none(checks.check_banned(top))


def test_processes_are_called_by_what_they_are(top):
    none(checks.check_people(top))


def test_files_are_as_the_editorconfig_says(top):
    none(shape.check_editorconfig(top))


def test_sources_are_as_clang_format_writes_them(top):
    program, needed = shape.clang_format()
    if not program:
        pytest.skip(needed)
    none(shape.check_format(top, program))


def test_files_have_at_most_500_lines(top):
    none(shape.check_file_lines(top))


def test_functions_have_at_most_40_lines(top):
    none(shape.check_functions(top))


def test_structs_have_at_most_20_members(top):
    none(shape.check_structs(top))


def test_nothing_names_a_place_that_only_its_authors_had(top):
    none(checks.check_paths(top))


def test_documents_that_comments_name_are_there(top):
    none(checks.check_document_names(top))


def test_the_top_level_holds_the_agreed_names(top):
    none(checks.check_top(top))


def test_ci_runs_make_check(top):
    run = top / ".ci/run"
    assert run.stat().st_mode & stat.S_IXUSR, ".ci/run cannot be run"
    lines = [line.split("#")[0].split() for line in run.read_text().splitlines()]
    assert any(words[-2:] == ["make", "check"] for words in lines), ".ci/run does not end in make check"


def test_cppcheck(top, build):
    if not shutil.which("cppcheck"):
        pytest.skip("cppcheck is not installed")
    done = subprocess.run(
        ["cppcheck", "-q", "-j", str(os.cpu_count() or 1), "--error-exitcode=1", "--enable=warning,portability",
         "--inline-suppr", "--suppressions-list=tests/lint/cppcheck.txt", "--std=c11", "-Iinclude", "-D_GNU_SOURCE",
         '-DDESCRIBEFS_VERSION="0"', "-DLIBCURL_VERSION_NUM=0x075801", "-UDEBUG", "src"],
        cwd=top, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-5000:]
