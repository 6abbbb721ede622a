"""RFC 7675, RFC 8445 §11: consent checks and keepalives on the pairs that carry data."""

from __future__ import annotations

from sipice.ice import conclude, tcp, tracing, transactions
from sipice.ice import media as media_tables
from sipice.ice.candidate import check_priority
from sipice.ice.events import Loss, PathBack, PathLost, PathQuiet
from sipice.ice.pair import CONTROLLING, CandidatePair
from sipice.ice.state import AgentState, ConsentCheck, Generation, Media, Remote, Stream
from sipice.ice.timers import ConsentExpiry, Keepalive, Quiet
from sipice.net import Address, Base
from sipice.stun import Class, Message, Method, encode, verify_integrity
from sipice.stun.check import CheckResponse

FORBIDDEN = 403
ROLE_CONFLICT = 487


def check(state: AgentState, stream: Stream, media: Media) -> None:
    """The interval is over: send a Binding request, once (RFC 7675 §5.1)."""
    pair = media.pair
    generation = _generation(stream, media)
    if pair is None or media.lost or generation is None or generation.remote is None:
        return
    if not media.broken or tcp.reaches(state, pair.base, pair.to):
        _ask(state, stream, media, pair, generation.remote)
    if media.watched is None:
        media.watched = state.now
        if not media.quiet:
            state.timers.arm(
                Quiet(stream.id, media.component), state.now + state.config.quiet_after
            )
    if media_tables.runs_consent(state):
        media_tables.arm_consent(state, stream, media)


def _ask(
    state: AgentState, stream: Stream, media: Media, pair: CandidatePair, remote: Remote
) -> None:
    identifier = state.draw_transaction_id()
    data = remote.template.build(
        identifier,
        check_priority(pair.local),
        state.tie_breaker,
        state.role is CONTROLLING,
    )
    state.transactions[identifier] = ConsentCheck(
        identifier, pair, stream.id, media.component, state.now, state.role
    )
    transactions.transmit(state, data, pair.base, pair.to)
    media.sent_at = state.now
    if state.tracer is not None:
        tracing.path(state, "consent-asked", stream.id, media.component)


def receive_success(
    state: AgentState, check: ConsentCheck, response: CheckResponse, base: Base, remote: Address
) -> None:
    """An answer to one of the outstanding consent checks; an older one is as good."""
    stream, media, generation = _owner(state, check)
    if stream is None or media is None or generation is None or generation.remote is None:
        transactions.forget(state, check.id)
        return
    if not generation.remote.key.verifies(response.signed, response.mac):
        state.counters.unauthenticated += 1
        return
    if base.number != check.pair.base.number or remote != check.pair.to:
        return  # RFC 7675 §5.1: only from the remote transport address
    transactions.forget(state, check.id)
    regained = media.broken or media_tables.has_lapsed(state, media)
    check.pair.answered_at = media.consent_at = state.now
    check.pair.rtt = state.now - check.started
    if state.tracer is not None:
        rtt = round(check.pair.rtt, 6)
        tracing.path(state, "consent-answered", stream.id, media.component, rtt=rtt)
    media.watched = None
    state.timers.disarm(Quiet(stream.id, media.component))
    if media_tables.runs_consent(state):
        state.timers.arm(
            ConsentExpiry(stream.id, media.component), state.now + state.config.consent_lifetime
        )
    if regained:
        mend(state, stream, media)
    if media.quiet:
        media.quiet = False
        state.events.append(PathBack(stream.id, media.generation, media.component))
        if state.tracer is not None:
            tracing.path(state, "path-back", stream.id, media.component)


def receive_error(
    state: AgentState, check: ConsentCheck, message: Message, base: Base, remote: Address
) -> None:
    """An authenticated 403 revokes consent at once (RFC 7675 §5.2); other errors do nothing."""
    stream, media, generation = _owner(state, check)
    if stream is None or media is None or generation is None or generation.remote is None:
        return
    if base.number != check.pair.base.number or remote != check.pair.to:
        return
    if not message.has_fingerprint or not verify_integrity(message, generation.remote.key):
        state.counters.unauthenticated += 1
        return
    transactions.forget(state, check.id)
    if message.error_code == ROLE_CONFLICT:
        # A legacy peer that chose its role anew in a restart may refuse ours (RFC 5245 §9.1.1.1).
        conclude.switch_role(state, check.role.opposite, renew_tie_breaker=True)
    elif message.error_code == FORBIDDEN:
        lose(state, stream, media, Loss.CONSENT_REVOKED)


