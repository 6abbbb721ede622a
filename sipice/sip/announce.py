"""RFC 8840 §5, RFC 6086 §5.2, RFC 5768 §4: header fields that say what we can, and the peer."""

from __future__ import annotations

from sipice.sip.body import SDP, SDPFRAG
from sipice.sip.edit import Edit
from sipice.sip.headers import split_values
from sipice.sip.leg import Item, PeerDialog, Transaction
from sipice.sip.settings import TapConfig

TRICKLE = "trickle-ice"
"""The option tag and the name of the INFO package, which is case-sensitive (RFC 6086 §7.2)."""

OURS = frozenset({"ice", TRICKLE})
"""Option tags that a peer may require and that the tap satisfies without the stack."""

_FEATURE = "+sip.ice"


def announce(edit: Edit, item: Item, request: Transaction | None, config: TapConfig) -> None:
    """Add to a message of our stack what it cannot know; RFC 3261 §20 has the fields."""
    message = item.message
    is_request, status = message.is_request, message.status or 0
    match message.method:
        case "REGISTER" if is_request and config.announce:
            _mark_contacts(edit)
        case "OPTIONS" if is_request or 200 <= status < 300:
            _announce_options(edit, config)
        case "INVITE" if is_request or 100 < status < 300:
            asked = request is not None and request.item.message.header("recv-info") is not None
            _announce_invite(edit, config, recv_info=is_request or asked)
        case _:
            pass


def packages(item: Item, config: TapConfig) -> frozenset[str]:
    """The INFO packages that our side takes after this message of an INVITE (RFC 6086 §5.2.2)."""
    own = item.message.tokens("recv-info")
    return own | {TRICKLE} if config.trickle else own


def _announce_options(edit: Edit, config: TapConfig) -> None:
    if config.trickle:
        edit.add_token("Supported", TRICKLE)
    if config.announce and not edit.message.is_request:
        # RFC 5768 §5: only here does `ice` belong into Supported
        edit.add_token("Supported", "ice")
        _mark_contacts(edit)


def _announce_invite(edit: Edit, config: TapConfig, *, recv_info: bool) -> None:
    message = edit.message
    if config.announce:
        _mark_contacts(edit)
    if config.require_ice and message.is_request:
        edit.add_token("Require", "ice")
    if not config.trickle:
        return
    edit.add_token("Supported", TRICKLE)
    if recv_info:
        edit.add_token("Recv-Info", TRICKLE)
    if message.header("allow") is not None:
        edit.add_token("Allow", "INFO")
    if message.is_request:
        if message.header("accept") is None:
            edit.append("Accept", f"{SDP}, {SDPFRAG}")
        else:
            edit.add_token("Accept", SDPFRAG)


def _mark_contacts(edit: Edit) -> None:
    for header in edit.message.headers:
        if header.key != "contact" or header.value.strip() == "*":
            continue
        values = [
            one if _FEATURE in one.lower() else f"{one};{_FEATURE}"
            for one in split_values(header.value)
            if one
        ]
        if values:
            edit.replace(header, ", ".join(values))


def note(dialog: PeerDialog, item: Item) -> None:
    """Remember what an INVITE, UPDATE or PRACK of the peer, or its response, says that it can."""
    message = item.message
    if message.header("allow") is not None:
        dialog.allow = frozenset(method.upper() for method in message.tokens("allow"))
    if TRICKLE in message.supported | message.require:
        dialog.trickles = True
    if message.header("recv-info") is not None:
        dialog.recv_info = TRICKLE in message.tokens("recv-info")
