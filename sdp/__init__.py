"""Lossless SDP (RFC 8866) with everything that ICE adds to it (RFC 8839, 8840, 6544)."""

__sipice__ = True
