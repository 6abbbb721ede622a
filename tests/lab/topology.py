"""The internet of documentation: sites behind routers, a server, a public host, and cables that
delay and lose.

    a  192.168.1.10 --+                                       +-- 192.168.2.10  b
    a3 192.168.1.11 --+- ra 203.0.113.101 --[uplink]-- inet --[uplink]-- 203.0.113.102 rb
    a2 192.168.101.10-+                               |   |
                       turn 203.0.113.10 and .11 -----+   +---- 203.0.113.50 p

Sites count from 1 in the order they are named. Public sites have 198.51.100.(8n)/29 instead. Where
there is a carrier "ca", it has the public address and the router 100.64.n.10. IPv6 is routed and
never translated: 2001:db8:n:1::10, server 2001:db8::10 and ::11, public host 2001:db8::50.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.flavours import FLAVOURS, Flavour, rules
from tests.lab.plan import Node, Plan

SERVER = "203.0.113.10"
SERVER_TOO = "203.0.113.11"
"""Its second address, for the tests of RFC 5780."""
SERVER6 = "2001:db8::10"
SERVER6_TOO = "2001:db8::11"
PUBLIC = "203.0.113.50"
PUBLIC6 = "2001:db8::50"
_ROUTER = ("203.0.113.1", "2001:db8::1")


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses of one site."""

    name: str
    number: int
    flavour: Flavour

    @property
    def wan(self) -> str:
        """Its router's public address, or that of the carrier's router."""
        return f"203.0.113.{100 + self.number}"

    @property
    def wan6(self) -> str:
        return f"2001:db8::{0x100 + self.number:x}"

    @property
    def net(self) -> str:
        """The first two hosts of the LAN are behind this, with the router at 1."""
        if self.flavour.is_public:
            return f"198.51.100.{8 * self.number}/29"
        return f"192.168.{self.number}.0/24"

    def lan(self, host: int) -> str:
        """The address of the router (0), of the first host (1), of its neighbour (2)."""
        start, _, length = self.net.partition("/")
        head, _, first = start.rpartition(".")
        place = {0: 1, 1: 2, 2: 3} if self.flavour.is_public else {0: 1, 1: 10, 2: 11}
        return f"{head}.{int(first) + place[host]}/{length}"

    def lan6(self, host: int) -> str:
        return f"2001:db8:{self.number:x}:1::{('1', '10', '11')[host]}/64"

    def second(self, host: int) -> str:
        """The other LAN of the site: router (0) and host (1)."""
        return f"192.168.{100 + self.number}.{('1', '10')[host]}/24"

    @property
    def has_ipv6(self) -> bool:
        return not self.flavour.carrier

    @property
    def address(self) -> str:
        """Where its first host is, for itself."""
        return self.lan(1).partition("/")[0]

    @property
    def edge(self) -> str:
        """The node whose interface wan is the uplink."""
        return ("c" if self.flavour.carrier else "r") + self.name


def sites(flavours: Mapping[str, str]) -> list[Site]:
    """Name and flavour of each; unknown flavours raise KeyError."""
    return [
        Site(name, number, FLAVOURS[flavour])
        for number, (name, flavour) in enumerate(flavours.items(), 1)
    ]


def internet(
    places: list[Site], *, ipv6: str = "stateful", neighbours: bool = False, wired: bool = False
) -> Plan:
    """The plan of it all.

    ``neighbours`` adds the hosts a2 and a3 of each site; ``wired`` leaves a gap in each uplink,
    between the interfaces x-NAME and y-NAME of inet, for a program that delays and loses.
    """
    plan = Plan(ipv6 != "off")
    inet = plan.node("inet", forwards=True)
    plan.bridge(inet, "br0")
    plan.address(inet, "br0", f"{_ROUTER[0]}/24", f"{_ROUTER[1]}/64")
    for private in ("192.168.0.0/16", "100.64.0.0/10"):
        # Swallowed without an ICMP error: coturn drops an allocation when it gets one.
        inet.commands.append(f"route add blackhole {private}")
    turn = _public_host(plan, inet, "turn", SERVER, SERVER6)
    plan.address(turn, "eth0", f"{SERVER_TOO}/24", f"{SERVER6_TOO}/64")
    _public_host(plan, inet, "p", PUBLIC, PUBLIC6)
    for site in places:
        _site(plan, inet, site, ipv6, neighbours=neighbours, wired=wired)
    return plan


