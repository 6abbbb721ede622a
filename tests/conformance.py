"""docs/conformance.md, made from the marks of the tests: ``python -m tests.conformance``.

The rows are those of tests/data/requirements.json, in words of this project; what is not tested
stays visible as open, with the reason that tests/data/open_rows.toml gives. Proven is a row of
which a seeded fault makes a marked test fail (tests/mutants).
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.capabilities import ROOT
from tests.mutants.faults import read_faults, without_fault

DATA = Path(__file__).parent / "data"
PAGE = Path("docs") / "conformance.md"
MOST_TESTS = 4
"""So many tests are named in one cell."""

TITLES = {
    "3261": "SIP",
    "3262": "reliable provisional responses",
    "3264": "offer/answer",
    "3311": "UPDATE",
    "3605": "a=rtcp",
    "5245": "talking to peers of the former ICE",
    "5761": "RTP and RTCP on one port, with RFC 8035",
    "5768": "the SIP option tag ice",
    "6086": "INFO packages",
    "6337": "where offers and answers appear in SIP",
    "6544": "ICE over TCP",
    "7584": "STUN in B2BUAs",
    "7675": "consent freshness",
    "7879": "DTLS-SRTP in B2BUAs",
    "8421": "several interfaces and address families",
    "8445": "ICE",
    "8489": "STUN",
    "8656": "TURN",
    "8838": "trickle ICE",
    "8839": "ICE in SDP",
    "8840": "trickle ICE in SIP",
    "8842": "DTLS in SDP",
    "8858": "RTP and RTCP on one port only",
    "8863": "patiently awaiting connectivity",
    "8866": "SDP",
    "9143": "BUNDLE, with RFC 8859",
    "9429": "ICE in the SDP of browsers (JSEP)",
    "mdns": "host candidates behind .local names (draft)",
}


class Row(NamedTuple):
    """One requirement, or one acceptance test that spans several (then without RFC)."""

    id: str
    rfc: str
    section: str
    level: str
    text: str


class Mark(NamedTuple):
    """One ``rfc(...)`` in the tests, and the test that it stands on."""

    rfc: str
    section: str
    level: str
    row: str
    file: str
    test: str

    @property
    def where(self) -> str:
        """For messages about a wrong mark."""
        return f"{self.file}: {self.test}"


class Reasons(NamedTuple):
    """Why rows are open, by the beginning of their id."""

    planned: dict[str, str]
    not_ours: dict[str, str]

    def of(self, row: str) -> str:
        """What the page says about an open row."""
        for label, reasons in (("not ours", self.not_ours), ("open", self.planned)):
            fitting = [key for key in reasons if covers(key, row)]
            if fitting:
                return f"*{label}: {reasons[max(fitting, key=len)]}*"
        return "*open*"


def covers(key: str, row: str) -> bool:
    """Whether ``key`` is this row's id or a beginning of it, cut at a border."""
    return row == key or row.startswith((f"{key}-", f"{key}."))


@cache
def read_rows() -> list[Row]:
    """All rows, in the order of the page."""
    entries = json.loads((DATA / "requirements.json").read_text(encoding="utf-8"))
    return [
        Row(one["id"], one["rfc"], one["section"], one["level"], one["text"])
        if one["kind"] == "requirement"
        else Row(one["id"], "", "", "", f"{one['text']}: {one['pass']}")
        for one in entries
    ]


def read_reasons() -> Reasons:
    """The reasons of open rows."""
    tables = tomllib.loads((DATA / "open_rows.toml").read_text(encoding="utf-8"))
    return Reasons(tables["planned"], tables["not_ours"])


