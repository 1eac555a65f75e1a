"""What the lint tests look for: each check is a function from a source tree to its findings, "FILE:LINE: why".

An empty list means that all is well.  Nothing here knows where the tree lies or runs a test, so that
test_checks.py can show every check a tree with the very mistake that it is there to find.

Two sorts of tables are read, not written, here: the modules stand in src/README.md, and the exceptions in
exceptions.txt, each with its reason.  An exception that is not needed any more is a finding too.
"""
import collections
import pathlib
import re
import subprocess

# ---- files


def listed(root):
    """Everything that is, or would be, in the repository: no build products."""
    git = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, text=True)
    if git.returncode == 0:
        names = [name for name in git.stdout.split("\0") if name]
    else:  # a tarball
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in names
                  if (root / name).is_file() and not name.startswith((".git/", "build/")))


def c_files(root):
    return sorted([*(root / "src").glob("*/*.[ch]"), *(root / "include").glob("*/*.h")])


def rel(root, path):
    return str(path.relative_to(root))


TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def bare(text):
    """C without comments and with empty literals; every line stays where it is."""
    def empty(match):
        token = match[0]
        return ("" if token[0] == "/" else token[0] * 2) + "\n" * token.count("\n")
    return TOKEN.sub(empty, text)


def lines_with(root, path, text, pattern):
    for number, line in enumerate(text.split("\n"), 1):
        for match in pattern.finditer(line):
            yield "%s:%d" % (rel(root, path), number), match


# ---- exceptions


def exceptions(root, check):
    """What exceptions.txt allows: {(file, what): reason}; `what` is "" for a whole file."""
    allowed = {}
    table = root / "tests/lint/exceptions.txt"
    for line in table.read_text().splitlines() if table.exists() else []:
        fields = re.split(r"\s{2,}|\t+", line.strip(), maxsplit=2)
        if line.startswith("#") or len(fields) < 3:
            continue
        name, _, file = fields[0].partition(" ")
        if name == check:
            allowed[(file, fields[1])] = fields[2]
    return allowed


def without_exceptions(root, check, found):
    """`found`: [(file, what, finding)]."""
    allowed = exceptions(root, check)
    needed = {(file, what) for file, what, _ in found}
    findings = [finding for file, what, finding in found if (file, what) not in allowed]
    for file, what in sorted(set(allowed) - needed):
        findings.append("tests/lint/exceptions.txt: %s %s %s is not needed any more: take it out" %
                        (check, file, what))
    return findings


# ---- modules


def section(text, name):
    """What stands between <!-- NAME --> and <!-- /NAME -->."""
    match = re.search(r"<!-- %s -->\n(.*?)<!-- /%s -->" % (name, name), text, re.S)
    assert match, "there is no <!-- %s --> ... <!-- /%s -->" % (name, name)
    return match[1]


def rows(table):
    """The cells of a Markdown table's rows, its head left out."""
    found = []
    for line in table.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found[2:]


def manual_errors(root):
    """The rows of ERRORS in describefs(1): (errno, the causes in parentheses, retried, last good answer served)."""
    text = (root / "packaging/man/describefs.1").read_text()
    part = re.search(r"^\.Sh ERRORS\n(.*?)^\.El$", text, re.M | re.S)[1]
    found = []
    for number, names, told in re.findall(r"^\.It Er (\w+) Pq Ql (.*)\n((?:(?!\.It ).*\n)*)", part, re.M):
        flags = re.search(r"\n(Not retried|Retried)\.\nLast good answer (not )?served\.\n\Z", told)
        assert flags, "describefs.1: %s does not end in what happens then" % number
        found.append((number, names.split(" , "), flags[1] == "Retried", not flags[2]))
    assert len(found) > 10, "describefs.1: ERRORS has no items that this can read"
    return found


def read_modules(root):
    """The modules in their order, from the table in src/README.md."""
    text = (root / "src/README.md").read_text()
    return [re.findall(r"`(\w+)`", row[0])[0] for row in rows(section(text, "modules"))]


def module_of(path):
    """The module of a source, a header or an object: the folder that it lies in."""
    return path.parent.name


def own_includes(path):
    """The paths in include lines between quotes: "fetch.h" beside the file, "base/buf.h" in include/."""
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def foreign_includes(path):
    return re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.M)


