"""The catalogue of faults in tests/e2e/failures/README.md and the tests of that directory: each names the other."""
import re

import checks


def schema_of(top):
    """{id: what stands in the column of tests}"""
    table = checks.section((top / "tests/e2e/failures/README.md").read_text(), "faults")
    rows = {id: where for id, _, where in checks.rows(table)}
    assert len(rows) > 100 and len(rows) == len(checks.rows(table)), "an id stands twice"
    return rows


def ids_of(name):
    """test_A10_A11_x is of both; test_T01_to_T06_x of all from the one to the other."""
    whole = re.match(r"test_([A-Z])(\d\d)_to_\1(\d\d)_", name)
    if whole:
        return {"%s%02d" % (whole[1], n) for n in range(int(whole[2]), int(whole[3]) + 1)}
    return set(re.findall(r"[A-Z]\d\d", re.match(r"test_((?:[A-Z]\d\d_)*)", name)[1]))


def ids_by_file(top):
    """{file: the ids that the names of its tests begin with}"""
    found = {}
    for path in sorted((top / "tests/e2e/failures").glob("test_*.py")):
        names = re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)
        nameless = [name for name in names if not ids_of(name)]
        assert not nameless, "%s: without an id: %s" % (path.name, nameless)
        found[path.name] = set().union(*map(ids_of, names))
    return found


def test_every_fault_has_its_test_or_a_reason(top):
    tests = ids_by_file(top)
    for id, where in schema_of(top).items():
        if where.startswith("- "):
            assert len(where) > 10, "%s: no reason" % id
            continue
        file = re.match(r"`(test_\w+\.py)`", where)
        assert file, "%s: neither a test nor a reason" % id
        assert file[1] in tests, "%s: there is no %s" % (id, file[1])
        assert id in tests[file[1]], "%s: %s has no test of that name" % (id, file[1])


def test_every_fault_test_has_its_row(top):
    rows = schema_of(top)
    for file, ids in ids_by_file(top).items():
        for id in ids:
            assert rows.get(id, "").startswith("`test_"), "%s: %s tests it, and its row says otherwise" % (id, file)


def test_the_catalogue_has_no_gaps(top):
    """Ids are numbered; one that is taken out would be missed by nobody."""
    last = {}
    for id in schema_of(top):
        assert int(id[1:]) == last.get(id[0], 0) + 1, "before %s one is missing" % id
        last[id[0]] = int(id[1:])
    assert set(last) == set("NTHJAKRFPMSDC")
