#!/usr/bin/env python3
"""The emulator's own test: strictness, counting, control verbs and every fault.

usage: tests/emulator/selftest.py [EMULATOR]     (from the project's top; standard library only)
The signer below is the third one of the project, made for this test from the clouds' documents.
"""
import base64
import calendar
import gzip
import hashlib
import hmac
import http.client
import json
import os
import selectors
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

EMULATOR = sys.argv[1] if len(sys.argv) > 1 else "build/describefs-emulator"
SECRET_ID = "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001"
SECRET_KEY = "ExampleSecretKey0123456789abcdef"
ACCESS_KEY = "ALTAKexampleexampleexampl"
ACCESS_SECRET = "exampleSecretAccessKey0123456789"
TASK = "train-1329791605108055040"
FIXTURES = "tests/fixtures/"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def tencent_headers(body, action, host, key=SECRET_KEY, key_id=SECRET_ID, at=None,
                    region="ap-guangzhou", version="2021-11-11", kind="application/json",
                    payload=None, service="tione"):
    at = int(time.time()) if at is None else at
    date = time.strftime("%Y-%m-%d", time.gmtime(at))
    canonical = "POST\n/\n\ncontent-type:%s\nhost:%s\n\ncontent-type;host\n%s" % (
        kind, host, hashlib.sha256(payload or body).hexdigest())
    plain = "TC3-HMAC-SHA256\n%d\n%s/%s/tc3_request\n%s" % (
        at, date, service, hashlib.sha256(canonical.encode()).hexdigest())
    signing = mac(mac(mac(("TC3" + key).encode(), date), service), "tc3_request")
    headers = {
        "Host": host, "Content-Type": kind, "X-TC-Action": action, "X-TC-Version": version,
        "X-TC-Timestamp": str(at), "X-TC-Region": region,
        "Authorization": "TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, "
        "SignedHeaders=content-type;host, Signature=%s" % (key_id, date, service, mac(signing, plain).hex())}
    return {k: v for k, v in headers.items() if v is not None}


def baidu_headers(path, query, host, at=None, secret=ACCESS_SECRET, access=ACCESS_KEY):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() if at is None else at))
    prefix = "bce-auth-v1/%s/%s/1800" % (access, stamp)
    canonical = "POST\n%s\n%s\nhost:%s\nx-bce-date:%s" % (
        path, query, urllib.parse.quote(host, safe=""), urllib.parse.quote(stamp, safe=""))
    key = mac(secret.encode(), prefix).hex().encode()
    return {"Host": host, "Content-Type": "application/json", "x-bce-date": stamp,
            "Authorization": "%s/host;x-bce-date/%s" % (prefix, mac(key, canonical).hex())}


