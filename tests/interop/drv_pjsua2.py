"""pjsua2 in the driver protocol, as a SIP phone with ICE; its settings stand in ua_pjsua2.py."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.capabilities import built_folder
from tests.interop.phone import ITS_PORT, Model, Setup, drive

PHONE = Path(__file__).with_name("ua_pjsua2.py")


def command(setup: Setup) -> list[str]:
    """It has an interpreter of its own, which is no part of the project's environment."""
    asked = setup.asked
    words = {"--target": setup.target, "--stun": asked.stun, "--turn": asked.turn}
    words |= {"--user": asked.user, "--password": asked.password, "--mode": asked.mode}
    return [
        *(str(built_folder() / "pjsua2" / "bin" / "python"), str(PHONE)),
        *(setup.address, str(ITS_PORT), str(setup.tone), str(setup.heard)),
        *(f"{name}={value}" for name, value in words.items()),
    ]


PJSUA2 = Model(
    name="pjsua2",
    command=command,
    words={"hold": "hold", "resume": "resume"},
    ready=re.compile("^ready$"),
    says={
        "nominated": re.compile("ICE negotiation success"),
        "data": re.compile("^media$"),
        "failed": re.compile("ICE negotiation failed"),
    },
)

if __name__ == "__main__":
    asyncio.run(drive(PJSUA2))
