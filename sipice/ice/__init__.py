"""The ICE agent (RFC 8445): complete, sans-IO, in virtual time."""

from sipice.ice.agent import Agent, RestartId
from sipice.ice.candidate import BaseUse, Candidate, CandidateType, TcpType
from sipice.ice.config import Advertised, AgentConfig, IceServer, NamedServer
from sipice.ice.credentials import Credentials
from sipice.ice.demux import Demux
from sipice.ice.description import Description
from sipice.ice.destination import AddressFilter, Network
from sipice.ice.events import (
    CandidateGathered,
    DataReceived,
    Event,
    Failure,
    GatheringFinished,
    Loss,
    MediaChanged,
    PairSelected,
    PathBack,
    PathLost,
    PathQuiet,
    RelayLost,
    RestartFinished,
    RoleSwitched,
    ServerFailed,
    StreamCompleted,
    StreamFailed,
    StreamResumed,
)
from sipice.ice.pacer import Pacer
from sipice.ice.pair import Role
from sipice.ice.state import StreamId
from sipice.ice.statistics import PairStatistics
from sipice.ice.uri import ServerKind, ServerUri

__all__ = [
    "AddressFilter",
    "Advertised",
    "Agent",
    "AgentConfig",
    "BaseUse",
    "Candidate",
    "CandidateGathered",
    "CandidateType",
    "Credentials",
    "DataReceived",
    "Demux",
    "Description",
    "Event",
    "Failure",
    "GatheringFinished",
    "IceServer",
    "Loss",
    "MediaChanged",
    "NamedServer",
    "Network",
    "Pacer",
    "PairSelected",
    "PairStatistics",
    "PathBack",
    "PathLost",
    "PathQuiet",
    "RelayLost",
    "RestartFinished",
    "RestartId",
    "Role",
    "RoleSwitched",
    "ServerFailed",
    "ServerKind",
    "ServerUri",
    "StreamCompleted",
    "StreamFailed",
    "StreamId",
    "StreamResumed",
    "TcpType",
]
