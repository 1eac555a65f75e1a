#!/usr/bin/python3
"""hostile.py DIRECTORY COMMAND...: mounts of type fuse.describefs that another program serves, each with a malice of
its own, in DIRECTORY/MALICE; then runs the command, and ends as it does.  In a mount namespace of its own."""
import ctypes
import os
import stat
import struct
import subprocess
import sys
import threading

LOOKUP, FORGET, GETATTR, READLINK, OPEN, READ, INIT, OPENDIR, READDIR, INTERRUPT, BATCH_FORGET = (
    1, 2, 3, 5, 14, 15, 26, 27, 28, 36, 42)
ENOENT, ENOSYS, METRICS, NO_REPLY = 2, 38, 3, object()

# The file that .describefs/metrics is; None: the LOOKUP of .describefs is received and never answered.
MALICE = {
    "link": stat.S_IFLNK | 0o777,
    "pipe": stat.S_IFIFO | 0o666,
    "device": stat.S_IFCHR | 0o666,
    "directory": stat.S_IFDIR | 0o755,
    "endless": stat.S_IFREG | 0o444,
    "slow": stat.S_IFREG | 0o444,  # each READ takes a second
    "silent": None,
}


def attributes(node, mode):
    size = 1 << 40 if stat.S_ISREG(mode) else 0
    # a device with the numbers of /dev/tty: opening it would do something
    return struct.pack("<6Q10I", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 5 << 8, 4096, 0)


class Server(threading.Thread):
    def __init__(self, point, malice):
        super().__init__(daemon=True)
        self.malice, self.mode = malice, MALICE[malice]
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        data = b"fd=%d,rootmode=40000,user_id=%d,group_id=0" % (self.fd, os.getuid())
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"tione", os.fsencode(point), b"fuse.describefs", 6, data):
            raise OSError(ctypes.get_errno(), "mount")

    def answer(self, opcode, node, body):
        directory = stat.S_IFDIR | 0o755
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            return NO_REPLY
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, *[0] * 8)
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + attributes(node, self.mode if node == METRICS else directory)
        if opcode == LOOKUP and self.mode is None:
            return NO_REPLY
        if opcode == LOOKUP:
            found = {b".describefs": 2, b"metrics": METRICS}.get(body.rstrip(b"\0"))
            if not found:
                return ENOENT
            return struct.pack("<4QII", found, 0, 0, 0, 0, 0) + attributes(
                found, self.mode if found == METRICS else directory)
        if opcode == READLINK:
            return b"/etc/passwd"
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 1, 0)  # direct_io
        if opcode == READ:
            if self.malice == "slow":
                threading.Event().wait(1)
                return b"x\n"
            return b"describefs_calls_total 1\n" * 100
        return b"" if opcode == READDIR else ENOSYS

    def run(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError:
                return
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            got = self.answer(opcode, node, request[40:])
            if got is NO_REPLY:
                continue
            error, body = (-got, b"") if isinstance(got, int) else (0, got)
            try:
                os.write(self.fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
            except OSError:
                pass


def main(directory, command):
    for malice in MALICE:
        point = os.path.join(directory, malice)
        os.mkdir(point)
        Server(point, malice).start()
    os._exit(subprocess.run(command).returncode)  # our end frees whoever waits for an answer


main(sys.argv[1], sys.argv[2:])
