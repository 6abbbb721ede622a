"""RFC 6337: the calls of a capture as offers and answers in order, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sdp import SessionDescription
from sipice.cli.found import ANSWER, OFFER, Carrier, Found, Role, read_description
from sipice.net import Address
from sipice.sip.body import Body
from sipice.sip.call import Call, Description, Dialog, Exchange, Fragment, Outcome, Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    """One offer and what became of it."""

    number: int
    pattern: int
    """The row in the table of RFC 6337 §2.2."""
    outcome: str
    status: int | None
    repeats: int
    remarks: tuple[str, ...]
    offer: Found
    preview: Found | None
    answer: Found | None

    @property
    def found(self) -> list[Found]:
        """Its descriptions in the order of time."""
        return [one for one in (self.offer, self.preview, self.answer) if one is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogView:
    """One fork of a call on one hop."""

    number: int
    from_tag: str
    to_tag: str
    source: str
    destination: str
    state: str
    exchanges: tuple[ExchangeView, ...]
    fragments: tuple[Found, ...]

    @property
    def found(self) -> list[Found]:
        """Descriptions and fragments in the order of time."""
        everything = [one for exchange in self.exchanges for one in exchange.found]
        return sorted([*everything, *self.fragments], key=time_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """Everything with one Call-ID."""

    number: int
    call_id: str
    started: float
    parties: tuple[str, str]
    """From and To as the first request named them."""
    unmatched: int
    """Messages with SDP that is neither offer nor answer."""
    problems: tuple[str, ...]
    dialogs: tuple[DialogView, ...]

    @property
    def found(self) -> list[Found]:
        """All that its dialogs hold; an offer that was forked comes once."""
        unique: dict[tuple[float, int], Found] = {}
        for dialog in self.dialogs:
            for one in dialog.found:
                unique.setdefault((time_of(one), id(one.description)), one)
        return list(unique.values())


def call_view(
    source: str,
    number: int,
    call: Call,
    parties: tuple[str, str] = ("", ""),
    packets: Mapping[tuple[str, float, int], int] | None = None,
) -> CallView:
    """One call of a capture; ``packets`` tells of a Call-ID, a time and a size the packet."""
    builder = _Builder(source, number, call.call_id, packets or {})
    dialogs = tuple(builder.dialog(place, dialog) for place, dialog in enumerate(call.dialogs, 1))
    return CallView(
        number=number,
        call_id=call.call_id,
        started=call.started,
        parties=parties,
        unmatched=call.unmatched,
        problems=tuple(builder.problems),
        dialogs=dialogs,
    )


class _Builder:
    """Reads each body once and links every description with the one before of its party."""

    def __init__(
        self,
        source: str,
        number: int,
        call_id: str,
        packets: Mapping[tuple[str, float, int], int],
    ) -> None:
        self._packets = packets
        self._source = source
        self._number = number
        self._call_id = call_id
        self._read: dict[tuple[bytes, bool], SessionDescription | str] = {}
        self.problems: list[str] = []

    def dialog(self, place: int, dialog: Dialog) -> DialogView:
        latest: dict[str, Found] = {}
        exchanges = [
            view
            for number, exchange in enumerate(dialog.exchanges, 1)
            if (view := self._exchange(place, number, exchange, latest)) is not None
        ]
        fragments = [self._fragment(place, fragment) for fragment in dialog.fragments]
        return DialogView(
            number=place,
            from_tag=dialog.from_tag,
            to_tag=dialog.to_tag,
            source=_shown(dialog.source),
            destination=_shown(dialog.destination),
            state=dialog.state.value,
            exchanges=tuple(exchanges),
            fragments=tuple(one for one in fragments if one is not None),
        )

    def _exchange(
        self, dialog: int, number: int, exchange: Exchange, latest: dict[str, Found]
    ) -> ExchangeView | None:
        offer = self._found(exchange.offer, OFFER, (dialog, number), latest)
        if offer is None:
            return None
        preview = self._answer(exchange.preview, offer, (dialog, number), latest)
        final = None if exchange.answer is exchange.preview else exchange.answer
        answer = self._answer(final, offer, (dialog, number), latest)
        if exchange.outcome is not Outcome.REJECTED and Remark.UNDONE not in exchange.remarks:
            for last in (offer, answer or preview):
                if last is not None:
                    latest[last.party] = replace(last, previous=None)
        return ExchangeView(
            number=number,
            pattern=exchange.pattern,
            outcome=exchange.outcome.value,
            status=exchange.status,
            repeats=exchange.repeats,
            remarks=tuple(str(remark) for remark in exchange.remarks),
            offer=offer,
            preview=preview,
            answer=answer,
        )

    def _answer(
        self,
        description: Description | None,
        offer: Found,
        place: tuple[int, int],
        latest: dict[str, Found],
    ) -> Found | None:
        if description is None:
            return None
        one = self._found(description, ANSWER, place, latest)
        return None if one is None else replace(one, offer=offer.description)

    def _found(
        self,
        description: Description,
        role: Role,
        place: tuple[int, int],
        latest: dict[str, Found],
    ) -> Found | None:
        read = self._description(description.body, fragment=False)
        if read is None:
            return None
        return Found(
            source=self._source,
            description=read,
            role=role,
            first_line=0,
            party=description.sender,
            previous=latest.get(description.sender),
            carrier=Carrier(
                name=description.carrier,
                call_id=self._call_id,
                transport=description.transport,
                size=description.message_size,
                part_of=description.body.container,
                time=description.time,
                packet=self._packets.get(
                    (self._call_id, description.time, description.message_size)
                ),
                way=_way(description.source, description.destination),
                call=self._number,
                dialog=place[0],
                exchange=place[1],
            ),
        )

    def _fragment(self, dialog: int, fragment: Fragment) -> Found | None:
        read = self._description(fragment.body, fragment=True)
        if read is None:
            return None
        return Found(
            source=self._source,
            description=read,
            first_line=0,
            party=fragment.sender,
            carrier=Carrier(
                name="INFO",
                call_id=self._call_id,
                transport="",
                size=0,
                part_of=fragment.body.container,
                time=fragment.time,
                call=self._number,
                dialog=dialog,
            ),
        )

    def _description(self, body: Body, *, fragment: bool) -> SessionDescription | None:
        key = body.data, fragment
        if key not in self._read:
            self._read[key] = read_description(body.data, fragment=fragment)
        read = self._read[key]
        if isinstance(read, str):
            problem = f"an SDP is too large to be read: {read}"
            if problem not in self.problems:
                self.problems.append(problem)
            return None
        return read


def _way(source: Address | None, destination: Address | None) -> str:
    return f"{_shown(source)} -> {_shown(destination)}" if source or destination else ""


def _shown(address: Address | None) -> str:
    return "?" if address is None else str(address)


def time_of(found: Found) -> float:
    """When it was sent; 0 where that is not known."""
    return found.carrier.time or 0.0 if found.carrier else 0.0
