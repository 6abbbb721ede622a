import asyncio

from sipice.cli.demo.g711 import Law, encode
from sipice.cli.demo.rtp import pack
from sipice.cli.demo.tone import sine
from sipice.cli.demo.voice import PACKET, Voice


def heard(*tones: tuple[float, int]) -> float | None:
    """What a voice recognizes in packets of these tones, so many of each."""

    async def main() -> float | None:
        voice, number = Voice(440.0), 0
        for hertz, count in tones:
            for _ in range(count):
                load = encode(sine(hertz, PACKET, number * PACKET), Law.MU)
                voice.datagram_received(pack(0, number, number * PACKET, 1, load), ("", 0))
                number += 1
        return voice.heard_tone()

    return asyncio.run(main())


def test_a_tone_that_lasts_is_recognized() -> None:
    assert heard((660.0, 40)) == 660.0


def test_another_tone_in_between_is_noticed() -> None:
    assert heard((660.0, 16), (440.0, 16)) is None


def test_silence_and_too_little_are_no_tone() -> None:
    assert heard() is None
    assert heard((660.0, 3)) is None


def test_it_talks_until_it_is_told_not_to() -> None:
    async def main() -> None:
        one, two = Voice(440.0), Voice(660.0)
        port = await two.open("127.0.0.1")
        await one.open("127.0.0.1")
        one.talk(("127.0.0.1", port))
        async with asyncio.timeout(5):
            while two.receiver.received < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        one.talk(None)
        sent = one.sent
        await asyncio.sleep(0.05)
        assert one.sent == sent
        assert two.receiver.late == 0
        one.close()
        two.close()

    asyncio.run(main())
