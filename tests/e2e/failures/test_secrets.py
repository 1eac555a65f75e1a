"""S: secrets and the sandbox: where a key may be (nowhere but in memory), and what the process may do (little)."""
import errno
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from net import Server
from harness import (APART, KEYS, NOTEBOOK, PLAIN, SANITIZED, SECRETS, TASK, cat_error, read, synthetic, text, wait_until)

STATUS = "training/%s/status" % TASK
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
KEY = KEYS["TENCENTCLOUD_SECRET_KEY"]
NO_KEYS = dict.fromkeys(KEYS)


# promise: 7
def test_S01_a_key_is_taken_from_nowhere_but_its_places_and_is_not_left_there(box, cloud):
    for word in ("secret_key", "secret-id", "key", "password", "token"):
        result = box.run("-o", "%s=canary-in-argv" % word, "tione", box.point())
        assert result.returncode == 2 and b"canary" not in result.stderr
    mount = box.mount("tione")
    assert mount.text(STATUS) == "SUCCEED"
    for name in ("environ", "cmdline", "stat", "status", "maps", "comm"):
        with open("/proc/%d/%s" % (mount.pid, name), "rb") as file:
            shown = file.read()
        assert not any(value.encode() in shown for value in KEYS.values()), name
    # the variable is there, with its value overwritten: unsetenv alone would leave it
    with open("/proc/%d/environ" % mount.pid, "rb") as file:
        assert b"HOME=" in file.read()


