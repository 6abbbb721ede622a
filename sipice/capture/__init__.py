"""SIP messages out of capture files: pcap and pcapng, over UDP, TCP and WebSocket."""

from sipice.capture.file import Packet, is_capture, read_capture
from sipice.capture.messages import CapturedMessage, Limits, sip_messages
from sipice.capture.notes import Note, Notes, Trouble

__all__ = [
    "CapturedMessage",
    "Limits",
    "Note",
    "Notes",
    "Packet",
    "Trouble",
    "is_capture",
    "read_capture",
    "sip_messages",
]