class Emulator:
    def __init__(self, *options):
        self.dir = tempfile.TemporaryDirectory()
        self.ready = self.dir.name + "/ready"
        self.log_file = self.dir.name + "/log"
        self.process = subprocess.Popen([EMULATOR, "--ready", self.ready, "--log", self.log_file,
                                         *options])
        deadline = time.time() + 30
        while not os.path.exists(self.ready):
            if self.process.poll() is not None or time.time() > deadline:
                raise SystemExit("the emulator does not start")
            time.sleep(0.02)
        with open(self.ready) as lines:
            self.port = {k: int(v) for k, v in (line.strip().split("=") for line in lines)}
        self.host = "127.0.0.1:%d" % self.port["http"]

    def control(self, verb, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port["control"], timeout=20)
        connection.request("GET" if body is None else "POST", "/" + verb,
                           None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in b"[{" else text

    def raw_control(self, verb, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port["control"], timeout=20)
        connection.request("POST", "/" + verb, text)
        return connection.getresponse().status

    def send(self, headers, body, target="/", timeout=20, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port["http"], timeout=timeout)
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def tione(self, action, body=None, timeout=20, extra=(), **how):
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        headers = tencent_headers(data, action, self.host, **how)
        headers.update(extra)
        status, headers, text = self.send(headers, data, timeout=timeout)
        return json.loads(text)["Response"] if text[:1] == b"{" else text

    def qianfan(self, path, action, body=None, **how):
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        query = "Action=" + action if action else ""
        headers = baidu_headers(path, query, self.host, **how)
        status, headers, text = self.send(headers, data, path + ("?" + query if query else ""))
        return status, headers, json.loads(text) if text else None

    def plan(self, action="*", **arguments):
        assert self.control("plan", {"action": action, **arguments})[0] == 200, arguments

    def close(self):
        self.control("quit", {})
        code = self.process.wait(20)
        self.dir.cleanup()
        return code


def code(answer):
    return answer.get("Error", {}).get("Code", "ok") if isinstance(answer, dict) else answer


def same(got, wanted):
    assert got == wanted, "%r, not %r" % (got, wanted)


def fixture(name):
    with open(FIXTURES + name) as text:
        return json.load(text)


def ordered(value):
    return json.dumps(value, ensure_ascii=False)


# ---- strictness

def test_seeds(e):
    same(ordered(e.tione("DescribeTrainingTask", {"Id": TASK})["TrainingTaskDetail"]),
         ordered(fixture("seed_tione_DescribeTrainingTask.response.json")["Response"]
                 ["TrainingTaskDetail"]))
    nb = fixture("seed_tione_DescribeNotebook.response.json")["Response"]
    got = e.tione("DescribeNotebook", {"Id": "nb-1188508294472113920"})
    same(ordered(got["NotebookDetail"]), ordered(nb["NotebookDetail"]))
    same(list(got), list(nb))
    versions = fixture("seed_tione_DescribeTrainingModelVersions.response.json")["Response"]
    got = e.tione("DescribeTrainingModelVersions", {"TrainingModelId": "m-608587242317024640"})
    same(ordered(got["TrainingModelVersions"]), ordered(versions["TrainingModelVersions"]))
    run = fixture("seed_qianfan_v1_jobDetail.response.json")
    status, _, got = e.qianfan("/wenxinworkshop/finetune/jobDetail", "", {"taskId": 1, "jobId": 1})
    same((status, ordered(got["result"])), (200, ordered(run["result"])))


def test_tencent_refuses(e):
    now = int(time.time())
    for wanted, how in {
        "AuthFailure.SignatureFailure": {"key": SECRET_KEY + "x"},
        "AuthFailure.SecretIdNotFound": {"key_id": SECRET_ID + "x"},
        "AuthFailure.SignatureExpire": {"at": now - 310},
        "NoSuchVersion": {"version": "2020-01-01"},
        "UnsupportedRegion": {"region": "ap-moon"},
        "MissingParameter": {"region": None},
        "InvalidParameter": {"kind": "text/plain"},
    }.items():
        same(code(e.tione("DescribeTrainingTasks", {}, **how)), wanted)
    same(code(e.tione("DescribeTrainingTasks", {}, at=now + 295)), "ok")
    same(code(e.tione("DescribeNothing", {})), "InvalidAction")
    same(code(e.tione("DescribeTrainingModels", {})), "InvalidAction")
    same(code(e.tione("DescribeTrainingTasks", {}, extra={"Host": "example.com"})), "NoSuchProduct")
    same(code(e.tione("DescribeTrainingTasks", {}, extra={"X-TC-Timestamp": "now"})),
         "InvalidParameter")
    same(code(e.tione("DescribeTrainingTasks", {}, extra={"Authorization": "x"})),
         "AuthFailure.InvalidAuthorization")
    for body, wanted in [
        (b"", "InvalidParameter"), (b"[]", "InvalidParameter"), (b"{", "InvalidParameter"),
        (b'{"Limit":50}', "ok"), (b'{"Limit":51}', "InvalidParameterValue"),
        (b'{"Limit":0}', "InvalidParameterValue"), (b'{"Limit":-1}', "InvalidParameterValue"),
        (b'{"Limit":"5"}', "InvalidParameter"), (b'{"Limit":5.0}', "InvalidParameter"),
        (b'{"Offset":-1}', "InvalidParameterValue"), (b'{"limit":5}', "UnknownParameter"),
        (b'{"Order":"desc"}', "InvalidParameterValue"),
        (b'{"OrderField":"Name"}', "InvalidParameterValue"),
        (b'{"Filters":{}}', "InvalidParameter"),
        (b'{"Filters":[{"Name":"Nope","Values":["x"]}]}', "InvalidParameterValue.InvalidFilter"),
        (b'{"Filters":[{"Name":"Status","Values":["RUNNING"]},{"Name":"CHARGE_STATUS","Values":'
         b'["BILLING"]}]}', "InvalidParameter.FilterKeyStatusConflictWithChargeStatus"),
        (b'{"Filters":[{"Name":"Status","Values":"RUNNING"}]}', "InvalidParameter"),
    ]:
        same((body, code(e.tione("DescribeTrainingTasks", body))), (body, wanted))
    same(code(e.tione("DescribeTrainingTask", {})), "MissingParameter")
    same(code(e.tione("DescribeTrainingTask", {"Id": 5})), "InvalidParameter")
    same(code(e.tione("DescribeTrainingTask", {"Id": "train-9"})), "ResourceNotFound")
    same(code(e.tione("DescribeNotebook", {"Id": "nb-9"})), "ResourceNotFound")
    same(code(e.tione("DescribeTrainingModelVersions", {"TrainingModelId": "m-9"})),
         "ResourceNotFound.NoModel")
    same(code(e.tione("DescribeTrainingModelVersion", {"TrainingModelVersionId": "mv-9"})),
         "ResourceNotFound.NoModel")


def test_signed_forms(e):
    unsigned = {"X-TC-Content-SHA256": "UNSIGNED-PAYLOAD"}
    same(code(e.tione("DescribeTrainingTasks", {}, payload=b"UNSIGNED-PAYLOAD", extra=unsigned)),
         "ok")
    same(code(e.tione("DescribeTrainingTasks", {}, payload=b"UNSIGNED-PAYLOAD")),
         "AuthFailure.SignatureFailure")
    for port in (":%d" % e.port["http"], ""):
        body = b"{}"
        headers = tencent_headers(body, "DescribeTrainingTasks", "[::1]" + port)
        s = http.client.HTTPConnection("::1", e.port["http"], timeout=5)
        s.request("POST", "/", body, headers)
        same(code(json.loads(s.getresponse().read())["Response"]), "ok")


def test_token(e):
    e.control("rotate", {"token": "right"})
    same(code(e.tione("DescribeTrainingTasks", {})), "AuthFailure.TokenFailure")
    same(code(e.tione("DescribeTrainingTasks", {}, extra={"X-TC-Token": "wrong"})),
         "AuthFailure.TokenFailure")
    same(code(e.tione("DescribeTrainingTasks", {}, extra={"X-TC-Token": "right"})), "ok")
    e.control("rotate", {"token": None})
    new = e.control("rotate", {})[1]
    same(code(e.tione("DescribeTrainingTasks", {})), "AuthFailure.SecretIdNotFound")
    same(code(e.tione("DescribeTrainingTasks", {}, key=new["secret_key"],
                      key_id=new["secret_id"])), "ok")
    e.control("rotate", {"secret_id": SECRET_ID, "secret_key": SECRET_KEY,
                         "access_key": ACCESS_KEY, "access_secret": ACCESS_SECRET})
    same(code(e.tione("DescribeTrainingTasks", {})), "ok")


STS = {"service": "sts", "version": "2018-08-13"}
ASSUME = {"RoleArn": "qcs::cam::uin/1:roleName/r", "RoleSessionName": "me", "DurationSeconds": 60}


def test_sts(e):
    """A role is given to the right key for the right words, and what it gives signs calls until it ends."""
    same(code(e.tione("AssumeRole", ASSUME, **STS)), "ResourceNotFound.RoleNotFound")
    e.control("keys", {"role_arn": ASSUME["RoleArn"], "base_only": True, "life": 60})
    same(code(e.tione("DescribeTrainingTasks", {})), "UnauthorizedOperation")
    for wanted, body, how in [
        ("AuthFailure.SignatureFailure", {}, {"service": "tione"}), ("NoSuchVersion", {}, {"version": "2021-11-11"}),
        ("AuthFailure.SecretIdNotFound", {}, {"key_id": "AKIDx"}), ("MissingParameter", {}, {"region": None}),
        ("AuthFailure.SignatureExpire", {}, {"at": 1000}), ("ResourceNotFound.RoleNotFound", {"RoleArn": "x"}, {}),
        ("InvalidParameter.ParamError", {"RoleSessionName": "a b"}, {}), ("UnknownParameter", {"Policies": "x"}, {}),
        ("InvalidParameter.ParamError", {"DurationSeconds": 43201}, {}), ("InvalidParameter", {"RoleArn": 5}, {}),
        ("UnknownParameter", {"ProviderId": "x"}, {}),
    ]:
        same((body, code(e.tione("AssumeRole", {**ASSUME, **body}, **{**STS, **how}))), (body, wanted))
    same(code(e.tione("AssumeRole", {"RoleArn": ASSUME["RoleArn"]}, **STS)), "MissingParameter")
    same(code(e.tione("AssumeRoleWithSAML", ASSUME, **STS)), "InvalidAction")
    answer = e.tione("AssumeRole", ASSUME, **STS)
    lent = answer["Credentials"]
    assert abs(answer["ExpiredTime"] - time.time() - 60) < 3

    def call(token=lent["Token"], **how):
        how = {"key": lent["TmpSecretKey"], "key_id": lent["TmpSecretId"], **how}
        return code(e.tione("DescribeTrainingTasks", {}, extra={"X-TC-Token": token} if token else (), **how))

    same([call(), call(token=None), call(token="x"), call(key="x")],
         ["ok", "AuthFailure.TokenFailure", "AuthFailure.TokenFailure", "AuthFailure.SignatureFailure"])
    e.control("keys", {"revoke": True})
    same(call(), "AuthFailure.TokenFailure")
    e.control("keys", {"role_arn": None, "base_only": False, "life": 7200})


def test_web_identity(e):
    e.control("keys", {"provider": "cls-1", "identity": "vouched", "identity_role": "qcs::r"})
    body = {"ProviderId": "cls-1", "WebIdentityToken": "vouched", "RoleArn": "qcs::r", "RoleSessionName": "describefs"}

    def ask(authorization="SKIP", **members):
        return e.tione("AssumeRoleWithWebIdentity", {**body, **members}, extra={"Authorization": authorization}, **STS)

    same(code(ask()), "ok")
    same(code(ask(authorization="skip")), "AuthFailure.InvalidAuthorization")
    same(code(e.tione("AssumeRoleWithWebIdentity", body, **STS)), "AuthFailure.InvalidAuthorization")
    same(code(ask(WebIdentityToken="x")), "InvalidParameter.WebIdentityTokenError")
    same(code(ask(ProviderId="x")), "InvalidParameter.ParamError")
    same(code(ask(RoleArn="x")), "ResourceNotFound.RoleNotFound")
    e.control("keys", {"provider": None, "identity": None, "identity_role": None})


def test_metadata(e):
    path = "/latest/meta-data/cam/security-credentials/"

    def get(target, method="GET", **headers):
        status, _, text = e.send({"Host": e.host, **headers}, None, target, method=method)
        return status, text

    same(get(path)[0], 404)
    e.control("keys", {"machine_role": "my-role", "life": 60})
    same(get(path), (200, b"my-role"))
    same([get(path + "other")[0], get(path[:-1])[0], get("/latest/meta-data/")[0], get(path, method="POST")[0],
          get(path, Authorization="x")[0], get(path, Host="example.com")[0]], [404, 404, 404, 400, 400, 400])
    status, text = get(path + "my-role")
    lent = json.loads(text)
    same((status, lent["Code"], sorted(lent)), (200, "Success", ["Code", "Expiration", "ExpiredTime", "TmpSecretId",
                                                                "TmpSecretKey", "Token"]))
    same(json.loads(get(path + "my-role")[1]), lent)  # the same until near its end
    same(code(e.tione("DescribeTrainingTasks", {}, key=lent["TmpSecretKey"], key_id=lent["TmpSecretId"],
                      extra={"X-TC-Token": lent["Token"]})), "ok")
    e.control("keys", {"machine_code": "Failed"})
    same(json.loads(get(path + "my-role")[1]), {"Code": "Failed"})
    e.control("keys", {"machine_role": None, "machine_code": None, "life": 7200})


def test_baidu_refuses(e):
    path, v1 = "/v2/finetuning", "/wenxinworkshop/finetune/jobDetail"
    status, headers, body = e.qianfan(path, "DescribeFineTuningJobs", secret="x")
    same((status, body, headers["X-Bce-Error-Code"]), (403, None, "IamSignatureInvalid"))
    status, headers, body = e.qianfan(path, "DescribeFineTuningJobs", at=time.time() - 1900)
    same((status, body["code"]), (400, "RequestExpired"))
    status, headers, body = e.qianfan(path, "DescribeFineTuningJobs", at=time.time() + 1900)
    same((status, body["code"]), (400, "RequestExpired"))
    for action, data, wanted in [
        ("DescribeFineTuningJobs", b"{", (400, "MalformedJSON")),
        ("DescribeFineTuningJobs", b'{"maxKeys":"5"}', (400, "InappropriateJSON")),
        ("DescribeFineTuningJobs", b'{"maxKeys":0}', (400, "InappropriateJSON")),
        ("DescribeFineTuningJobs", b'{"marker":"job-x"}', (400, "InappropriateJSON")),
        ("DescribeFineTuningTasks", b"{}", (400, "InappropriateJSON")),
        ("DescribeFineTuningTasks", b'{"jobId":"job-x"}', (404, "NoSuchObject")),
        ("DescribeFineTuningTask", b'{"taskId":"task-x"}', (404, "NoSuchObject")),
        ("DescribeFineTuningJob", b"{}", (400, "InvalidURI")),
    ]:
        status, _, body = e.qianfan(path, action, data)
        same((action, data, status, body["code"]), (action, data) + wanted)
    for data, wanted in [
        (b'{"taskId":"1","jobId":"1"}', 500001), (b'{"taskId":1}', 500001),
        (b'{"taskId":1,"jobId":99}', 510301), (b'{"taskId":99,"jobId":1}', 510202),
    ]:
        status, _, body = e.qianfan(v1, "", data)
        same((data, status, body["error_code"]), (data, 200, wanted))
    found = e.qianfan("/v2/model", "DescribeModelSet", {"modelSetName": "rank1"})[2]["result"]
    same(found["modelSetId"], "am-ours00000001")
    same(e.qianfan("/v2/model", "DescribeModel", {"modelId": "amv-ours00000001"})[0], 200)


# ---- lists

def test_pages(e):
    for field in ("UpdateTime", "CreateTime", "StartTime"):
        for order in ("ASC", "DESC"):
            seen, offset = [], 0
            while True:
                page = e.tione("DescribeTrainingTasks", {"Offset": offset, "Limit": 50,
                                                         "Order": order, "OrderField": field})
                seen += page["TrainingTaskSet"]
                offset += 50
                if offset >= page["TotalCount"]:
                    break
            same((len(seen), len({t["Id"] for t in seen})), (131, 131))
            times = [t[field] for t in seen]
            same(times, sorted(times, reverse=order == "DESC"))
    detail = e.tione("DescribeTrainingTask", {"Id": seen[3]["Id"]})["TrainingTaskDetail"]
    only_list = {"AppId", "Envs", "LatestOperatorInfo"}
    same({k: v for k, v in seen[3].items() if k not in only_list},
         {k: detail[k] for k in seen[3] if k not in only_list})
    assert only_list <= set(seen[3]) and "StartCmdInfo" in detail and "StartCmdInfo" not in seen[3]
    assert 1500 < len(json.dumps(detail)) < 4000


def test_filters(e):
    def ids(**body):
        page = e.tione("DescribeTrainingTasks", {"Limit": 50, **body})
        return [t["Id"] for t in page["TrainingTaskSet"]]

    same(ids(Filters=[{"Name": "Id", "Values": [TASK]}]), [TASK])
    same(ids(Filters=[{"Name": "Name", "Values": ["initCommand_te"]}]), [])
    same(ids(Filters=[{"Name": "Name", "Values": ["initCommand_te"], "Fuzzy": True}]), [TASK])
    same(len(ids(Filters=[{"Name": "Status", "Values": ["FAILED", "PENDING"]}])), 26)
    total = e.tione("DescribeTrainingTasks", {"Filters": [
        {"Name": "Status", "Values": ["FAILED"], "Negative": True}]})["TotalCount"]
    same(total, 131 - 13)
    same(len(ids(TagFilters=[{"TagKey": "team", "TagValues": ["alpha"]}])), 44)


def test_markers(e):
    for reverse in (False, True):
        marker, seen = "", []
        while True:
            _, _, answer = e.qianfan("/v2/finetuning", "DescribeFineTuningJobs",
                                     {"marker": marker, "maxKeys": 7, "pageReverse": reverse})
            seen += [j["jobId"] for j in answer["result"]["jobList"]]
            info = answer["result"]["pageInfo"]
            same((info["marker"], info["maxKeys"]), (marker, 7))
            if not info["isTruncated"]:
                assert "nextMarker" not in info
                break
            marker = info["nextMarker"]
        same((len(seen), len(set(seen))), (24, 24))
    info = e.qianfan("/v2/finetuning", "DescribeFineTuningTasks",
                     {"jobId": "job-syn000000003", "maxKeys": 1000})[2]["result"]
    same((info["pageInfo"]["maxKeys"], len(info["taskList"])), (100, 6))
    assert all("vdlLink" not in t and t["jobId"] == "job-syn000000003" for t in info["taskList"])


def test_harvest(e):
    groups = e.tione("DescribeModelServiceGroups", {"Limit": 100})["ServiceGroups"]
    models = {s["ServiceInfo"]["ModelInfo"]["ModelId"] for g in groups for s in g["Services"]
              if s["ServiceInfo"]["ModelInfo"]}
    for model in models:
        versions = e.tione("DescribeTrainingModelVersions", {"TrainingModelId": model})
        assert versions["TrainingModelVersions"]
    assert "m-608587242317024640" in models and len(models) == 2 + 2
    e.control("models-list", {"on": True})
    listed = e.tione("DescribeTrainingModels", {"Limit": 100, "WithModelVersions": True})
    same((listed["TotalCount"], len(listed["TrainingModels"][0]["TrainingModelVersions"])),
         (7, 3))
    e.control("models-list", {"on": False})


# ---- control

def test_set_put_remove(e):
    def detail():
        return e.tione("DescribeTrainingTask", {"Id": "train-1"})

    raw = ('{"Id":"train-1","Status":"RUNNING","N":0.10,"Big":12345678901234567890,"E":1e3, '
           '"Odd" : "\\u00e9"}')
    same(e.control("put", {"cloud": "tione", "kind": "training", "raw": raw})[0], 200)
    body = json.dumps({"Id": "train-1"}).encode()
    text = e.send(tencent_headers(body, "DescribeTrainingTask", e.host), body)[2].decode()
    assert raw in text, text
    same(e.raw_control("set", '{"cloud":"tione","kind":"training","id":"train-1","members":'
                       '{"Status":"FAILED","M":1.50e2,"Envs":[{"Name":"A","Value":"B"}]},'
                       '"delete":["E"]}'), 200)
    text = e.send(tencent_headers(body, "DescribeTrainingTask", e.host), body)[2].decode()
    assert '"Status":"FAILED"' in text and '"M":1.50e2' in text and '"E":' not in text, text
    assert '"N":0.10' in text and "12345678901234567890" in text and "Envs" not in text, text
    only = {"Filters": [{"Name": "Id", "Values": ["train-1"]}]}
    item = e.tione("DescribeTrainingTasks", only)["TrainingTaskSet"][0]
    same((item["Status"], item["Envs"]), ("FAILED", [{"Name": "A", "Value": "B"}]))
    same(e.control("state?kind=training&id=train-1")[1]["Status"], "FAILED")
    same(e.control("remove", {"cloud": "tione", "kind": "training", "id": "train-1"})[0], 200)
    same(code(detail()), "ResourceNotFound")
    same(e.control("set", {"kind": "training", "id": "train-1", "members": {}})[0], 404)
    same(e.control("set", {"kind": "nothing", "id": "train-1"})[0], 400)
    synthetic = "train-1330000000000000003"
    e.control("set", {"kind": "training", "id": synthetic,
                      "members": {"UpdateTime": "2026-01-01T00:00:00+08"}})
    same(e.tione("DescribeTrainingTasks", {"Limit": 1})["TrainingTaskSet"][0]["Id"], synthetic)
    e.control("put", {"kind": "v1", "object": {"id": 7, "taskId": 8, "trainStatus": "RUNNING"}})
    run = e.qianfan("/wenxinworkshop/finetune/jobDetail", "", {"taskId": 8, "jobId": 7})[2]
    same(run["result"]["id"], 7)


def test_counts_and_log(e):
    e.control("reset", {})
    since = e.control("counts")[1]["last"]
    for _ in range(3):
        e.tione("DescribeTrainingTask", {"Id": TASK})
    e.tione("DescribeTrainingTask", {"Id": "train-9"})
    counts = e.control("counts")[1]
    four = {"DescribeTrainingTask": 4}
    same((counts["total"], counts["by_action"], counts["max_in_1s"]), (4, four, four))
    same(counts["by_verdict"], {"ok": 3, "ResourceNotFound": 1})
    lines = e.control("log?since=%d" % (since + 3))[1]
    same(len(lines), 1)
    line = lines[0]
    same((line["verdict"], line["id"], line["body"], line["signed_ok"], line["n"]),
         ("ResourceNotFound", "train-9", {"Id": "train-9"}, True, since + 4))
    with open(e.log_file) as log:
        text = log.read()
    assert SECRET_KEY not in text and ACCESS_SECRET not in text and "Signature=" not in text
    assert all(json.loads(line) for line in text.splitlines())


def while_stopped(e, calls, pause=0):
    """What these calls are answered; they arrive, `pause` apart, while the emulator does not run."""
    answers = [None] * len(calls)

    def send(i):
        answers[i] = calls[i]()
    senders = [threading.Thread(target=send, args=(i,)) for i in range(len(calls))]
    os.kill(e.process.pid, signal.SIGSTOP)
    try:
        for sender in senders:
            sender.start()
            time.sleep(pause)
        time.sleep(0.2)
    finally:
        os.kill(e.process.pid, signal.SIGCONT)
    for sender in senders:
        sender.join()
    return answers


def test_rate(e):
    e.control("rate", {"per_second": 5})
    codes = while_stopped(e, [lambda: code(e.tione("DescribeNotebooks", {}))] * 8)
    same(sorted(codes), ["RequestLimitExceeded"] * 3 + ["ok"] * 5)
    same(code(e.tione("DescribeTrainingTasks", {})), "ok")  # another action
    time.sleep(1.05)
    same(code(e.tione("DescribeNotebooks", {})), "ok")
    path, v1 = "/v2/finetuning", "/wenxinworkshop/finetune/jobDetail"
    answers = while_stopped(e, [lambda: e.qianfan(path, "DescribeFineTuningJobs")[0]] * 6)
    same(sorted(answers), [200] * 5 + [429])
    answers = while_stopped(e, [lambda: e.qianfan(v1, "", {"taskId": 1, "jobId": 1})] * 6)
    same(sorted((answer[0], answer[2].get("error_code", 0)) for answer in answers), [(200, 0)] * 5 + [(200, 18)])
    e.control("rate", {"per_second": 0})


def test_a_call_counts_from_when_it_arrived(e):
    """An emulator that a busy machine keeps from running reads many calls at once: they were not sent at once."""
    e.control("reset", {})
    e.control("rate", {"per_second": 2})
    codes = while_stopped(e, [lambda: code(e.tione("DescribeNotebooks", {}))] * 4, pause=0.6)
    same((codes, e.control("counts")[1]["max_in_1s"]["DescribeNotebooks"]), (["ok"] * 4, 2))
    e.control("rate", {"per_second": 0})


def test_clock(e):
    e.control("clock", {"offset": 3600})
    body = b"{}"
    status, headers, text = e.send(tencent_headers(body, "DescribeTrainingTasks", e.host), body)
    same(json.loads(text)["Response"]["Error"]["Code"], "AuthFailure.SignatureExpire")
    at = time.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")
    assert abs(calendar.timegm(at) - time.time() - 3600) < 3, headers["Date"]
    same(code(e.tione("DescribeTrainingTasks", {}, at=int(time.time()) + 3600)), "ok")
    e.control("clock", {"offset": 0})


# ---- faults

def detail_bytes(e, timeout=20, tls=False):
    """Sends one call by hand and returns every byte until the end (or the exception)."""
    body = json.dumps({"Id": TASK}).encode()
    port = e.port["tls" if tls else "http"]
    host = "127.0.0.1:%d" % port
    headers = tencent_headers(body, "DescribeTrainingTask", host)
    lines = ["POST / HTTP/1.1"] + ["%s: %s" % h for h in headers.items()]
    lines += ["Content-Length: %d" % len(body), "Connection: close"]
    s = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    if tls:
        s = ssl.create_default_context(cafile=e.certs + "/ca.pem").wrap_socket(
            s, server_hostname="localhost", suppress_ragged_eofs=False)
    s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    got = b""
    try:
        while True:
            block = s.recv(65536)
            if not block:
                return got, "fin"
            got += block
    except ConnectionResetError:
        return got, "rst"
    except ssl.SSLEOFError:  # no goodbye
        return got, "cut"
    except socket.timeout:
        return got, "timeout"
    finally:
        s.close()


def test_plan_selection(e):
    e.plan("DescribeTrainingTask", id=TASK, **{"from": 2}, count=2, do="error",
           code="InternalError")
    codes = [code(e.tione("DescribeTrainingTask", {"Id": i}))
             for i in (TASK, "train-9", TASK, TASK, TASK)]
    same(codes, ["ok", "ResourceNotFound", "InternalError", "InternalError", "ok"])
    e.plan("*", count=-1, do="error", code="ResourceUnavailable")
    same(code(e.tione("DescribeNotebooks", {})), "ResourceUnavailable")
    status, _, body = e.qianfan("/v2/finetuning", "DescribeFineTuningJobs")
    same((status, body["code"]), (400, "ResourceUnavailable"))
    e.control("plan/clear", {})
    same(code(e.tione("DescribeNotebooks", {})), "ok")
    e.plan("jobDetail", do="error", code=336100, message="busy")
    status, _, body = e.qianfan("/wenxinworkshop/finetune/jobDetail", "", {"taskId": 1, "jobId": 1})
    same((status, body), (200, {"error_code": 336100, "error_msg": "busy"}))
    same(e.control("plan", {"do": "nonsense"})[0], 400)
    e.plan("DescribeNotebooks", count=-1, percent=30, do="http", status=503)
    bad = sum(not isinstance(e.tione("DescribeNotebooks", {}), dict) for _ in range(200))
    assert 30 < bad < 90, bad
    e.control("plan/clear", {})


def test_http_faults(e):
    body = json.dumps({"Id": TASK}).encode()

    def call():
        return e.send(tencent_headers(body, "DescribeTrainingTask", e.host), body)

    e.plan(do="http", status=503, body="<html>",
           headers={"Retry-After": "2", "Content-Type": "text/html"})
    status, headers, text = call()
    same((status, headers["Retry-After"], headers["Content-Type"], text),
         (503, "2", "text/html", b"<html>"))
    e.plan(do="body", base64=base64.b64encode(b"\x00\xff{").decode())
    same(call()[::2], (200, b"\x00\xff{"))
    e.plan(do="body", body={"Response": {}})
    same(json.loads(call()[2]), {"Response": {}})
    e.plan(do="redirect", status=307, location="http://127.0.0.1:1/")
    status, headers, _ = call()
    same((status, headers["Location"]), (307, "http://127.0.0.1:1/"))
    e.plan(do="date_offset", seconds=-86400)
    at = calendar.timegm(time.strptime(call()[1]["Date"], "%a, %d %b %Y %H:%M:%S GMT"))
    assert abs(at - time.time() + 86400) < 3
    e.plan(do="date_offset", date="yesterday")
    same(call()[1]["Date"], "yesterday")
    e.plan(do="date_offset", date="")
    same(call()[1]["Date"], None)
    e.plan(do="delay", ms=300)
    start = time.time()
    same(call()[0], 200)
    assert 0.3 <= time.time() - start < 1, time.time() - start


def test_byte_faults(e):
    whole, how = detail_bytes(e)
    same(how, "fin")
    for cut in (0, 1, 100, 1500):
        e.plan(do="reset", bytes=cut)
        got, how = detail_bytes(e)
        same((how, len(got) <= cut), ("rst", True))
        e.plan(do="close_early", bytes=cut)
        got, how = detail_bytes(e)
        same((how, len(got)), ("fin", cut))
        e.plan(do="stall", bytes=cut)
        got, how = detail_bytes(e, timeout=0.3)
        same((how, len(got)), ("timeout", cut))
    e.plan(do="half_open")
    same(detail_bytes(e, timeout=0.3), (b"", "timeout"))
    e.plan(do="stall", bytes=500, ms=300)
    start = time.time()
    got, how = detail_bytes(e)
    assert how == "fin" and b'"CodeRepos"' in got and time.time() - start > 0.3
    e.plan(do="slice", bytes=1, us=0)
    got, how = detail_bytes(e)
    assert how == "fin" and got.endswith(b"}}")
    e.plan(do="bandwidth", bytes=4000)
    start = time.time()
    got, how = detail_bytes(e)
    assert how == "fin" and got.endswith(b"}}") and 0.3 < time.time() - start < 3
    for length in (5, 999999, "-1", "abc", "12, 13"):
        e.plan(do="wrong_length", length=length)
        got, how = detail_bytes(e)
        assert how == "fin" and b"Content-Length: %s\r\n" % str(length).encode() in got, got[:300]
    for mode in ("chunked", "length", "close"):
        e.plan(do="endless", mode=mode, bytes=20000000)
        got, how = detail_bytes(e)
        same((how, len(got)), ("fin", 20000000))
    e.plan(do="raw", body="HTTP/0.9 what\n\n")
    same(detail_bytes(e), (b"HTTP/0.9 what\n\n", "fin"))
    same(code(e.tione("DescribeTrainingTask", {"Id": TASK})), "ok")
    same(e.control("counts")[1]["in_flight"], 0)


def test_byte_faults_over_tls(e):
    whole, how = detail_bytes(e, tls=True)
    assert how in ("fin", "cut") and whole.endswith(b"}}"), how  # the library's own end
    for cut in (1, 100, 1500):
        e.plan(do="reset", bytes=cut)
        got, how = detail_bytes(e, tls=True)
        assert how in ("rst", "cut") and len(got) <= cut, (how, len(got))
        e.plan(do="close_early", bytes=cut)
        got, how = detail_bytes(e, tls=True)
        same((how, len(got)), ("cut", cut))
        e.plan(do="stall", bytes=cut)
        got, how = detail_bytes(e, timeout=0.3, tls=True)
        same((how, len(got)), ("timeout", cut))
    for how in ({"do": "slice", "bytes": 1, "us": 0}, {"do": "bandwidth", "bytes": 40000},
                {"do": "stall", "bytes": 500, "ms": 200}, {"do": "wrong_length", "length": 5}):
        e.plan(**how)
        got, end = detail_bytes(e, tls=True)
        assert end == "fin" and got.endswith(b"}}"), (how, end, len(got))
    e.plan(do="endless", mode="close", bytes=20000000)
    got, how = detail_bytes(e, tls=True)
    same((how, len(got)), ("fin", 20000000))
    e.plan(do="raw", body="what\n")
    same(detail_bytes(e, tls=True), (b"what\n", "fin"))


def test_framings_and_heads(e):
    whole, _ = detail_bytes(e)
    body = whole.split(b"\r\n\r\n", 1)[1]
    e.plan(do="close_early", bytes=10000, framing="close")
    head, got = detail_bytes(e)[0].split(b"\r\n\r\n", 1)
    assert b"Content-Length" not in head and len(got) == len(body)
    e.plan(do="close_early", bytes=10000, framing="chunked")
    head, got = detail_bytes(e)[0].split(b"\r\n\r\n", 1)
    assert b"Transfer-Encoding: chunked" in head and got.endswith(b"\r\n0\r\n\r\n")
    same(sum(len(piece) for piece in got.split(b"\r\n")[1::2]), len(body))
    for mode, wanted in (("header", 2), ("line", 2), ("continue", 1000)):
        e.plan(do="endless", mode=mode, bytes=100000)
        got, how = detail_bytes(e)
        same((len(got), b"\r\n\r\n" in got[30:]), (100000, mode == "continue"))
        assert got.count(b"HTTP/1.1 ") >= wanted, mode


def test_gzip(e):
    body = json.dumps({"Id": TASK}).encode()

    def call():
        return e.send(tencent_headers(body, "DescribeTrainingTask", e.host), body)[1:]

    e.plan(do="gzip")
    headers, text = call()
    same(headers["Content-Encoding"], "gzip")
    same(json.loads(gzip.decompress(text))["Response"]["TrainingTaskDetail"]["Id"], TASK)
    e.plan(do="gzip", bytes=10000000, times=2, coding="br")
    headers, text = call()
    same(headers["Content-Encoding"], "br")
    assert len(text) < 1000 and len(gzip.decompress(gzip.decompress(text))) > 10000000


def test_reused(e):
    body = b"{}"
    e.plan(count=-1, do="error", code="InternalError", reused=True)
    for _ in range(2):
        s = http.client.HTTPConnection("127.0.0.1", e.port["http"], timeout=5)
        codes = []
        for _ in range(3):
            s.request("POST", "/", body, tencent_headers(body, "DescribeNotebooks", e.host))
            codes.append(code(json.loads(s.getresponse().read())["Response"]))
        same(codes, ["ok", "InternalError", "InternalError"])
        s.close()
    e.control("plan/clear", {})


def test_cert(e):
    """Connections that stand keep what they have; new ones see the new certificate."""
    context = ssl.create_default_context(cafile=e.certs + "/ca.pem")
    headers = tencent_headers(b"{}", "DescribeNotebooks", "127.0.0.1:%d" % e.port["tls"])
    old = http.client.HTTPSConnection("127.0.0.1", e.port["tls"], timeout=5, context=context)
    new = http.client.HTTPSConnection("127.0.0.1", e.port["tls"], timeout=5, context=context)
    for name in ("expired", "server"):
        old.request("POST", "/", b"{}", headers)
        same(old.getresponse().read()[:12], b'{"Response":')
        same(e.control("cert", {"cert": "%s/%s.pem" % (e.certs, name), "key": "%s/%s.key" % (e.certs, name)})[0], 200)
        try:
            new.request("POST", "/", b"{}", headers)
            same((name, new.getresponse().read()[:12]), ("server", b'{"Response":'))
        except ssl.SSLCertVerificationError as error:
            assert name == "expired" and "expired" in str(error), error
        new.close()
    same(e.control("cert", {"cert": "nowhere", "key": "nowhere"})[0], 400)
    old.close()


def test_drop(e):
    for how in ("fin", "rst"):
        s = http.client.HTTPConnection("127.0.0.1", e.port["http"], timeout=5)
        body = b"{}"
        for _ in range(2):
            s.request("POST", "/", body, tencent_headers(body, "DescribeTrainingTasks", e.host))
            same(s.getresponse().read()[:12], b'{"Response":')
        e.control("drop", {"how": how})
        try:
            same((how, s.sock.recv(10)), ("fin", b""))
        except ConnectionResetError:
            same(how, "rst")
    time.sleep(0.05)
    same(e.control("counts")[1]["open_connections"], 0)


def test_hostile_ids(e):
    ids = ["/", "a/b", ".", "..", " ", "\n\x1b[2J", "\u202e", "a\0b", "a\0c", "x" * 70000, "%41",
           "😀", '"', "\\"]
    for i in ids:
        same(e.control("put", {"kind": "training", "object": {"Id": i, "Name": "hostile",
                                                              "CreateTime": ""}})[0], 200)
    for i in ids:
        same(e.tione("DescribeTrainingTask", {"Id": i})["TrainingTaskDetail"]["Id"], i)
    page = e.tione("DescribeTrainingTasks", {"Limit": 50, "Filters": [
        {"Name": "Name", "Values": ["hostile"]}]})
    same({t["Id"] for t in page["TrainingTaskSet"]}, set(ids))
    for i in ids:
        same(e.control("remove", {"kind": "training", "id": i})[0], 200)
    same(e.control("counts")[0], 200)


def test_page_faults(e):
    e.plan(do="total_lies", delta=1000)
    same(e.tione("DescribeTrainingTasks", {})["TotalCount"], 1131)
    e.plan(do="total_lies", total=0)
    same(e.tione("DescribeTrainingTasks", {})["TotalCount"], 0)
    e.plan(do="total_lies", text="[131]", n=7)
    page = e.tione("DescribeTrainingTasks", {})
    same((page["TotalCount"], len(page["TrainingTaskSet"])), ([131], 7))
    e.plan(do="total_lies", text="")
    same("TotalCount" in e.tione("DescribeTrainingTasks", {}), False)
    e.plan(do="limit_max", n=20, count=2)
    same(e.tione("DescribeTrainingTasks", {"Limit": 21})["Error"]["Code"], "InvalidParameterValue")
    same(len(e.tione("DescribeTrainingTasks", {"Limit": 20})["TrainingTaskSet"]), 20)
    first = e.tione("DescribeTrainingTasks", {"Limit": 50})["TrainingTaskSet"]
    e.plan(do="page_repeat_marker")
    same(e.tione("DescribeTrainingTasks", {"Limit": 50, "Offset": 50})["TrainingTaskSet"], first)
    e.plan(do="page_shift", n=-2)
    page = e.tione("DescribeTrainingTasks", {"Limit": 50, "Offset": 50})["TrainingTaskSet"]
    same(page[:2], first[-2:])
    e.plan(do="page_short", n=0)
    page = e.tione("DescribeTrainingTasks", {"Limit": 50})
    same((page["TrainingTaskSet"], page["TotalCount"]), ([], 131))
    e.plan(do="page_short", n=7)
    same(len(e.tione("DescribeTrainingTasks", {"Limit": 50})["TrainingTaskSet"]), 7)
    e.plan(do="page_repeat_marker")
    info = e.qianfan("/v2/finetuning", "DescribeFineTuningJobs",
                     {"marker": "job-syn000000003", "maxKeys": 2})[2]["result"]["pageInfo"]
    same((info["isTruncated"], info["nextMarker"]), (True, "job-syn000000003"))
    e.plan(do="total_lies", more='"true"', n=1)
    info = e.qianfan("/v2/finetuning", "DescribeFineTuningJobs", {})[2]["result"]["pageInfo"]
    same((info["isTruncated"], bool(info["nextMarker"])), ("true", True))
    e.plan(do="total_lies", more="", next="", n=1)
    info = e.qianfan("/v2/finetuning", "DescribeFineTuningJobs", {})[2]["result"]["pageInfo"]
    same(sorted(info), ["marker", "maxKeys"])
    e.plan(do="limit_max", n=20)
    same(e.qianfan("/v2/finetuning", "DescribeFineTuningJobs", {"maxKeys": 21})[0], 400)


def test_tls(e):
    context = ssl.create_default_context(cafile=e.certs + "/ca.pem")
    for name in ("localhost", "127.0.0.1", "tione.tencentcloudapi.com"):
        raw = socket.create_connection(("127.0.0.1", e.port["tls"]))
        with context.wrap_socket(raw, server_hostname=name) as s:
            body = b"{}"
            headers = tencent_headers(body, "DescribeTrainingTasks", name)
            s.sendall(("POST / HTTP/1.1\r\n" + "".join("%s: %s\r\n" % h for h in headers.items()) +
                       "Content-Length: 2\r\nConnection: close\r\n\r\n{}").encode())
            text = b""
            while block := s.recv(65536):
                text += block
            assert b'"TotalCount":131' in text, text[:400]
    for fault in ("reset", "close_early", "stall"):
        e.plan(do=fault)
        raw = socket.create_connection(("127.0.0.1", e.port["tls"]), timeout=0.5)
        with context.wrap_socket(raw, server_hostname="localhost") as s:
            headers = tencent_headers(b"{}", "DescribeTrainingTasks", "localhost")
            s.sendall(("POST / HTTP/1.1\r\n" + "".join("%s: %s\r\n" % h for h in headers.items()) +
                       "Content-Length: 2\r\n\r\n{}").encode())
            try:  # a reset of the socket under TLS is an end of file to this module
                same(s.recv(100), b"")
                assert fault != "stall"
            except socket.timeout:
                same(fault, "stall")


def test_serves(e):
    """Some calls at a time: the others stand in line."""
    e.control("latency", {"ms": 100, "serves": 2})
    threads = [threading.Thread(target=e.tione, args=("DescribeTrainingTask", {"Id": TASK})) for _ in range(8)]
    start = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.time() - start
    e.control("latency", {"ms": 0})
    assert took >= 0.4, took


def test_thousand(e):
    """1,000 calls at once, each delayed by 200 ms: they overlap."""
    e.control("latency", {"ms": 200})
    e.control("reset", {})
    body = json.dumps({"Id": TASK}).encode()
    headers = tencent_headers(body, "DescribeTrainingTask", e.host)
    text = ("POST / HTTP/1.1\r\n" + "".join("%s: %s\r\n" % h for h in headers.items()) +
            "Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)).encode() + body
    sel, left, start = selectors.DefaultSelector(), 1000, time.time()
    for _ in range(1000):
        s = socket.create_connection(("127.0.0.1", e.port["http"]))
        s.sendall(text)
        s.setblocking(False)
        sel.register(s, selectors.EVENT_READ, bytearray())
    while left and time.time() - start < 30:
        for key, _ in sel.select(1):
            block = key.fileobj.recv(65536)
            key.data.extend(block)
            if not block:
                assert b'"SUCCEED"' in key.data, key.data[:200]
                sel.unregister(key.fileobj)
                key.fileobj.close()
                left -= 1
    took = time.time() - start
    counts = e.control("counts")[1]
    e.control("latency", {"ms": 0})
    same((left, counts["total"], counts["open_connections"]), (0, 1000, 0))
    assert took < 6 and counts["max_concurrent"] > 100, (took, counts["max_concurrent"])
    print("     1,000 calls x 200 ms: %.2f s, %d at once" % (took, counts["max_concurrent"]))


def test_hundred_thousand(_):
    start = time.time()
    e = Emulator("--tasks", "100000", "--rate", "0")
    begun = time.time() - start
    e.tione("DescribeTrainingTasks", {"Limit": 50})
    start = time.time()
    for i in range(40):
        page = e.tione("DescribeTrainingTasks", {"Limit": 50, "Offset": i * 2500,
                                                 "OrderField": "CreateTime"})
        same((page["TotalCount"], len(page["TrainingTaskSet"])), (100001, 50))
    each = (time.time() - start) / 40 * 1000
    print("     100,000 tasks: ready in %.2f s, a page of 50 in %.1f ms" % (begun, each))
    assert each < 50
    same(e.close(), 0)


def main():
    certs = tempfile.TemporaryDirectory()
    subprocess.run(["tests/emulator/make-certs.sh", certs.name], check=True)
    e = Emulator("--rate", "0", "--tasks", "130", "--notebooks", "5", "--models", "4",
                 "--versions", "3", "--jobs", "20", "--v2tasks", "6", "--v1", "5",
                 "--tls-port", "0", "--cert", certs.name + "/server.pem",
                 "--key", certs.name + "/server.key")
    e.certs = certs.name
    passed = failed = 0
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    for name, function in sorted(tests, key=lambda t: t[0] == "test_set_put_remove"):
        try:
            function(e)
            passed += 1
            print("ok   " + name[5:])
        except Exception as error:  # every failure is reported, and the rest still runs
            failed += 1
            print("FAIL %s: %s: %s" % (name[5:], type(error).__name__, error))
            e.control("plan/clear", {})
    e.plan(do="stall")
    stalled = socket.create_connection(("127.0.0.1", e.port["http"]))
    body = b"{}"
    stalled.sendall(("POST / HTTP/1.1\r\n" + "".join("%s: %s\r\n" % h for h in tencent_headers(
        body, "DescribeTrainingTasks", e.host).items()) + "Content-Length: 2\r\n\r\n{}").encode())
    time.sleep(0.1)
    if e.close() != 0:  # with a call still hanging
        failed += 1
        print("FAIL the emulator did not end well")
    print("emulator selftest: %d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
