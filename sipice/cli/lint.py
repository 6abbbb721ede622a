"""``sipice lint``: what is wrong with descriptions, where, and what it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from sdp.lines import text
from sdp.lint import Severity
from sdp.lint.rule import Kind
from sipice.cli.lint_render import render_linted, render_rule, render_rules
from sipice.cli.linted import Linted, as_json
from sipice.cli.opened import as_sequence, open_input
from sipice.cli.rules import ALL_RULES, RuleFacts, Selection, codes, findings
from sipice.cli.terminal import FINDINGS, FINE, UNUSABLE, complain, metered, print_json, progress


class Role(StrEnum):
    """What the descriptions are."""

    OFFER = "offer"
    ANSWER = "answer"


class FailOn(StrEnum):
    """From which severity findings make the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


_FAILING = {
    FailOn.ERROR: {Severity.ERROR},
    FailOn.WARNING: {Severity.ERROR, Severity.WARNING},
    FailOn.INFO: set(Severity),
    FailOn.NEVER: set[Severity](),
}


def lint(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="SDP, trickle fragments, SIP messages, pcap or pcapng captures; - is stdin.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        Role | None, typer.Option(help="What descriptions are whose message does not tell.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(metavar="CODES", help="Only these: ICE, SDP004 ...")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Not these.")] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="From which severity the exit code is 1.")
    ] = FailOn.WARNING,
    strict: Annotated[bool, typer.Option("--strict", help="The same as --fail-on info.")] = False,
    sequence: Annotated[
        bool,
        typer.Option("--sequence", help="The files are offer, answer, offer ... of one call."),
    ] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Only the summary.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="CODE", help="What a rule means, with examples.")
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list", help="All rules.")] = False,
) -> None:
    """Find what is wrong with descriptions, and with the steps from one to the next."""
    selection = Selection(codes(select or ()), codes(ignore or ()))
    if unknown := selection.unknown():
        complain(f"no rule has a code that begins with {unknown[0]}; see sipice lint --list")
        raise typer.Exit(UNUSABLE)
    if list_rules or explain is not None:
        raise typer.Exit(_print_rules(explain, selection, json=json))
    if not files:
        complain("give at least one FILE to lint, or - for stdin")
        raise typer.Exit(UNUSABLE)
    linted = _lint(files, kind.value if kind else None, selection, sequence=sequence)
    if json:
        print_json(as_json(linted))
    else:
        render_linted(linted, summary=summary)
    for each in linted:
        if each.opened.error is not None:
            complain(f"{each.opened.name} {each.opened.error}")
    raise typer.Exit(_exit_code(linted, FailOn.INFO if strict else fail_on))


def _lint(
    files: list[str], kind: Kind | None, selection: Selection, *, sequence: bool
) -> list[Linted]:
    with progress(files, "reading") as names:
        opened = [open_input(name, metered) for name in names]
    if sequence:
        opened = as_sequence(opened)
    with progress(opened, "checking") as inputs:
        return [
            Linted(
                each,
                tuple((one, tuple(findings(one, kind, selection))) for one in each.everything),
            )
            for each in inputs
        ]


def _exit_code(linted: Sequence[Linted], fail_on: FailOn) -> int:
    if any(each.opened.error is not None for each in linted):
        return UNUSABLE
    failing = _FAILING[fail_on]
    found = any(finding.severity in failing for each in linted for finding in each.findings)
    return FINDINGS if found else FINE


def _print_rules(code: str | None, selection: Selection, *, json: bool) -> int:
    wanted = [
        rule
        for rule in ALL_RULES
        if selection.takes(rule.code) and (code is None or rule.code == code.upper())
    ]
    if not wanted:
        complain(f"there is no rule {code}; see sipice lint --list")
        return UNUSABLE
    if json:
        print_json({"rules": [_rule_json(rule) for rule in wanted]})
        return FINE
    if code is None:
        render_rules(wanted)
    else:
        render_rule(wanted[0])
    return FINE


def _rule_json(rule: RuleFacts) -> dict[str, object]:
    return {
        "code": rule.code,
        "severity": rule.severity,
        "title": rule.title,
        "rfc": rule.rfc,
        "section": rule.section,
        "why": rule.why,
        "bad": text(rule.bad),
        "good": text(rule.good),
    }
