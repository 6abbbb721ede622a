"""ICE (RFC 8445) for SIP. ``sipice.sdp`` is the package ``sdp`` that comes with it."""

import importlib
from typing import TYPE_CHECKING

import sdp

if TYPE_CHECKING:
    from sipice.aio.port import SharedPort
    from sipice.aio.session import Session, open_session
    from sipice.errors import SessionClosed, SessionFailed, SipiceError, UsageError
    from sipice.ice import AgentConfig, Candidate, Description, Role

if not hasattr(sdp, "__sipice__"):
    _shadow = getattr(sdp, "__file__", None) or next(iter(sdp.__path__), "an unknown place")
    raise ImportError(
        f"{_shadow} hides the package sdp that sipice comes with: rename or remove it, "
        "or put the folder that sipice is installed in before its folder in sys.path"
    )

__version__ = "0.1.0.dev0"

__all__ = [
    "AgentConfig",
    "Candidate",
    "Description",
    "Role",
    "Session",
    "SessionClosed",
    "SessionFailed",
    "SharedPort",
    "SipiceError",
    "UsageError",
    "__version__",
    "open_session",
    "sdp",
]

_HOMES = {
    "sipice.aio.port": {"SharedPort"},
    "sipice.aio.session": {"Session", "open_session"},
    "sipice.errors": {"SessionClosed", "SessionFailed", "SipiceError", "UsageError"},
    "sipice.ice": {"AgentConfig", "Candidate", "Description", "Role"},
}


def __getattr__(name: str) -> object:
    """Names are imported when they are used: who only wants ``sipice.sdp`` pays for no agent."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
