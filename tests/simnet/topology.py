"""Ready-made worlds: two sites with what stands before them, and servers in the open."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simnet.host import Host, Interface, Network
from tests.simnet.link import Link
from tests.simnet.nat import (
    EI,
    FULL_CONE,
    PORT_RESTRICTED,
    Firewall,
    Gateway,
    Nat,
    NatKind,
    OneToOne,
    no_udp,
)
from tests.simnet.servers import StunServer
from tests.simnet.turn_server import Policy, TurnServer
from tests.simnet.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKind:
    """What stands between a host and the internet."""

    nat: NatKind | None = None
    """None: a public address."""
    carrier: NatKind | None = None
    """A second NAT, of the provider."""
    firewall: bool = False
    """Public address behind a stateful firewall."""
    one_to_one: NatKind | None = None
    udp_blocked: bool = False
    ipv6: bool = False
    """Also has IPv6, behind a stateful firewall."""

    def __str__(self) -> str:
        if self.udp_blocked:
            return "blocked"
        if self.firewall:
            return "firewall"
        if self.one_to_one is not None:
            return "1:1"
        text = "open" if self.nat is None else str(self.nat)
        return text if self.carrier is None else f"{text}+{self.carrier}"


OPEN = SiteKind()
FIREWALLED = SiteKind(firewall=True)
CLOUD = SiteKind(one_to_one=NatKind(filtering=EI))
BLOCKED = SiteKind(nat=PORT_RESTRICTED, udp_blocked=True)


def behind(nat: NatKind, carrier: NatKind | None = None) -> SiteKind:
    return SiteKind(nat=nat, carrier=carrier)


@dataclass(slots=True, eq=False)
class Site:
    """One end of a call."""

    host: Host
    network: Network
    wan: Interface
    """Where its delay and loss are: the last wire before the internet."""
    gateways: list[Gateway] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Topology:
    """Two sites and two servers around one internet."""

    world: World
    internet: Network
    a: Site
    b: Site
    stun: StunServer
    turn: TurnServer

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.a, self.b


def build(
    a: SiteKind = OPEN,
    b: SiteKind = OPEN,
    *,
    seed: int = 0,
    rtt: float = 0.0,
    loss: float = 0.0,
    policy: Policy | None = None,
    start: float = 0.0,
) -> Topology:
    """``rtt`` is host to host, half of it to a server; ``loss`` is of each way of each site."""
    world = World(seed, start=start)
    internet = Network(world, "internet")
    sites = [_site(world, internet, kind, number) for number, kind in ((1, a), (2, b))]
    for site in sites:
        for link in (site.wan.up, site.wan.down):
            link.delay, link.loss = rtt / 4, loss
    servers = [Host(world, name) for name in ("stun", "turn")]
    for number, host in enumerate(servers):
        host.attach(internet, [f"203.0.113.1{number}", f"2001:db8:1::1{number}"])
    stun = StunServer(servers[0])
    turn = TurnServer(servers[1], policy=policy)
    return Topology(world, internet, sites[0], sites[1], stun, turn)


def _site(world: World, internet: Network, kind: SiteKind, number: int) -> Site:
    host = Host(world, "ab"[number - 1])
    name = host.name
    public = f"203.0.113.2{number}"
    if kind.nat is None and kind.one_to_one is None and not kind.firewall:
        wan = host.attach(internet, public, up=Link(), down=Link())
        site = Site(host, internet, wan)
    else:
        site = _enclosed(world, internet, kind, number, host, public)
    if kind.udp_blocked:
        for gateway in site.gateways:
            gateway.allow = no_udp
    if kind.ipv6:
        _add_ipv6(world, internet, site, number, name)
    return site


def _enclosed(
    world: World, internet: Network, kind: SiteKind, number: int, host: Host, public: str
) -> Site:
    lan = Network(world, f"lan-{host.name}")
    private = f"192.168.{number}.10"
    gateway: Gateway
    gateways: list[Gateway] = []
    if kind.firewall:
        host.attach(lan, f"198.51.100.{number}0")
        gateway = Firewall(world, f"fw-{host.name}", PORT_RESTRICTED, inside=lan, outside=internet)
    elif kind.one_to_one is not None:
        host.attach(lan, private)
        gateway = OneToOne(world, f"11-{host.name}", kind.one_to_one, inside=lan, outside=internet,
                           pairs={private: public})  # fmt: skip
    else:
        assert kind.nat is not None
        host.attach(lan, private)
        outside, address = internet, public
        if kind.carrier is not None:
            outside, address = Network(world, f"cgn-{host.name}"), f"100.64.{number}.10"
            gateways.append(
                Nat(world, f"cgn-{host.name}", kind.carrier, inside=outside, outside=internet,
                    addresses=public)
            )  # fmt: skip
        gateway = Nat(world, f"nat-{host.name}", kind.nat, inside=lan, outside=outside,
                      addresses=address)  # fmt: skip
    gateways.append(gateway)
    return Site(host, lan, gateways[0].outside, gateways)


def _add_ipv6(world: World, internet: Network, site: Site, number: int, name: str) -> None:
    address = f"2001:db8:a{number}::10"
    if site.network is internet:
        site.host.interfaces[0].add(address)
        return
    site.host.interfaces[0].add(address)
    wall = Firewall(world, f"fw6-{name}", PORT_RESTRICTED, inside=site.network, outside=internet,
                    family=6)  # fmt: skip
    wall.outside.up, wall.outside.down = site.wan.up, site.wan.down


def same_lan(*, seed: int = 0, nat: NatKind = FULL_CONE, rtt: float = 0.0) -> Topology:
    """Both hosts in one LAN behind one NAT."""
    world = World(seed)
    internet, lan = Network(world, "internet"), Network(world, "lan")
    gateway = Nat(world, "nat", nat, inside=lan, outside=internet, addresses="203.0.113.21")
    sites = []
    for number, name in ((1, "a"), (2, "b")):
        host = Host(world, name)
        link = Link(delay=rtt / 4)
        wan = host.attach(lan, f"192.168.1.1{number}", up=link, down=Link(delay=rtt / 4))
        sites.append(Site(host, lan, wan, [gateway]))
    servers = [Host(world, name) for name in ("stun", "turn")]
    for number, host in enumerate(servers):
        host.attach(internet, f"203.0.113.1{number}")
    return Topology(
        world, internet, sites[0], sites[1], StunServer(servers[0]), TurnServer(servers[1])
    )
