"""RFC 8866 §5 and §9: the text itself: line ends, bytes, and lines that are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from sdp.lines import CRLF, content, ending
from sdp.lines import text as decoded
from sdp.lint.rule import Hits, Severity, plural, rule, shown
from sdp.lint.view import Hit, Level, View

_LETTERS = frozenset(b"vosiuepcbtrzkam")
_HEAD = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
_AUDIO = b"m=audio 5004 RTP/AVP 0\r\n"
_GOOD = _HEAD + _AUDIO


def _all_lines(view: View) -> Iterator[tuple[Level, int, bytes]]:
    for level in view.levels:
        for position, line in enumerate(level.section.lines):
            yield level, position, line


def _ends(view: View) -> tuple[Counter[bytes], dict[bytes, Hit]]:
    """How often each line end occurs, and where first."""
    counts: Counter[bytes] = Counter()
    first: dict[bytes, Hit] = {}
    for level, position, line in _all_lines(view):
        end = ending(line)
        counts[end] += 1
        if end not in first:
            first[end] = level.hit(position, "")
    del counts[b""]
    return counts, first


def _only(end: bytes, message: str) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        counts, first = _ends(view)
        if list(counts) == [end]:
            yield first[end]._replace(message=message)

    return check


bare_lf = rule(
    "SDP001",
    Severity.INFO,
    "Lines end in a bare LF",
    ("8866", "5"),
    why="Parsers should accept it, yet RFC 8866 wants CRLF and a few strict ones refuse the body.",
    bad=_GOOD.replace(CRLF, b"\n"),
    good=_GOOD,
)(_only(b"\n", "all lines end in a bare LF; strict peers want CRLF"))

bare_cr = rule(
    "SDP002",
    Severity.WARNING,
    "Lines end in a bare CR",
    ("8866", "5"),
    why="Many parsers know only LF and take the whole description for a single line.",
    bad=_GOOD.replace(CRLF, b"\r"),
    good=_GOOD,
)(_only(b"\r", "all lines end in a bare CR; most peers will see one long line"))

extra_cr = rule(
    "SDP003",
    Severity.WARNING,
    "A CR too many before CRLF",
    ("8866", "5"),
    why="The result of writing CRLF through a text file; the extra CR becomes part of the value.",
    bad=_GOOD.replace(CRLF, b"\r\r\n"),
    good=_GOOD,
)(_only(b"\r\r\n", "all lines end in CR CR LF; a peer may keep the extra CR in every value"))


@rule(
    "SDP004",
    Severity.WARNING,
    "Mixed line ends",
    ("8866", "5"),
    why="Something on the path edited the body; a peer that looks for one kind joins lines.",
    bad=_HEAD + b"m=audio 5004 RTP/AVP 0\na=sendrecv\r\n",
    good=_HEAD + _AUDIO + b"a=sendrecv\r\n",
)
def mixed_ends(view: View) -> Hits:
    """Report the rarest line end at its first place."""
    counts, first = _ends(view)
    if len(counts) > 1:
        rarest = min(counts, key=lambda end: (counts[end], end == CRLF))
        names = ", ".join(
            f"{count} x {''.join('CR' if byte == 13 else 'LF' for byte in end)}"
            for end, count in counts.items()
        )
        message = f"line ends are mixed ({names}); a peer may take two lines for one"
        yield first[rarest]._replace(message=message)


@rule(
    "SDP005",
    Severity.WARNING,
    "The last line has no end",
    ("8866", "9"),
    why="Parsers that read up to the line end lose the last attribute.",
    bad=_HEAD + b"m=audio 5004 RTP/AVP 0",
    good=_GOOD,
)
def no_final_end(view: View) -> Hits:
    """Report the last line where it has no line end."""
    last = next((level for level in reversed(view.levels) if level.section.lines), None)
    if last is not None and not ending(last.section.lines[-1]):
        position = len(last.section.lines) - 1
        yield last.hit(position, "the last line has no line end; some peers will not read it")


@rule(
    "SDP006",
    Severity.ERROR,
    "NUL byte",
    ("8866", "5"),
    why="No value may hold NUL; parsers written in C end the text there.",
    bad=_HEAD + b"a=tool:x\0y\r\n",
    good=_HEAD + b"a=tool:xy\r\n",
)
def nul(view: View) -> Hits:
    """Report lines with NUL."""
    for level, position, line in _all_lines(view):
        if b"\0" in line:
            yield level.hit(position, "the line holds a NUL byte; many peers end the text there")


@rule(
    "SDP007",
    Severity.WARNING,
    "Not UTF-8",
    ("8866", "5"),
    why="Texts are UTF-8 unless a=charset says otherwise; peers drop the line or the call.",
    bad=_HEAD.replace(b"s=-", b"s=Caf\xe9"),
    good=_HEAD.replace(b"s=-", b"s=Caf\xc3\xa9"),
)
def not_utf8(view: View) -> Hits:
    """Report the lines that are not UTF-8, unless a charset is declared."""
    if view.description.has("charset"):
        return
    for level, position, line in _all_lines(view):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                yield level.hit(position, "the line is not UTF-8 and no a=charset says what it is")


def _is_blank(line: bytes) -> bool:
    return not line.strip()


@rule(
    "SDP008",
    Severity.ERROR,
    "Blank line inside",
    ("8866", "5"),
    why="Every line has a letter and an equals sign; many parsers stop at a blank one.",
    bad=_HEAD + b"\r\n" + _AUDIO,
    good=_GOOD,
)
def blank_inside(view: View) -> Hits:
    """Report blank lines that have others behind them."""
    waiting: list[Hit] = []
    for level, position, line in _all_lines(view):
        if _is_blank(line):
            waiting.append(level.hit(position, "a blank line; peers may ignore all that follows"))
        else:
            yield from waiting
            waiting.clear()


@rule(
    "SDP009",
    Severity.WARNING,
    "Blank lines at the end",
    ("8866", "5"),
    why="Usually harmless, but strict parsers take a blank line for a syntax error.",
    bad=_GOOD + b"\r\n",
    good=_GOOD,
)
def blank_end(view: View) -> Hits:
    """Report the first of the blank lines at the end."""
    first: Hit | None = None
    count = 0
    for level, position, line in _all_lines(view):
        if _is_blank(line):
            first, count = first or level.hit(position, ""), count + 1
        else:
            first, count = None, 0
    if first is not None:
        message = f"{plural(count, 'blank line')} at the end; strict peers refuse the body"
        yield first._replace(message=message)


@rule(
    "SDP010",
    Severity.INFO,
    "Blanks at the end of a line",
    ("8866", "5"),
    why="They belong to the value; a parser that splits at single blanks sees an empty field.",
    bad=_HEAD + b"m=audio 5004 RTP/AVP 0 \r\n",
    good=_GOOD,
)
def trailing_blanks(view: View) -> Hits:
    """Report the first line with trailing blanks, other than ``s= ``."""
    found = [
        level.hit(position, "")
        for level, position, line in _all_lines(view)
        if (value := content(line))[-1:] in (b" ", b"\t") and value != b"s= " and value.strip()
    ]
    if found:
        message = f"{plural(len(found), 'line')} with blanks at the end, the first of them here"
        yield found[0]._replace(message=message)


@rule(
    "SDP011",
    Severity.ERROR,
    "Not an SDP line",
    ("8866", "5"),
    why="A line is one letter, an equals sign and a value; anything else voids the description.",
    bad=_HEAD + b"hello\r\n",
    good=_GOOD,
)
def junk(view: View) -> Hits:
    """Report lines that have no letter and equals sign, unless they are blank."""
    for level, position, line in _all_lines(view):
        if line[1:2] != b"=" and not _is_blank(line):
            what = shown(decoded(content(line)))
            yield level.hit(position, f"{what} is no SDP line; peers may refuse the description")


@rule(
    "SDP012",
    Severity.ERROR,
    "Unknown type letter",
    ("8866", "5"),
    why="A peer must ignore or refuse the whole description; letters are case-sensitive.",
    bad=_HEAD + b"x=1\r\n",
    good=_GOOD,
)
def unknown_letter(view: View) -> Hits:
    """Report lines of a type that RFC 8866 does not define."""
    for level, position, line in _all_lines(view):
        if line[1:2] == b"=" and line[0] not in _LETTERS:
            letter = shown(decoded(line[:2]))
            message = f"no RFC defines {letter} lines; peers must refuse the whole description"
            yield level.hit(position, message)