def _public_host(plan: Plan, inet: Node, name: str, address: str, address6: str) -> Node:
    node = plan.node(name)
    plan.cable(node, "eth0", inet, name)
    inet.commands.append(f"link set {name} master br0")
    plan.address(node, "eth0", f"{address}/24", f"{address6}/64")
    plan.route(node, "default", *_ROUTER)
    return node


def _site(plan: Plan, inet: Node, site: Site, ipv6: str, *, neighbours: bool, wired: bool) -> None:
    router = plan.node(f"r{site.name}", forwards=True)
    plan.bridge(router, "lan")
    plan.address(router, "lan", site.lan(0))
    if site.has_ipv6:
        plan.address(router, "lan", site.lan6(0))
    _host(plan, router, site, site.name, 1)
    if neighbours:
        _host(plan, router, site, f"{site.name}3", 2)
        _other_lan(plan, router, site)
    router.rules = rules(site.flavour, site.wan, ipv6)
    if site.flavour.carrier:
        router = _carrier(plan, router, site, ipv6)
    _uplink(plan, router, inet, site, wired=wired)


def _host(plan: Plan, router: Node, site: Site, name: str, host: int) -> None:
    node = plan.node(name)
    plan.cable(node, "eth0", router, f"lan-{host}")
    router.commands.append(f"link set lan-{host} master lan")
    plan.address(node, "eth0", site.lan(host))
    plan.route(node, "default", _bare(site.lan(0)))
    if site.has_ipv6:
        plan.address(node, "eth0", site.lan6(host))
        plan.route(node, "default", _bare(site.lan6(0)))


def _other_lan(plan: Plan, router: Node, site: Site) -> None:
    """A host that reaches the first only through the router's public address, if at all."""
    node = plan.node(f"{site.name}2")
    plan.cable(node, "eth0", router, "lan2")
    plan.address(router, "lan2", site.second(0))
    plan.address(node, "eth0", site.second(1))
    plan.route(node, "default", _bare(site.second(0)))


def _carrier(plan: Plan, router: Node, site: Site, ipv6: str) -> Node:
    carrier = plan.node(f"c{site.name}", forwards=True)
    plan.cable(router, "wan", carrier, "lan")
    plan.address(router, "wan", f"100.64.{site.number}.10/24")
    plan.address(carrier, "lan", f"100.64.{site.number}.1/24")
    plan.route(router, "default", f"100.64.{site.number}.1")
    carrier.rules = rules(FLAVOURS["port"], site.wan, ipv6)
    return carrier


def _uplink(plan: Plan, router: Node, inet: Node, site: Site, *, wired: bool) -> None:
    port = f"w-{site.name}"
    if wired:
        plan.cable(router, "wan", inet, f"x-{site.name}")
        plan.cable(inet, f"y-{site.name}", inet, port)
        # Else inet answers there for its own address, and routes past the program.
        inet.commands += [f"link set {end}-{site.name} arp off" for end in "xy"]
    else:
        plan.cable(router, "wan", inet, port)
    inet.commands.append(f"link set {port} master br0")
    plan.address(router, "wan", f"{site.wan}/24")
    plan.route(router, "default", _ROUTER[0])
    if site.has_ipv6:
        plan.address(router, "wan", f"{site.wan6}/64")
        plan.route(router, "default", _ROUTER[1])
        plan.route(inet, f"2001:db8:{site.number:x}::/48", site.wan6)
    if site.flavour.is_public:
        plan.route(inet, site.net, site.wan)


def _bare(address: str) -> str:
    return address.partition("/")[0]
