#!/usr/bin/env python3
"""tests/demo/picture.py [FILE] - draws packaging/doc/session.svg: the session of tests/demo/session.md in a terminal.

The picture has its own dark background, so it can be read on a light and on a dark page.  It does not move: an animation
would begin with an empty terminal, and previews and printers show its first frame.
"""
import importlib.util
import pathlib
import sys
import unicodedata
import xml.sax.saxutils

TOP = pathlib.Path(__file__).resolve().parents[2]
CELL, LINE, LEFT, ABOVE = 8.43, 20, 18, 58  # pixels: a character, a line, the margins

STYLE = """\
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #c9d1d9 }
.c { fill: #f0f6fc; font-weight: 600 }
.p { fill: #7ee787 }
.t { fill: #8b949e }
"""


def read_session(path):
    """[(command, output)] as tests/transcript/run.py reads them."""
    spec = importlib.util.spec_from_file_location("transcript", TOP / "tests" / "transcript" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Session(path).commands


def is_wide(character):
    return unicodedata.east_asian_width(character) in "WF"


def cells(text):
    return sum(2 if is_wide(character) else 1 for character in text)


def pieces(text):
    """[(column, piece)]: each piece begins in its column, whatever font has the wide characters."""
    found, column = [], 0
    for character in text:
        if not found or is_wide(character) or is_wide(found[-1][1][-1]):
            found.append((column, ""))
        found[-1] = (found[-1][0], found[-1][1] + character)
        column += cells(character)
    return found


def text(line, row, style="", column=0):
    """A line of the terminal as a text element."""
    spans = "".join('<tspan x="%.1f">%s</tspan>' % (LEFT + CELL * (column + at), xml.sax.saxutils.escape(piece))
                    for at, piece in pieces(line))
    return '<text y="%d"%s xml:space="preserve">%s</text>' % (ABOVE + LINE * row, style and ' class="%s"' % style, spans)


def draw(session):
    """The picture as SVG."""
    body, row = [], 0
    for command, output in session:
        body += [text("$", row, "p"), text(command, row, "c", 2)]
        lines = output.splitlines()
        body += [text(line, row + 1 + i) for i, line in enumerate(lines)]
        row += 1 + len(lines)
    columns = max(cells(line) for command, output in session for line in ["$ " + command, *output.splitlines()])
    width, height = round(2 * LEFT + CELL * columns), ABOVE + LINE * row
    dots = "".join('<circle cx="%d" cy="19" r="6" fill="%s"/>' % (22 + 20 * i, color)
                   for i, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")))
    return """\
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
<title>A session with describefs</title>
<desc>Drawn by tests/demo/picture.py from tests/demo/session.md</desc>
<style>
%s</style>
<rect x="0.5" y="0.5" width="%d" height="%d" rx="8" fill="#0d1117" stroke="#57606a"/>
%s
<text x="%d" y="24" text-anchor="middle" class="t">describefs</text>
%s
</svg>
""" % (width, height, width, height, STYLE, width - 1, height - 1, dots, width // 2, "\n".join(body))


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "packaging" / "doc" / "session.svg"
    target.write_text(draw(read_session(TOP / "tests" / "demo" / "session.md")))


if __name__ == "__main__":
    main()
