"""Calls go down, from module to module, and from file to file without a circle: shown on the program's objects, and on small ones with one mistake."""
import subprocess

import pytest

import calls


def test_calls_go_down(top, objects):
    found = calls.check_calls_downward(top, objects)
    assert not found, "\n" + "\n".join(found)


def test_no_files_call_each_other_in_a_circle(objects):
    found = calls.check_circles(objects)
    assert not found, "\n" + "\n".join(found)


@pytest.fixture
def tree(tmp_path):
    """A tree with three modules."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/README.md").write_text("<!-- modules -->\n| module | what |\n|---|---|\n| `low` | a |\n| `mid` | b |\n"
                                            "| `top` | c |\n<!-- /modules -->\n")
    return tmp_path


def compiled(tree, **texts):
    """Objects of these sources; low_one stands for low/one."""
    objects = []
    for name, text in texts.items():
        source = tree / "src" / name.replace("_", "/").replace("/", "_", name.count("_") - 1)
        source = source.with_suffix(".c")
        source.parent.mkdir(exist_ok=True)
        source.write_text(text)
        objects.append(source.with_suffix(".o"))
        subprocess.run(["cc", "-O2", "-c", "-o", str(objects[-1]), str(source)], check=True)
    return objects


ONE = "int two(void); int one(void) { return two(); }\n"
TWO = "int one(void); int two(void) { return 2; } int three(void) { return one(); }\n"


def test_a_call_upward_is_found(tree):
    """The source declares the function itself, so no include line tells of the call."""
    assert calls.check_calls_downward(tree, compiled(tree, low_a=ONE, mid_b="int two(void) { return 2; }\n")) == [
        "low/a calls up: two of mid/b"]


def test_calls_downward_and_within_a_module_are_well(tree):
    assert calls.check_calls_downward(tree, compiled(tree, mid_a=ONE, mid_b="int two(void) { return 2; }\n")) == []
    assert calls.check_calls_downward(tree, compiled(tree, top_a=ONE, low_b="int two(void) { return 2; }\n")) == []


def test_an_address_that_is_taken_and_a_table_that_is_read_are_calls(tree):
    objects = compiled(tree, low_a="int two(void); int (*const one)(void) = two;\n", mid_b="int two(void) { return 2; }\n")
    assert calls.check_calls_downward(tree, objects) == ["low/a calls up: two of mid/b"]
    objects = compiled(tree, low_a="extern const int two[]; int one(int i) { return two[i]; }\n", mid_b="const int two[] = { 1, 2 };\n")
    assert calls.check_calls_downward(tree, objects) == ["low/a calls up: two of mid/b"]


def test_two_files_that_call_each_other_are_found(tree):
    assert calls.check_circles(compiled(tree, low_a=ONE, low_b=TWO)) == [
        "files that call each other in a circle: low/a calls two of low/b, low/b calls one of low/a"]


def test_a_circle_through_a_third_file_is_found(tree):
    objects = compiled(tree, low_a="int two(void); int one(void) { return two(); }\n",
                       mid_b="int three(void); int two(void) { return three(); }\n",
                       top_c="int one(void); int three(void) { return one(); }\n")
    assert calls.check_circles(objects) == [
        "files that call each other in a circle: low/a calls two of mid/b, mid/b calls three of top/c, top/c calls one of low/a"]


def test_calls_one_way_make_no_circle(tree):
    objects = compiled(tree, low_a=ONE, low_b="int two(void) { return 2; }\n", low_c="int one(void); int four(void) { return one(); }\n")
    assert calls.check_circles(objects) == []
