"""ICE (RFC 8445) for SIP."""

__version__ = "0.1.0.dev0"
