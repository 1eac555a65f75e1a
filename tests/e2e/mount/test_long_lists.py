"""Long listings: prefetched pages, names from the first page on, refreshes that read only the changes."""
import os
import random
import subprocess
import time

from harness import PLAIN, synthetic, wait_until

LIST, ONE = "DescribeTrainingTasks", "DescribeTrainingTask"
TERMINAL = ("STOPPED", "FAILED", "SUCCEED", "SUBMIT_FAILED")


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def finish_all(cloud, n):
    """All tasks ended an hour ago, so a task that changes now is newer."""
    then = time.time() - 3600
    for i in range(n):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(then + i))
        cloud.set("training", synthetic(i), Status=random.choice(TERMINAL), UpdateTime=stamp)


def expire(mount):
    """The listing's TTL of a second."""
    time.sleep(1.1)


def read_along(cloud, mount):
    """The names as they arrive, and the calls that the cloud counted meanwhile."""
    cloud.reset()
    seen = []
    with os.scandir(mount / "training") as names:
        for entry in names:
            if not seen:
                # 61 pages take three seconds at the cloud's rate; the first names took one page
                assert cloud.counts()["by_action"][LIST] <= 40
            seen.append(entry.name)
    assert len(seen) == len(set(seen)) == 3001
    counts = cloud.counts()
    assert sorted(seen) == mount.names("training")
    assert cloud.counts()["by_action"] == counts["by_action"]
    return counts


def test_the_first_names_come_with_the_first_page(box):
    cloud = box.emulator("--tasks", 3000, "--rate", 20)
    for _ in range(3):  # a busy machine may hold up what was sent, and let it arrive with the next second's: not thrice
        counts = read_along(cloud, box.mount("tione", binary=PLAIN))
        if counts["by_action"] == {LIST: 61}:
            break
    assert counts["by_action"] == {LIST: 61}
    assert "RequestLimitExceeded" not in counts["by_verdict"] and counts["max_in_1s"][LIST] <= 20


def test_ls_f_of_a_long_listing_is_no_timeout(box):
    """Six times as long as a read waits for one answer."""
    box.emulator("--tasks", 2400, "--rate", 4)
    mount = box.mount("tione", "rate=4", "deadline=2", binary=PLAIN)
    result = subprocess.run(["ls", "-f", str(mount / "training")], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.split()) == 2401 + 2


def test_an_unchanged_listing_is_refreshed_with_two_calls(box):
    cloud = box.emulator("--tasks", 300)
    finish_all(cloud, 300)
    mount = box.mount("tione", "ttl=1")
    assert len(mount.names("training")) == 301
    for _ in range(3):
        expire(mount)
        with cloud.counting() as made:
            assert len(mount.names("training")) == 301
            mount.sh("cat training/*/status > /dev/null")
        assert made == {LIST: 2}


def test_a_refresh_sees_what_changed_for_what_that_costs(box):
    cloud = box.emulator("--tasks", 300)
    finish_all(cloud, 300)
    mount = box.mount("tione", "ttl=1")
    mount.names("training")
    for i in range(60):
        cloud.set("training", synthetic(i * 5), Status="RUNNING" if i < 10 else "STOPPED", UpdateTime=now())
    cloud.put("training", {"Id": "train-new", "Status": "PENDING", "UpdateTime": now()})
    expire(mount)
    with cloud.counting() as made:
        assert "train-new" in mount.names("training")
        statuses = mount.sh("cat training/*/status").split()
    assert statuses.count("RUNNING") == 10 and statuses.count("PENDING") == 1
    assert made[LIST] <= 2 + 2 + 1 and set(made) == {LIST}
    cloud.remove("training", synthetic(7))
    expire(mount)
    with cloud.counting() as made:
        assert synthetic(7) not in mount.names("training")
    assert made[LIST] <= 2 + 7


def test_while_everything_changes_the_tree_stays_true(box):
    """Random changes, deletions and additions while pages are read. Afterwards the listing is complete."""
    dice = random.Random(20251122)
    cloud = box.emulator("--tasks", 260)
    mount = box.mount("tione", "ttl=1")
    alive = {mount_id: None for mount_id in mount.names("training")}
    stands = set(list(alive)[::3])  # these are never touched: no pass may miss one
    for step in range(40):
        for _ in range(dice.randrange(20)):
            what = dice.randrange(6)
            if what == 0:
                id = dice.choice([id for id in alive if id not in stands])
                cloud.remove("training", id)
                del alive[id]
            elif what == 1:
                id = "train-r%d-%d" % (step, dice.randrange(10 ** 9))
                alive[id] = dice.choice(("RUNNING",) + TERMINAL)
                cloud.put("training", {"Id": id, "Status": alive[id], "CreateTime": now(), "UpdateTime": now()})
            else:
                id = dice.choice([id for id in alive if id not in stands])
                alive[id] = dice.choice(("RUNNING", "STARTING") + TERMINAL)
                cloud.set("training", id, Status=alive[id], UpdateTime=now())
        names = os.listdir(mount / "training")
        assert len(names) == len(set(names))
        assert stands <= set(names)
        time.sleep(0.15)

    def is_true():
        names = set(os.listdir(mount / "training"))
        lines = mount.run("grep -H . training/*/status").stdout.split()  # one may go between the two
        told = dict(line.replace("training/", "").replace("/status", "").split(":") for line in lines)
        return names == set(alive) and all(told[id] == status for id, status in alive.items() if status)
    wait_until(is_true, 15, "the truth")


def test_all_statuses_of_a_list_that_outlasts_its_ttl_cost_the_list_alone(box):
    """In proportion to 20,000 tasks at 20 calls a second: the list takes 7.8 s, and a value is fresh for 4 s."""
    cloud = box.emulator("--tasks", 3000)
    mount = box.mount("tione", "rate=8", "ttl=4", "deadline=4", binary=PLAIN)
    cloud.reset()
    assert mount.sh("cat training/*/status | wc -l") == "3001\n"
    assert cloud.counts()["by_action"] == {LIST: 61}
