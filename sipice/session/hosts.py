"""RFC 8866 §5.7: peers without ICE that name a host where others have an address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sdp import SessionDescription, effective
from sipice.net import Address, CancelResolve, QueryKind, Resolve
from sipice.session import mapping
from sipice.session.state import Leg

MOST = 8
"""Names of one call that are remembered; a peer may not make us ask for many at once."""

_NAME = re.compile(r"(?=.{1,253}\.?$)(?!.*\.local\.?$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
"""RFC 1123 §2.1; names in ``.local`` are nobody's business but that of mDNS (RFC 6762 §3)."""

_FAMILIES = {"IP4": 4, "IP6": 6}


def destination(
    leg: Leg, description: SessionDescription, section: int, component: int
) -> Address | None:
    """Where a peer without ICE wants a component; None for "nowhere" and as long as it is a name.

    The addrtype of c= says which of the addresses of a name is meant.
    """
    found = effective.default_destination(description, section, component)
    if found is None or found.is_placeholder:
        return None
    address = mapping.parsed(found.address, found.port)
    if address is not None:
        return address
    line = effective.connection(description, section)
    family = None if line is None else _FAMILIES.get(line.addrtype.upper())
    known = leg.hosts.get(found.address.lower()) or ()
    ips = (one.ip for one in known if one.family == family)
    ip = next(ips, None)
    return None if ip is None else Address(ip, found.port)


def ask(leg: Leg, description: SessionDescription, section: int, components: int) -> None:
    """Have the names in the place of a section's addresses looked up, each once."""
    for name in names(description, section, components):
        if name in leg.hosts or not _NAME.fullmatch(name):
            continue
        if len(leg.hosts) >= MOST:
            _forget(leg, next(iter(leg.hosts)))
        leg.hosts[name] = None
        leg.commands.append(_query(name))


def names(description: SessionDescription, section: int, components: int) -> list[str]:
    """What stands where addresses of these components should, in order."""
    found = (
        effective.default_destination(description, section, component)
        for component in range(1, components + 1)
    )
    places = [one for one in found if one is not None and not one.is_placeholder]
    texts = [one.address.lower() for one in places if mapping.parsed(one.address, one.port) is None]
    return list(dict.fromkeys(texts))


def is_ours(leg: Leg, query: Resolve) -> bool:
    """Whether an answer is for this module; the agents ask for their servers, with a port."""
    return query == _query(query.name) and query.name in leg.hosts


def resolved(leg: Leg, name: str, addresses: Sequence[Address]) -> None:
    """A name has these addresses; without any it may be asked for again."""
    if addresses:
        leg.hosts[name] = tuple(addresses)
    else:
        del leg.hosts[name]


def forget(leg: Leg) -> None:
    """The call is over: no answer is wanted any more."""
    for name in list(leg.hosts):
        _forget(leg, name)


def _forget(leg: Leg, name: str) -> None:
    if leg.hosts.pop(name) is None:
        leg.commands.append(CancelResolve(_query(name)))


def _query(name: str) -> Resolve:
    return Resolve(QueryKind.HOST, name)
