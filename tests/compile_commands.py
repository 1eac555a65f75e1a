#!/usr/bin/python3
"""compile_commands.py <COMMANDS - of the commands that make would run, those that compile, as compile_commands.json."""
import json
import os
import shlex
import sys

found = {}
for line in sys.stdin.read().replace("\\\n", " ").splitlines():
    try:
        words = shlex.split(line)
    except ValueError:  # a piece of shell, not a compiler's command
        continue
    sources = [word for word in words if word.endswith(".c")]
    if len(sources) == 1 and "-o" in words:
        found.setdefault(sources[0], {"directory": os.getcwd(), "file": sources[0], "arguments": words})
json.dump(list(found.values()), sys.stdout, indent=1)
