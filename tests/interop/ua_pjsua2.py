"""A phone made of pjsua2: answers every call, or makes one; run by the interpreter that has it.

    python ua_pjsua2.py ADDRESS PORT TONE HEARD [--target=URI] [--stun=H:P] [--turn=udp|tcp:H:P]
        [--user=U] [--password=P] [--mode=aggr|half|full]

Plays TONE, a WAV file, and records into HEARD. Logs to standard output, where it also says what its
driver looks for: ``ready``, and ``media`` when the first packet has come. Reads ``hold`` and
``resume`` from standard input.
"""

from __future__ import annotations

import argparse
import select
import signal
import sys
import threading

import pjsua2 as pj

_OVER = threading.Event()


class Call(pj.Call):  # type: ignore[misc]  # the library brings no types
    """Its microphone is a file, and its loudspeaker another."""

    account: Account

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        info = self.getInfo()  # what it holds lives no longer than this name
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                audio = self.getAudioMedia(media.index)
                self.account.player.startTransmit(audio)
                audio.startTransmit(self.account.recorder)

    @property
    def has_heard(self) -> bool:
        return bool(self.hasMedia() and self.getStreamStat(0).rtcp.rxStat.pkt)


class Account(pj.Account):  # type: ignore[misc]  # the library brings no types
    """Keeps its calls, which the library would otherwise lose."""

    def __init__(self, tone: str, heard: str) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.player, self.recorder = pj.AudioMediaPlayer(), pj.AudioMediaRecorder()
        self.player.createPlayer(tone)
        self.recorder.createRecorder(heard)

    def new_call(self, number: int = pj.PJSUA_INVALID_ID) -> Call:
        call = Call(self, number)
        call.account = self
        self.calls.append(call)
        return call

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        operation = pj.CallOpParam()
        operation.statusCode = 200
        self.new_call(prm.callId).answer(operation)


def endpoint(asked: argparse.Namespace) -> pj.Endpoint:
    made = pj.Endpoint()
    made.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 4  # has what ICE has to say
    config.medConfig.noVad = True  # takes a steady tone for silence
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8000  # of the recording
    if asked.stun:
        config.uaConfig.stunServer.append(asked.stun)
    made.libInit(config)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = asked.port, asked.address
    transport.publicAddress = asked.address  # else STUN's: its callers are behind the same NAT
    made.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    made.libStart()
    made.audDevManager().setNullDev()
    for codec in made.codecEnum2():  # G.711 alone, which we can read back
        made.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
    return made


def settings(asked: argparse.Namespace) -> pj.AccountConfig:
    config = pj.AccountConfig()
    config.idUri = f"sip:peer@{asked.address}:{asked.port}"
    nat = config.natConfig
    nat.iceEnabled = True
    nat.iceAggressiveNomination = asked.mode == "aggr"  # its default, which RFC 8445 has removed
    nat.iceTrickle = {"half": 1, "full": 2}.get(asked.mode, 0)
    nat.iceAlwaysUpdate = True  # offers again even if the default has not changed
    if asked.turn:
        kind, _, nat.turnServer = asked.turn.partition(":")
        nat.turnEnabled = True
        nat.turnConnType = pj.PJ_TURN_TP_TCP if kind == "tcp" else pj.PJ_TURN_TP_UDP
        nat.turnUserName, nat.turnPassword, nat.turnPasswordType = asked.user, asked.password, 0
    return config


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("address", "port", "tone", "heard"):
        parser.add_argument(name, type=int if name == "port" else str)
    for name in ("target", "stun", "turn", "user", "password", "mode"):
        parser.add_argument(f"--{name}", default="")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: _OVER.set())
    made = endpoint(asked)
    account = Account(asked.tone, asked.heard)
    account.create(settings(asked))
    say("ready")
    if asked.target:
        operation = pj.CallOpParam(True)
        operation.opt.audioCount, operation.opt.videoCount = 1, 0
        account.new_call().makeCall(asked.target, operation)
    wait(account)
    made.hangupAllCalls()
    del account.recorder, account.player  # the recording has its length when it is closed
    account.calls.clear()
    made.libDestroy()


def wait(account: Account) -> None:
    """Until it has to end; the library is called by this thread alone."""
    has_heard = False
    while not _OVER.wait(0.05):
        if not has_heard and any(call.has_heard for call in account.calls):
            has_heard = True
            say("media")
        if select.select([sys.stdin], [], [], 0)[0]:
            obey(account, sys.stdin.readline().strip())


def obey(account: Account, word: str) -> None:
    operation = pj.CallOpParam(True)
    for call in account.calls:
        if word == "hold":
            call.setHold(operation)
        elif word == "resume":
            operation.opt.flag = pj.PJSUA_CALL_UNHOLD
            call.reinvite(operation)


main()
