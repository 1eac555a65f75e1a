"""D: names and values that another user of the account, or a bug, may choose."""
import os
import random
import re
import subprocess
import unicodedata

import pytest

from harness import TASK, cat_error, read, text

ONE = "DescribeTrainingTask"
HOSTILE = ["/", "a/b", "/etc/passwd", "../../x", "", ".", "..", " ", "\u0000", "a\u0000b", "a\u0000c", "\n", "a\nb", "\r",
           "\x1b[2J", "\x1b]52;c;YQ==\x07", "\x7f", "\u0080", "\u009b31m", "\u202etxt.exe", "\u2066x", "\u200fx", "%41",
           "%", "%%", "%2F", "100%", "-rf", "--", "~", "*", "?", "[a]", "\U0001f680", "e\u0301", "\u00e9", "CON", ".git",
           ".describefs", "describe.json", " a", "a ", "\t", "$(reboot)", "`id`", ";", "&", "|", "'", '"', "\\", "\ufeff",
           "a\u200bb", "\u00adc", "x\u2028y", "t\U000e0041", "RUN\u200dNING", "\U0001f469\u200d\U0001f4bb",
           "\ufffd", "\uffff"]


INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def put_tags(cloud, keys):
    cloud.put("training", {"Id": "train-t", "Status": "RUNNING", "Tags": [
        {"TagKey": key, "TagValue": "value %d" % i} for i, key in enumerate(keys)]})


def is_plain(name):
    """A name has no character that a terminal, a leading glob or a path treats specially."""
    return (0 < len(os.fsencode(name)) <= 255 and "/" not in name and name[0] not in "-. " and name[-1] != " " and
            not any(unicodedata.category(c) == "Cc" or INVISIBLE.match(c) for c in name))


def unescape(name):
    return b"" if name == "%" else re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), os.fsencode(name))


def test_D01_hostile_keys_are_plain_reversible_names(box, cloud):
    put_tags(cloud, HOSTILE)
    mount = box.mount("tione")
    found = {text(mount / "training/train-t/tags" / name): name for name in os.listdir(mount / "training/train-t/tags")}
    assert len(found) == len(set(HOSTILE))
    for i, key in enumerate(HOSTILE):
        name = found["value %d" % i]
        assert is_plain(name) and ("~" in name or unescape(name) == key.encode()), (key, name)
    listing = subprocess.run(["ls", "-1", str(mount / "training/train-t/tags")], stdout=subprocess.PIPE).stdout
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", listing)


def test_D01_any_key_comes_back_from_its_name(box, cloud):
    dice = random.Random(1)
    alphabet = [chr(c) for c in [*range(1, 0x100), 0x202e, 0x4e2d, 0x1f680, 0xe9, 0x301]]
    keys = sorted({"".join(dice.choices(alphabet, k=dice.randrange(1, 30))) for _ in range(1500)})
    put_tags(cloud, keys)
    mount = box.mount("tione")
    names = mount.names("training/train-t/tags")
    assert len(names) == len(keys) and all(map(is_plain, names))
    assert {unescape(name) for name in names if "~" not in name} == {key.encode() for key in keys if "~" not in key}


@pytest.mark.parametrize("ids", [["train-a%sb" % c for c in ("/", "\n", "\x1b", " ", "%", "\u202e", "*")]])
# promise: 4
def test_D01_hostile_ids_do_not_hide_their_neighbours(box, cloud, ids):
    for i, id in enumerate(ids):
        cloud.put("training", {"Id": id, "Status": "S%d" % i})
    mount = box.mount("tione")
    names = mount.names("training")
    assert TASK in names and all(map(is_plain, names)) and len(names) == len(set(names))
    assert mount.text("training/%s/status" % TASK) == "SUCCEED"


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f680", "\n"])
def test_D02_long_names_are_cut_between_characters_and_stay_apart(box, cloud, letter):
    keys = [letter * n for n in (1, 20, 62, 63, 64, 127, 128, 254, 255, 256, 1024)] + [letter * 300 + "%d" % i for i in range(50)]
    keys += ["y" * 65536, "y" * 65535 + "z"]
    put_tags(cloud, keys)
    mount = box.mount("tione")
    names = os.listdir(mount / "training/train-t/tags")
    assert len(set(names)) == len(keys)
    assert {text(mount / "training/train-t/tags" / name) for name in names} == {"value %d" % i for i in range(len(keys))}
    for name in names:
        assert len(os.fsencode(name)) <= 255 and os.fsencode(name).decode()  # whole characters
        assert cat_error(mount / "training/train-t/tags" / name) == "ok"


