"""J: valid and invalid JSON, from the network to the files."""
import json
import os
import re
import time

import pytest

from harness import PLAIN, TASK, TOP, error_of, read, synthetic, timed
from net import FEW, ONE, QUICK, STATUS, Broken, body_file, looked_at, resident_kib, task, together

CEILING = 8 << 20


def answer(value, more=""):
    """An answer in which this text stands as the member X of the task that was asked for."""
    return '{"Response":{"TrainingTaskDetail":{"Id":"@ID@","X":%s%s},"RequestId":"r"}}' % (value, more)


def give(box, cloud, id, text):
    """The text of bytes that are not all UTF-8; the others become surrogate escapes."""
    text = text.replace("@ID@", id).encode("utf-8", "surrogateescape")
    cloud.plan("body", action=ONE, id=id, file=body_file(box, text))


def resource(mount, id):
    return mount / "training" / id


# ---- J01

def cases():
    """(verdict, bytes, what it prints as) of tests/unit/json/json_cases.txt: \\XX is a byte, \\\\ a backslash."""
    def bytes_of(text):
        return re.sub(rb"\\(\\|[0-9a-f]{2})?", lambda m: b"" if not m[1] else b"\\" if m[1] == b"\\" else
                      bytes.fromhex(m[1].decode()), text.encode())
    for line in (TOP / "tests/unit/json/json_cases.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            verdict, text, *printed = line.split()
            yield verdict, bytes_of(text), bytes_of(printed[0] if printed else text)


def test_J01_every_case_of_the_unit_tests_as_a_member_of_an_answer(box, cloud):
    """JSONTestSuite is not in the repository: its cases, made anew from RFC 8259, are.  What is not JSON by itself is
    not either inside an answer; one ceiling, the depth, is used up by three levels of envelope (J02)."""
    mount = box.mount("tione", *QUICK, "deadline=10", binary=PLAIN)
    rows = [row for row in cases() if b"[[[[[[[[" not in row[1] and b'{"a":{"a":{"a":' not in row[1]
            and b'[{"a":[{"a":' not in row[1]]
    assert len(rows) > 900
    head, tail = answer("@X@").split("@X@")
    for i, (_, text, _) in enumerate(rows):
        id = "train-case-%d" % i
        path = box.directory / ("case-%d" % i)
        path.write_bytes(head.replace("@ID@", id).encode() + text + tail.encode())
        cloud.plan("body", action=ONE, id=id, count=3, file=str(path))
    paths = [resource(mount, "train-case-%d" % i) / "describe.json" for i in range(len(rows))]
    got = [got for _, got in together(looked_at, paths, FEW)]
    wrong = []
    for (verdict, text, printed), one in zip(rows, got):
        if verdict in ("same", "yes"):
            right = isinstance(one, bytes) and same_value(one, printed)
        else:
            right = one == {"no": "EBADMSG", "big": "EFBIG"}[verdict]
        if not right:
            wrong.append((verdict, text, one))
    assert not wrong


def same_value(shown, printed):
    """X as describe.json prints it, without the blanks between tokens; digits and escapes are unchanged."""
    text = shown.decode()  # always UTF-8
    json.loads(text)
    assert '"X": ' in text
    value = text[text.index('"X": ') + 5:text.rindex("\n}")]
    return without_blanks(value) == without_blanks(printed.decode())


def without_blanks(text):
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match[1] or "", text)


# ---- J02, J03

def nested(depth, kind="["):
    return "[" * depth + "]" * depth if kind == "[" else '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize("stack", ["unlimited", "256"])
