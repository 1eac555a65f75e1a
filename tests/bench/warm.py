"""Everything within its time: describefs beside tmpfs, ext4, and the peers over the same files."""
import os
import socket
import subprocess
import time

import harness
import kit

# A pattern that some files have; through pipes, as grep and tar look whether their output is /dev/null.
WORKLOADS = {
    "`cat training/*/status`": "cat training/*/status",
    "`grep -r`": "grep -r RUNNING training | cat",
    "`find -type f`": "find training -type f",
    "`ls -lR`": "ls -lR training",
    "`tar`": "tar cf - training | cat",
    "`du -a`": "du -a training",
}
TARGETS = {"open+read+close, p50": "1.5", "`cat training/*/status`": "1.15", "`grep -r`": "1.35", "`find -type f`": "1.0",
           "`ls -lR`": "1.0", "`tar`": "1.25"}
HUNDRED = "train-13300000000000000??"  # the emulator's first tasks; the slow peers get three
THREE = "train-133000000000000000[1-3]"
LOOP = 5  # passes whose CPU is counted
SLOW_SECONDS = 8  # for one pass of httpdirfs and rclone
FILE = "training/%s/status" % harness.synthetic(1)


# ---- the subjects

def fill(box, n):
    """A mount with everything known, and its files on tmpfs."""
    box.emulator("--tasks", n)
    mount = kit.mount(box, *kit.FRESH)
    kit.timed("cat training/*/describe.json | cat", mount.path, box, 300)
    plain = kit.tmpfs(box)
    kit.copy(mount.path, plain / "all")
    return mount, plain


def ext4(box, files):
    """A loop image with a copy of the files; a reason instead, where that cannot be."""
    image, path = box.directory / "ext4.image", box.directory / "ext4"
    path.mkdir()
    try:
        size = 512 * 2**20 + 12 * 2**10 * sum(len(names) for _, _, names in os.walk(files))
        with open(image, "wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-i", "8192", str(image)], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(path)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return "no ext4: %s" % error
    box.others.append((path, None))
    kit.copy(files, path)
    return path


def spawn(box, name, command, path=None, **how):
    """A peer in the foreground, mounted at path; a reason instead."""
    if path:
        path.mkdir()
    try:
        log = open(box.directory / (name + ".log"), "wb+")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=box.directory,
                                   env=box.environment(), **how)
    except OSError:
        return "%s is not installed" % name
    box.others.append((path, process))
    if not path:
        return process
    try:
        harness.wait_until(lambda: os.path.ismount(path) or process.poll() is not None, 10, name)
        harness.wait_until(lambda: (path / "training").exists(), 10, name)
    except (AssertionError, OSError):
        log.seek(0)
        return "%s did not mount: %s" % (name, log.read().decode(errors="replace").strip()[-200:])
    return path


def near_peers(box, plain):
    """bindfs and squashfuse over a hundred tasks."""
    kit.copy(plain / "all", plain / "hundred", HUNDRED)
    subjects = {"tmpfs": plain / "hundred"}
    path = box.directory / "bindfs"
    subjects["bindfs"] = spawn(box, "bindfs", ["bindfs", "-f", "-r", str(plain / "hundred"), str(path)], path)
    image, path = plain / "hundred.squashfs", box.directory / "squashfuse"
    try:
        subprocess.run(["mksquashfs", str(plain / "hundred"), str(image), "-quiet", "-no-progress"], check=True,
                       capture_output=True)
        subjects["squashfuse"] = spawn(box, "squashfuse", ["squashfuse", "-f", str(image), str(path)], path)
    except (OSError, subprocess.CalledProcessError) as error:
        subjects["squashfuse"] = "no mksquashfs: %s" % error
    return subjects


NGINX = """daemon off; master_process off; error_log %(d)s/nginx.err; pid %(d)s/nginx.pid; user root;
events {}
http { access_log off; keepalive_requests 1000000;
  client_body_temp_path %(d)s/t1; proxy_temp_path %(d)s/t2; fastcgi_temp_path %(d)s/t3;
  uwsgi_temp_path %(d)s/t4; scgi_temp_path %(d)s/t5;
  server { listen 127.0.0.1:%(port)d; root %(root)s; autoindex on; } }
"""


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def http_peers(box, plain):
    """httpdirfs and rclone over nginx, of three tasks: each file is a request to them."""
    kit.copy(plain / "all", plain / "three", THREE)
    subjects = {"tmpfs": plain / "three"}
    port = 20000 + os.getpid() % 10000
    config = box.directory / "nginx.conf"
    config.write_text(NGINX % {"d": box.directory, "port": port, "root": plain / "three"})
    box.directory.chmod(0o755)
    server = spawn(box, "nginx", ["nginx", "-c", str(config)])
    url = "http://127.0.0.1:%d/" % port
    if isinstance(server, str):
        return {**subjects, "httpdirfs": server, "rclone": server}
    harness.wait_until(lambda: server.poll() is not None or answers(port), 10, "nginx")
    path = box.directory / "httpdirfs"
    subjects["httpdirfs"] = spawn(box, "httpdirfs", ["httpdirfs", "-f", "--no-range-check", "--cache", "--cache-location",
                                                     str(box.home), url, str(path)], path)
    path = box.directory / "rclone"
    subjects["rclone"] = spawn(box, "rclone", ["rclone", "mount", "--read-only", "--dir-cache-time", "24h",
                                               "--attr-timeout", "24h", "--vfs-cache-mode", "off", "--http-url", url,
                                               ":http:", str(path)], path)
    return subjects


