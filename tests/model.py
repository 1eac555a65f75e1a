"""The tree of one resource, computed from the API's JSON by the contract's section 2 and nothing else.

A second opinion: written from the contract, sharing no code and no table with src/.  What the APIs' documents
say of members that may come empty stands below by name.
"""
import json
import re


class Digits(str):
    """A number as the API wrote it."""


class Members(list):
    """An object: its members in the API's order."""


def parse(text):
    def pairs(members):
        return Members(members)

    return json.loads(text, object_pairs_hook=pairs, parse_int=Digits, parse_float=Digits)


def get(value, *path):
    """A member below an object; the last one of its name, as jq has it."""
    for name in path:
        value = dict(value)[name]
    return value


# By the API's documents: lists of objects, objects, and lists that are a map.
OBJECT_LISTS = {"ResourceConfigInfos", "DataConfigs", "CodeRepos", "Envs", "checkpointList", "InstanceSet"}
OBJECTS = {"CodePackagePath", "StartCmdInfo", "Output", "LogConfig", "ImageInfo", "ExposeNetworkConfig",
           "OperatorInfo", "VolumeSourceCFS", "VolumeSourceGooseFS", "SSHConfig", "ResourceConf",
           "RDMAConfig", "DataSetSource", "COSSource", "CFSSource", "HDFSSource", "GooseFSSource",
           "CFSTurboSource", "LocalDiskSource", "CBSSource", "TrainingModelCosPath", "ModelHotUpdatePath",
           "ReasoningImageInfo", "increConfig", "LatestOperatorInfo", "metrics"}
MAPS = {"Tags": ("TagKey", "TagValue")}
# Marked secret: passwords, tokens, login commands, user environment variables.
SECRETS = {"LoginCommand", "Envs", "Password", "SecretId", "KeyId", "Username"}

# For each kind: the prefix that is removed from member names, and the renames.
KINDS = {
    "training": ("", {}),
    "notebooks": ("", {}),
    "versions": ("TrainingModel", {"TrainingModelVersionId": "id", "TrainingModelId": "model_id"}),
    "jobs": ("", {"trainStatus": "status", "taskName": "name", "finishTime": "finish_time",
                  "finishtime": "finish_time"}),
    "finetuning": ("", {}),
    "tasks": ("", {}),
}


def snake(name):
    """A word begins before an upper-case letter after a lower-case one or a digit, and before the last upper-case
    letter of a run that a lower-case letter follows."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def type_name(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Digits):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Members) else "array"


def line(value):
    if isinstance(value, bool):
        return "true\n" if value else "false\n"
    # what a terminal would obey is shown by its bytes
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f-\x9f]",
                  lambda match: "".join("\\x%02x" % byte for byte in match[0].encode()), value) + "\n"


def names(kind, members):
    """member -> file name, in a resource's own directory."""
    strip, renames = KINDS[kind]
    wanted = {}
    for member in members:
        stripped = member[len(strip):] if strip and member.startswith(strip) and member != strip else member
        wanted[member] = renames.get(member) or snake(stripped)
    taken = list(wanted.values())
    return {member: snake(member) if taken.count(name) > 1 and member not in renames else name
            for member, name in wanted.items()}


class Entry:
    """What stands under a name: bytes (None: a directory), jq's name of the type, the API's name."""

    def __init__(self, data, type, key, mode=0o444):
        self.data, self.type, self.key, self.mode = data, type, key, mode

    def __repr__(self):
        return "Entry(%r, %s, %s)" % (self.data, self.type, self.key)


def add(tree, path, key, member, value, secrets):
    """`member`: the name by which the documents know the value."""
    kind = type_name(value)
    if member in SECRETS and value not in (None, "", [], Members()) and not secrets:
        tree[path] = Entry(b"<hidden>\n", kind, key)
        return
    directory = kind == "object" or (kind == "array" and any(isinstance(v, list) for v in value))
    if value is None or value == []:
        # nothing keeps the shape that the documents give it
        directory = directory or member in OBJECT_LISTS or member in MAPS or member in OBJECTS
    if not directory:
        if kind == "array":
            data = "".join(line(v) for v in value)
        else:
            data = "" if value in (None, "") else line(value)
        tree[path] = Entry(data.encode(), kind, key)
        return
    tree[path] = Entry(None, kind, key)
    if kind == "object":
        for name, below in dict(value).items():
            add(tree, path + "/" + snake(name), name, name, below, secrets)
    elif member in MAPS:
        for item in value or []:
            tag, content = (get(item, name) for name in MAPS[member])
            add(tree, path + "/" + tag, tag, None, content, secrets)
    else:
        for i, item in enumerate(value or []):
            add(tree, "%s/%d" % (path, i), str(i), None, item, secrets)


def resource(kind, object, secrets=False):
    """path below the resource's directory -> Entry, without describe.json."""
    tree = {}
    members = dict(object)
    for member, name in names(kind, members).items():
        add(tree, name, member, member, members[member], secrets)
    return tree