def test_J02_depth(box, cloud, stack):
    """The envelope is three of the 64 levels.  The contract says EFBIG (the catalogue said EBADMSG)."""
    mount = box.mount("tione", *QUICK, "deadline=5", binary=PLAIN,
                      prefix=("bash", "-c", "ulimit -s %s 2>/dev/null; exec \"$@\"" % stack, "bash"))
    rows = {(depth, kind): "ok" if depth + 3 <= 64 else "EFBIG"
            for depth in (30, 61, 62, 64, 65, 1000, 1001, 100000) for kind in "[{"}
    for i, (depth, kind) in enumerate(rows):
        give(box, cloud, "train-deep-%d" % i, answer(nested(depth, kind)))
    got = {row: timed(error_of, read, resource(mount, "train-deep-%d" % i) / "describe.json")
           for i, row in enumerate(rows)}
    assert {row: error for row, (_, error) in got.items()} == rows
    assert max(took for took, _ in got.values()) < 1
    shown = json.loads(read(resource(mount, "train-deep-2") / "describe.json"))["X"]
    for _ in range(60):
        shown = shown[0]
    assert shown == []


TOO_MANY = {
    "a million keys": (lambda: "{%s}" % ",".join('"k%d":1' % i for i in range(700000)), "EFBIG"),
    "a million times the same key": (lambda: "{%s}" % ",".join(['"key":1'] * 1000000), "EFBIG"),
    "four million ones": (lambda: "[%s1]" % ("1," * (4 * 1000000)), "EFBIG"),
    "a long string": (lambda: '"%s"' % ("x" * (16 << 20)), "EFBIG"),
    "a string that fits": (lambda: '"%s"' % ("x" * (CEILING // 2 - 100000)), "ok"),
    "empty objects": (lambda: "[%s{}]" % ("{}," * 250000), "EFBIG"),
    "as many as fit": (lambda: "[%s1]" % ("1," * 79990), "ok"),
}


@pytest.mark.parametrize("row", TOO_MANY)
def test_J03_too_many_and_too_long(box, cloud, row):
    make, error = TOO_MANY[row]
    mount = box.mount("tione", *QUICK, "deadline=5", binary=PLAIN)
    known = Broken(mount)
    give(box, cloud, "train-much", answer(make()))
    before = resident_kib(mount)
    took, got = timed(mount.error, "training/train-much/describe.json")
    assert got == error and took < 1.5
    if error == "ok":
        assert len(mount.read("training/train-much/describe.json")) > 500000
        box.resident = 128 << 20  # one answer at its ceiling is kept
    else:
        assert resident_kib(mount, "VmHWM") - before < 40 * 1024
    assert mount.read(STATUS) == known.before


# ---- J04

NUMBERS = ["9007199254740991", "9007199254740993", "-9007199254740993", "9223372036854775807", "9223372036854775808",
           "18446744073709551615", "-9223372036854775809", "1e999", "-1e-999", "-0", "0", "0.1", "1.0", "1E5", "1e+5",
           "0.10", "100000000000000000000000000000000000000000000000000000000000000000000007", "0." + "0" * 60 + "1",
           "1" * 5000, "-1.5e-0003", "2147483648"]


@pytest.mark.parametrize("environment", [{}, {"LC_ALL": "de_DE.UTF-8"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR"}],
                         ids=["C", "de", "tr"])
def test_J04_J11_numbers_keep_their_digits_in_every_language(box, cloud, environment):
    mount = box.mount("tione", *QUICK, env=environment)
    give(box, cloud, "train-numbers", answer("[%s]" % ",".join(NUMBERS), "".join(
        ',"NumberIII%d":%s' % (i, number) for i, number in enumerate(NUMBERS))))
    at = resource(mount, "train-numbers")
    assert (at / "x").read_text().split() == NUMBERS
    files = {name for name in os.listdir(at) if name.startswith("number")}
    assert len(files) == len(NUMBERS)
    for i, number in enumerate(NUMBERS):
        assert read(at / ("number_iii%d" % i)).decode() == number + "\n"
        assert '"NumberIII%d": %s' % (i, number) in read(at / "describe.json").decode()


# ---- J05

def test_J05_a_key_twice_and_a_key_in_two_spellings(box, cloud):
    """The last of two equal keys counts, as in jq. Keys that differ in case are two keys."""
    mount = box.mount("tione", *QUICK)
    give(box, cloud, "train-twice", answer(
        "1", ',"X":2,"Status":"RIGHT","status":"other","STATUS":"third","Y":{"A":1,"A":{"B":2}},"Id":"@ID@"'))
    at = resource(mount, "train-twice")
    whole = json.loads(read(at / "describe.json"))
    assert whole["X"] == 2 and read(at / "x") == b"2\n" and whole["Y"] == {"A": {"B": 2}}
    assert read(at / "y" / "a" / "b") == b"2\n"
    assert (whole["Status"], whole["status"], whole["STATUS"]) == ("RIGHT", "other", "third")
    names = [name for name in os.listdir(at) if name.lower().startswith("status")]
    assert len(names) == 3 and {read(at / name) for name in names} == {b"RIGHT\n", b"other\n", b"third\n"}


def test_J05_an_id_twice_is_no_way_to_be_another(box, cloud):
    mount = box.mount("tione", *QUICK)
    give(box, cloud, "train-evil", answer("1", ',"Id":"%s"' % TASK))
    assert mount.error("training/train-evil/status") == "EBADMSG"
    assert mount.text(STATUS) == "SUCCEED"


# ---- J06, J07, J08

TEXTS = {  # on the wire: what a file shows
    '\\ud800': "\ufffd", '\\udc00': "\ufffd", '\\udc00\\ud800': "\ufffd\ufffd", 'a\\ud83dz': "a\ufffdz",
    '\\ud83d\\ude00': "\U0001f600", '\\ud83d\\ud83d\\ude00': "\ufffd\U0001f600",
    '\udcff': "\ufffd", 'a\udcc3': "a\ufffd", '\udcc0\udcaf': "\ufffd\ufffd", '\udced\udca0\udc80': "\ufffd",
    '\udcf4\udc90\udc80\udc80': "\ufffd", '\u00e9\u4e2d\U0001f600': "\u00e9\u4e2d\U0001f600", '\ufeffx': "\\xef\\xbb\\xbfx",
}


def odd_task(i, text):
    return ('{"Id":"train-odd-%d","Name":"%s","Status":"RUNNING","CreateTime":"2030-01-01T00:00:00+08"}' % (i, text)
            ).encode("utf-8", "surrogateescape")


def test_J06_J07_bad_texts_among_a_hundred_items(box):
    """All items are listed, the ones beside the invalid ones are intact, and all output is UTF-8."""
    cloud = box.emulator("--tasks", 99 - len(TEXTS))
    mount = box.mount("tione", *QUICK)
    for i, text in enumerate(TEXTS):
        cloud.put("training", odd_task(i, text), id="train-odd-%d" % i)
    assert len(mount.names("training")) == 100  # with the sample
    for i, (text, wanted) in enumerate(TEXTS.items()):
        name = read(mount / ("training/train-odd-%d/name" % i)).decode()
        assert name.rstrip("\n").replace("\ufffd", "") == wanted.replace("\ufffd", ""), (text, name)
        assert ("\ufffd" in name) == ("\ufffd" in wanted), (text, name)
    assert mount.sh("cat training/*/status").count("\n") == 100
    # an invalid escape makes the page invalid JSON: the page is refused, and the old listing stays
    cloud.put("training", odd_task(0, "\\uqqqq"), id="train-odd-0")
    time.sleep(1.1)
    assert len(mount.names("training")) == 100 and mount.xattr("training", "stale") == "1"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-be", "utf-32", "utf-8-sig"])
def test_J07_another_coding_is_no_answer(box, cloud, coding):
    known = Broken(box.mount("tione", *QUICK))
    cloud.plan("body", file=body_file(box, answer("1").replace("@ID@", TASK).encode(coding)))
    known.both(task(1), "EBADMSG")


def test_J08_a_nul_cuts_nothing(box, cloud):
    """In a value, in keys that differ after it, and in ids that differ after it."""
    mount = box.mount("tione", *QUICK)
    give(box, cloud, "train-nul", answer('"before\\u0000after"', ',"K\\u0000One":"1","K\\u0000Two":"2"'))
    at = resource(mount, "train-nul")
    assert read(at / "x") == b"before\\x00after\n"  # and nothing that a terminal would obey
    assert json.loads(read(at / "describe.json"))["K\0Two"] == "2"
    keys = sorted(name for name in os.listdir(at) if name.startswith(("K", "k")))
    assert len(keys) == 2 and [read(at / key) for key in keys] == [b"1\n", b"2\n"]
    give(box, cloud, "train-raw", answer('"raw\0nul"'))
    assert mount.error("training/train-raw/x") == "EBADMSG"  # a raw one is no JSON
    for end in ("one", "two"):
        cloud.put("training", {"Id": "train-z\0" + end, "Status": end, "CreateTime": "2030-01-01T00:00:00+08"})
    names = [name for name in mount.names("training") if name.startswith("train-z")]
    assert len(names) == 2
    assert sorted(read(resource(mount, name) / "status") for name in names) == [b"one\n", b"two\n"]


# ---- J09, J10

def test_J09_members_that_are_not_as_they_should(box, cloud):
    mount = box.mount("tione", *QUICK)
    give(box, cloud, "train-drift", answer(
        "null", ',"Status":{"New":"shape"},"CreateTime":7,"Name":["a","b"],"Tags":"none","ResourceConfigInfos":null,'
        '"RuntimeInSeconds":"12","BrandNewThing":{"Deep":[{"Er":true}]},"EndTime":"not a time","FailureReason":null'))
    at = resource(mount, "train-drift")
    whole = json.loads(read(at / "describe.json"))
    assert read(at / "x") == b"" and read(at / "failure_reason") == b""
    assert read(at / "status" / "new") == b"shape\n"
    assert read(at / "create_time") == b"7\n" and read(at / "name") == b"a\nb\n"
    assert read(at / "runtime_in_seconds") == b"12\n" and read(at / "end_time") == b"not a time\n"
    assert read(at / "brand_new_thing" / "deep" / "0" / "er") == b"true\n"
    assert read(at / "tags") == b"none\n" and os.listdir(at / "resource_config_infos") == []
    assert error_of(read, at / "resource_id") == "ENOENT"  # a member that the cloud did not send
    assert whole["BrandNewThing"] == {"Deep": [{"Er": True}]}
    # an unknown status is treated as not terminal
    give(box, cloud, "train-enum", answer("1", ',"Status":"QUANTUM"'))
    assert read(resource(mount, "train-enum") / "status") == b"QUANTUM\n"


ODD_ITEMS = ["null", "7", '"x"', "[]", "{}", '{"Id":null}', '{"Id":""}', '{"Id":7}', '{"Id":["a"]}', '{"Id":{}}',
             '{"Name":"no id"}', '{"Id":"..","Name":"evil"}', '{"Id":"a/b"}', '{"Id":"%s"}' % ("x" * 5000)]


@pytest.mark.parametrize("item", ODD_ITEMS, ids=lambda item: item[:24])
def test_J10_one_odd_item_among_many(box, item):
    """The other 200 can be read, whether or not the odd one can."""
    cloud = box.emulator("--tasks", 200)
    mount = box.mount("tione", *QUICK)
    cloud.put("training", item.encode(), id="train-odd")
    got = error_of(os.listdir, mount / "training")
    assert got == "ok"
    names = set(mount.names("training"))
    assert {synthetic(i) for i in range(200)} <= names and len(names) <= 202
    assert not [name for name in names if "/" in name or name in (".", "..", "") or len(name.encode()) > 255]
    assert mount.text("training/%s/status" % synthetic(150))
    for name in names - {synthetic(i) for i in range(200)} - {TASK}:
        assert looked_at(mount / "training" / name / "describe.json") is not None
