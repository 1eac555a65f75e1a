"""The shape of files, lines, functions and structs: checks as in checks.py, each from a source tree to its findings.

What .editorconfig says is read from it.  What a line of C looks like beyond that, clang-format decides by .clang-format.
"""
import collections
import io
import json
import re
import shutil
import subprocess
import tokenize

from checks import bare, c_files, listed, rel, without_exceptions

FILE_LINES, FUNCTION_LINES, BRANCHES, MEMBERS = 500, 40, 15, 20
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")
CLANG_FORMAT = 14  # Debian 12's: another version breaks lines at other places


# ---- .editorconfig


def glob_pattern(glob):
    """The regular expression of a glob of .editorconfig: *, **, {a,b}.  Without a slash it is for a name in any folder."""
    words = {"**": ".*", "*": "[^/]*", "{": "(?:", "}": ")", ",": "|"}
    pattern = "".join(words.get(word, re.escape(word)) for word in re.findall(r"\*\*|[*{},]|[^*{},]+", glob))
    return re.compile(pattern if "/" in glob else "(?:.*/)?" + pattern)


def editorconfig(root):
    """[(pattern, {property: value})], in the order of the file."""
    sections = []
    for line in (root / ".editorconfig").read_text().splitlines():
        name, equals, value = line.partition("=")
        if line.startswith("["):
            sections.append((glob_pattern(line.strip()[1:-1]), {}))
        elif equals and sections and not line.startswith("#"):
            sections[-1][1][name.strip()] = value.strip()
    return sections


def without_texts(text):
    """A shell script without its here documents: every line stays where it is."""
    return re.sub(r"(<<-?'?(\w+)'?[^\n]*\n)(.*?)(?=^\s*\2$)", lambda match: match[1] + "\n" * match[3].count("\n"),
                  text, flags=re.M | re.S)


def indents(name, text):
    """(number of the line, the blanks that it begins with), of lines that an indentation is asked of."""
    if name.endswith(".py"):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.INDENT:
                yield token.start[0], token.string
        return
    for number, line in enumerate((without_texts(text) if name.endswith(".sh") else text).split("\n"), 1):
        if not re.match(r"\s* \*", line):  # a comment of C
            yield number, re.match(r"[ \t]*", line)[0]


def bad_lines(name, text, wanted):
    """(line, what) of a file that shall be as `wanted`."""
    size, columns = int(wanted.get("indent_size", 8)), wanted.get("max_line_length", "off")
    for number, blanks in indents(name, text):
        if wanted.get("indent_style") == "tab" and not re.fullmatch(r"|\t+ {0,%d}" % (size - 1), blanks):
            yield number, "is not indented by tabs"
        if wanted.get("indent_style") == "space" and ("\t" in blanks or len(blanks) % size):
            yield number, "is not indented by %d blanks" % size
    for number, line in enumerate(text.split("\n"), 1):
        if wanted.get("trim_trailing_whitespace") == "true" and re.search(r"[ \t]$", line):
            yield number, "ends in blanks"
        if wanted.get("end_of_line") == "lf" and "\r" in line:
            yield number, "has a carriage return"
        if columns.isdigit() and len(line.expandtabs(size)) > int(columns):
            yield number, "is longer than %s columns" % columns
    if wanted.get("insert_final_newline") == "true" and text and not re.search(r"[^\n]\n\Z", text):
        yield text.count("\n") + 1, "does not end the file in one newline"


def check_editorconfig(root):
    """Every text is as .editorconfig says."""
    sections, findings = editorconfig(root), []
    for name in listed(root):
        data, wanted = (root / name).read_bytes(), {}
        for pattern, properties in sections:
            if pattern.fullmatch(name):
                wanted.update(properties)
        if b"\0" in data or wanted.get("trim_trailing_whitespace") == "unset":
            continue
        try:
            findings += ["%s:%d: %s" % (name, number, what) for number, what in bad_lines(name, data.decode(), wanted)]
        except UnicodeDecodeError:
            findings.append("%s: is not UTF-8" % name)
    return findings


# ---- clang-format


def clang_format():
    """(the program, None), or (None, what is needed)."""
    for program in "clang-format-%d" % CLANG_FORMAT, "clang-format":
        if shutil.which(program):
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(r"version %d\." % CLANG_FORMAT, said):
                return program, None
    return None, "clang-format %d is needed (Debian 12 has it: tests/deps.sh check)" % CLANG_FORMAT


def check_format(root, program):
    """The sources are as clang-format writes them with .clang-format."""
    said = subprocess.run([program, "--dry-run", "-Werror", *map(str, c_files(root))], cwd=root, capture_output=True, text=True)
    found = re.findall(r"^(?:%s/)?(\S+?:\d+):\d+: error: (.*?) \[" % re.escape(str(root)), said.stderr, re.M)
    if said.returncode and not found:
        return [said.stderr.strip()]
    return ["%s: %s: run clang-format -i on it" % finding for finding in found]


# ---- files, functions, structs


def check_file_lines(root):
    """Files of a size that can be read."""
    counted = [(rel(root, path), path.read_text().count("\n")) for path in c_files(root)]
    return without_exceptions(root, "layout", [
        (file, "lines", "%s: %d lines, %d at most" % (file, lines, FILE_LINES))
        for file, lines in counted if lines > FILE_LINES])


def tags(root, kinds):
    """What universal-ctags finds of these kinds in the sources."""
    files = "\n".join(rel(root, path) for path in c_files(root))
    said = subprocess.run(["ctags", "--languages=C", "--langmap=C:.c.h", "--kinds-C=" + kinds, "--fields=+netZ",
                           "--output-format=json", "-L", "-", "-f", "-"], cwd=root, input=files, text=True,
                          capture_output=True, check=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def check_functions(root):
    """Functions of a size that can be read."""
    found, functions = [], tags(root, "f")
    texts = {rel(root, path): bare(path.read_text()).split("\n") for path in c_files(root)}
    for tag in functions:
        file, name, first, last = tag["path"], tag["name"], tag["line"], tag["end"]
        length = last - first + 1
        branches = len(BRANCH.findall("\n".join(texts[file][first - 1:last]))) + 1
        if length > FUNCTION_LINES:
            found.append((file, name, "%s:%d: %s: %d lines, %d at most" % (file, first, name, length, FUNCTION_LINES)))
        elif branches > BRANCHES:
            found.append((file, name, "%s:%d: %s: %d branches, %d at most" % (file, first, name, branches, BRANCHES)))
    if not functions:
        return ["ctags found no function: is it universal-ctags?"]
    return without_exceptions(root, "function", found)


def check_structs(root):
    """Structs of a size that can be grasped.

    A member that is a struct itself counts as one.  The members of a struct or union without a name are its outer one's.
    """
    members = [tag for tag in tags(root, "msu") if tag["kind"] == "member"]
    named = {(tag["path"], tag["typeref"].partition(":")[2]) for tag in members if "typeref" in tag}
    counted = collections.Counter()
    for tag in members:
        scope = tag["scope"]
        while "::__anon" in scope and (tag["path"], scope) not in named:
            scope = scope.rpartition("::")[0]
        counted[tag["path"], scope] += 1
    return without_exceptions(root, "struct", [
        (file, name, "%s: struct %s: %d members, %d at most" % (file, name, count, MEMBERS))
        for (file, name), count in sorted(counted.items()) if count > MEMBERS])
