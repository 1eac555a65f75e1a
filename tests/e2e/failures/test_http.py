"""H: valid and invalid bodies, lengths and headers of responses, and which of them are accepted."""
import json
import re
import threading
import time

import pytest

from harness import PLAIN, TASK, read, synthetic, timed, wait_until, xattr
from net import (FEW, LIST, ONE, QUICK, SLACK, STATUS, Broken, Relay, at_once, body_file, last_error, looked_at,
                 plan_for, resident_kib, task, together)
from net import tls, wire  # noqa: F401 (fixtures)

OK = '{"Response":{"TrainingTaskDetail":{"Id":"@ID@","Status":"SUCCEED"},"RequestId":"r"}}'


def numbered(i):
    return "train-cut-%06d" % i


# ---- H01

@pytest.mark.parametrize("framing", [None, "chunked", "close"])
# promise: 3
def test_H01_an_answer_cut_at_every_byte(box, framing):
    """Each cut is a task of its own, so that one mount can test all. Only the complete answer is accepted."""
    cloud = box.emulator()
    how = {"framing": framing} if framing else {}
    cloud.put("training", {"Id": numbered(0), "Status": "SUCCEED"})
    with Relay(int(cloud.ports["http"])) as relay:
        mount = box.mount("tione", *QUICK, endpoint="http://127.0.0.1:%d" % relay.port)
        cloud.plan("close_early", count=1, bytes=100000, **how)
        whole = mount.read("training/%s/describe.json" % numbered(0))
        length = len(relay.passed)
    assert json.loads(whole) == {"Id": numbered(0), "Status": "SUCCEED"} and 200 < length < 600
    cloud.clear()
    for cut in range(1, length + 1):
        cloud.put("training", {"Id": numbered(cut), "Status": "SUCCEED"})
        cloud.plan("close_early", bytes=cut, id=numbered(cut), **how)
    mount = box.mount("tione", *QUICK, "deadline=10")
    cuts = list(range(1, length + 1))
    got = [got for _, got in together(lambda cut: looked_at(mount / "training" / numbered(cut) / "status"), cuts, FEW)]
    believed = {cut: one for cut, one in zip(cuts, got) if one not in ("EIO", "EBADMSG")}
    if framing == "chunked":  # the last of all bytes, a line feed after the end: curl does not wait for it
        believed.pop(length - 1, None)
    assert believed == {length: b"SUCCEED\n"}
    assert "EIO" in got
    if framing == "close":  # nothing but the JSON says where it ends, and that is not tried again
        assert got[-2] == "EBADMSG"


def test_H01_a_cut_in_the_middle_of_tls(box, tls):
    cloud, trust = tls("--tasks", 3)
    mount = box.mount("tione", trust, *QUICK, endpoint=cloud.tls_url)
    for i, how in enumerate(({}, {"framing": "chunked"}, {"framing": "close"})):
        cloud.clear()
        cloud.plan("close_early", bytes=1000, action=ONE, **how)
        # without a length only the JSON shows the cut: curl makes OpenSSL ignore the missing close_notify
        assert mount.error("training/%s/status" % synthetic(i)) == ("EBADMSG" if i == 2 else "EIO")


# promise: 3
def test_H01_a_cut_list_is_no_shorter_list(box):
    cloud = box.emulator("--tasks", 120)
    mount = box.mount("tione", *QUICK)
    before = mount.names("training")
    assert len(before) == 121
    cloud.plan("close_early", action=LIST, bytes=20000, framing="close")
    time.sleep(1.1)
    assert mount.names("training") == before and xattr(mount / "training", "stale") == "1"


# ---- H02

def raw(*header, body=OK):
    return {"do": "raw", "body": "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: application/json", *header]) +
            "\r\n\r\n" + body}


