"""A second opinion on lines: which differ between two texts, without the package's own splitter."""

import re
from collections import Counter
from dataclasses import dataclass

_LINE = re.compile(rb"[^\r\n]*(?:\r{0,2}\n|\r)|[^\r\n]+")
_END = re.compile(rb"[\r\n]*\Z")
_ICE = re.compile(
    rb"a=(?:candidate|remote-candidates|end-of-candidates|ice-(?:lite|mismatch|options|"
    rb"pacing|pwd|ufrag))[ \t\v\f]*(?::|[\r\n]*\Z)",
    re.IGNORECASE,
)
_PORT = re.compile(rb"(m=[ \t]*[^ \t]+[ \t]+)[0-9]+")
_RTCP = re.compile(rb"a=rtcp[ \t\v\f]*(?::|[\r\n]*\Z)", re.IGNORECASE)


def split(data: bytes) -> list[bytes]:
    """The lines with their endings."""
    return _LINE.findall(data)


def ending(line: bytes) -> bytes:
    """The line end of a line, empty where the text stops without one."""
    found = _END.search(line)
    assert found is not None
    return found[0]


def is_ice(line: bytes) -> bool:
    """Whether RFC 8839 or 8840 defines the attribute of this line."""
    return _ICE.match(line) is not None


@dataclass(frozen=True)
class Named:
    """What an edit may touch: the ICE lines, and where some sections send to."""

    ice: bool = False
    moved: frozenset[int] = frozenset()
    origin: bool = False


def untouched(
    lines: list[bytes], named: Named, inheriting: frozenset[int]
) -> list[tuple[int, bytes]]:
    """The lines that an edit must leave alone, each with its section; -1 is the session part.

    Of an m= line that may get another port the rest stays in the list. ``inheriting`` are the
    sections whose address is that of the session part.
    """
    kept = []
    session_moves = bool(inheriting & named.moved)
    section = -1
    for line in lines:
        if line.startswith(b"m="):
            section += 1
            kept.append((section, _PORT.sub(rb"\1#", line) if section in named.moved else line))
        elif not _is_named(line, section, named, session_moves):
            kept.append((section, line))
    return kept


def _is_named(line: bytes, section: int, named: Named, session_moves: bool) -> bool:
    if named.ice and is_ice(line):
        return True
    if named.origin and line.startswith(b"o="):
        return True
    if section in named.moved:
        return line.startswith(b"c=") or _RTCP.match(line) is not None
    return section == -1 and session_moves and line.startswith(b"c=")


def _sections_without_connection(lines: list[bytes]) -> frozenset[int]:
    section, without = -1, set()
    for line in lines:
        if line.startswith(b"m="):
            section += 1
            without.add(section)
        elif line.startswith(b"c="):
            without.discard(section)
    return frozenset(without)


def check_touched_only(before: bytes, after: bytes, named: Named) -> None:
    """Asserts that nothing but the named lines differs, line ends included."""
    old, new = split(before), split(after)
    inheriting = _sections_without_connection(old)
    left, right = untouched(old, named, inheriting), untouched(new, named, inheriting)
    if left != right:
        _check_open_end(left, right, old, new)
    _check_endings(old, new)


def _check_open_end(
    left: list[tuple[int, bytes]],
    right: list[tuple[int, bytes]],
    old: list[bytes],
    new: list[bytes],
) -> None:
    """A text that stops without a line end may need one there, or lose one, and nothing else."""
    differing = [pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]]
    went, came = Counter(left) - Counter(right), Counter(right) - Counter(left)
    assert len(left) == len(right), f"{went} went, {came} came"
    assert len(differing) == 1, f"more than one line differs: {differing}"
    (one_section, one), (other_section, other) = differing[0]
    assert one_section == other_section, differing
    assert one.rstrip(b"\r\n") == other.rstrip(b"\r\n"), differing
    assert not ending(old[-1]), f"a line end changed: {differing}"
    assert one == old[-1] or other == new[-1] or b"#" in one, f"not at the end: {differing}"


def _check_endings(old: list[bytes], new: list[bytes]) -> None:
    """New lines end as the line before them, or as a line that they replace.

    A text that stopped without a line end goes on with that of its first line.
    """
    if not old:
        return
    unseen = Counter(old)
    gone = {ending(line) for line in Counter(old) - Counter(new)}
    for position, line in enumerate(new):
        if unseen[line]:
            unseen[line] -= 1
            continue
        last_of_an_open_text = position == len(new) - 1 and not ending(old[-1])
        if position and not last_of_an_open_text:
            near = {ending(new[position - 1]), *gone}
            if not ending(old[-1]):
                near |= {ending(old[0]), ending(old[0])[-2:]}
            assert ending(line) in near, f"line {position + 1} ends unlike its neighbours: {line!r}"
