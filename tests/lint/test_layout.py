"""Where tests lie: tests/run finds a program by its folder, so one that lies elsewhere would never run."""
import re

import checks


def places(top):
    """The folders that tests/run goes through."""
    modules = "|".join(sorted(path.name for path in (top / "src").iterdir() if path.is_dir()))
    return re.compile(r"tests/(unit/(%s)|sim|net|emulator)/test_\w+\.c|"
                      r"tests/(e2e/(cli|mount|failures)|lint|packaging)/test_\w+\.py" % modules)


def misplaced(top, names):
    tests = [name for name in names if re.fullmatch(r"tests/(.*/)?test_[^/]*\.(c|py)", name)]
    assert tests
    return [name for name in tests if not places(top).fullmatch(name)]


def test_each_test_lies_where_it_is_run(top):
    assert not misplaced(top, checks.listed(top))


def test_a_test_elsewhere_is_found(top):
    astray = ["tests/unit/test_x.c", "tests/unit/nowhere/test_x.c", "tests/engine/test_x.c", "tests/e2e/test_x.py"]
    assert misplaced(top, astray + ["tests/unit/base/test_x.c", "tests/sim/test_x.c"]) == astray