def as_nobody(path):
    return subprocess.run([*NOBODY, "dd", "if=" + path, "bs=1", "count=1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def test_S02_nobody_of_the_same_user_looks_inside(box, cloud):
    """A verb run as nobody, and nobody looking: not root, who may look at everything."""
    os.chmod(box.directory, 0o755)
    os.chmod(box.reports, 0o777)
    cloud.plan("half_open")
    verb = subprocess.Popen([*NOBODY, str(PLAIN), "cat", "-o", "deadline=20,endpoint=" + cloud.url, "tione", STATUS],
                            env=box.environment({"HOME": "/"}), stderr=subprocess.PIPE)
    try:
        wait_until(lambda: cloud.counts()["in_flight"] == 1)
        process = "/proc/%d/" % verb.pid
        for name in ("environ", "maps", "mem", "auxv"):
            result = as_nobody(process + name)
            assert result.returncode and b"denied" in result.stderr, name
        assert subprocess.run([*NOBODY, "ls", process + "fd"], stderr=subprocess.DEVNULL).returncode
        said = subprocess.run([*NOBODY, "gdb", "-batch", "-nx", "-p", str(verb.pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout \
            if os.path.exists("/usr/bin/gdb") else "Operation not permitted"
        assert "not permitted" in said
        with open(process + "limits") as limits:
            assert re.search(r"Max core file size +0 +0 ", limits.read())
    finally:
        verb.terminate()
        verb.communicate(timeout=10)


def test_S02_before_a_key_is_read(box, cloud):
    (box.home / ".tccli").mkdir()
    path = box.home / ".tccli/default.credential"
    path.write_text(json.dumps({"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEY}))
    path.chmod(0o600)
    log = box.directory / "key-strace"
    result = box.run("cat", "-o", "endpoint=" + cloud.url, "tione", STATUS, env=NO_KEYS, binary=PLAIN,
                     prefix=("strace", "-f", "-e", "trace=prctl,prlimit64,setrlimit,openat", "-o", log))
    assert result.stdout == b"SUCCEED\n"
    calls = log.read_text().splitlines()

    def first(pattern):
        return next(i for i, call in enumerate(calls) if re.search(pattern, call))

    assert first(r"PR_SET_DUMPABLE, (0|SUID_DUMP_DISABLE)") < first(r"default\.credential")
    assert first(r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}") < first(r"default\.credential")


def copies(pid, secret):
    """[(what the memory is, how often the secret is in it)]"""
    found = []
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            fields = line.split()
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if not fields[1].startswith("rw"):
                continue
            memory.seek(start)
            try:
                n = memory.read(end - start).count(secret)
            except OSError:
                continue
            if n:
                found.append((fields[5] if len(fields) > 5 else "memory", n))
    return found


# promise: 7
def test_S03_after_many_signatures_the_key_lies_where_it_is_kept(box):
    """The daemon has only the copies of the credential cache and the source: none on a stack, none for each signature."""
    box.emulator("--tasks", 200)
    mount = box.mount("tione", "rate=10000", "deadline=20", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    before = copies(mount.pid, KEY.encode())
    mount.sh("cat training/*/remark > /dev/null")
    after = copies(mount.pid, KEY.encode())
    assert sum(n for _, n in after) <= 3 and sum(n for _, n in after) <= sum(n for _, n in before), (before, after)
    assert not any("stack" in where for where, _ in after), after


def unlocked(pid, secrets):
    """The mappings in which one of these lies, without being locked ("lo") and left out of dumps ("dd")."""
    wrong, here, start, end = [], "", 0, 0
    with open("/proc/%d/smaps" % pid) as maps, open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                here, (start, end) = line.strip(), (int(part, 16) for part in line.split()[0].split("-"))
            if not line.startswith("VmFlags:") or " wr " not in line or {"lo", "dd"} <= set(line.split()):
                continue
            memory.seek(start)
            try:
                held = memory.read(end - start)
            except OSError:
                continue
            for name, secret in secrets.items():
                places = [at.start() for at in re.finditer(re.escape(secret.encode()), held)]
                wrong += ["%s in %s: %r" % (name, here, held[max(0, at - 40):at + 60]) for at in places]
    return wrong


TOKEN = "canary-token-" + "0123456789abcdef" * 8


@pytest.mark.parametrize("given", ["environment", "file", "machine"])
def test_S15_a_key_lies_in_memory_that_is_locked_and_dumped_nowhere(box, given):
    """After many successful and failed calls: libcurl's copies of the headers are overwritten too."""
    secrets, env = {"key": KEY, "token": TOKEN}, dict(NO_KEYS)
    options = ["rate=10000", "ttl=0", "deadline=20"]
    cloud = box.emulator("--tasks", 50, "--rate", 0, *(["--token", TOKEN] if given != "machine" else []))
    if given == "environment":
        env = {"TENCENTCLOUD_TOKEN": TOKEN}
    elif given == "file":
        path = box.home / ".tccli/default.credential"
        path.parent.mkdir()
        path.write_text(json.dumps({"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEY, "token": TOKEN}))
        path.chmod(0o600)
    else:
        box.secrets = secrets = ["canary-lent-"]
        cloud.control("keys", {"machine_role": "my-role"})
        secrets, options = {"a key that was given": "canary-lent-"}, [*options, "metadata=" + cloud.url]
    mount = box.mount("tione", *options, env=env, binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan(do="http", status=500, action="DescribeTrainingTask", count=3)
    mount.sh("cat training/*/remark > /dev/null; cat training/*/remark > /dev/null")
    assert set(cloud.counts()["by_verdict"]) >= {"ok"}
    assert not unlocked(mount.pid, secrets)


@pytest.mark.parametrize("plan", [{"do": "error", "code": "AuthFailure.SignatureFailure"}, {"do": "http", "status": 500},
                                  {"do": "body", "body": "<html>" + "x" * 5000}, {"do": "close_early"},
                                  {"do": "redirect", "status": 302, "location": "http://example.com/"}],
                         ids=lambda plan: plan["do"])
# promise: 7
def test_S04_at_its_most_talkative_it_says_no_secret(box, plan):
    box.secrets = ["canary-token-0123456789", "TC3-HMAC", "Signature=", "bce-auth-v1"]
    cloud = box.emulator("--token", "canary-token-0123456789")
    mount, _, errors = box.foreground("tione", "deadline=2", flags=("-d",),
                                      env={"TENCENTCLOUD_TOKEN": "canary-token-0123456789"})
    assert mount.text(STATUS) == "SUCCEED"
    cloud.plan(**plan)
    assert mount.error("notebooks/nb-1/name") != "ok"
    mount.sh("getfattr -Rd . 2> /dev/null | cat > /dev/null; cat .describefs/* README > /dev/null")
    said = mount.read(".describefs/status") + mount.read(".describefs/errors")
    mount.unmount()
    errors.seek(0)
    said += errors.read()
    assert b"DescribeTrainingTask" in said
    # the key's id is no secret, but it is not printed whole either
    assert not any(secret.encode() in said for secret in SECRETS + box.secrets)


def test_S05_secret_members_are_hidden_unless_asked_for(box, cloud):
    cloud.put("training", {"Id": "train-s", "Envs": [{"Name": "TOKEN", "Value": "canary-env-1"}], "ImageInfo": {
        "ImageSecret": {"Password": "canary-password", "Username": "canary-user"}}})
    mount = box.mount("tione")
    everything = mount.sh("grep -rh . training/train-s; cat training/train-s/describe.json; getfattr -Rd training/train-s 2>&1")
    assert "canary-password" not in everything and "canary-env-1" not in everything and "<hidden>" in everything
    shown = box.mount("tione", "secrets")
    path = shown / "training/train-s/image_info/image_secret/password"
    assert text(path) == "canary-password" and os.stat(path).st_mode & 0o777 == 0o400
    assert os.stat(shown / "training/train-s/describe.json").st_mode & 0o777 == 0o400


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o602])
def test_S06_a_key_file_for_others_is_refused_with_what_to_run(box, cloud, mode):
    (box.home / ".tccli").mkdir(mode=0o755)
    path = box.home / ".tccli/default.credential"
    path.write_text(json.dumps({"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEY}))
    path.chmod(mode)
    result = box.run("-o", "endpoint=" + cloud.url, "tione", box.point(), env=NO_KEYS)
    said = result.stderr.decode()
    assert result.returncode == 1 and said.count("\n") == 1 and "chmod 600 %s\n" % path in said
    subprocess.run(said[said.index("chmod"):], shell=True, check=True)
    assert box.mount("tione", env=NO_KEYS).text(STATUS) == "SUCCEED"


def test_S06_a_directory_that_anybody_can_write_to_is_refused(box, cloud):
    (box.home / ".tccli").mkdir()
    path = box.home / ".tccli/default.credential"
    path.write_text(json.dumps({"secretId": KEYS["TENCENTCLOUD_SECRET_ID"], "secretKey": KEY}))
    path.chmod(0o600)
    path.parent.chmod(0o777)
    result = box.run("-o", "endpoint=" + cloud.url, "tione", box.point(), env=NO_KEYS)
    assert result.returncode == 1 and b"chmod 700 " in result.stderr


@pytest.fixture
def traced(box, cloud):
    """The system calls of a mount while it serves, with and without errors."""
    mount = box.mount("tione", "ttl=1", "deadline=2", binary=PLAIN)
    log = box.directory / "strace"
    strace = subprocess.Popen(["strace", "-f", "-o", str(log), "-p", str(mount.pid)], stderr=subprocess.PIPE, text=True)
    strace.stderr.readline()
    mount.sh("ls -lR . > /dev/null; cat training/*/status README .describefs/status; getfattr -d training/%s/status" % TASK)
    for plan in ({"do": "http", "status": 500}, {"do": "close_early"}, {"do": "half_open"}):
        cloud.plan(**plan)
        mount.error("notebooks/nb-1/name")
        cloud.clear()
    mount.signal(signal.SIGHUP)
    time.sleep(2.1)
    mount.text("notebooks/%s/name" % NOTEBOOK)
    strace.send_signal(signal.SIGINT)
    strace.wait(10)
    return log.read_text()


def test_S08_serving_takes_few_calls_of_the_kernel_and_none_that_does_harm(traced):
    names = set(re.findall(r"^\d+ +(\w+)\(", traced, re.M))
    assert "writev" in names and len(names) <= 45, names
    assert not names & {"execve", "execveat", "fork", "vfork", "ptrace", "mount", "umount2", "bind", "listen", "accept",
                        "accept4", "unlink", "rename", "mkdir", "chmod", "chown", "setuid", "kill", "init_module", "bpf",
                        "process_vm_readv", "pivot_root", "chroot", "setns", "unshare"}
    # files: none is opened for writing but the kernel's own
    opened = re.findall(r"open(?:at)?\([^\n]*?\"([^\"]+)\"[^\n]*O_(?:WRONLY|RDWR)", traced)
    assert set(opened) <= {"/dev/null", "/dev/fuse"}, opened


# promise: 7
def test_S09_it_connects_to_its_endpoint_and_nowhere_else(traced, cloud):
    connected = re.findall(r"connect\(\d+, \{sa_family=(\w+), (?:sin6?_port=htons\((\d+)\))?", traced)
    assert connected and set(connected) == {("AF_INET", cloud.ports["http"])}
    assert not re.search(r"sendto\([^\n]*sin_port=htons\(53\)", traced)


@pytest.mark.parametrize("address, errors", [("127.0.0.1", "EPROTO"), ("0.0.0.0", "ECONNREFUSED EHOSTUNREACH EIO")])
def test_S09_a_name_that_leads_home_gets_no_signature(box, certificates, address, errors):
    """DNS rebinding: the server at that address has no certificate for the name, so it gets no request."""
    cloud = box.emulator("--tls-port", 0, "--cert", certificates / "wrong-host.pem", "--key", certificates / "wrong-host.key")
    hosts = box.directory / "hosts"
    hosts.write_text("%s api.rebound.example\n" % address)
    cacert = certificates / "ca.pem"
    script = "mount --bind %s /etc/hosts && exec \"$@\"" % hosts
    result = box.run("cat", "-o", "deadline=2,cacert=%s,endpoint=https://api.rebound.example:%s" % (cacert, cloud.ports["tls"]),
                     "tione", STATUS, prefix=(*APART, "sh", "-c", script, "sh"))
    said = result.stderr.decode()
    assert result.returncode == 1 and any(os.strerror(getattr(errno, name)) in said for name in errors.split()), said
    assert cloud.total() == 0


def test_S10_nothing_that_is_run_inherits_a_descriptor(box, cloud):
    leaked = os.open("/dev/null", os.O_RDONLY)  # what a careless caller leaves open
    os.set_inheritable(leaked, True)
    listener = socket.create_server(("127.0.0.1", 0))
    mount = box.mount("tione", binary=PLAIN)
    assert mount.text(STATUS) == "SUCCEED"
    directory = "/proc/%d/fdinfo/" % mount.pid
    for fd in os.listdir(directory):
        with open(directory + fd) as info:
            flags = int(re.search(r"^flags:\s*([0-7]+)", info.read(), re.M)[1], 8)
        assert int(fd) <= 2 or flags & os.O_CLOEXEC, os.readlink("/proc/%d/fd/%s" % (mount.pid, fd))
    listener.close()
    os.close(leaked)


def test_S12_the_binary_is_hardened():
    elf = subprocess.run(["readelf", "-hldW", "--dyn-syms", str(PLAIN)], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    assert re.search(r"Type:\s+DYN", elf), "not position-independent"
    assert "GNU_RELRO" in elf and re.search(r"BIND_NOW|FLAGS.*\bNOW\b", elf), "relocations can be written to"
    assert re.search(r"GNU_STACK.* RW +0x", elf), "the stack is executable"
    assert "__stack_chk_fail" in elf, "no stack protector"
    assert len(set(re.findall(r"__(\w+)_chk@", elf))) >= 3, "no _FORTIFY_SOURCE"
    assert "RUNPATH" not in elf and "RPATH" not in elf and "TEXTREL" not in elf
    assert not re.search(r"LOAD.* RWE ", elf)


def test_S12_what_runs_here_is_what_is_checked(box, cloud):
    """The installed program; the tests' own binary has sanitizers instead of these protections."""
    assert SANITIZED.exists() and PLAIN.exists()
    assert read(box.mount("tione", binary=PLAIN) / STATUS) == read(box.mount("tione") / STATUS)
    assert cat_error(box.mounts[0] / "training" / synthetic(0) / "status") == "ENOENT"


# ---- peers that quote the request

def quoting(connection, where, keys):
    """Answers each call with an error in which the headers that it had stand, as `where` says."""
    head = b""
    while part := connection.recv(65536):
        head += part
        if b"\r\n\r\n" not in head:
            continue
        lines = head.split(b"\r\n\r\n")[0].decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        given = [headers.get("Authorization", ""), headers.get("X-TC-Token", ""), headers.get("x-bce-security-token", "")]
        quoted = " ".join([*keys, *given])
        if where == "cut":
            quoted = quoted[-200:] + keys[1][:-5] + given[0][-40:]
        error = {"Code": "InternalError." + keys[1], "Message": quoted} if where == "code" else {
            "Code": "InternalError", "Message": "You said: " + quoted}
        number = given[0][-64:] if where == "request id" else "7d6f5a4c-1"
        body = json.dumps({"Response": {"Error": error, "RequestId": number}, "requestId": number, "code": error["Code"],
                           "message": error["Message"]}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Bce-Request-Id: %s\r\n\r\n%s" % (
            len(body), number.encode(), body))
        head = b""


@pytest.mark.parametrize("where", ["message", "code", "request id", "cut"])
@pytest.mark.parametrize("source, path", [("tione", "training/train-1/status"), ("qianfan", "training/1/jobs/1/status")])
def test_S13_what_a_cloud_quotes_of_the_request_is_shown_nowhere(box, source, path, where):
    box.secrets = keys = [value for name, value in KEYS.items() if name.startswith("TENCENT") == (source == "tione")]
    with Server(lambda connection: quoting(connection, where, keys)) as server:
        address = "http://127.0.0.1:%d" % server.port
        mount, process, errors = box.foreground(source, "rate=10000,deadline=1", "endpoint=" + address, flags=("-f", "-d"))
        with pytest.raises(OSError):
            read(mount / path)
        result = box.run("cat", "-o", "deadline=1,endpoint=" + address, source, path)
        doctor = box.run("doctor", "-o", "deadline=1,endpoint=" + address, source)
        said = [read(mount / ".describefs" / name) for name in ("errors", "status", "metrics", "requests")]
        errors.seek(0)
        said += [result.stderr, doctor.stdout, doctor.stderr, errors.read()]
    assert b"***" in said[0] and b"***" in said[4]
    for text_said in said:
        for value in keys:
            for at in range(len(value) - 7):
                assert value[at:at + 8].encode() not in text_said, text_said
        for number in re.findall(rb"[0-9a-f]{32,}", text_said):  # a signature
            assert False, text_said


def test_S14_a_member_that_no_type_knows_is_secret_if_it_is_named_like_one(box, cloud):
    secrets = {"Password": "canary-1", "NewSecretToken": "canary-2", "InnerNew": {"SecretKey": "canary-3", "Open": "open"},
               "Deep": [{"Er": {"private_key": "canary-4"}}], "LoginCommand2": "open", "GitCredentials": ["canary-5"]}
    cloud.put("training", {"Id": "train-s", "Name": "n", "Status": "RUNNING", **secrets})
    mount = box.mount("tione")
    mount.read("training/train-s/.events")
    cloud.set("training", "train-s", Password="canary-6", Remark="new")
    assert box.run("refresh", mount / "training/train-s").returncode == 0
    everything = mount.sh("cat training/train-s/.events; grep -r . training/train-s by-name/training/n/; getfattr -dR training; "
                          "cat training/.table.tsv .describefs/*; cat by-status/training/RUNNING/train-s/describe.json")
    assert "canary" not in everything and "open" in everything
    for path in "password", "new_secret_token", "inner_new/secret_key", "deep/0/er/private_key", "git_credentials":
        assert mount.read("training/train-s/" + path) == b"<hidden>\n", path
    assert json.loads(mount.read("training/train-s/describe.json"))["InnerNew"] == {"SecretKey": "<hidden>", "Open": "open"}
    shown = box.mount("tione", "secrets")
    assert shown.text("training/train-s/inner_new/secret_key") == "canary-3"
    for path in "password", "inner_new/secret_key", "git_credentials", "describe.json":
        assert os.stat(shown / ("training/train-s/" + path)).st_mode & 0o777 == 0o400
    # a catalog's type has the last word
    catalogs = box.directory / "home/.config/describefs/catalog"
    catalogs.mkdir(parents=True)
    (catalogs / "open.json").write_text(json.dumps({
        "catalog": "open", "about": "open", "cloud": "tencent", "service": "tione", "version": "2021-11-11",
        "endpoint": "https://tione.tencentcloudapi.com", "date": "2021-11-11", "region": "ap-guangzhou",
        "types": {"T": {"Id": "string", "Password": "string", "InnerNew": "object"}},
        "kinds": [{"name": "tasks", "about": "tasks", "id": "Id", "id_form": "train-.*", "type": "T",
                   "columns": ["Password"],
                   "list": {"action": "DescribeTrainingTasks", "items": "TrainingTaskSet", "paging": "offset", "page": 50,
                            "offset": "Offset", "limit": "Limit", "total": "TotalCount"}}]}))
    result = box.verb("cat", "open", "tasks/train-s/password", "tasks/train-s/inner_new/secret_key",
                      env={"HOME": str(box.directory / "home")})
    assert (result.stdout, result.stderr) == ("canary-6\n<hidden>\n", "")


def test_S17_inode_numbers_and_times_of_secrets_test_no_guess(box, cloud):
    cloud.put("training", {"Id": "train-s", "Status": "RUNNING", "Password": "guess", "InnerNew": {"SecretKey": "guess"}})
    paths = ["password", "inner_new/secret_key", "describe.json", "inner_new", "status"]
    seen = []
    for options in ["secrets"], ["secrets"], [], []:
        mount = box.mount("tione", *options)
        states = [os.stat(mount / ("training/train-s/" + path)) for path in paths]
        seen.append([(state.st_ino, state.st_mtime_ns) for state in states])
        again = [os.stat(mount / ("training/train-s/" + path)) for path in paths]
        assert [(state.st_ino, state.st_mtime_ns) for state in again] == seen[-1]
    first, second, hidden, same = seen
    assert all(one[1] != two[1] for one, two in zip(first[:4], second[:4]))
    assert all(one[0] != two[0] for one, two in zip(first[:3], second[:3]))
    assert first[4] == second[4] and hidden == same
