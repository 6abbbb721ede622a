"""The kinds of NAT and firewall that a site can have, and the rules of nftables that make them.

Mapping and filtering are those of RFC 4787: endpoint-independent (EIM, EIF), address-dependent
(ADM, ADF), address- and port-dependent (APDM, APDF).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """What a site's router does to the packets of its hosts."""

    name: str
    mapping: str
    """"none" where hosts have public addresses, "" where no UDP gets out."""
    filtering: str
    text: str
    is_learning: bool = False
    """Lets packets of third parties in, to ports that a host has used."""
    is_random: bool = False
    """A new port for each destination."""
    carrier: bool = False
    """A second NAT of a carrier stands behind the first."""
    tcp_ports: tuple[int, ...] = ()
    """If given, UDP is dropped and only these TCP ports can be reached."""

    @property
    def is_public(self) -> bool:
        """Whether hosts have addresses that everybody can send to."""
        return self.mapping == "none"

    @property
    def has_hairpin(self) -> bool:
        """Whether two hosts reach each other through their mapped addresses."""
        return self.is_learning

    @property
    def lets_udp_out(self) -> bool:
        return not self.tcp_ports


_TABLE = (
    Flavour(
        name="none",
        mapping="none",
        filtering="EIF",
        text="public addresses, the router only routes",
    ),
    Flavour(
        name="fw",
        mapping="none",
        filtering="APDF",
        text="public addresses behind a stateful firewall",
    ),
    Flavour(
        name="fullcone",
        mapping="EIM",
        filtering="EIF",
        is_learning=True,
        text="port preserving, anybody may answer, hairpin",
    ),
    Flavour(
        name="addr",
        mapping="EIM",
        filtering="ADF",
        is_learning=True,
        text="port preserving, addresses sent to may answer, hairpin",
    ),
    Flavour(
        name="port",
        mapping="EIM",
        filtering="APDF",
        text="port preserving, only who was sent to may answer: the usual home router",
    ),
    Flavour(
        name="sym",
        mapping="APDM",
        filtering="APDF",
        is_random=True,
        text="symmetric: another random port for each destination",
    ),
    Flavour(
        name="double",
        mapping="EIM",
        filtering="APDF",
        carrier=True,
        text="port behind port: a home router behind a carrier's NAT",
    ),
    Flavour(
        name="udpblock",
        mapping="",
        filtering="",
        tcp_ports=(443, 3478),
        text="no UDP; TCP to the ports 443 and 3478",
    ),
    Flavour(
        name="tcp443", mapping="", filtering="", tcp_ports=(443,), text="no UDP; TCP to port 443"
    ),
)

FLAVOURS = {flavour.name: flavour for flavour in _TABLE}


def rules(flavour: Flavour, wan: str, ipv6: str) -> str:
    """The ruleset of a router between the interfaces lan, lan2 and wan.

    ``wan`` is its own public address; ``ipv6`` is "open", "stateful" or "off".
    """
    return _filter(flavour, ipv6) + ("" if flavour.is_public else _nat(flavour, wan))


_LANS = 'iifname { "lan", "lan2" }'


def _filter(flavour: Flavour, ipv6: str) -> str:
    forward = ["ct state invalid drop"]
    if flavour.is_learning:
        # Where the nat table has found a host for it, filtering is done.
        forward.append("ct status dnat accept")
    forward += [
        'iifname "lan" oifname "lan2" drop',
        'iifname "lan2" oifname "lan" drop',
    ]
    if ports := flavour.tcp_ports:
        forward.append(f"{_LANS} meta l4proto udp drop")
        forward.append(f"{_LANS} tcp dport != {{ {', '.join(map(str, ports))} }} drop")
    if ipv6 == "stateful":
        forward.append('meta nfproto ipv6 iifname "wan" ct state new drop')
    receive = []
    if flavour.name != "none":
        forward.append('meta nfproto ipv4 iifname "wan" ct state new drop')
        # Accepted here, a stranger's packet would take the port that a host is about to use.
        receive.append('iifname "wan" meta l4proto { udp, tcp } ct state new drop')
    return _table(
        "inet lab",
        _chain("forward", "filter hook forward priority filter", forward),
        _chain("receive", "filter hook input priority filter", receive),
    )


def _nat(flavour: Flavour, wan: str) -> str:
    if not flavour.is_learning:
        mode = " fully-random" if flavour.is_random else ""
        leave = _chain(
            "leave", "nat hook postrouting priority srcnat", [f'oifname "wan" masquerade{mode}']
        )
        return _table("ip nat", leave)
    allowed = "" if flavour.filtering == "EIF" else "ip saddr . udp dport @spoken "
    return _table(
        "ip nat",
        " map owner { type inet_service : ipv4_addr . inet_service; flags dynamic, timeout; "
        "timeout 5m; size 1024; }\n",
        " set spoken { type ipv4_addr . inet_service; flags dynamic, timeout; "
        "timeout 5m; size 1024; }\n",
        _chain(
            "arrive",
            "nat hook prerouting priority dstnat",
            [
                f'iifname "wan" {allowed}dnat to udp dport map @owner',
                f"{_LANS} ip daddr {wan} dnat to udp dport map @owner",
            ],
        ),
        _chain(
            "learn",
            "nat hook postrouting priority srcnat - 1",
            [
                'oifname "wan" meta l4proto udp update @owner { udp sport : ip saddr . udp sport }',
                'oifname "wan" meta l4proto udp update @spoken { ip daddr . udp sport }',
            ],
        ),
        _chain(
            "leave",
            "nat hook postrouting priority srcnat",
            [
                'oifname "wan" masquerade',
                # RFC 4787 §6: who is reached over the hairpin sees the mapped address.
                f'{_LANS} oifname {{ "lan", "lan2" }} ct status dnat snat to {wan}',
            ],
        ),
    )


def _chain(name: str, hook: str, lines: list[str]) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f" chain {name} {{\n  type {hook}; policy accept;\n{body} }}\n"


def _table(name: str, *parts: str) -> str:
    return f"table {name} {{\n{''.join(parts)}}}\n"
