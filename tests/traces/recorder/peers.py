"""How each SIP peer is started so that it speaks ICE: its configuration and its commands."""

from __future__ import annotations

from pathlib import Path

from tests.traces.recorder.rig import Program, Rig, address_of

_DRIVERS = Path(__file__).parent / "drivers"


def _folder(rig: Rig, side: str, peer: str) -> Path:
    folder = rig.home / f"{peer}-{side}"
    folder.mkdir(exist_ok=True)
    return folder


def baresip(rig: Rig, side: str, target: str | None, python: str, *options: str) -> Program:
    folder, address = _folder(rig, side, "baresip"), address_of(side, options)
    modules = ["g711", "ausine", "aufile", "stdio", "stun", "turn", "ice"]
    extra = ""
    if "dtls" in options:
        modules += ["srtp", "dtls_srtp"]
        extra = ";mediaenc=dtls_srtp;rtcp_mux=yes"
    loaded = "".join(f"module {name}.so\n" for name in modules)
    (folder / "config").write_text(
        f"sip_listen {address}:5060\naudio_source ausine,440\n"
        f"audio_player aufile,{folder}/out.wav\nausrc_srate 48000\nauplay_srate 48000\n"
        f"rtp_ports 20000-20100\nmodule_path /usr/lib/baresip/modules\n{loaded}"
        "module_tmp account.so\nmodule_app menu.so\ncall_local_timeout 120\n"
    )
    (folder / "accounts").write_text(
        f"<sip:desk-{side}@{address}>;regint=0;medianat=ice;answermode=auto"
        f";audio_codecs=PCMU/8000/1,PCMA/8000/1{extra}\n"
    )
    (folder / "contacts").write_text("")
    command = ["baresip", "-v", "-f", str(folder)]
    program = rig.start(side, *command, *(["-e", f"/dial {target}"] if target else []))
    program.wait_for("baresip is ready")
    return program


def linphone(rig: Rig, side: str, target: str | None, python: str, *options: str) -> Program:
    folder, address = _folder(rig, side, "linphone"), address_of(side, options)
    ipv6 = int("v6" in options)
    encryption = "srtp" if "srtp" in options else "none"
    (folder / "rc").write_text(
        f"[sip]\nsip_port=5060\nsip_tcp_port=5060\nsip_tls_port=0\nuse_ipv6={ipv6}\n"
        f"media_encryption={encryption}\ndefault_proxy=-1\nguess_hostname=1\n"
        f"contact=sip:soft-{side}@{address}\nupdate_call_when_ice_completed=1\n"
        "nat_policy_ref=ice\n[nat_policy_0]\nref=ice\nprotocols=ice\n"
        "[net]\nnat_policy_ref=ice\nfirewall_policy=3\n"
        "[sound]\nplayback_dev_id=none\ncapture_dev_id=none\n[misc]\nstore_recorded=0\n"
        f"[storage]\nbackend=sqlite3\nuri={folder}/db\n"
    )
    answering = [] if target else ["-a"]
    program = rig.start(side, "linphonec", "-c", str(folder / "rc"), *answering)
    program.wait_for("linphonec>", 10)
    program.run_for(1)
    if target:
        program.say(f"call {target}")
    return program


def pjsua2(rig: Rig, side: str, target: str | None, python: str, *options: str) -> Program:
    driver = str(_DRIVERS / "ua_pjsua2.py")
    program = rig.start(side, python, driver, address_of(side, options), target or "-", *options)
    program.wait_for("ready")
    return program


def sipp(rig: Rig, side: str, target: str | None, python: str, *options: str) -> Program:
    transport = "t1" if "tcp" in options else "u1"
    command = [
        "sipp",
        "-i",
        address_of(side, options),
        "-p",
        "5060",
        "-t",
        transport,
        "-nostdin",
        "-m",
        "1",
    ]
    if target is None:
        return rig.start(side, *command, "-sn", "uas")
    user, _, host = target.removeprefix("sip:").partition(";")[0].partition("@")
    return rig.start(side, *command, "-sn", "uac", "-s", user, "-d", "500", f"{host}:5060")


PEERS = {"baresip": baresip, "linphone": linphone, "pjsua2": pjsua2, "sipp": sipp}
NAMES = {"baresip": "desk", "linphone": "soft", "pjsua2": "pj", "sipp": "service"}
