"""RFC 8839 §4.2.5, §4.4: what a peer will conclude from a description, in sentences."""

from __future__ import annotations

from sdp import Fragment, SessionDescription, Support, effective
from sipice.cli.facts import DestinationFacts, StreamFacts
from sipice.cli.printable import counted

COMPONENT_NAMES = {1: "RTP", 2: "RTCP"}


def conclusions(
    description: SessionDescription, facts: StreamFacts, offer: SessionDescription | None = None
) -> list[str]:
    """What a peer makes of one stream; with ``offer`` it is read as the answer to that."""
    if isinstance(description, Fragment):
        return _of_fragment(description, facts)
    if facts.state == "rejected":
        return _of_rejected(facts, answer=offer is not None)
    if facts.state == "bundled":
        where = f"stream {facts.bundled_into}"
        said = [f"Bundled: its media and its ICE are those of {where} (RFC 9143)."]
        return said + _against_offer(description, facts, offer)
    if facts.ice == "none":
        said = _without_ice(description, facts)
    else:
        said = _with_ice(description, facts)
    return said + _against_offer(description, facts, offer)


def _of_fragment(fragment: Fragment, facts: StreamFacts) -> list[str]:
    said = []
    ufrag = facts.credentials.ufrag
    if facts.mid is None:
        said.append("Without a=mid a peer cannot tell which stream is meant and ignores this part.")
    if ufrag is None or facts.credentials.pwd_length is None:
        said.append("Without ufrag and password it belongs to no generation (RFC 8840 4.4).")
    else:
        said.append(
            f"Belongs to the ICE generation of ufrag {ufrag}; a peer in another ignores it."
        )
    count = len(facts.candidates)
    said.append(
        f"Stream with mid {facts.mid}: {counted(count, 'candidate')} so far in this generation."
        if facts.mid is not None
        else f"{counted(count, 'candidate')}."
    )
    said.append("No more candidates follow." if facts.ended else "More candidates may follow.")
    return said


def _of_rejected(facts: StreamFacts, *, answer: bool) -> list[str]:
    if facts.port is None:
        return ["The m= line has no readable port: the stream cannot be used."]
    if answer:
        return ["Port 0: the answer rejects this stream; there are no media and no ICE."]
    return ["Port 0: the stream is not offered, or rejected; there are no media and no ICE."]


def _without_ice(description: SessionDescription, facts: StreamFacts) -> list[str]:
    said = [f"No ICE: {_why_no_ice(description, facts)}."]
    ignored = len(facts.candidates) + len(facts.unreadable)
    if ignored:
        said.append(f"Its {counted(ignored, 'candidate line')} will be ignored.")
    first = next(iter(facts.destinations), None)
    if first is None:
        said.append("Nothing can be sent to it: there is no c= line or no usable port.")
    elif first.placeholder:
        said.append(
            f"Nothing can be sent to it: {place(first)} is a placeholder, and without ICE there "
            "is no other address."
        )
    else:
        said.append(
            f"Media go straight to {_all_places(facts)}; a NAT in between may keep them out."
        )
    return said


def _why_no_ice(description: SessionDescription, facts: StreamFacts) -> str:
    if description.media[facts.stream].ice_mismatch:
        return (
            "a=ice-mismatch says that the offer arrived with a default destination that was "
            "none of its candidates, so the answerer turned ICE off"
        )
    ufrag, pwd = facts.credentials.ufrag, facts.credentials.pwd_length
    if ufrag is None and pwd is None:
        return "there is no ice-ufrag and no ice-pwd"
    if ufrag and pwd is None:
        return "there is an ice-ufrag but no ice-pwd"
    if pwd and ufrag is None:
        return "there is an ice-pwd but no ice-ufrag"
    return "ice-ufrag or ice-pwd is empty"


def _with_ice(description: SessionDescription, facts: StreamFacts) -> list[str]:
    said = []
    if facts.mismatch:
        said += _of_mismatch(facts)
    elif facts.ice == "rfc8445":
        said.append("ICE is on: the sender follows RFC 8445 (option ice2).")
    else:
        said.append(
            "ICE is on, the sender is taken for an RFC 5245 agent (no option ice2): it may "
            "nominate aggressively."
        )
    if effective.is_lite(description):
        said.append("The sender is lite: it answers checks and sends none; the peer controls.")
    said += _of_candidates(facts)
    first = next(iter(facts.destinations), None)
    if first is not None and first.placeholder:
        said.append(f"{place(first)} is a placeholder: a peer without ICE cannot send to it.")
    return said


def _of_mismatch(facts: StreamFacts) -> list[str]:
    wrong = [d for d in facts.destinations if d.component in facts.mismatch]
    named = " and ".join(f"{place(d)} ({component(d.component)})" for d in wrong)
    no = "is not a candidate" if len(wrong) == 1 else "are not candidates"
    return [
        f"ICE mismatch: the default destination {named} {no}. An answerer answers with "
        "a=ice-mismatch and goes on without ICE (RFC 8839 4.2.5); usually a proxy or ALG on the "
        "way changed c= or m= and left the candidates."
    ]