# ---- measuring

def loop(what, times=20000):
    def measure(path):
        got = subprocess.run([str(kit.OPEN), what, str(path / FILE), str(times), "200"], capture_output=True, timeout=60)
        if got.returncode:
            raise RuntimeError(got.stderr.decode().strip())
        return [int(n) / 1e9 for n in got.stdout.split()[1:]]
    return measure


def rounds(box, subjects, workloads, seconds=None):
    """{row: {subject: values}}; a pass may take so many seconds."""
    here = {name: path for name, path in subjects.items() if not isinstance(path, str)}
    rows = {}
    for what, row in (("open", "open+read+close"), ("stat", "stat")):
        got = kit.interleaved(here, loop(what))
        for i, quantile in ((0, "p50"), (1, "p99")):
            rows["%s, %s" % (row, quantile)] = {
                name: values if isinstance(values, str) else [value[i] for value in values]
                for name, values in got.items()}
    for row, script in workloads.items():
        rows[row] = kit.interleaved(here, lambda path, script=script: kit.timed(script, path, box, seconds))
    return rows


def rsync(box, plain, subjects):
    """To a fresh directory on tmpfs, a hundred tasks."""
    target = plain / "target"

    def measure(path):
        subprocess.run(["rm", "-rf", str(target)], check=True)
        target.mkdir()
        return kit.timed("rsync -a training/%s %s/" % (HUNDRED, target), path, box)
    return kit.interleaved({name: path for name, path in subjects.items() if not isinstance(path, str)}, measure)


def warm(report):
    with kit.a_box() as box:
        mount, plain = fill(box, kit.N)
        subjects = {"tmpfs": plain / "all", "describefs": mount.path, "ext4": ext4(box, plain / "all")}
        files = sum(len(names) for _, _, names in os.walk(plain / "all"))
        report.section("Warm: %d tasks, %d files" % (kit.N + 1, files),
                       "Ratios to tmpfs with the same files. bindfs and squashfuse: %d tasks; httpdirfs and rclone (over a "
                       "local nginx): 3 tasks, so that starting a command dampens theirs; rsync: 100 tasks to tmpfs."
                       % min(100, kit.N))
        rows = rounds(box, subjects, WORKLOADS)
        rows["`rsync -a`"] = rsync(box, plain, subjects)
        kit.timed(WORKLOADS["`grep -r`"], mount.path, box)
        settled, began = kit.cpu_ns(mount.pid), time.monotonic()
        for _ in range(LOOP):
            kit.timed(WORKLOADS["`grep -r`"], mount.path, box)
        spent, took = (kit.cpu_ns(mount.pid) - settled) / 1e6, time.monotonic() - began
        near, far = near_peers(box, plain), http_peers(box, plain)
        near_rows = rounds(box, near, WORKLOADS)
        near_rows["`rsync -a`"] = rsync(box, plain, near)
        few = [row for row in WORKLOADS if "tar" not in row and "du" not in row]
        far_rows = rounds(box, far, {row: WORKLOADS[row] for row in few}, SLOW_SECONDS)
        report.table(["warm", "tmpfs", "describefs", "", "target", "ext4", "bindfs", "squashfuse", "httpdirfs", "rclone"],
                     [line(row, rows, [(subjects, rows), (near, near_rows), (far, far_rows)]) for row in rows])
        report.say()
        report.say("CPU of the daemon in %d more passes of grep -r: %.1f ms in %.1f s." % (LOOP, spent, took))
        for reason in left_out([(subjects, rows), (near, near_rows), (far, far_rows)]):
            report.say("Left out: " + reason + ".")


def left_out(groups):
    """Why a subject has no column, or a row no value of it."""
    for subjects, rows in groups:
        for name, path in subjects.items():
            if isinstance(path, str):
                yield path
            for row, values in rows.items():
                if isinstance(values.get(name), str):
                    yield "%s of %s: %s" % (row, name, values[name])


def line(row, rows, groups):
    cells = [row, kit.duration(rows[row]["tmpfs"]), kit.duration(rows[row]["describefs"]),
             kit.ratio(rows[row]["describefs"], rows[row]["tmpfs"]), "<= " + TARGETS[row] if row in TARGETS else ""]
    for name, (subjects, measured) in zip(("ext4", "bindfs", "squashfuse", "httpdirfs", "rclone"),
                                          (groups[0], groups[1], groups[1], groups[2], groups[2])):
        values = measured.get(row, {}).get(name)
        cells.append("-" if values is None or isinstance(values, str) else kit.ratio(values, measured[row]["tmpfs"]))
    return cells


# ---- requests

def requests(report):
    """What the kernel asks in a second pass: a mount that prints each request."""
    n = min(kit.N, kit.PASS_N)
    with kit.a_box() as box:
        box.emulator("--tasks", n)
        mount = kit.Requests(box, *kit.FRESH, "endpoint=" + box.cloud.url)
        report.section("Requests of a warm pass: %d tasks" % (n + 1),
                       "Counted in a daemon of its own with -d, in the second of two passes.")
        loop_of = "%s open %s 1000 10000" % (kit.OPEN, FILE)
        table = []
        for row, script in {"open+read+close, 1,000 times": loop_of, **WORKLOADS,
                            "`rsync -an`": "rsync -an training/ /nowhere/"}.items():
            mount.count(script, box)
            made = box.cloud.total()
            counts = mount.count(script, box)
            table.append([row, kit.by_opcode(counts), box.cloud.total() - made])
        report.table(["warm", "requests", "calls"], table)
