"""RFC 7983 §7, RFC 8489 §6.3: what comes from the network, and whose it is."""

from __future__ import annotations

from sipice.errors import StunDecodeError
from sipice.ice import checks, consent, respond
from sipice.ice.state import AgentState, Check, ConsentCheck, LocalBase
from sipice.net import Address, Base
from sipice.stun import Class, Message, Method, is_stun
from sipice.stun.check import CheckRequest, CheckResponse, parse_check


def datagram(state: AgentState, data: bytes, base: Base, remote: Address) -> None:
    """A datagram for a base: a check, a response, or nothing of ours."""
    local = state.local.bases.get(base.number)
    if local is None:
        return
    if not is_stun(data):
        state.counters.not_stun += 1
        return
    stun(state, data, local, remote)


def stun(state: AgentState, data: bytes, local: LocalBase, remote: Address) -> None:
    """A STUN message that came to a base, or through the relay of a relayed one."""
    try:
        message = parse_check(data)
    except StunDecodeError:
        state.counters.malformed += 1
        return
    if isinstance(message, CheckRequest):
        respond.receive_request(state, message, local, remote)
    elif isinstance(message, CheckResponse):
        _success(state, message, local, remote)
    elif message.method == Method.BINDING:
        _odd(state, message, local, remote)


def _success(state: AgentState, response: CheckResponse, local: LocalBase, remote: Address) -> None:
    check = state.transactions.get(response.transaction_id)
    if isinstance(check, Check):
        checks.receive_success(state, check, response, local.base, remote)
    elif isinstance(check, ConsentCheck):
        consent.receive_success(state, check, response, local.base, remote)
    else:
        state.counters.unmatched += 1


def _odd(state: AgentState, message: Message, local: LocalBase, remote: Address) -> None:
    if message.message_class is Class.REQUEST:
        respond.receive_odd_request(state, message, local, remote)
        return
    check = state.transactions.get(message.transaction_id)
    if check is None or message.message_class is Class.INDICATION:
        state.counters.unmatched += message.message_class is not Class.INDICATION
    elif isinstance(check, Check):
        checks.receive_error(state, check, message, local.base, remote)
    else:
        consent.receive_error(state, check, message, local.base, remote)
