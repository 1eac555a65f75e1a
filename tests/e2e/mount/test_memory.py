"""The memory that a mount takes and returns: resident bytes of the program without sanitizers."""
import contextlib
import os
import re
import selectors
import socket
import threading

from harness import PLAIN, forget_all, wait_until

MIB = 1 << 20


def resident(mount):
    with open("/proc/%d/status" % mount.pid) as lines:
        return int(re.search(r"^VmRSS:\s*(\d+)", lines.read(), re.M)[1]) << 10


def kept(mount):
    return int(re.search(r"kept +(\d+) bytes", mount.read(".describefs/status").decode())[1])


class Counting:
    """A relay before an emulator that counts the bytes of the answers, headers included."""

    def __init__(self, url):
        self.port = int(url.rsplit(":", 1)[1])
        self.bytes, self.poll = 0, selectors.DefaultSelector()
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.door.getsockname()[1]
        self.stop, self.stopped = socket.socketpair()
        self.poll.register(self.door, selectors.EVENT_READ)
        self.poll.register(self.stopped, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            for key, _ in self.poll.select():
                if key.fileobj is self.stopped:
                    return
                if key.fileobj is self.door:
                    self.pair(self.door.accept()[0], socket.create_connection(("127.0.0.1", self.port)))
                else:
                    self.pass_on(key.fileobj, *key.data)

    def pair(self, ours, theirs):
        self.poll.register(ours, selectors.EVENT_READ, (theirs, 0))
        self.poll.register(theirs, selectors.EVENT_READ, (ours, 1))

    def pass_on(self, source, target, counts):
        data = b""
        with contextlib.suppress(OSError):
            data = source.recv(1 << 20)
            target.sendall(data)
        self.bytes += counts * len(data)
        if not data:
            for end in (source, target):
                self.poll.unregister(end)
                end.close()

    def close(self):
        self.stop.send(b"x")
        self.thread.join()
        for key in list(self.poll.get_map().values()):
            key.fileobj.close()
        self.poll.close()
        self.stop.close()


def test_a_great_listing_takes_its_json_and_a_quarter(box):
    cloud = box.emulator("--tasks", 100000)
    way = Counting(cloud.url)
    try:
        mount = box.mount("tione", "rate=100000", "deadline=600", "ttl=86400", binary=PLAIN, endpoint=way.url)
        assert len(os.listdir(mount.path / "training")) >= 100000
        assert resident(mount) <= 1.25 * way.bytes + 16 * MIB
        calls = cloud.total()
        assert mount.sh("cat training/train-*99/status | wc -l").strip() == "1000"
        assert cloud.total() == calls  # over max_memory or not: the listing says it
    finally:
        way.close()


def test_what_the_kernel_lets_go_of_is_given_back(box):
    box.emulator("--tasks", 1500)
    mount = box.mount("tione", "rate=100000", "max_memory=4M", "ttl=86400", binary=PLAIN)
    os.listdir(mount.path / "training")
    listed, of_it = resident(mount), kept(mount)
    assert int(mount.sh("find training | wc -l")) > 100000
    most = kept(mount)
    assert most > 5 * MIB  # all that the kernel knows can be read
    assert resident(mount) < 1.25 * (listed + most - of_it) + MIB  # but most of it is only kept as text
    forget_all(mount.path)
    # 1 MiB for thirty-two connections of the prefetch
    wait_until(lambda: resident(mount) <= 1.1 * (listed + kept(mount) - of_it) + MIB, what="the memory")
    assert kept(mount) <= 4 * MIB
