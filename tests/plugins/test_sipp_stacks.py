"""Both stacks with the plugin against sipp, in both roles, with and without ICE on its side.

sipp offers candidates but answers no check, so that with ICE only the signalling counts; without,
it sends back the media it gets, and our own tone has to be heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.capabilities import require

require("sipp", "aiosip", "aiosipua", "cli")

from sipice.sip.digest import Credentials
from sipice.sip.settings import TapConfig
from tests.plugins.ends import config, until
from tests.plugins.sipp import SCENARIOS, Sipp
from tests.plugins.sippers import (
    PASSWORD,
    USER,
    FaxPhone,
    Manners,
    OnAiosip,
    OnAiosipua,
    Sipper,
    phone,
)

STACKS: dict[str, Callable[..., Sipper]] = {"aiosipua": OnAiosipua, "aiosip": OnAiosip}
WITH_ICE = pytest.param(True, id="ice", marks=pytest.mark.long)
ICE = [pytest.param(False, id="plain"), WITH_ICE]
AT_ONCE = 8
Act = Callable[[Sipper], Awaitable[None]]
Played = dict[tuple[str, str], str | BaseException]
"""What sipp complained about, by stack and scenario."""


def make(stack: str, manners: Manners) -> Sipper:
    ours = Credentials(username=USER, password=PASSWORD, realm="sipp")
    return STACKS[stack](phone("us"), config(tap=TapConfig(credentials=(ours,))), manners)


async def called(agent: Sipper, scenario: str | Path, folder: Path, *, ice: bool) -> str:
    """sipp calls us; what it complains about."""
    await agent.start()
    async with Sipp(scenario, folder, remote=agent.address, ice=ice) as sipp:
        result = await sipp.result()
    await until(lambda: not agent.plugin.calls)
    await agent.stop()
    return "" if result.is_good else result.log


async def calling(agent: Sipper, scenario: str, folder: Path, act: Act, *, ice: bool) -> str:
    """We call sipp and do something; what it complains about."""
    await agent.start()
    async with Sipp(scenario, folder, ice=ice) as sipp:
        await (agent.ring if scenario == "uas_cancel" else agent.call)(sipp.address)
        await act(agent)
        result = await sipp.result()
    if scenario != "uas_fork":  # where the other fork may still answer for 32 s
        await until(lambda: not agent.plugin.calls)
    await agent.stop()
    return "" if result.is_good else result.log


CALLERS = [
    ("aiosipua", "uac", Manners()),
    ("aiosipua", "uac_update", Manners()),
    ("aiosipua", "uac_reinvite", Manners()),
    ("aiosipua", "uac_cancel", Manners(answers=False)),
    ("aiosipua", "uac_offerless", Manners()),
    ("aiosipua", "uac_t38", Manners()),
    ("aiosip", "uac", Manners()),
    ("aiosip", "uac_update", Manners()),
    ("aiosip", "uac_reinvite", Manners()),
    ("aiosip", "uac_cancel", Manners(answers=False)),
    ("aiosip", "uac_offerless", Manners()),
    ("aiosip", "uac_t38", Manners()),
    ("aiosip", "uac_prack", Manners(reliable=True)),
    ("aiosip", "uac_challenge", Manners(challenges=True)),
]


@pytest.mark.parametrize("ice", ICE)
def test_sipp_acknowledges_a_reliable_180(ice: bool, tmp_path: Path) -> None:
    """aiosipua shows its answer in a 180 where the scenario has a 183.

    It writes Rseq, which sipp does not find: the RAck of its PRACK lacks the number.
    """
    text = (SCENARIOS / "uac_prack.xml").read_text()
    scenario = tmp_path / "uac_prack_180.xml"
    scenario.write_text(
        text.replace('<recv response="180" optional="true"/>', "").replace('"183"', '"180"')
    )

    async def main() -> None:
        agent = make("aiosipua", Manners(reliable=True))
        assert await called(agent, scenario, tmp_path, ice=ice) == ""

    asyncio.run(main())


async def hang_up(agent: Sipper) -> None:
    await asyncio.sleep(0.2)
    await agent.hang_up()


async def update(agent: Sipper) -> None:
    await asyncio.sleep(0.2)
    await agent.update()
    await hang_up(agent)


async def hold_and_resume(agent: Sipper) -> None:
    for holds in (True, False):
        agent.phone.is_holding = holds
        await agent.reoffer()
    await hang_up(agent)


async def fax_and_back(agent: Sipper) -> None:
    assert isinstance(agent.phone, FaxPhone)
    for fax in (True, False):
        agent.phone.wants_fax = fax
        await agent.reoffer()
    await hang_up(agent)


async def again(agent: Sipper) -> None:
    await agent.reoffer()
    await hang_up(agent)


async def cancel(agent: Sipper) -> None:
    await asyncio.sleep(0.3)
    await agent.cancel()


CALLEES: list[tuple[str, str, Act]] = [
    ("aiosipua", "uas", hang_up),
    ("aiosipua", "uas_183", hang_up),
    ("aiosipua", "uas_prack", hang_up),
    ("aiosipua", "uas_update", update),
    ("aiosipua", "uas_reinvite", hold_and_resume),
    ("aiosipua", "uas_cancel", cancel),
    ("aiosipua", "uas_challenge", again),
    ("aiosipua", "uas_vouched", hold_and_resume),
    ("aiosipua", "uas_fork", hang_up),
    ("aiosipua", "uas_t38", fax_and_back),
    ("aiosip", "uas", hang_up),
    ("aiosip", "uas_183", hang_up),
    ("aiosip", "uas_prack", hang_up),
    ("aiosip", "uas_update", update),
    ("aiosip", "uas_reinvite", hold_and_resume),
    ("aiosip", "uas_cancel", cancel),
    ("aiosip", "uas_challenge", again),
    ("aiosip", "uas_fork", hang_up),
    ("aiosip", "uas_t38", fax_and_back),
]


@pytest.fixture(scope="module", params=ICE)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All calls, several at a time: they consist of pauses."""
    return asyncio.run(play_all(tmp_path_factory.mktemp("stacks"), ice=request.param))


