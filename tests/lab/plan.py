"""What a laboratory consists of, as data: nodes, the cables between them, and how each is set up.

A plan is turned into three calls of ``ip`` and one shell per node, so that a laboratory of twenty
nodes stands in about a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """One namespace: kernel settings, commands of ``ip``, and rules of nftables."""

    name: str
    settings: dict[str, int] = field(default_factory=dict)
    """Below /proc/sys/net."""
    commands: list[str] = field(default_factory=list)
    rules: str = ""

    def script(self) -> str:
        """What a shell inside the namespace runs."""
        lines = ["set -e"]
        lines += [_setting(key, value) for key, value in self.settings.items()]
        lines += ["ip -batch - <<'END'", *self.commands, "END"]
        if self.rules:
            lines += ["nft -f - <<'END'", self.rules, "END"]
        return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Plan:
    """All nodes of a laboratory and the cables between them."""

    ipv6: bool = True
    nodes: dict[str, Node] = field(default_factory=dict)
    cables: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Node and interface of one end, node and interface of the other."""
    interfaces: int = 0

    def node(self, name: str, *, forwards: bool = False) -> Node:
        """A new node without interfaces."""
        node = Node(name, {f"ipv6/conf/{which}/disable_ipv6": int(not self.ipv6) for which in _ALL})
        node.settings |= {f"ipv4/conf/{which}/rp_filter": 0 for which in _ALL}
        if forwards:
            node.settings |= {f"ipv4/conf/{which}/send_redirects": 0 for which in _ALL}
            node.settings["ipv4/ip_forward"] = 1
            # Else rules meant for routed packets see bridged ones too, and translate them.
            node.settings |= {
                f"bridge/bridge-nf-call-{kind}": 0 for kind in ("iptables", "ip6tables")
            }
            if self.ipv6:
                node.settings["ipv6/conf/all/forwarding"] = 1
        node.commands.append("link set lo up")
        self.nodes[name] = node
        return node

    def cable(self, one: Node, name: str, other: Node, other_name: str) -> None:
        """A pair of interfaces, both up."""
        self.cables.append((one.name, name, other.name, other_name))
        for node, interface in ((one, name), (other, other_name)):
            self._raise(node, interface)

    def bridge(self, node: Node, name: str) -> None:
        """A switch inside a node; it floods multicasts, as nobody here tells it who wants them."""
        node.commands.append(f"link add {name} type bridge mcast_snooping 0")
        self._raise(node, name)

    def _raise(self, node: Node, interface: str) -> None:
        """Up, with a link-local address that is neither random nor tentative."""
        node.commands += [f"link set {interface} addrgenmode none", f"link set {interface} up"]
        self.interfaces += 1
        self.address(node, interface, f"fe80::{self.interfaces:x}/64")

    def address(self, node: Node, interface: str, *addresses: str) -> None:
        """Addresses with their prefix lengths; those of IPv6 are left out without IPv6."""
        for address in addresses:
            if ":" not in address:
                node.commands.append(f"address add {address} dev {interface}")
            elif self.ipv6:
                node.commands.append(f"address add {address} dev {interface} nodad")

    def route(self, node: Node, target: str, *gateways: str) -> None:
        """A route of each family that a gateway is given for."""
        for gateway in gateways:
            if ":" not in gateway or self.ipv6:
                node.commands.append(f"route add {target} via {gateway}")


_ALL = ("all", "default")


def _setting(key: str, value: int) -> str:
    """A setting of a module that is not there has nothing to be set."""
    path = f"/proc/sys/net/{key}"
    return f"[ ! -e {path} ] || echo {value} >{path}"
