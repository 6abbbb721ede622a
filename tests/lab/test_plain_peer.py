"""D4.2: a peer without ICE has audio with a stack that has the plugin and is behind a NAT."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capabilities import needs, require

require("cli", "aiosipua")

from tests.lab import coturn
from tests.lab.lab import Lab
from tests.lab.topology import PUBLIC, SERVER
from tests.plugins.sipp import SCENARIOS

pytestmark = [pytest.mark.lab, needs("lab", "coturn", "sipp", "checkout")]

MEDIA = 6000


def sipp(folder: Path) -> list[str]:
    """Answers one call in plain SDP, and sends back the media that comes."""
    keys = [word for key in ("ice", "ice_t38") for word in ("-key", key, "")]
    return [
        *("sipp", "-sf", str(SCENARIOS / "uas.xml"), "-i", PUBLIC, "-p", "5060"),
        *("-mi", PUBLIC, "-mp", str(MEDIA), "-rtp_echo", *keys, "-key", "t38_port", "0"),
        *("-m", "1", "-l", "1", "-nostdin", "-timeout", "30s", "-timeout_error"),
        *("-trace_err", "-error_file", str(folder / "errors.log")),
    ]


@pytest.mark.parametrize("flavour", ["port", "sym", "none"])
def test_sipp_without_ice_sends_back_what_it_hears(flavour: str, tmp_path: Path) -> None:
    with Lab({"a": flavour}, ipv6="off") as lab:
        peer = subprocess.Popen(
            lab.enter("p", *sipp(tmp_path)), cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        own = lab.sites["a"].address
        words = (own, PUBLIC, f"{SERVER}:{coturn.PORT}")
        told = json.loads(lab.run("a", sys.executable, "-m", "tests.lab.caller", *words))
        assert peer.wait(timeout=30) == 0
    assert told["plain"]
    assert told["to"] == f"{PUBLIC}:{MEDIA}"
    assert told["tone"] == 440.0
    assert told["heard"] == told["sent"] > 50


def baresip(folder: Path) -> list[str]:
    """Answers every call without ICE; its microphone hears its loudspeaker."""
    modules = ("g711", "aubridge", "stdio")
    lines = [
        f"sip_listen {PUBLIC}:5060",
        "audio_source aubridge,same",
        "audio_player aubridge,same",
        "rtp_ports 20000-29000",
        "module_path /usr/lib/baresip/modules",
        *(f"module {name}.so" for name in modules),
        "module_tmp account.so",
        "module_app menu.so",
    ]
    (folder / "config").write_text("\n".join([*lines, ""]))
    account = f"<sip:them@{PUBLIC}:5060>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1\n"
    (folder / "accounts").write_text(account)
    (folder / "contacts").write_text("")
    return ["baresip", "-f", str(folder)]


@needs("baresip")
def test_baresip_without_ice_plays_what_it_hears(tmp_path: Path) -> None:
    """It sends to the address it was told, which a symmetric NAT would not let through."""
    with Lab({"a": "port"}, ipv6="off") as lab:
        peer = subprocess.Popen(
            lab.enter("p", *baresip(tmp_path)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HOME": str(tmp_path)},
        )
        assert peer.stdout is not None
        assert any(b"baresip is ready" in line for line in peer.stdout)
        own = lab.sites["a"].address
        words = (own, PUBLIC, f"{SERVER}:{coturn.PORT}")
        told = json.loads(lab.run("a", sys.executable, "-m", "tests.lab.caller", *words))
        peer.terminate()
        peer.communicate(timeout=10)
    assert told["plain"]
    assert told["main_tone"] == 440.0
    assert told["heard"] > 50
