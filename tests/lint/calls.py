"""Which file calls which, read from the objects: an undefined symbol of one object that another object defines.

References to data (a table, a catalog) count as calls.  What is called through a pointer alone is not seen: the file
that takes the function's address is the one that refers to it.
"""
import collections
import subprocess

import checks


def calls_between(objects):
    """{object: {object that it refers to: [names]}}."""
    said = subprocess.run(["nm", "-A", *map(str, objects)], capture_output=True, text=True, check=True).stdout
    home, wanted = {}, collections.defaultdict(set)
    for line in said.splitlines():
        path, _, symbol = line.rpartition(":")
        kind, name = symbol.split()[-2:]
        if kind == "U":
            wanted[path].add(name)
        elif kind in "TDBRVW":
            home[name] = path
    named = {str(path): path for path in objects}
    found = {path: collections.defaultdict(list) for path in objects}
    for path, names in wanted.items():
        for name in sorted(names):
            if name in home:
                found[named[path]][named[home[name]]].append(name)
    return found


def short(path):
    """tree/record, for build/tree/record.o."""
    return "%s/%s" % (path.parent.name, path.stem)


def check_calls_downward(root, objects):
    """A file calls functions of its own module, or of modules that stand before it in the table of src/README.md."""
    place = {name: at for at, name in enumerate(checks.read_modules(root))}
    return ["%s calls up: %s of %s" % (short(path), ", ".join(names), short(other))
            for path, others in calls_between(objects).items() for other, names in others.items()
            if place[checks.module_of(other)] > place[checks.module_of(path)]]


def way_back(calls, start):
    """The shortest way along calls from `start` to itself, as a list of files, or None."""
    came, todo = {}, [start]
    while todo:
        file = todo.pop(0)
        for other in sorted(calls[file]):
            if other == start:
                way = [start]
                while file != start:
                    way.insert(0, file)
                    file = came[file]
                return [start] + way
            if other not in came:
                came[other] = file
                todo.append(other)
    return None


def check_circles(objects):
    """No file calls, by way of other files too, one that calls it.  Each file is told in one circle only."""
    calls, told, findings = calls_between(objects), set(), []
    for way in sorted(filter(None, (way_back(calls, file) for file in calls)), key=lambda way: (len(way), way)):
        if told.isdisjoint(way):
            told.update(way)
            findings.append("files that call each other in a circle: " + ", ".join(
                "%s calls %s of %s" % (short(file), "/".join(calls[file][other]), short(other))
                for file, other in zip(way, way[1:])))
    return findings