def _of_candidates(facts: StreamFacts) -> list[str]:
    said = []
    unusable = sum(c.unusable is not None for c in facts.candidates) + len(facts.unreadable)
    usable = len(facts.candidates) + len(facts.unreadable) - unusable
    if unusable:
        said.append(f"{counted(usable, 'candidate')} can be used, {unusable} will be ignored.")
    if not usable:
        said.append(
            "No usable candidate yet: checks start when one is trickled or the peer checks first."
            if facts.trickle and not facts.ended
            else "No usable candidate: it can only be reached after its own checks arrive."
        )
    said += _of_rtcp(facts)
    if facts.trickle and not facts.ended:
        said.append("Trickle: more candidates may follow.")
    elif facts.trickle:
        said.append("Trickle is supported, and all candidates are here (end-of-candidates).")
    elif usable:
        said.append("No trickle: the candidate list is complete.")
    return said


def _of_rtcp(facts: StreamFacts) -> list[str]:
    second = next((d for d in facts.destinations if d.component == 2), None)
    if second is None or second.muxed or not facts.components or 2 in facts.components:
        return []
    return [
        f"RTCP has no candidate and is not muxed: a peer cannot check {place(second)}, RTCP "
        "stays outside ICE or fails."
    ]


# Two descriptions --------------------------------------------------------------------------------


def _against_offer(
    description: SessionDescription, facts: StreamFacts, offer: SessionDescription | None
) -> list[str]:
    if offer is None:
        return []
    if facts.stream >= len(offer.media):
        return ["The offer has no such stream: the answer is invalid (RFC 3264 6)."]
    offered = effective.support(offer, facts.stream)
    answered = effective.support(description, facts.stream)
    if offered is not Support.NONE and answered is Support.NONE:
        return ["The offer had ICE, this answer turns it off for the stream: no checks are sent."]
    if offered is Support.NONE and answered is not Support.NONE:
        return ["The offer had no ICE, so the ICE attributes of this answer mean nothing."]
    if answered is not Support.NONE:
        return _roles(description, offer)
    return []


def _roles(answer: SessionDescription, offer: SessionDescription) -> list[str]:
    match effective.is_lite(offer), effective.is_lite(answer):
        case True, True:
            return ["Both sides are lite: no checks; the offerer controls (RFC 8445 6.1.1)."]
        case True, False:
            return ["The offerer is lite, so the answerer controls and nominates."]
        case _:
            return ["Both sides do ICE; the offerer controls and nominates."]


def successions(earlier: SessionDescription, later: SessionDescription, stream: int) -> list[str]:
    """What changed for a stream since the same party's description before (RFC 8839 §4.4)."""
    if stream >= len(earlier.media):
        return ["New in this description."]
    said = _ice_change(earlier, later, stream)
    changed = effective.changed_without_restart(earlier, later, stream)
    if changed:
        said.append(
            f"{', '.join(changed)} changed without an ICE restart, which is forbidden "
            "(RFC 8839 4.4.1.1.1)."
        )
    before, after = (
        effective.default_destination(description, stream) for description in (earlier, later)
    )
    if before != after and before is not None and after is not None:
        said.append(
            f"The default destination moved from {address(before.address, before.port)} to "
            f"{address(after.address, after.port)}."
        )
    was, now = (effective.direction(description, stream) for description in (earlier, later))
    if was is not now:
        said.append(f"The direction changed from {was} to {now}.")
    return said


def _ice_change(earlier: SessionDescription, later: SessionDescription, stream: int) -> list[str]:
    had, has = (
        effective.support(description, stream) is not Support.NONE
        for description in (earlier, later)
    )
    if had and not has:
        return ["ICE was on before and is off now."] if effective.is_alive(later, stream) else []
    if has and not had:
        return ["ICE was off before and is on now: it starts afresh."]
    if not has:
        return []
    if not effective.is_restart(earlier, later, stream):
        return ["Same ufrag and password as before: no ICE restart."]
    old, new = (effective.credentials(description, stream) for description in (earlier, later))
    assert old is not None
    assert new is not None
    if old.ufrag == new.ufrag or old.pwd == new.pwd:
        same = "ufrag" if old.ufrag == new.ufrag else "password"
        return [f"ICE restart, though against the rules the {same} stayed the same."]
    return [f"ICE restart: the ufrag was {old.ufrag} and is {new.ufrag}."]


# Words -------------------------------------------------------------------------------------------


def component(number: int) -> str:
    """``RTP``, ``RTCP`` or the number."""
    return COMPONENT_NAMES.get(number, f"component {number}")


def address(host: str, port: int) -> str:
    """A transport address as people write it."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def place(destination: DestinationFacts) -> str:
    """The transport address of a destination."""
    return address(destination.address, destination.port)


def _all_places(facts: StreamFacts) -> str:
    return " and ".join(
        f"{place(d)} ({component(d.component)})" for d in facts.destinations if not d.muxed
    )