async def play_all(folder: Path, *, ice: bool) -> Played:
    calls: dict[tuple[str, str], Awaitable[str]] = {}
    for stack, scenario, manners in CALLERS:
        place = folder / f"{stack}-{scenario}"
        calls[stack, scenario] = called(make(stack, manners), scenario, place, ice=ice)
    for stack, scenario, act in CALLEES:
        place = folder / f"{stack}-{scenario}"
        calls[stack, scenario] = calling(make(stack, Manners()), scenario, place, act, ice=ice)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(call: Awaitable[str]) -> str:
        async with places:
            return await call

    results = await asyncio.gather(*map(one, calls.values()), return_exceptions=True)
    return dict(zip(calls, results, strict=True))


def complaints(played: Played, stack: str, scenario: str) -> str:
    found = played[stack, scenario]
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.mark.parametrize(("stack", "scenario"), [case[:2] for case in CALLERS])
def test_sipp_calls(stack: str, scenario: str, played: Played) -> None:
    assert complaints(played, stack, scenario) == ""


@pytest.mark.parametrize(("stack", "scenario"), [case[:2] for case in CALLEES])
def test_sipp_is_called(stack: str, scenario: str, played: Played) -> None:
    assert complaints(played, stack, scenario) == ""


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("calls", [True, False])
def test_a_peer_without_ice_has_audio(stack: str, calls: bool, tmp_path: Path) -> None:
    """D4.2: what sipp sends back is our own tone."""

    async def main() -> None:
        agent = make(stack, Manners())
        agent.phone.is_connected = True
        await agent.start()
        voice = agent.phone.voice
        if calls:
            async with Sipp("uas", tmp_path, echo=True) as sipp:
                await agent.call(sipp.address)
                await until(lambda: voice.receiver.received > 16)
                await agent.hang_up()
                await sipp.result()
        else:
            async with Sipp("uac", tmp_path, remote=agent.address, echo=True) as sipp:
                await until(lambda: voice.receiver.received > 8)
                await sipp.result()
        assert voice.heard_tone() == 440.0
        await agent.stop()

    asyncio.run(main())


def test_a_hold_that_is_challenged_keeps_the_media(tmp_path: Path) -> None:
    """aiosipua answers no challenge in a dialog; sipp looks at the answers, also to its BYE."""

    async def main() -> None:
        agent = make("aiosipua", Manners())
        agent.phone.is_connected = True
        await agent.start()
        voice = agent.phone.voice
        async with Sipp("uas_vouched", tmp_path, echo=True) as sipp:
            await agent.call(sipp.address)
            await until(lambda: voice.receiver.received > 16)
            agent.phone.is_holding = True
            await agent.reoffer()
            assert voice.to is None, "on hold"
            agent.phone.is_holding = False
            before = voice.receiver.received
            await agent.reoffer()
            await until(lambda: voice.receiver.received > before + 16)
            await agent.hang_up()
            result = await sipp.result()
        assert result.is_good, result.log
        assert voice.heard_tone() == 440.0
        assert result.log.count("INVITE sip:") == 1 + 2 * 2
        assert result.log.count("ACK sip:") == 1 + 2 * 2, "none is sent twice"
        await agent.stop()

    asyncio.run(main())
