#!/usr/bin/env python3
"""tests/bench/plot.py [--save] [SVG] - draws packaging/doc/bench.svg from the tables in tests/bench/last_run.md.

--save first replaces these by the tables that make bench has left in build/.  The upper part has the ratios of the warm part: the time of a
command over the time of the same command on tmpfs.  The lower part has the ratios of the cold part: the time of a command
over what its calls take at the default rate, beside a loop that starts the cloud's own client once for each task.
"""
import math
import os
import pathlib
import re
import shutil
import sys
import xml.sax.saxutils

TOP = pathlib.Path(__file__).resolve().parents[2]
WARM = {"open+read+close, p50": "open, read, close one file", "`cat training/*/status`": "cat training/*/status",
        "`grep -r`": "grep -r RUNNING training", "`find -type f`": "find training -type f", "`ls -lR`": "ls -lR training"}
PEERS = ("describefs", "httpdirfs", "rclone")
LOOP = "the official Node client, one status at a time"
COLD = {"`cat training/*/status`": ("cat training/*/status", "describefs"),
        "`grep -r`": ("grep -r RUNNING training", "describefs"), LOOP: ("the cloud's client, once a task", "client")}
LEFT, RIGHT, ROW, BAR, DECADE = 250, 90, 20, 13, 130  # pixels; a decade is a factor of ten
SMALLEST, LARGEST = 0.3, 3000  # ratios at the ends of the axis

STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.h { font-weight: 600; font-size: 14px }
.m { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px }
.s { fill: #59636e; font-size: 12px }
.back { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
.one { stroke: #1f2328; stroke-dasharray: 4 3 }
.describefs { fill: #0969da }
.httpdirfs { fill: #bf8700 }
.rclone { fill: #8250df }
.loop { fill: #cf222e }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .s { fill: #9198a1 }
  .back { fill: #0d1117; stroke: #3d444d }
  .grid { stroke: #3d444d }
  .one { stroke: #f0f6fc }
  .describefs { fill: #58a6ff }
  .httpdirfs { fill: #d29922 }
  .rclone { fill: #bc8cff }
  .loop { fill: #ff7b72 }
}
"""


def tables(text):
    """{first word of the head: [{column: cell}]}."""
    found = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        head, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
                          for line in block.splitlines()]
        found[head[0]] = [dict(zip(head, row)) for row in rows]
    return found


def ratio(cell):
    return float(cell) if re.fullmatch(r"[\d.]+", cell or "") else None


def warm_rows(rows, text):
    """[(label, name, class, ratio, note)]; describefs's ratio stands in the column without a name."""
    cells = {row["warm"]: {**row, "describefs": row[""]} for row in rows}
    reasons = {(row, peer): ": " + reason
               for row, peer, reason in re.findall(r"^Left out: (`.*`) of (\w+): (.*)\.$", text, re.M)}
    return [(label if peer == "describefs" else "", peer, peer, ratio(cells[row].get(peer)), reasons.get((row, peer), ""))
            for row, label in WARM.items() for peer in PEERS]


def cold_rows(rows):
    """The same of the cold part, at the first rate that it measured."""
    return [(label, name, "loop" if row["cold"] == LOOP else "describefs", ratio(row["ratio"]),
             " (%s)" % row["time"].removeprefix("~"))
            for row in rows for label, name in [COLD.get(row["cold"], (None, None))]
            if label and row["rate"] == rows[0]["rate"]]


def x(value):
    return LEFT + DECADE * math.log10(value / SMALLEST)


def bars(rows, y):
    """The bars of one part: from 1, so that a bar to the left is faster and one to the right slower."""
    drawn = []
    for label, name, style, value, note in rows:
        if label:
            y += 8
            drawn.append('<text x="16" y="%d" class="m">%s</text>' % (y + BAR - 2, xml.sax.saxutils.escape(label)))
        if value is None:
            drawn.append('<text x="%.1f" y="%d" class="s">%s%s</text>' % (x(1) + 6, y + BAR - 2, name, note or ": not measured"))
        else:
            ends = sorted((x(1), x(value)))
            drawn.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" class="%s"/>' % (
                ends[0], y, max(ends[1] - ends[0], 1), BAR, style))
            drawn.append('<text x="%.1f" y="%d" class="s">%s %s%s</text>' % (
                ends[1] + 6, y + BAR - 2, name, "%.2f" % value if value < 10 else "%.0f" % value, note))
        y += ROW
    return drawn, y


def part(title, axis, rows, y):
    drawn, end = bars(rows, y + 30)
    lines = []
    for value in (1, 10, 100, 1000):
        lines.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" class="%s"/>' % (
            x(value), x(value), y + 30, end, "one" if value == 1 else "grid"))
        lines.append('<text x="%.1f" y="%d" text-anchor="middle" class="s">%s</text>' % (x(value), end + 16, format(value, ",")))
    return ['<text x="16" y="%d" class="h">%s</text>' % (y + 16, title), *lines, *drawn,
            '<text x="%.1f" y="%d" class="s">%s</text>' % (x(1), end + 32, axis)], end + 44


def draw(text):
    """The picture as SVG."""
    found = tables(text)
    machine = re.match(r"(Linux [\d.]+)\S*, (\d+ cores), ([\d-]+), commit (\w+).*?; (load [\d.]+)", text)
    few = re.search(r"; httpdirfs and rclone \(over a local nginx\): (\d+) tasks", text)[1]
    upper, y = part("Cached", "times the same files on tmpfs (= 1)", warm_rows(found["warm"], text), 12)
    rate, tasks = found["cold"][0]["rate"].replace("/s", " calls a second"), int(found["cold"][0]["tasks"])
    lower, y = part("Nothing cached: %s tasks, %s, %s latency" % (
        format(tasks, ","), rate, re.search(r"## Cold: (\d+ ms) latency", text)[1]),
        "times what the calls take at this rate (= 1)", cold_rows(found["cold"]), y + 12)
    notes = ["A shorter bar is faster; the axis is logarithmic. httpdirfs and rclone: %s tasks, over a local nginx." % few,
             "%s, %s, %s, commit %s, %s: make bench" % machine.groups()]
    for note in notes:
        y += 18
        lower.append('<text x="16" y="%d" class="s">%s</text>' % (y - 6, xml.sax.saxutils.escape(note)))
    width, height = round(x(LARGEST) + RIGHT), y + 8
    return """\
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
<title>describefs beside tmpfs, httpdirfs, rclone and a loop over a command-line client</title>
<desc>Drawn by tests/bench/plot.py from tests/bench/last_run.md</desc>
<style>
%s</style>
<rect x="0.5" y="0.5" width="%d" height="%d" rx="8" class="back"/>
%s
</svg>
""" % (width, height, width, height, STYLE, width - 1, height - 1, "\n".join(upper + lower))


def main():
    saved = TOP / "tests" / "bench" / "last_run.md"
    if "--save" in sys.argv[1:]:
        shutil.copy((TOP / os.environ.get("BUILD", "build") / "bench").with_suffix(".md"), saved)
    targets = [word for word in sys.argv[1:] if word != "--save"]
    target = pathlib.Path(targets[0]) if targets else TOP / "packaging" / "doc" / "bench.svg"
    target.write_text(draw(saved.read_text()))


if __name__ == "__main__":
    main()
