"""What the behaviour of a NAT means for calls."""

from __future__ import annotations

from sipice.stun.probe import Behaviour, Dependence

_FILTERS = {
    Dependence.NOTHING: "It lets in everybody once we have sent anything anywhere.",
    Dependence.ADDRESS: "It lets in whom we have sent something to, from any of his ports.",
    Dependence.ADDRESS_AND_PORT: "It lets in only what comes from where we have sent something to; "
    "the checks of both sides open it.",
}


def conclusions(found: Behaviour) -> list[str]:
    """Sentences, the most important first."""
    if found.mapped is None:
        return [
            "No server answered: UDP does not get out to them, or they are down.",
            "Where UDP is closed, TURN over TCP or TLS is the only way.",
        ]
    return [_mapping(found), _filtering(found)]


def _mapping(found: Behaviour) -> str:
    if not found.has_nat:
        if found.filtering is Dependence.NOTHING:
            return "There is no NAT: everybody can reach us at our own address."
        return "There is no NAT, and peers see our own address."
    if found.mapping is Dependence.NOTHING:
        return (
            "Every destination sees the same address of ours: STUN is enough towards peers whose "
            "NAT does the same."
        )
    if found.mapping is None:
        return (
            "Whether every destination sees that address, one server cannot tell: name a second "
            "one, or one with two addresses (RFC 5780)."
        )
    return (
        "Each destination sees another address of ours (a symmetric NAT): what a STUN server tells "
        "helps only towards peers that let in everybody, or us from any port. Have a TURN server."
    )


def _filtering(found: Behaviour) -> str:
    if found.filtering is None:
        return "What is let in, these servers cannot tell: that takes one with two addresses."
    if not found.has_nat and found.filtering is Dependence.NOTHING:
        return "No firewall stands before us."
    return _FILTERS[found.filtering]
