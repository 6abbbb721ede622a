"""Offers and answers of other agents through the controller, with the outcome written down."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sdp
from sdp import effective
from sipice.session import DescriptionReady, Rejected, SessionConfig, Trickle
from sipice.session.state import Slot
from tests.capabilities import needs
from tests.sdp.rfc.examples import FOLDER as EXAMPLES
from tests.session.solo import Solo
from tests.session.stack import Stack
from tests.tracedir import traces_dir
from tests.traces.corpus import Trace, foreign_traces, own_traces

HERE = Path(__file__).parent
OUTCOMES: dict[str, dict[str, Any]] = tomllib.loads(
    (HERE.parent / "data" / "session_outcomes.toml").read_text("utf-8")
)
RECORDED = HERE.parent / "traces" / "recorded"


class Dialog(NamedTuple):
    """Descriptions of one call in their order: offer, answer, offer, answer."""

    name: str
    texts: tuple[bytes, ...]


def own_dialogs() -> Iterator[Dialog]:
    """Those that were recorded with the tests."""
    found: dict[str, list[Path]] = {}
    for path in sorted(RECORDED.glob("*.sdp")):
        name, kind = re.fullmatch(r"(.+)\.\d+\.(offer|answer|local)\.sdp", path.name).groups()  # type: ignore[union-attr]
        if kind != "local":
            found.setdefault(name, []).append(path)
    for name, paths in found.items():
        yield Dialog(name, tuple(path.read_bytes() for path in paths))


def foreign_dialogs() -> Iterator[Dialog]:
    """Those of the foreign set: its table of pairs, and the sessions recorded between peers."""
    folder = traces_dir()
    assert folder is not None
    for line in (folder / "pairs.csv").read_text("utf-8").splitlines()[1:]:
        offer, answer = line.split(",")[:2]
        yield Dialog(offer, tuple((folder / one).read_bytes() for one in (offer, answer)))
    for path in sorted((folder / "recorded").glob("*.offer.sdp")):
        answer_path = path.with_name(path.name.replace(".offer.", ".answer."))
        if answer_path.is_file():
            yield Dialog(f"recorded/{path.name}", (path.read_bytes(), answer_path.read_bytes()))


def fresh() -> Solo:
    return Solo(SessionConfig(trickle=Trickle.HALF, max_streams=64), hosts=("192.0.2.10",))


def outcome(solo: Solo) -> str:
    """The slots of the only dialog, one word each."""
    (dialog,) = solo.controller._leg.dialogs.values()
    return " ".join(map(_word, dialog.slots)) or "no streams"


def _word(slot: Slot) -> str:
    count = str(slot.components) if slot.has_ports else ""
    return f"{slot.mode.name.lower()}{count}{'-mismatch' if slot.mismatch else ''}"


def said(refusal: Rejected) -> str:
    return f"{refusal.status} {refusal.reason}"


def as_answerer(dialog: Dialog) -> str:
    """The peer makes every offer of the dialog, and our stack takes what it can."""
    solo, stack, words = fresh(), Stack("me", []), []
    for text in dialog.texts[::2]:
        refusal = solo.controller.receive_offer(solo.now, solo.dialog, text)
        if refusal is not None:
            words.append(said(refusal))
            break
        (ready,) = [one for one in solo.take() if isinstance(one, DescriptionReady)]
        solo.controller.begin_answer(solo.now, solo.dialog, stack.answer(ready.sdp))
        solo.wait(solo.now + 60.0)  # remote-candidates of a later offer are not decided before
        words.append(outcome(solo))
    return " | ".join(words)


def as_offerer(dialog: Dialog) -> str:
    """Our stack offers what theirs did, without its ICE, and the peer's answer comes."""
    solo = fresh()
    own = sdp.parse(dialog.texts[0])
    sdp.rewrite.strip(own)
    for section, media in enumerate(own.media):
        if media.port == 9 or (effective.connection(own, section) or media.connection) is None:
            sdp.rewrite.set_destination(own, section, sdp.Destination("127.0.0.1", 7000))
    solo.judge.tolerated |= {
        finding.code for finding in sdp.lint.check(own) if finding.severity == "error"
    }
    refusal = solo.controller.begin_offer(0.0, "", own.to_bytes())
    if refusal is not None:
        return said(refusal)
    solo.wait(6.0)
    solo.controller.confirm(solo.now, solo.dialog)
    refusal = solo.controller.receive_answer(solo.now, solo.dialog, dialog.texts[1])
    if refusal is not None:
        return said(refusal)
    solo.take()
    return outcome(solo)


def results(dialogs: Iterator[Dialog]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for dialog in dialogs:
        found[dialog.name] = {"answering": as_answerer(dialog)}
        if len(dialog.texts) > 1:
            found[dialog.name]["offering"] = as_offerer(dialog)
    return found


def test_recorded_dialogs_come_out_as_written_down() -> None:
    assert results(own_dialogs()) == OUTCOMES["recorded"]


@needs("traces")
def test_foreign_dialogs_come_out_as_written_down() -> None:
    assert results(foreign_dialogs()) == OUTCOMES["foreign"]


def test_the_examples_of_the_rfcs_come_out_as_written_down() -> None:
    texts = {path.stem: path.read_bytes() for path in sorted(EXAMPLES.glob("*.sdp"))}
    found = {name: as_answerer(Dialog(name, (text,))) for name, text in texts.items()}
    assert found == OUTCOMES["examples"]


def _offer(trace: Trace) -> None:
    """Whatever it is, it is refused or answered, and then strictly."""
    solo, stack = fresh(), Stack("me", [])
    refusal = solo.controller.receive_offer(0.0, solo.dialog, trace.data)
    if refusal is not None:
        assert 400 <= refusal.status < 500
        return
    (ready,) = [one for one in solo.take() if isinstance(one, DescriptionReady)]
    solo.judge.tolerated |= _own_errors(stack.answer(ready.sdp))
    solo.answer(stack.answer(ready.sdp))


def _own_errors(text: bytes) -> set[str]:
    """What our stack itself would send wrong, because it repeats what it was offered."""
    found = sdp.lint.check(sdp.parse(text), kind="answer")
    return {finding.code for finding in found if finding.severity == "error"}


def test_every_trace_of_ours_can_be_offered() -> None:
    for trace in own_traces():
        _offer(trace)


@needs("traces")
@pytest.mark.parametrize("chunk", range(4))
def test_every_foreign_trace_can_be_offered(chunk: int) -> None:
    for trace in foreign_traces(chunk, 4):
        _offer(trace)
