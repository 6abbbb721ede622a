"""Two aiortc connections in one process; prints each description as one line of JSON."""

import asyncio
import json
import sys

from aiortc import RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack


def _say(name: str, connection: RTCPeerConnection) -> None:
    description = connection.localDescription
    record = {"name": name, "role": description.type, "sdp": description.sdp}
    sys.stdout.write(json.dumps(record) + "\n")


async def _exchange(name: str, offerer: RTCPeerConnection, answerer: RTCPeerConnection) -> None:
    await offerer.setLocalDescription(await offerer.createOffer())
    _say(name, offerer)
    await answerer.setRemoteDescription(offerer.localDescription)
    if answerer.getSenders() and answerer.getSenders()[0].track is None:
        answerer.addTrack(AudioStreamTrack())
    await answerer.setLocalDescription(await answerer.createAnswer())
    _say(name, answerer)
    await offerer.setRemoteDescription(answerer.localDescription)


async def main() -> None:
    for name, kinds in (("audio", "a"), ("data", "d"), ("audio-video-data", "avd")):
        offerer, answerer = RTCPeerConnection(), RTCPeerConnection()
        if "a" in kinds:
            offerer.addTrack(AudioStreamTrack())
        if "v" in kinds:
            offerer.addTrack(VideoStreamTrack())
        if "d" in kinds:
            offerer.createDataChannel("chat")
        await _exchange(name, offerer, answerer)
        if name == "audio":
            await _exchange("audio-again", offerer, answerer)
        await offerer.close()
        await answerer.close()


asyncio.run(main())
