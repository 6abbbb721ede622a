"""What rtpengine makes of offers and answers; prints each result as one line of JSON.

argv: the address of the interface, the folder of recordings (its inputs).
"""

import json
import select
import socket
import subprocess
import sys
import uuid
from pathlib import Path

Value = str | bytes | int | list["Value"] | dict[str, "Value"]

NG = ("127.0.0.1", 2223)
ICE_LEG: dict[str, Value] = {"ICE": "force", "rtcp-mux": ["offer"]}
PLAIN_LEG: dict[str, Value] = {"ICE": "remove", "rtcp-mux": ["demux"]}
BROWSER: dict[str, Value] = {"transport-protocol": "UDP/TLS/RTP/SAVPF"}
PHONE: dict[str, Value] = {"transport-protocol": "RTP/AVP"}
SCENES: dict[str, tuple[str, dict[str, Value], str, dict[str, Value]]] = {
    # name: offer, its flags, answer, its flags
    "phone-to-ice": ("sipp-sipp-udp.1.offer", ICE_LEG, "baresip-baresip-udp.2.answer", PLAIN_LEG),
    "ice-to-phone": ("linphone-linphone-tcp.1.offer", PLAIN_LEG, "sipp-sipp-udp.2.answer", ICE_LEG),
    "browser-to-phone": (
        "chromium-audio-mdns.1.offer",
        PLAIN_LEG | PHONE,
        "sipp-sipp-udp.2.answer",
        ICE_LEG | BROWSER,
    ),
    "phone-to-browser": (
        "sipp-sipp-udp.1.offer",
        ICE_LEG | BROWSER,
        "chromium-audio-mdns.2.answer",
        PLAIN_LEG | PHONE,
    ),
}


def _encode(value: Value) -> bytes:
    """Bencode, the encoding of the ng protocol."""
    if isinstance(value, dict):
        pairs = (_encode(key) + _encode(value[key]) for key in sorted(value))
        return b"d" + b"".join(pairs) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(_encode, value)) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    text = value.encode() if isinstance(value, str) else value
    return b"%d:%s" % (len(text), text)


def _sdp_of(reply: bytes) -> str | None:
    """The value of the key sdp in a bencoded reply."""
    _, key, rest = reply.partition(b"3:sdp")
    length, _, text = rest.partition(b":")
    return text[: int(length)].decode() if key else None


def ask(ng: socket.socket, command: dict[str, Value]) -> str | None:
    """The description in the reply to a command; None when it has none."""
    # A known cookie would be taken for a retransmission and get the old reply.
    cookie = uuid.uuid4().hex.encode() + b" "
    for _ in range(50):
        try:
            ng.send(cookie + _encode(command))
            return _sdp_of(ng.recv(65536))
        except TimeoutError:
            continue
        except ConnectionRefusedError:
            select.select([], [], [], 0.1)  # it is still starting
    return None


def main(address: str, folder: str) -> None:
    command = ["rtpengine", "--foreground", "--table=-1", f"--interface={address}"]
    command += [f"--listen-ng={NG[0]}:{NG[1]}", "--port-min=30000", "--port-max=30200"]
    relay = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ng.settimeout(1)
    ng.connect(NG)
    for name, (offer, offer_flags, answer, answer_flags) in SCENES.items():
        call: dict[str, Value] = {"call-id": name, "from-tag": "a"}
        steps: tuple[tuple[str, str, dict[str, Value]], ...] = (
            ("offer", offer, offer_flags),
            ("answer", answer, answer_flags | {"to-tag": "b"}),
        )
        for role, file, flags in steps:
            sdp = (Path(folder) / f"{file}.sdp").read_bytes()
            result = ask(ng, {"command": role, "sdp": sdp, **call, **flags})
            if result is not None:
                line = json.dumps({"name": name, "role": role, "sdp": result})
                sys.stdout.write(line + "\n")
    relay.terminate()
    relay.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
