"""A pjsua2 user agent: answers every call, or dials the one given."""

import sys
import threading

import pjsua2 as pj


class Call(pj.Call):  # type: ignore[misc]  # the library brings no types
    def onCallMediaTransportState(self, prm: pj.OnCallMediaTransportStateParam) -> None:  # noqa: N802
        sys.stdout.write(f"media transport state {prm.state}\n")
        sys.stdout.flush()


class Account(pj.Account):  # type: ignore[misc]  # the library brings no types
    calls: list[Call]

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        call = Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


def _endpoint(address: str) -> pj.Endpoint:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 4
    endpoint.libInit(config)
    for kind in (pj.PJSIP_TRANSPORT_UDP, pj.PJSIP_TRANSPORT_TCP):
        transport = pj.TransportConfig()
        transport.port = 5060
        transport.boundAddress = address
        endpoint.transportCreate(kind, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return endpoint


def main(address: str, target: str, *options: str) -> None:
    endpoint = _endpoint(address)  # lives as long as this name
    config = pj.AccountConfig()
    config.idUri = f"sip:pj@{address}"
    config.natConfig.iceEnabled = True
    config.natConfig.iceAlwaysUpdate = True
    if "trickle" in options:
        config.natConfig.iceTrickle = 2
    if "srtp" in options:
        config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_OPTIONAL
        config.mediaConfig.srtpSecureSignaling = 0
    account = Account()
    account.calls = []
    account.create(config)
    if target != "-":
        call = Call(account)
        account.calls.append(call)
        operation = pj.CallOpParam(True)
        operation.opt.audioCount, operation.opt.videoCount = 1, 0
        call.makeCall(target, operation)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()
    endpoint.libDestroy()


main(*sys.argv[1:])
