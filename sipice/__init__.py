"""ICE (RFC 8445) for SIP. ``sipice.sdp`` is the package ``sdp`` that comes with it."""

import sdp

if not hasattr(sdp, "__sipice__"):
    _shadow = getattr(sdp, "__file__", None) or next(iter(sdp.__path__), "an unknown place")
    raise ImportError(
        f"{_shadow} hides the package sdp that sipice comes with: rename or remove it, "
        "or put the folder that sipice is installed in before its folder in sys.path"
    )

__version__ = "0.1.0.dev0"

__all__ = ["__version__", "sdp"]
