"""The findings of ``sipice lint`` as text: one line each, then tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console, RenderableType

from sdp.lines import CRLF, content, ending, split, text
from sdp.lint import Finding, Severity
from sipice.cli.found import Found
from sipice.cli.linted import Linted, counts, place
from sipice.cli.printable import counted, printable
from sipice.cli.rules import ALL_RULES, RuleFacts
from sipice.cli.terminal import grid, hanging, line, screen

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def render_linted(linted: Sequence[Linted], *, summary: bool) -> None:
    """Findings, and the summary where there are several inputs."""
    with screen() as console:
        if not summary:
            for each in linted:
                for found, results in each.results:
                    for finding in results:
                        _render_finding(console, found, finding)
        if len(linted) > 1 or summary:
            _render_summary(console, linted)
        elif linted[0].opened.error is None and not linted[0].findings:
            console.print(line(f"{linted[0].opened.name}: no findings"))


def _render_finding(console: Console, found: Found, finding: Finding) -> None:
    where = place(found, finding)
    stream = "" if finding.stream is None else f", stream {finding.stream}"
    rfc = f" (RFC {finding.rfc} {finding.section}{stream})" if finding.rfc else ""
    console.print(
        line(
            (where, "bold"),
            ": ",
            (finding.severity, STYLES[finding.severity]),
            f" {finding.code} {finding.message}",
            (rfc, "dim"),
        ),
        soft_wrap=not console.is_terminal,
    )


def _render_summary(console: Console, linted: Sequence[Linted]) -> None:
    table = grid(">errors", ">warnings", ">infos", "input", rigid=("errors", "warnings", "infos"))
    for each in linted:
        own = Counter(finding.severity for finding in each.findings)
        if own:
            table.add_row(*(str(own[severity]) for severity in Severity), line(each.opened.name))
    if table.row_count:
        console.print()
        console.print(table)
        console.print()
        console.print(_by_code(linted))
    unusable = sum(each.opened.error is not None for each in linted)
    totals = ", ".join(counted(count, name) for name, count in counts(linted).items())
    more = f", {unusable:,} unusable" if unusable else ""
    console.print(line(f"{counted(len(linted), 'input')}{more}: {totals}"))


def _by_code(linted: Sequence[Linted]) -> RenderableType:
    every = [finding for each in linted for finding in each.findings]
    counter = Counter(finding.code for finding in every)
    table = grid(">count", "code", "severity", "rule", rigid=("count", "code", "severity"))
    rules = {rule.code: rule for rule in ALL_RULES}
    for code, count in sorted(counter.items(), key=lambda item: (-item[1], item[0])):
        rule = rules[code]
        table.add_row(
            str(count), code, line((rule.severity, STYLES[rule.severity])), line(rule.title)
        )
    return table


def render_rules(rules: Sequence[RuleFacts]) -> None:
    """All rules, a line each."""
    table = grid("code", "severity", "RFC", "rule", rigid=("code", "severity", "RFC"))
    for rule in rules:
        severity = line((rule.severity, STYLES[rule.severity]))
        table.add_row(rule.code, severity, f"{rule.rfc} {rule.section}", line(rule.title))
    with screen() as console:
        console.print(table)


def render_rule(rule: RuleFacts) -> None:
    """One rule in full, with its examples."""
    with screen() as console:
        severity = rule.severity, STYLES[rule.severity]
        console.print(line((f"{rule.code} {rule.title}", "bold"), "  ", severity))
        console.print(line(f"RFC {rule.rfc}, section {rule.section}"))
        console.print(line(rule.why))
        plain = [[content(one) for one in split(text_)] for text_ in (rule.bad, rule.good)]
        for name, example in (("bad", rule.bad), ("good", rule.good)):
            if example:
                console.print()
                console.print(line(f"{name}:"))
            for one in split(example):
                shown = printable(text(content(one)))
                if plain[0] == plain[1]:  # only the line ends differ: they are what matters
                    shown += {b"\r": "<CR>", b"\n": "<LF>", CRLF: "<CR><LF>"}.get(ending(one), "")
                console.print(hanging(" ", shown))
