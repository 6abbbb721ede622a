"""linphone's console phone in the driver protocol, as a SIP phone with ICE."""

from __future__ import annotations

import asyncio
import re

from tests.interop.phone import ITS_PORT, Model, Setup, drive


def command(setup: Setup) -> list[str]:
    """The log, at its most talkative, goes to standard output."""
    settings = setup.folder / "settings"
    settings.write_text(configuration(setup))
    answers = [] if setup.target else ["-a"]
    return ["linphonec", "-d", "6", "-c", str(settings), *answers]


def configuration(setup: Setup) -> str:
    """ICE is a policy of the whole phone, with a STUN server for more than host candidates.

    ``update_call_when_ice_completed`` makes it send the updated offer of RFC 8839 §4.3.4. Without
    an account (proxy_0, which registers nowhere) it has no credentials for TURN, without rtcp_mux
    it does not finish with a peer that has one component. It has no sound card; ``orders`` have it
    use files.
    """
    asked = setup.asked
    turn = asked.turn.partition(":")[2]
    lines = [
        "[sip]",
        f"sip_port={ITS_PORT}",
        "sip_tcp_port=0",  # off
        "sip_tls_port=0",
        f"contact={setup.uri}",
        "default_proxy=0",
        "update_call_when_ice_completed=1",
        "nat_policy_ref=lab",
        "[proxy_0]",
        "reg_proxy=<sip:registrar.invalid>",
        f"reg_identity={setup.uri}",
        "reg_sendregister=0",
        "nat_policy_ref=lab",
        "[nat_policy_0]",
        "ref=lab",
        f"stun_server={turn or asked.stun}",
        f"stun_server_username={asked.user if turn else ''}",
        f"protocols={'turn,' if turn else ''}stun,ice",
        *(["[auth_info_0]", f"username={asked.user}", f"passwd={asked.password}", "realm=lab"]
          if turn else []),
        "[rtp]",
        "rtcp_mux=1",
        "[net]",
        "nat_policy_ref=lab",
        "[sound]",
        "playback_dev_id=none",
        "capture_dev_id=none",
        "[storage]",
        "backend=sqlite3",
        f"uri={setup.folder / 'database'}",
    ]  # fmt: skip
    return "\n".join([*lines, ""])


def orders(setup: Setup) -> list[str]:
    files = ["soundcard use files", f"play {setup.tone}", f"record {setup.heard}"]
    return [*files, f"call {setup.target}"] if setup.target else files


LINPHONE = Model(
    name="linphone",
    command=command,
    orders=orders,
    ready=re.compile(r"^linphonec> record"),
    says={
        "nominated": re.compile(r"Finished ICE check list .* successfully"),
        "data": re.compile(r"RTP : \[d=(?!0\.00)"),
        "failed": re.compile(r"Failed ICE check list|IceStateFailed"),
    },
    words={"hold": "pause", "resume": "resume 1"},
    farewell="quit",
)

if __name__ == "__main__":
    asyncio.run(drive(LINPHONE))