def quiet(state: AgentState, stream: Stream, media: Media) -> None:
    """No answer for a while: worth knowing, no reason to stop (the path may come back)."""
    media.quiet = True
    state.events.append(PathQuiet(stream.id, media.generation, media.component))
    if state.tracer is not None:
        tracing.path(state, "path-quiet", stream.id, media.component)


def lose(state: AgentState, stream: Stream, media: Media, reason: Loss) -> None:
    """Nothing is sent on this pair any more, with these credentials never again."""
    pair = media.pair
    if pair is None or media.lost:
        return
    media.lost = pair.consent_lost = True
    media_tables.stop(state, stream, media)
    for identifier in outstanding(state, pair):
        transactions.forget(state, identifier)
    state.events.append(PathLost(stream.id, media.generation, media.component, reason))
    if state.tracer is not None:
        tracing.path(state, "path-lost", stream.id, media.component, why=reason.value)
    media_tables.refresh(state, stream, media.component)
    generation = _generation(stream, media)
    if generation is not None:
        state.touch(generation)


def interrupt(state: AgentState, stream: Stream, media: Media) -> None:
    """RFC 6544 §11.1: the connection of a selected pair is gone, consent is not (RFC 7675 §5.2).

    Whoever may connect does so at once and checks, but only once: if that one is closed, too,
    the next consent check makes another.
    """
    pair = media.pair
    if pair is None or media.lost:
        return
    for identifier in outstanding(state, pair):
        transactions.forget(state, identifier)
    if not media.broken:
        media.broken = True
        if not state.config.lite:
            check(state, stream, media)
    media_tables.refresh(state, stream, media.component)


def mend(state: AgentState, stream: Stream, media: Media) -> None:
    """A check succeeded again, or on the connection that replaces the lost one: media goes on."""
    media.broken = False
    media_tables.refresh(state, stream, media.component)


def outstanding(state: AgentState, pair: CandidatePair) -> list[bytes]:
    """The consent checks of a pair that wait for an answer."""
    return [
        check.id
        for check in state.transactions.values()
        if isinstance(check, ConsentCheck) and check.pair is pair
    ]


def keepalive(state: AgentState, stream: Stream, media: Media) -> None:
    """§11: nothing was sent for Tr: a Binding indication, unauthenticated, with FINGERPRINT."""
    pair = media.pair
    if pair is None or media.lost:
        return
    if media.broken and not state.config.lite:
        check(state, stream, media)  # without consent nothing else would try again
    indication = Message(Method.BINDING, Class.INDICATION, state.draw_transaction_id())
    transactions.transmit(state, encode(indication), pair.base, pair.to)
    sent(state, stream, media)


def send(state: AgentState, stream: Stream, media: Media, data: bytes) -> bool:
    """Send media for a caller who does not do it himself (§12.1)."""
    pair = media.pair
    if pair is None or not media_tables.may_send(state, media):
        return False
    transactions.transmit(state, data, pair.base, pair.to)
    sent(state, stream, media)
    return True


def sent(state: AgentState, stream: Stream, media: Media) -> None:
    """Something went out on the pair in use."""
    media.sent_at = state.now
    key = Keepalive(stream.id, media.component)
    if media.pair is not None and not media_tables.runs_consent(state) and not media.lost:
        state.timers.arm(key, state.now + state.config.tr)


def _owner(
    state: AgentState, check: ConsentCheck
) -> tuple[Stream | None, Media | None, Generation | None]:
    stream = state.streams.get(check.stream)
    if stream is None:
        return None, None, None
    media = stream.media[check.component - 1]
    if media.pair is not check.pair:
        return None, None, None
    return stream, media, _generation(stream, media)


def _generation(stream: Stream, media: Media) -> Generation | None:
    if stream.current.number == media.generation:
        return stream.current
    for generation in stream.generations():
        if generation.number == media.generation:
            return generation
    return None