def check_module_table(root):
    """Each folder of src/ and include/ is a module of the table, and each module has a folder."""
    table = read_modules(root)
    there = {path.parent.name for path in c_files(root)}
    flat = [*(root / "src").glob("*.[ch]"), *(root / "include").glob("*.h")]
    return (["%s: lies in no module's folder" % rel(root, path) for path in sorted(flat)] +
            ["src/%s: not in the table of modules in src/README.md" % name for name in sorted(there - set(table))] +
            ["src/README.md: the table of modules has %s, but there is no such folder" % name
             for name in sorted(set(table) - there)])


def check_downward(root):
    """An include names a header of the file's own module, or of a module that stands before it in the table.

    That no include names a private header of another module, the compiler sees to: it is given -Iinclude alone.
    """
    place = {name: at for at, name in enumerate(read_modules(root))}
    findings = []
    for path in c_files(root):
        mine = module_of(path)
        for other in own_includes(path):
            if ".." in other.split("/"):
                findings.append("%s: includes %s: ask for a header in include/" % (rel(root, path), other))
            theirs = other.split("/")[0] if "/" in other else mine
            if place.get(theirs, 0) > place.get(mine, 0):
                findings.append("%s: includes %s, but %s stands after %s" % (rel(root, path), other, theirs, mine))
    return findings


def check_private(root):
    """A header stands in include/ if another module, or a public header of its own module, includes it."""
    users = collections.defaultdict(set)
    for path in c_files(root):
        for other in own_includes(path):
            users[other].add("include" if path.is_relative_to(root / "include") else module_of(path))
    names = ["%s/%s" % (module_of(path), path.name) for path in sorted((root / "include").glob("*/*.h"))]
    return ["include/%s: only its own module includes it: put it beside its sources" % name
            for name in names if users[name] <= {name.split("/")[0]}]


def check_makefile_modules(root):
    """The Makefile's lists CORE_MODULES and PROGRAM_MODULES together are the modules of the table."""
    makefile = (root / "Makefile").read_text().replace("\\\n", " ")
    listed_there = []
    for name in "CORE_MODULES", "PROGRAM_MODULES":
        listed_there += re.search(r"^%s\s*:?=(.*)$" % name, makefile, re.M)[1].split()
    table = read_modules(root)
    return (["Makefile: neither CORE_MODULES nor PROGRAM_MODULES has %s" % name for name in sorted(set(table) - set(listed_there))] +
            ["Makefile: %s is not a module of src/README.md" % name for name in sorted(set(listed_there) - set(table))] +
            ["Makefile: the lists of modules have %s twice" % name for name in sorted(set(listed_there)) if listed_there.count(name) > 1])


def check_makefile_verbs(root):
    """The Makefile's VERBS, which the program has behind all others, are sources: a stale name would change nothing but the order."""
    verbs = re.search(r"^VERBS\s*:?=(.*)$", (root / "Makefile").read_text(), re.M)[1].split()
    return ["Makefile: VERBS names src/%s.c, which is not there" % name for name in verbs if not (root / "src" / (name + ".c")).exists()]


def core_modules(root):
    """The modules of the library, from the Makefile."""
    return set(re.search(r"^CORE_MODULES\s*:?=(.*)$", (root / "Makefile").read_text(), re.M)[1].split())


def check_header_comments(root):
    """A header opens with what it is."""
    findings = []
    for path in c_files(root):
        opening = re.match(r"/\*\n \* (\S+) - .*?\*/\n", path.read_text(), re.S)
        if path.suffix == ".h" and (not opening or opening[1] != path.name):
            findings.append('%s: does not open with "%s - what it is"' % (rel(root, path), path.name))
    return findings


# Whose each foreign library is.  What a file sees through a header counts as well.
FOREIGN = {
    r"curl/.*": {"http_client", "transfer", "curl_error"},
    r"(cjson/)?cJSON\.h": {"json"},
    r"openssl/.*": {"digest"},
    r"(fuse3/)?fuse.*\.h|linux/fuse\.h": {"fuse/" + name for name in ("front", "mount", "notify", "refresh", "reply", "walk")},
    r"malloc\.h": {"heap_trim", "wiping"},
    r"sys/(epoll|signalfd|timerfd|eventfd)\.h": {"loop"},
}

# What the library may know of the C library: nothing that does I/O, waits, or reads a clock.
CORE_HEADERS = set("""assert.h ctype.h errno.h inttypes.h limits.h regex.h stdalign.h stdarg.h stdbool.h stddef.h
    stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h sys/stat.h""".split())

