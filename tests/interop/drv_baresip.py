"""baresip in the driver protocol, as a SIP phone with ICE."""

from __future__ import annotations

import asyncio
import re

from tests.interop.phone import ITS_PORT, Model, Setup, drive

_MODULES = ("g711", "aufile", "sndfile", "stdio", "stun", "turn", "ice")


def command(setup: Setup) -> list[str]:
    (setup.folder / "config").write_text(configuration(setup))
    (setup.folder / "accounts").write_text(account(setup))
    (setup.folder / "contacts").write_text("")
    dial = ["-e", f"/dial {setup.target}"] if setup.target else []
    return ["baresip", "-v", "-f", str(setup.folder), *dial]


def configuration(setup: Setup) -> str:
    """It plays a file: its own tone, from ausine, is silent at 8 kHz.

    It cannot record into one: aufile has no loudspeaker. The module sndfile writes what is decoded.
    """
    lines = [
        f"sip_listen {setup.address}:{ITS_PORT}",
        f"audio_source aufile,{setup.tone}",
        f"snd_path {setup.folder}",
        "rtp_ports 20000-29000",
        "rtcp_mux yes",
        "module_path /usr/lib/baresip/modules",
        *(f"module {name}.so" for name in _MODULES),
        "module_tmp account.so",
        "module_app menu.so",
        "call_local_timeout 120",
        "ice_debug yes",
    ]
    return "\n".join([*lines, ""])


def account(setup: Setup) -> str:
    """ICE is a property of the account; one port for RTP and RTCP."""
    asked, server = setup.asked, ""
    if asked.turn:
        place = asked.turn.partition(":")[2]
        server = f';stunserver="turn:{place}";stunuser={asked.user};stunpass={asked.password}'
    elif asked.stun:
        server = f';stunserver="stun:{asked.stun}"'
    return f"<{setup.uri}>;regint=0;medianat=ice;answermode=auto;audio_codecs=PCMU/8000/1{server}\n"


BARESIP = Model(
    name="baresip",
    command=command,
    words={"hold": "x", "resume": "X"},
    recordings="dump-*-dec.wav",
    ready=re.compile("baresip is ready"),
    says={
        "nominated": re.compile(r"mnat 'ice' connected|connectivity check is complete"),
        "data": re.compile(r"incoming rtp for 'audio' established", re.IGNORECASE),
        "failed": re.compile(r"mnat .*failed|ice: .*failed"),
    },
)

if __name__ == "__main__":
    asyncio.run(drive(BARESIP))
