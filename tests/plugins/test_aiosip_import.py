"""aiosip comes in on every supported Python, and leaves nothing behind."""

import asyncio
import base64
import collections
import hashlib
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from tests.capabilities import needs

pytestmark = needs("aiosip")


def test_nothing_is_left_behind() -> None:
    code = (
        "import asyncio, collections\n"
        "before = set(vars(asyncio)), set(vars(collections))\n"
        "from sipice.plugins.aiosip_import import import_aiosip\n"
        "aiosip = import_aiosip()\n"
        "assert import_aiosip() is aiosip\n"
        "gone = set(vars(asyncio)) ^ before[0], set(vars(collections)) ^ before[1]\n"
        "assert not {'coroutine', 'MutableMapping'} & set().union(*gone), gone\n"
        "print(aiosip.Application.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("Application\n", "")


def test_plain_functions_may_be_awaited_as_they_could_be_once() -> None:
    from sipice.plugins.aiosip_import import _coroutine

    @_coroutine
    def plain() -> int:
        return 7

    @_coroutine
    def handed_on() -> object:
        return asyncio.sleep(0, 8)

    @_coroutine
    def generator():  # type: ignore[no-untyped-def]
        yield
        return 9

    async def main() -> list[object]:
        return [await plain(), await handed_on(), await generator()]

    assert asyncio.run(main()) == [7, 8, 9]


def test_what_was_there_already_is_not_touched() -> None:
    from sipice.plugins.aiosip_import import _lent

    with _lent(collections, "OrderedDict", None):
        assert collections.OrderedDict is not None
    assert collections.OrderedDict is not None


def test_installed_files_are_as_they_were_installed() -> None:
    for file in distribution("aiosip").files or []:
        if file.hash is not None:
            found = hashlib.new(file.hash.mode, Path(file.locate()).read_bytes()).digest()
            assert base64.urlsafe_b64encode(found).rstrip(b"=").decode() == file.hash.value, file