@cache
def read_marks() -> list[Mark]:
    """All marks of all tests."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [
        mark
        for path in files
        for mark in marks_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]


def marks_in(source: str, file: str) -> Iterator[Mark]:
    """The marks in one file, each with the test or the class of tests that carries it."""
    tree = ast.parse(source)
    shared = {
        target.id: list(_calls(node.value))
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not node.name.startswith(("test", "Test")):
            continue
        for decorator in node.decorator_list:
            named = [one.id for one in ast.walk(decorator) if isinstance(one, ast.Name)]
            calls = [call for name in named for call in shared.get(name, ())]
            for call in [*_calls(decorator), *calls]:
                yield _mark(call, file, node.name)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of ``rfc`` inside an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and ast.unparse(inner.func).split(".")[-1] == "rfc":
            yield inner


def _mark(call: ast.Call, file: str, test: str) -> Mark:
    given: dict[str, str] = {}
    named = {one.arg: one.value for one in call.keywords if one.arg}
    ordered = dict(zip(("number", "section", "level", "row"), call.args, strict=False))
    for name, value in (ordered | named).items():
        assert isinstance(value, ast.Constant), f"{file}: {test}: rfc() wants plain strings"
        given[name] = str(value.value)
    return Mark(
        given["number"], given["section"], given.get("level", ""), given.get("row", ""), file, test
    )


def wrong_marks(rows: list[Row], marks: list[Mark]) -> Iterator[str]:
    """Marks that name no row, or say something else than their row."""
    by_id = {row.id: row for row in rows}
    for mark in marks:
        row = by_id.get(mark.row)
        if row is None and mark.row:
            yield f"{mark.where}: there is no row {mark.row}"
        elif row is None and not re.fullmatch(r"[A-Z0-9]+(\.\d+)*", mark.section):
            yield f"{mark.where}: {mark.section!r} is no section number"
        elif row is not None and row.rfc and not _agrees(mark, row):
            yield (
                f"{mark.where}: row {row.id} is RFC {row.rfc}, section {row.section!r}, "
                f"level {row.level!r}"
            )


def _agrees(mark: Mark, row: Row) -> bool:
    return (
        mark.rfc == row.rfc
        and mark.section in (row.section, row.section.split()[0])
        and mark.level == row.level
    )


def wrong_reasons(rows: list[Row], marks: list[Mark], reasons: Reasons) -> Iterator[str]:
    """Reasons for rows that are tested or do not exist."""
    tested = {mark.row for mark in marks}
    ids = {row.id for row in rows}
    for key in [*reasons.planned, *reasons.not_ours]:
        if key in tested:
            yield f"{key} is tested and needs no reason"
        elif not any(covers(key, row) for row in ids):
            yield f"{key} fits no row"


def read_proven() -> set[str]:
    """The rows that have a seeded fault; `make mutants` sees to it that each is noticed."""
    return {row for fault in read_faults() for row in fault.rows}


def render(
    rows: list[Row], marks: list[Mark], reasons: Reasons, proven: Collection[str] = ()
) -> str:
    """The whole page."""
    tests: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        tests[mark.row].append(mark)
    numbers = sorted({row.rfc for row in rows if row.rfc}, key=lambda one: (len(one), one))
    lines = [
        "# Conformance",
        "",
        "Which sentence of which RFC is proven by which test. Written by `make docs` from the",
        "marks of the tests; do not edit. The rows are in words of this project; the RFCs decide.",
        "A row is *proven* if a test with its mark fails for a fault that was planted for it",
        "(`make mutants`).",
        "",
        "| RFC | about | rows | tested | proven | open | not ours |",
        "| --- | --- | --: | --: | --: | --: | --: |",
        *_summary(numbers, rows, tests, reasons, proven),
    ]
    for number in numbers:
        lines += ["", f"## {_name(number)}: {TITLES[number]}", ""]
        lines += _table([row for row in rows if row.rfc == number], tests, reasons, proven)
    lines += ["", "## Acceptance: what implementations get wrong most often", ""]
    lines += _table([row for row in rows if not row.rfc], tests, reasons, proven)
    lines += ["", "## What MUST be done and is tested, but not proven yet", ""]
    lines += _unproven(rows, marks, proven)
    lines += ["", "## Sections proven without a row", "", *_sections(tests[""])]
    lines += ["", "## Deliberate departures", "", *_deviations()]
    return "\n".join(lines) + "\n"


def _name(number: str) -> str:
    return f"RFC {number}" if number.isdigit() else number


def _summary(
    numbers: list[str],
    rows: list[Row],
    tests: dict[str, list[Mark]],
    reasons: Reasons,
    proven: Collection[str],
) -> Iterator[str]:
    totals = [0, 0, 0, 0, 0]
    for number in [*numbers, ""]:
        ids = [row.id for row in rows if row.rfc == number]
        tested = sum(1 for one in ids if tests.get(one))
        foreign = sum(
            1 for one in ids if not tests.get(one) and reasons.of(one).startswith("*not ours")
        )
        shown = sum(1 for one in ids if one in proven)
        counts = [len(ids), tested, shown, len(ids) - tested - foreign, foreign]
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        title = TITLES.get(number, "acceptance tests")
        yield f"| {_name(number) if number else '-'} | {title} | {_cells(counts)} |"
    yield f"| **all** | | {_cells(totals)} |"


def _cells(counts: list[int]) -> str:
    return " | ".join(map(str, counts))


def _table(
    rows: list[Row], tests: dict[str, list[Mark]], reasons: Reasons, proven: Collection[str]
) -> Iterator[str]:
    yield "| row | section | level | wording | test | proven | module |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        found = tests.get(row.id, [])
        cells = (
            row.id,
            row.section,
            row.level,
            row.text.replace("|", r"\|").replace("<", "&lt;"),
            _tests(found) or reasons.of(row.id),
            "yes" if row.id in proven else "",
            _modules(found),
        )
        yield "| " + " | ".join(cells) + " |"


def _unproven(rows: list[Row], marks: list[Mark], proven: Collection[str]) -> Iterator[str]:
    lacking = set(without_fault(proven, rows, marks))
    for number in dict.fromkeys(row.rfc for row in rows):
        ids = [row.id for row in rows if row.rfc == number and row.id in lacking]
        if ids:
            yield f"- {_name(number)}: {', '.join(ids)}"
    if not lacking:
        yield "Nothing."


def _tests(marks: list[Mark]) -> str:
    names = list(dict.fromkeys(mark.test for mark in marks))
    more = [f"and {len(names) - MOST_TESTS} more"] if len(names) > MOST_TESTS else []
    return "<br>".join([*(f"`{name}`" for name in names[:MOST_TESTS]), *more])


def _modules(marks: list[Mark]) -> str:
    """The modules tested: those that the test files mirror, else the test files themselves."""
    return "<br>".join(dict.fromkeys(_module(mark.file) for mark in marks))


def _module(file: str) -> str:
    inner = Path(file).relative_to("tests")
    module = inner.with_name(inner.name.removeprefix("test_"))
    for candidate in (module, "sipice" / module):
        if (ROOT / candidate).is_file():
            return candidate.as_posix()
    return file


def _sections(marks: list[Mark]) -> Iterator[str]:
    yield "| RFC | section | test | module |"
    yield "| --- | --- | --- | --- |"
    groups: dict[tuple[str, str], list[Mark]] = defaultdict(list)
    for mark in marks:
        groups[mark.rfc, mark.section].append(mark)
    for (number, section), group in sorted(groups.items()):
        yield f"| {_name(number)} | {section} | {_tests(group)} | {_modules(group)} |"


def _deviations() -> Iterator[str]:
    """What the source calls ``DEVIATION``, in comments and docstrings."""
    found = [
        f"- `{path.relative_to(ROOT).as_posix()}`: {text}"
        for folder in ("sdp", "sipice")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for text in deviations_in(path.read_text(encoding="utf-8"))
    ]
    yield from found or ["None."]


def deviations_in(source: str) -> Iterator[str]:
    """Each from the word on to the end of its comment or paragraph."""
    lines = [line.strip() for line in source.splitlines()]
    for at, line in enumerate(lines):
        before, word, text = line.partition("DEVIATION ")
        if not word or before not in ("", "# "):
            continue
        for more in lines[at + 1 :]:
            if not more or more.startswith('"""') or more.startswith("#") != bool(before):
                break
            text += " " + more.removeprefix("# ")
        yield text


if __name__ == "__main__":
    page = render(read_rows(), read_marks(), read_reasons(), read_proven())
    (ROOT / PAGE).write_text(page, encoding="utf-8", newline="\n")