# promise: 4
def test_D03_names_that_fall_together_are_all_there_in_any_order(box, cloud):
    members = ["Name", "name", "NAME", "DescribeJson", "describe.json", "Describe.json", "ImageInfoX", "imageInfoX",
               "image_info_x", "StatusText", "status_text", "statusText"]
    dice, seen = random.Random(3), {}
    for i in range(12):
        order = dice.sample(members, len(members))
        cloud.put("training", {"Id": "train-%d" % i, "Status": "RUNNING", "Inner": {m: "of " + m for m in order}})
    mount = box.mount("tione")
    for i in range(12):
        inner = "training/train-%d/inner" % i
        got = {mount.text(inner + "/" + name): name for name in mount.names(inner)}
        assert set(got) == {"of " + member for member in members}
        seen.setdefault(tuple(sorted(got.items())), i)
    assert len(seen) == 1  # whoever comes first


def test_D03_a_hundred_resources_of_one_name_are_a_hundred(box, cloud):
    for i in range(100):
        cloud.put("training", {"Id": "train-same%d" % i, "Name": "same", "Status": "S%d" % i})
    cloud.put("training", {"Id": "train-ot", "Name": TASK, "Status": "other"})
    mount = box.mount("tione")
    assert len(mount.names("training")) == 102
    assert {mount.text("training/train-same%d/status" % i) for i in range(100)} == {"S%d" % i for i in range(100)}
    assert mount.text("training/%s/status" % TASK) == "SUCCEED"


VALUE = "a\x1b[31mred\x1b[0m\x07\r\x7f\u009b2J\u202egnp.exe\u2066\u0000\u2028\u200b\u00ad\U000e0041 line\n\ttab \\x1b é\u200d"
SHOWN = "a\\x1b[31mred\\x1b[0m\\x07\\x0d\\x7f\\xc2\\x9b2J\\xe2\\x80\\xaegnp.exe\\xe2\\x81\\xa6\\x00\\xe2\\x80\\xa8\\xe2\\x80\\x8b\\xc2\\xad\\xf3\\xa0\\x81\\x81 line\n\ttab \\x1b é\u200d\n"


def test_D04_no_value_makes_a_terminal_do_anything(box, cloud):
    cloud.put("training", {"Id": "train-v", "Status": VALUE, "Remark": VALUE, "List": [VALUE, "b"], "Inner": {"Deep": VALUE},
                           "Tags": [{"TagKey": "k", "TagValue": VALUE}]})
    mount = box.mount("tione")
    for path, shown in [("status", SHOWN), ("remark", SHOWN), ("list", SHOWN + "b\n"), ("inner/deep", SHOWN), ("tags/k", SHOWN)]:
        path = mount / "training/train-v" / path
        assert read(path).decode() == shown and os.stat(path).st_size == len(shown.encode())
    everything = mount.sh("grep -r . training/train-v; cat training/train-v/describe.json").encode()
    everything += mount.sh("cat training/.table.tsv training/train-v/describe.json by-status/training/*/*/describe.json").encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", everything.decode()) and not INVISIBLE.search(everything.decode())
    whole = mount.sh("jq -j .Remark training/train-v/describe.json | od -An -tx1 | tr -d ' \\n'")
    assert bytes.fromhex(whole) == VALUE.encode()  # nothing is lost
    assert mount.sh("printf %b \"$(cat training/train-v/tags/k | head -n 1)\" | od -An -tx1 | tr -d ' \\n'") == \
        VALUE.split("\n")[0].encode().hex()  # and a shell can have it back


def test_D05_no_value_becomes_a_link(box, cloud):
    cloud.put("training", {"Id": "train-l", "Status": "/etc/shadow", "Link": "../../../etc/passwd", "Type": "symlink",
                           "Target": "/", "Tags": [{"TagKey": "../../x", "TagValue": "/etc"}]})
    mount = box.mount("tione")
    assert mount.sh("find training ! -type f ! -type d") == ""
    # the daemon makes the views' links: each leads to a resource of this mount
    links = mount.sh("find by-* -type l -printf '%l\\n'").split("\n")[:-1]
    assert links and all(re.fullmatch(r"(\.\./){2,4}(training|notebooks|models)/[a-z0-9-]+", link) for link in links)
    assert mount.sh("find -L by-name by-status -type l") == ""
    assert mount.text("training/train-l/status") == "/etc/shadow"
    assert not re.search(r"\.\.$", mount.sh("find training -mindepth 1"), re.M)


def test_D06_one_event_is_one_line(box, cloud):
    mount = box.mount("tione", "deadline=2")
    cloud.plan("error", action=ONE, code="Odd\nCode\t\x1b[2J", message="one\ntwo\r\n\tthree\u0085\u2028\x1b]0;x\x07")
    for i in range(5):
        mount.error("training/train-%d/status" % i)
    lines = mount.read(".describefs/errors").decode().split("\n")
    # failures with one cause are one line with their number
    assert lines.pop() == "" and len(lines) == 1 and lines[0].count("\t") == 5 and re.search(r" x\d+$", lines[0])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "".join(lines))
