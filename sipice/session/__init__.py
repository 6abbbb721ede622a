"""Offer/answer with ICE (RFC 3264, 8839, 8840): the only place that knows both SDP and ICE."""

from sipice.session.config import SessionConfig, Trickle
from sipice.session.controller import Controller
from sipice.session.events import (
    ClosePorts,
    DataReceived,
    DescriptionReady,
    Direction,
    FragmentReady,
    IceOff,
    Kind,
    MediaChanged,
    MismatchFound,
    OpenPorts,
    PathSelected,
    Reason,
    Rejected,
    SessionEvent,
    SessionFailed,
    StreamFailed,
    UpdateNeeded,
)
from sipice.session.state import SessionCommand

__all__ = [
    "ClosePorts",
    "Controller",
    "DataReceived",
    "DescriptionReady",
    "Direction",
    "FragmentReady",
    "IceOff",
    "Kind",
    "MediaChanged",
    "MismatchFound",
    "OpenPorts",
    "PathSelected",
    "Reason",
    "Rejected",
    "SessionCommand",
    "SessionConfig",
    "SessionEvent",
    "SessionFailed",
    "StreamFailed",
    "Trickle",
    "UpdateNeeded",
]
