"""Breadth first through all states of a setup, up to a depth and a number of states."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from time import process_time
from typing import NamedTuple

from tests.explorer.canon import form
from tests.explorer.world import Action, Setup, World


class Node(NamedTuple):
    """A state by the way that led there; keeping the worlds themselves would fill the memory."""

    depth: int = 0
    before: Node | None = None
    action: Action | None = None

    def world(self, setup: Setup) -> World:
        """Go the way again."""
        actions: list[Action] = []
        node: Node | None = self
        while node is not None and node.action is not None:
            actions.append(node.action)
            node = node.before
        world = World(setup).begin()
        for action in reversed(actions):
            world.do(action)
        return world


@dataclass
class Report:
    """What was seen, and what the bounds cut off."""

    setup: Setup
    states: int = 0
    steps: int = 0
    depth: int = 0
    """Of the farthest state."""
    complete: int = 0
    """All states in reach of so many actions were seen."""
    cut: int = 0
    """States that were seen, but not gone on from."""
    ends: Counter[str] = field(default_factory=Counter)
    """What came of those that were followed to the end."""
    seconds: float = 0.0
    """Of processor time."""

    def line(self) -> str:
        """One line for people."""
        ends = ", ".join(f"{number} x {end}" for end, number in sorted(self.ends.items()))
        return (
            f"{self.setup.name}, from step {self.setup.ahead}: {self.states} states, "
            f"{self.steps} steps, complete to depth {self.complete}, "
            f"{self.cut} states not gone on from; ends: {ends}; {self.seconds:.1f} s"
        )


def explore(setup: Setup, *, depth: int, states: int, follow: int = 1) -> Report:
    """See the states; each ``follow``-th and those at the bound are also followed to their end.

    Raises AssertionError, with the way that led there, where a rule is broken.
    """
    begun = process_time()
    report = Report(setup, complete=depth)
    root = Node()
    seen = {form(root.world(setup))}
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        world = node.world(setup)
        report.states += 1
        report.depth = node.depth
        if node.depth >= depth or len(seen) >= states:
            report.cut += 1
            report.complete = min(report.complete, node.depth)
        else:
            for action in world.actions():
                following = _after(world, action)
                report.steps += 1
                digest = form(following)
                if digest not in seen:
                    seen.add(digest)
                    waiting.append(Node(node.depth + 1, node, action))
        if report.states % follow == 0:
            report.ends[_end(world)] += 1
    report.seconds = process_time() - begun
    return report


def _after(world: World, action: Action) -> World:
    following = world.copy()
    try:
        following.do(action)
    except Exception as error:
        error.add_note(following.told())
        raise
    return following


def _end(world: World) -> str:
    try:
        return world.settle()
    except Exception as error:
        error.add_note(world.told())
        raise