N = len(OK.replace("@ID@", synthetic(0)))
CHUNKED = "%x\r\n%s\r\n0\r\n\r\n" % (N, OK)
LENGTHS = {
    "too small": ({"do": "wrong_length", "length": 5}, "EBADMSG"),
    "one too small": ({"do": "wrong_length", "delta": -1}, "EBADMSG"),
    "nothing": ({"do": "wrong_length", "length": 0}, "EBADMSG"),
    "too big": ({"do": "wrong_length", "delta": 10}, "EIO"),  # the connection ends in the middle of it
    "negative": ({"do": "wrong_length", "length": "-1"}, "EBADMSG"),
    "a word": ({"do": "wrong_length", "length": "abc"}, "EBADMSG"),
    "a list": ({"do": "wrong_length", "length": "12, 13"}, "EBADMSG"),
    "hexadecimal": ({"do": "wrong_length", "length": "0x10"}, "EBADMSG"),
    "with a sign": ({"do": "wrong_length", "length": "+100"}, "EBADMSG"),
    "over 2^64": ({"do": "wrong_length", "length": "18446744073709551617"}, "EFBIG"),
    "empty": (raw("Content-Length:"), "EBADMSG"),
    "two": (raw("Content-Length: %d" % N, "Content-Length: %d" % (N - 1)), "EBADMSG"),
    "two, the other way": (raw("Content-Length: 7", "Content-Length: %d" % N), "EBADMSG"),
    "with chunks": (raw("Content-Length: %d" % N, "Transfer-Encoding: chunked", body=CHUNKED), "EBADMSG"),
    "after chunks": (raw("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED), "EBADMSG"),
    # curl reports these as a lost connection
    "of chunks, no number": (raw("Transfer-Encoding: chunked", body="zz\r\n" + OK), "EIO"),
    "of chunks, over 2^64": (raw("Transfer-Encoding: chunked", body="1%s\r\n%s" % ("0" * 17, OK)), "EIO"),
    "a coding of transfer": (raw("Transfer-Encoding: gzip, chunked", body=CHUNKED), "EBADMSG"),
}


def test_H02_lengths_that_are_wrong(box, wire):
    cloud, mount = wire("--tasks", 2 * len(LENGTHS))
    at_once(box, cloud, mount(), LENGTHS)


def test_H02_what_is_right_beside_them(box):
    """Without the change, each row above would succeed."""
    cloud = box.emulator("--tasks", 1)
    for header, body in ((["Content-Length: %d" % N], OK), (["Content-Length: %d" % N] * 2, OK), ([], OK),
                         (["Transfer-Encoding: chunked"], CHUNKED)):
        cloud.clear()
        plan_for(box, cloud, raw(*header, body=body), synthetic(0))
        assert box.mount("tione").text("training/%s/status" % synthetic(0)) == "SUCCEED", header


# ---- H03

BODIES = ["<!DOCTYPE html><html><body>\x1b[2JSign in\r\n</body></html>", "", "null", '"x"', "[]", "{}", "0", "true",
          '{"Response":null}', '{"Response":[]}', '{"Response":{}}', '{"response":{"RequestId":"r"}}', "\0",
          OK.replace("Response", "response"), OK + OK, OK[:-1], "\ufeff" + OK]


def test_H03_a_200_that_is_no_answer(box):
    cloud = box.emulator("--tasks", 2 * len(BODIES))
    mount = box.mount("tione", *QUICK)
    at_once(box, cloud, mount, {repr(body): ({"do": "body", "body": body}, "EBADMSG") for body in BODIES})
    assert 0 < len(last_error(mount)[-1]) <= 255


# the status alone decides the errno: the body is not the API's
STATUSES = {
    **dict.fromkeys([201, 202, 206, 207, 226, 400, 404, 405, 407, 410, 418, 451, 499, 999], "EBADMSG"),
    **dict.fromkeys([500, 501, 502, 503, 511, 599], "EIO"), 401: "EACCES", 429: "EBUSY", 504: "ETIMEDOUT",
    **dict.fromkeys([300, 301, 304, 305, 399], "EPROTO"),
}


def test_H03_another_status_is_not_an_answer(box):
    """With a valid body. Tencent's API always answers 200, so another status comes from another server."""
    cloud = box.emulator("--tasks", 2 * len(STATUSES))
    at_once(box, cloud, box.mount("tione", *QUICK, "deadline=5"), {
        status: ({"do": "raw", "body": "HTTP/1.1 %d Odd\r\nContent-Length: %d\r\n\r\n%s" % (status, N, OK)}, error)
        for status, error in STATUSES.items()})


def test_H03_204_and_a_bare_100(box):
    cloud = box.emulator("--tasks", 6)
    at_once(box, cloud, box.mount("tione", *QUICK), {
        204: ({"do": "raw", "body": "HTTP/1.1 204 No Content\r\n\r\n"}, "EBADMSG"),
        205: ({"do": "raw", "body": "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"}, "EBADMSG"),
        100: ({"do": "raw", "body": "HTTP/1.1 100 Continue\r\n\r\n"}, "EIO"),  # and then the connection ends
    })


# ---- H04, H05, H06: too much

def memory_of(mount, function):
    """The seconds and the result of a call, and by how much the daemon grew at most meanwhile."""
    before, most, over = resident_kib(mount), [0], threading.Event()

    def watch():
        while not over.wait(0.005):
            most[0] = max(most[0], resident_kib(mount))
    watching = threading.Thread(target=watch)
    watching.start()
    result = timed(function)
    over.set()
    watching.join()
    return (*result, max(most[0], resident_kib(mount)) - before)


def refuses_an_endless_answer(wire, mode, error, most_kib):
    """Asserts that the daemon closes the connection at once, and grows by less than most_kib meanwhile."""
    cloud, mount = wire()
    known = Broken(mount("deadline=5", binary=PLAIN))
    known.run_out()
    cloud.plan("endless", mode=mode)
    took, got, grew = memory_of(known.mount, lambda: known.mount.error(task(1)))
    assert got == error and took < 1 + SLACK
    assert grew < most_kib
    cloud.quiet()
    known.warm_is_served()
    return known


@pytest.mark.parametrize("mode", ["chunked", "length", "close"])
def test_H04_a_body_without_end(wire, mode):
    known = refuses_an_endless_answer(wire, mode, "EFBIG", 32 * 1024)
    assert resident_kib(known.mount) < 64 * 1024


CODINGS = [
    {"bytes": 100000000}, {"bytes": 100000000, "times": 2}, {"coding": "br"}, {"coding": "zstd"}, {"coding": "gzip"},
    {"times": 2, "coding": "gzip, gzip"}, {"coding": "x-gzip"}, {"times": 0, "coding": "deflate"}, {"coding": "GZip"},
]


def test_H05_a_coding_that_nobody_asked_for(box):
    """100,000,000 letters, compressed to about 100,000 bytes and to about 400."""
    cloud = box.emulator("--tasks", 2 * len(CODINGS))
    mount = box.mount("tione", *QUICK, "deadline=300", binary=PLAIN)  # the emulator takes its time to press them
    rows = {str(how): ({"do": "gzip", **how}, "EBADMSG") for how in CODINGS}
    _, _, grew = memory_of(mount, lambda: at_once(box, cloud, mount, rows))
    assert grew < 4 * 1024


def test_H05_a_bomb_that_does_not_say_so(box, cloud):
    """Bytes of gzip without its header are no JSON."""
    import gzip
    known = Broken(box.mount("tione", *QUICK))
    cloud.plan("body", file=body_file(box, gzip.compress(b"a" * 1000000)))
    known.both(task(1), "EBADMSG")


@pytest.mark.parametrize("mode", ["header", "line", "continue"])
def test_H06_a_head_without_end(wire, mode):
    refuses_an_endless_answer(wire, mode, "EBADMSG", 2 * 1024)  # not ENOMEM, as curl calls it


HEADS = {"2 MiB": "X-Long: " + "a" * (2 << 20), "200,000": "\r\n".join("X-%d: y" % i for i in range(200000)),
         "over 64 KiB of short ones": "\r\n".join(["X: y"] * 15000)}


def test_H06_a_head_that_is_too_long(box):
    cloud = box.emulator("--tasks", 2 * len(HEADS))
    at_once(box, cloud, box.mount("tione", *QUICK, "deadline=5"), {
        row: (raw("Content-Length: %d" % N, head), "EBADMSG") for row, head in HEADS.items()})


def test_H06_a_head_that_is_long_enough(box):
    """A header of 60 KiB is accepted."""
    cloud = box.emulator("--tasks", 1)
    plan_for(box, cloud, raw("Content-Length: %d" % N, *["X-%d: %s" % (i, "y" * 100) for i in range(500)]), synthetic(0))
    assert box.mount("tione").text("training/%s/status" % synthetic(0)) == "SUCCEED"


# ---- H07

NOT_HTTP = [
    OK, "HTTP/0.9 200 OK\r\n\r\n" + OK, "HTTP/3 200 OK\r\n\r\n" + OK, "HTTP/1.1 abc OK\r\n\r\n" + OK,
    "HTTP/1.1\r\n\r\n" + OK, "HTTP/1.1 20 OK\r\n\r\n" + OK, "HTTP/1.1 2000 OK\r\n\r\n" + OK, "ICY 200 OK\r\n\r\n" + OK,
    "\r\n\r\n" + OK, "\0\0\0\0", "\x16\x03\x01\x02\x00\x01", "SSH-2.0-OpenSSH_9.2\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: %d\r\n\r\n%s" % (N, OK),
    "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: %d\r\n\r\n%s" % (N, OK),
    "HTTP/1.1 200 OK\r\nContent-Length : %d\r\n\r\n%s" % (N, OK),
    "HTTP/1.1 200 OK\r\n Content-Length: %d\r\n\r\n%s" % (N, OK),
    "HTTP/1.1 200 OK\nContent-Length: %d\n\n%s" % (N, OK),
    "HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: %d\r\n\r\n%s" % (N, OK),
    "HTTP/1.1 200 OK\r\n\tX: y\r\n\tX: y\r\nContent-Length: %d\r\n\r\n%s" % (N, OK),
]


def test_H07_what_is_not_http(box):
    """On kept connections after good answers: before curl 8.1.1 a folded line wrote to freed memory (curl#11101)."""
    cloud = box.emulator("--tasks", 2 * len(NOT_HTTP))
    at_once(box, cloud, box.mount("tione", *QUICK), {
        repr(said[:60]): ({"do": "raw", "body": said}, "EBADMSG") for said in NOT_HTTP})


# ---- H08

def detail(id, request='"RequestId":"r"', more=""):
    return '{"Response":{"TrainingTaskDetail":{"Id":"%s","Status":"X"}%s%s}}' % (id, request and "," + request, more)


@pytest.mark.parametrize("request_id, error", [
    ("", "EBADMSG"), ('"RequestId":""', "EBADMSG"), ('"RequestId":null', "EBADMSG"), ('"RequestId":17', "EBADMSG"),
    ('"RequestId":["r"]', "EBADMSG"), ('"requestid":"r"', "EBADMSG"), ('"RequestId":"%s"' % ("x" * 10240), "ok"),
    ('"RequestId":"\\u001b[2J\\n\\u0000\\u202e"', "ok"),
])
def test_H08_request_ids(box, cloud, request_id, error):
    mount = box.mount("tione", *QUICK)
    cloud.plan("body", file=body_file(box, detail(TASK, request_id)))
    assert mount.error(STATUS) == error
    if error == "ok":
        shown = xattr(mount / STATUS, "request_id")
        assert 0 < len(shown.encode()) < 72 and not re.search(r"[\x00-\x1f\x7f\u202e]", shown), shown


def test_H08_a_hostile_failure_is_one_line(box, cloud):
    mount = box.mount("tione", *QUICK)
    evil = "\x1b]52;c;eA==\x07\n\t\r\0" + "x" * 10240
    cloud.plan("body", body={"Response": {"Error": {"Code": "InvalidParameter" + evil, "Message": evil}, "RequestId": evil}})
    before = len(mount.read(".describefs/errors").splitlines())
    assert mount.error(STATUS) == "EINVAL"
    fields = last_error(mount)
    assert len(mount.read(".describefs/errors").splitlines()) == before + 1
    assert len("\t".join(fields)) < 1024 and fields[1] == "/training/" + TASK


# ---- H09, H10, H11

def test_H09_another_ones_answer_is_nobodys(box):
    """Each of 300 tasks gets the answer of the next one: no answer is accepted, and none reaches the other task."""
    cloud = box.emulator("--tasks", 301)
    mount = box.mount("tione", *QUICK, "deadline=5")
    paths = [mount / "training" / synthetic(i) / "describe.json" for i in range(300)]
    before = [read(path) for path in paths[:150]]  # half of them are known, half are not
    for i in range(300):
        cloud.plan("body", id=synthetic(i), action=ONE, body={"Response": {
            "TrainingTaskDetail": {"Id": synthetic(i + 1), "Status": "WRONG"}, "RequestId": "r"}})
    time.sleep(1.1)
    got = [got for _, got in together(looked_at, paths, FEW)]
    assert got[:150] == before and set(got[150:]) == {"EBADMSG"}
    assert mount.error("training/%s/status" % synthetic(300)) == "ok"  # its own answer
    cloud.clear()
    wait_until(lambda: xattr(paths[0], "stale") == "0" and read(paths[0]) == before[0], 5, "a fresh answer")
    wait_until(lambda: all(isinstance(looked_at(path), bytes) for path in paths), 5, "the end of the failures")
    assert not [path for path in paths if b"WRONG" in read(path)]


def test_H10_an_error_beside_data_wins(box, cloud):
    known = Broken(box.mount("tione", *QUICK))
    cloud.plan("body", file=body_file(box, detail(
        TASK, more=',"Error":{"Code":"UnauthorizedOperation.CamNoAuth","Message":"no"}')))
    known.run_out()
    assert known.mount.error(STATUS) == "EACCES"


def test_H10_an_error_that_is_none(box):
    errors = ['{"Code":""}', "{}", "[]", '"InternalError"', "5", '{"Code":5}', '{"code":"InternalError"}']
    cloud = box.emulator("--tasks", 2 * len(errors))
    at_once(box, cloud, box.mount("tione", *QUICK), {
        error: ({"do": "body", "body": detail("@ID@", more=',"Error":' + error)}, "EBADMSG") for error in errors})


# one cause in each form in which a cloud sends it
SAME = {
    "EIO": [{"body": {"error_code": 336100, "error_msg": "busy"}}, {"body": {"error_code": "336100"}},
            {"body": {"code": "InternalError", "message": "x", "requestId": "r"}},
            {"status": 500, "body": {"code": "InternalError", "requestId": "r"}},
            {"status": 400, "body": {"code": "SomethingNew", "requestId": "r"}}, {"status": 503, "body": ""},
            {"body": {"error_code": 13579}}],
    "EBUSY": [{"body": {"error_code": 18}}, {"body": {"error_code": "18"}}, {"status": 429, "body": ""},
              {"status": 429, "body": {"code": "RateLimitExceeded", "requestId": "r"}},
              {"status": 400, "body": {"error_code": 4}}],
    "EACCES": [{"body": {"error_code": 6}}, {"body": {"error_code": "6"}}, {"status": 403, "body": ""},
               {"status": 403, "body": {"code": "AccessDenied", "requestId": "r"}}, {"body": {"error_code": 14}},
               {"status": 403, "body": "", "headers": {"X-Bce-Error-Code": "IamSignatureInvalid"}}],
    "ENOENT": [{"body": {"error_code": 510301}}, {"body": {"error_code": "510202"}},
               {"status": 404, "body": {"code": "NoSuchObject", "requestId": "r"}}],
    "EINVAL": [{"body": {"error_code": 500001}}, {"status": 400, "body": {"code": "InappropriateJSON"}}],
}


def test_H11_the_same_cause_in_every_dialect(box):
    """Each row is a run that exists for this test only; all of them at once."""
    cloud = box.emulator()
    mount = box.mount("qianfan", "deadline=5", "rate=10000")
    rows = [(error, plan) for error, plans in SAME.items() for plan in plans]
    for i, (_, plan) in enumerate(rows):
        cloud.plan("http", id="77/%d" % (i + 1), **{"status": 200, **plan})
    paths = [mount / ("training/77/jobs/%d/status" % (i + 1)) for i in range(len(rows))]
    got = [got for _, got in together(looked_at, paths, FEW)]
    assert [(one, plan) for one, (_, plan) in zip(got, rows)] == rows
