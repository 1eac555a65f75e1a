"""A user's own catalog: a file adds a kind that is not built in."""
import json

import pytest

import model
from harness import COMPANIONS, error_of, mounts_below, xattr

GROUPS = {
    "catalog": "tione",
    "kinds": [
        {
            "name": "resource-groups",
            "about": "resource groups with their machines",
            "list": {"action": "DescribeBillingResourceGroups", "items": "ResourceGroupSet", "paging": "offset",
                     "page": 100},
            "id": "ResourceGroupId",
            "id_form": "[a-z]+-[A-Za-z0-9]+",
            "strip": "ResourceGroup",
        },
        {
            "name": "nodes",
            "parent": "resource-groups",
            "about": "the machines of a group",
            "list": {"action": "DescribeBillingResourceGroup", "parent": "ResourceGroupId", "items": "InstanceSet",
                     "paging": "offset", "page": 100},
            "id": "InstanceId",
            "id_form": "[A-Za-z0-9-]+",
            "status": "InstanceStatus",
            "times": ["CreateTime"],
        },
    ],
}


def write_catalog(box, text, name="groups.json"):
    directory = box.home / ".config/describefs/catalog"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text if isinstance(text, str) else json.dumps(text, indent="\t"))
    return directory / name


def test_a_kind_is_added_by_a_file_alone(box, cloud):
    write_catalog(box, GROUPS)
    mount = box.mount("tione")
    assert mount.names() == ["README", "by-name", "by-status", "by-tag", "models", "notebooks", "resource-groups",
                             "training"]
    groups = model.get(model.parse(COMPANIONS.read_text()), "tione/resource_group")
    ids = [model.get(group, "ResourceGroupId") for group in groups]
    assert set(ids) <= set(mount.names("resource-groups"))
    for group, id in zip(groups, ids):
        assert model.parse(mount.read("resource-groups/%s/describe.json" % id)) == group
        assert mount.text("resource-groups/%s/id" % id) == id
        assert mount.text("resource-groups/%s/name" % id) == model.get(group, "ResourceGroupName")
        assert xattr(mount / "resource-groups" / id / "name", "key") == "ResourceGroupName"
    assert cloud.calls() == {"DescribeBillingResourceGroups": 1}


def test_a_kind_inside_a_kind_is_added_too(box, cloud):
    write_catalog(box, GROUPS)
    mount = box.mount("tione")
    nodes = mount.names("resource-groups/ersg-ours0001/nodes")
    assert nodes
    for node in nodes:
        assert mount.text("resource-groups/ersg-ours0001/nodes/%s/instance_id" % node) == node
    assert mount.error("resource-groups/ersg-ours0001/nodes/nothere/instance_id") == "ENOENT"
    assert cloud.calls()["DescribeBillingResourceGroup"] == 1


def test_a_users_kind_is_in_readme_and_kinds(box):
    write_catalog(box, GROUPS)
    mount = box.mount("tione")
    assert "resource groups with their machines" in mount.read("README").decode()
    result = box.run("kinds", "tione")
    assert result.returncode == 0 and b"resource-groups" in result.stdout


def test_a_users_kind_replaces_one_of_its_name(box):
    write_catalog(box, {"catalog": "tione", "kinds": [{
        "name": "notebooks", "id": "Id", "id_form": "nb-[0-9]+",
        "list": {"action": "DescribeNotebooks", "items": "NotebookSet", "paging": "offset", "page": 100},
        "rename": {"PodName": "pod"}}]})
    mount = box.mount("tione")
    assert mount.text("notebooks/nb-1188508294472113920/pod") == "nb-1188501796310898048-912gqy8i0xvk"


BAD = {
    "no JSON": ("{", "groups.json"),
    "an unknown member": ({"catalog": "tione", "kinds": [{**GROUPS["kinds"][0], "lst": {}}]}, "lst"),
    "a missing id": ({"catalog": "tione", "kinds": [{"name": "x", "list": GROUPS["kinds"][0]["list"]}]}, "id"),
    "a bad form": ({"catalog": "tione", "kinds": [{**GROUPS["kinds"][0], "id_form": "("}]}, "id_form"),
    "a bad paging": ({"catalog": "tione", "kinds": [
        {**GROUPS["kinds"][0], "list": {**GROUPS["kinds"][0]["list"], "paging": "ofset"}}]}, "paging"),
    "an unknown parent": ({"catalog": "tione", "kinds": [GROUPS["kinds"][1]]}, "parent"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_catalog_is_refused_with_file_row_and_reason(box, what):
    text, named = BAD[what]
    path = write_catalog(box, text)
    for arguments in (["tione", box.point()], ["kinds"], ["ls", "tione"]):
        result = box.run(*arguments)
        assert result.returncode == 1 and not result.stdout
        said = result.stderr.decode()
        assert said.startswith("describefs: %s: " % path) and said.count("\n") == 1
        assert named in said
        if what not in ("no JSON",):
            assert "kinds[0]" in said
    assert mounts_below(box.directory) == []


def test_files_are_read_in_the_order_of_their_names_and_others_are_left(box):
    write_catalog(box, GROUPS, "a.json")
    write_catalog(box, {"catalog": "tione", "kinds": [{**GROUPS["kinds"][1], "name": "machines"}]}, "b.json")
    write_catalog(box, "not JSON at all", "notes.txt")
    write_catalog(box, "not JSON at all", ".hidden.json")
    mount = box.mount("tione")
    assert mount.names("resource-groups/ersg-ours0001")[:2] == ["describe.json", "free_instance"]
    assert error_of(mount.names, "resource-groups/ersg-ours0001/machines") == "ok"