# The rest of the C library and of the kernel's own headers, for the edge.
EDGE_HEADERS = CORE_HEADERS | set("""arpa/inet.h dirent.h fcntl.h fnmatch.h grp.h libgen.h linux/fs.h linux/magic.h linux/openat2.h mntent.h
    netdb.h netinet/in.h netinet/tcp.h poll.h pwd.h sched.h signal.h spawn.h sys/file.h sys/ioctl.h sys/mman.h sys/mount.h
    sys/prctl.h sys/random.h sys/resource.h sys/socket.h sys/statfs.h sys/statvfs.h sys/syscall.h sys/time.h
    sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/vfs.h sys/wait.h sys/xattr.h syslog.h termios.h time.h
    unistd.h utime.h""".split())


def sees(root):
    """{source file: {foreign header: the file that includes it}}, through our own headers too."""
    found = {}
    for source in sorted((root / "src").glob("*/*.c")):
        seen, todo, foreign = set(), [source], {}
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            for header in foreign_includes(path):
                foreign.setdefault(header, rel(root, path))
            todo += [place / name for name in own_includes(path) for place in (path.parent, root / "include")
                     if (place / name).exists()]
        found[source] = foreign
    return found


def check_foreign(root):
    """One file knows one foreign thing; the library knows no I/O and no clock."""
    library, findings = core_modules(root), []
    for path, foreign in sees(root).items():
        name, core = path.stem, module_of(path) in library
        for header, through in sorted(foreign.items()):
            owners = next((who for pattern, who in FOREIGN.items() if re.fullmatch(pattern, header)), None)
            if owners is None:
                allowed = header in (CORE_HEADERS if core else EDGE_HEADERS)
                why = "is not for the library" if core else "is in no table of tests/lint/checks.py"
            else:
                allowed, why = name in owners or "%s/%s" % (module_of(path), name) in owners, "is known to %s alone" % ", ".join(sorted(owners))
            if not allowed:
                findings.append("%s: sees <%s> (in %s), which %s" % (rel(root, path), header, through, why))
    return findings


# ---- words

BANNED = {
    "no bound, or a bad one": "strcpy strcat sprintf vsprintf gets strncpy strncat stpcpy alloca scanf sscanf fscanf",
    "cannot tell a number from none, or goes by the locale": "atoi atol atoll atof strtod strtof strtold strtol "
        "strtoll strtoul strtoull setlocale isalpha isalnum isdigit isupper islower isspace isprint tolower toupper",
    "keeps its state in a static": "strtok rand srand random localtime gmtime ctime asctime getopt getopt_long "
        "inet_ntoa gethostbyname readdir_r tmpnam",
    "starts a shell": "system popen",
    "a race": "mktemp tempnam",
    "blocks the loop": "sleep usleep nanosleep getaddrinfo",
}

# Words that have one home.
AT_HOME = {
    "malloc calloc realloc strdup strndup asprintf vasprintf": {"buf", "wiping"},
    "getenv setenv unsetenv putenv secure_getenv": {"environment"},
    "fork vfork clone daemon setsid": {"daemon", "child"},
}


def word_pattern(words):
    return re.compile(r"(?<![\w.>])(%s)(?=\s*\()" % "|".join(words.split()))


def check_banned(root):
    """Functions that are not used, or in one file only."""
    found = []
    for path in c_files(root):
        text = re.sub(r"^\s*#.*$", "", bare(path.read_text()), flags=re.M)
        for why, words in BANNED.items():
            for where, match in lines_with(root, path, text, word_pattern(words)):
                found.append((rel(root, path), match[1], "%s: %s: %s" % (where, match[1], why)))
        for words, homes in AT_HOME.items():
            if path.stem in homes:
                continue
            for where, match in lines_with(root, path, text, word_pattern(words)):
                found.append((rel(root, path), match[1], "%s: %s belongs to %s" %
                              (where, match[1], ", ".join(sorted(homes)))))
    return without_exceptions(root, "banned", found)


# Words for people. A process, a call or a file is named: the kernel, the daemon, a reader, another user.
PEOPLE = re.compile(r"\b(whoever|somebody|nobody|who waits|who asks)\b", re.I)


def sentence_at(text, begin, end):
    """The sentence around a word: up to a full stop, the end of a comment, of a string, of a row or of a paragraph."""
    stop = re.compile(r"(?<=[.!?])\s|[\"|]|/\*|\*/|\n\s*\n")
    first = max((match.end() for match in stop.finditer(text, 0, begin)), default=0)
    last = stop.search(text, end)
    return " ".join(re.sub(r"(^|\n)\s*(\*|//|#)\s", " ", text[first:last.start() if last else len(text)]).split())


