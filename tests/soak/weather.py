"""What happens to the cloud in a soak: faults that come and go, and changes of what it holds.

Standing resources are there from the beginning to the end; only their Remark changes, which says the same number many
times.  The others come and go under a fixed set of names, so that nothing grows but what leaks.  No fault is a lie
that could not be seen through (a total that is wrong, a page that skips), for the readers believe what is shown.
"""
import collections
import random
import signal
import threading
import time

import harness

COMING = ["train-soak-%03d" % i for i in range(40)]
OFFLINE = [("half_open", {}), ("reset", {}), ("http", {"status": 503}), ("error", {"code": "InternalError"})]
FAULTS = OFFLINE + [
    ("close_early", {}), ("close_early", {"bytes": 700}), ("reset", {"bytes": 700}), ("stall", {"bytes": 700}),
    ("stall", {"bytes": 0, "ms": 1500}), ("delay", {"ms": 300}), ("delay", {"ms": 3000}),
    ("slice", {"bytes": 100, "us": 200}), ("bandwidth", {"bytes": 20000}), ("wrong_length", {"delta": 10}),
    ("wrong_length", {"delta": -10}), ("endless", {"mode": "chunked"}), ("endless", {"mode": "header"}),
    ("gzip", {}), ("date_offset", {"seconds": 7200}), ("date_offset", {"date": ""}),
    ("redirect", {"location": "http://127.0.0.1:1/"}), ("body", {"body": "<html>"}), ("body", {"body": "{"}),
    ("raw", {"body": "what?\n\n"}), ("http", {"status": 429}), ("http", {"status": 504}), ("http", {"status": 401}),
    ("error", {"code": "RequestLimitExceeded"}), ("error", {"code": "UnauthorizedOperation"}),
    ("error", {"code": "AuthFailure.TokenFailure"}), ("error", {"code": "AuthFailure.SignatureExpire"}),
    ("error", {"code": "InvalidParameterValue"}), ("error", {"code": "UnsupportedOperation"}),
    ("http", {"status": 503, "headers": {"Retry-After": "1"}}),
]
ACTIONS = ["*", "*", "DescribeTrainingTask", "DescribeTrainingTasks", "DescribeNotebooks", "DescribeNotebook",
           "DescribeTrainingModelVersions"]


def remark(generation):
    """Long enough to come in several packets; one number in all of it."""
    return " ".join(["g%d" % generation] * 400)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S+08", time.gmtime(time.time() + 8 * 3600))


class Weather:
    def __init__(self, cloud, mount, seed):
        self.cloud, self.mount = cloud, mount
        self.standing = {"training": [harness.TASK] + [harness.synthetic(i) for i in range(0, 300, 10)],
                         "notebooks": [harness.NOTEBOOK]}
        self.kinds = {"training": "training", "notebooks": "notebook"}
        self.generation = {}
        self.there = set()
        self.faults, self.changed, self.lie = collections.Counter(), 0, ""
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.break_things, args=(random.Random(seed * 1000 + 1),)),
                        threading.Thread(target=self.change_things, args=(random.Random(seed * 1000 + 2),))]
        for kind, ids in self.standing.items():
            for id in ids:
                self.set(kind, id, 0)

    def set(self, kind, id, generation):
        self.cloud.set(self.kinds[kind], id, Remark=remark(generation), UpdateTime=now())
        self.generation[id] = generation

    # ---- changes

    def change_things(self, dice):
        while not self.over.wait(dice.uniform(0.02, 0.4)):
            what = dice.randrange(4)
            if what < 2:
                kind = dice.choice(list(self.standing))
                id = dice.choice(self.standing[kind])
                self.set(kind, id, self.generation[id] + 1)
            else:
                id = dice.choice(COMING)
                if id in self.there:
                    self.cloud.remove("training", id)
                    self.there.discard(id)
                else:
                    self.cloud.put("training", {"Id": id, "Name": id, "Status": dice.choice(("RUNNING", "SUCCEED")),
                                                "Remark": remark(self.changed), "CreateTime": now(),
                                                "UpdateTime": now()})
                    self.there.add(id)
            self.changed += 1

    # ---- faults

    def break_things(self, dice):
        while not self.over.wait(dice.uniform(0.2, 4)):
            what = dice.random()
            if what < 0.75:
                do, arguments = dice.choice(FAULTS)
                self.plan(dice, do, dice.choice(ACTIONS), dice.choice((5, 20, 60, 100)), dice.uniform(0.3, 6),
                          arguments)
            elif what < 0.85:  # nothing at all for a while
                do, arguments = dice.choice(OFFLINE)
                self.plan(dice, do, "*", 100, dice.uniform(5, 25), arguments)
            elif what < 0.90:
                self.faults["drop"] += 1
                self.cloud.control("drop", {"how": dice.choice(("fin", "rst"))})
            elif what < 0.94:
                self.faults["clock"] += 1
                self.cloud.control("clock", {"offset": dice.choice((0, 3600, -3600, 86400, -86400))})
            elif what < 0.98:
                self.faults["latency"] += 1
                self.cloud.latency(dice.choice((0, 20, 200)))
            else:
                self.faults["SIGHUP"] += 1
                self.mount.signal(signal.SIGHUP)

    def plan(self, dice, do, action, percent, seconds, arguments):
        self.faults[do] += 1
        self.cloud.plan(do, action=action, percent=percent, **arguments)
        if dice.random() < 0.3:  # a second one beside it
            other, more = dice.choice(FAULTS)
            self.faults[other] += 1
            self.cloud.plan(other, action=dice.choice(ACTIONS), percent=30, **more)
        self.over.wait(seconds)
        self.cloud.clear()

    # ---- begin and end

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Fine weather."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.cloud.clear()
        self.cloud.latency(0)
        self.cloud.control("clock", {"offset": 0})

    def is_true(self, mount):
        """What is shown is what the cloud holds now."""
        names = set(mount.names("training"))
        if {id for id in COMING if id in names} != self.there:
            self.lie = "of those that come and go, the listing differs in %s" % (
                {id for id in COMING if id in names} ^ self.there)
            return False
        for kind, ids in self.standing.items():
            for id in ids:
                shown = mount.text("%s/%s/remark" % (kind, id)) if id in mount.names(kind) else "nothing"
                if shown != remark(self.generation[id]):
                    self.lie = "%s shows %s, not g%d" % (id, shown.split()[0], self.generation[id])
                    return False
        return True
