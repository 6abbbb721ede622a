"""TURN (RFC 8656), sans-IO: the client of one allocation.

``TurnClient`` gets packets and the time, and gives packets and events; ``next_timeout`` is its one
deadline. Its transport to the server is the owner's.
"""

from sipice.turn.client import State, TurnClient, TurnConfig
from sipice.turn.credentials import time_limited
from sipice.turn.events import (
    Allocated,
    ChannelBound,
    ChannelFailed,
    DataReceived,
    FamilyRefused,
    Loss,
    Lost,
    PeerUnreachable,
    PermissionFailed,
    PermissionGranted,
    Redirected,
    TurnEvent,
)
from sipice.turn.snapshot import AllocationSnapshot, ChannelSnapshot, PermissionSnapshot

__all__ = [
    "Allocated",
    "AllocationSnapshot",
    "ChannelBound",
    "ChannelFailed",
    "ChannelSnapshot",
    "DataReceived",
    "FamilyRefused",
    "Loss",
    "Lost",
    "PeerUnreachable",
    "PermissionFailed",
    "PermissionGranted",
    "PermissionSnapshot",
    "Redirected",
    "State",
    "TurnClient",
    "TurnConfig",
    "TurnEvent",
    "time_limited",
]