def check_people(root):
    """Processes are called by what they are.  A sentence that does speak of people is in exceptions.txt, whole."""
    found = []
    for name in listed(root):
        if not (name.startswith(("src/", "include/", "packaging/")) or name == "README.md"):
            continue
        text = (root / name).read_text(errors="replace")
        for match in PEOPLE.finditer(text):
            sentence, number = sentence_at(text, *match.span()), text.count("\n", 0, match.start()) + 1
            found.append((name, sentence, "%s:%d: %s: name the process: %s" % (name, number, match[1], sentence)))
    return without_exceptions(root, "people", found)


def check_paths(root):
    """Nothing names a place that only its authors had."""
    places = re.compile(r"\.\./" + r"(shared|\.library)\b|(?<![\w.$}-])/" + r"work/(main|shared)?")
    findings = []
    for name in listed(root):
        data = (root / name).read_bytes()
        if b"\0" in data:
            continue
        for where, match in lines_with(root, root / name, data.decode(errors="replace"), places):
            findings.append("%s: names %s" % (where, match[0]))
    return findings


def check_document_names(root):
    """A document that a comment sends its reader to is in the repository."""
    names, found = listed(root), []
    there = set(names) | {pathlib.PurePath(name).name for name in names}
    document = re.compile(r"(?<![\w<*])(?:usr/share/doc/describefs/)?((?:[\w.-]+/)*[\w-]+(?:\.[\w-]+)*\.md)\b")
    for name in names:
        if not re.search(r"\.(c|h|S|py|sh|mk|md|1|ini|txt)$|(^|/)(Makefile|run|emctl)$", name):
            continue
        if name.startswith("tests/lint/"):
            continue
        for where, match in lines_with(root, root / name, (root / name).read_text(errors="replace"), document):
            beside = str(pathlib.PurePath(name).parent / match[1])
            if match[1] not in there and not (root / beside).exists():
                found.append((name, match[1], "%s: there is no %s" % (where, match[1])))
    return without_exceptions(root, "document", found)


TOP = {"LICENSE", "Makefile", "README.md", "README.zh-CN.md", "include", "packaging", "src", "tests"}


def check_top(root):
    """The top level holds the agreed names, and dotfiles."""
    there = {name.split("/")[0] for name in listed(root)}
    return (["%s: not one of the names at the top" % name
             for name in sorted(there - TOP) if not name.startswith(".")] +
            ["%s: is missing" % name for name in sorted(TOP - there)])


# ---- objects

# Sections of what can change while the program runs.  .data.rel.ro is constant once the addresses are in.
MUTABLE = re.compile(r"\.(t?data|t?bss)(\.|$)|\*COM\*")


def check_state(root, objects):
    """No variable that outlives a call: everything hangs from what main makes."""
    findings = []
    for path in objects:
        table = subprocess.run(["objdump", "-t", str(path)], capture_output=True, text=True, check=True).stdout
        for line in table.splitlines():
            match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(.+)$", line)
            if not match or "d" in match[1] or not int(match[3], 16) or match[2].startswith(".data.rel.ro"):
                continue
            if MUTABLE.match(match[2]):
                findings.append("%s: %s can change (%s)" % (path.name, match[4].split()[-1], match[2]))
    return findings


# What the library may not call: whatever reaches the world, or asks it the time.
OUTSIDE = re.compile(r"""(open(at)?|creat|read|pread|write|pwrite|readv|writev|close|socket|connect|accept4?|bind|listen
    |recv.*|send.*|poll|ppoll|select|epoll_.*|fopen|freopen|fdopen|fread|fgets|getline|opendir|readdir|stat|fstat|lstat
    |ioctl|fcntl|getenv|secure_getenv|time|clock|gettimeofday|clock_gettime|usleep|nanosleep|sleep|timerfd_.*|signalfd
    |pthread_.*|thrd_.*|fork|vfork|clone|exec.*|posix_spawn.*|kill|raise|signal|sigaction|rand|srand|random|getrandom
    |getentropy|setlocale|localtime.*|strftime|getaddrinfo|curl_.*|fuse_.*|exit|_exit)(64)?(@.*)?""", re.X)


def check_calls(objects):
    """The library asks the world for nothing: the linker would let it call libc, this does not."""
    findings = []
    for path in objects:
        table = subprocess.run(["nm", "-u", str(path)], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"^\s+[Uw] (\S+)$", table, re.M):
            plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
            if OUTSIDE.fullmatch(plain):
                findings.append("%s: calls %s" % (path.name, name))
    return findings
