"""aiosip 0.2.0 on a Python of today: two names it needs while it is imported, and only then.

``asyncio.coroutine`` (gone in 3.11) and ``collections.MutableMapping`` (gone in 3.10) are read
while the modules of aiosip run, by decorators and in a list of base classes. Both are lent to it
for that time and taken away again; its files stay as they were installed.
"""

from __future__ import annotations

import asyncio
import collections
import collections.abc
import functools
import importlib
import inspect
import sys
import types
import warnings
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


def _coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    """What asyncio.coroutine did: also a plain function may then be awaited for its result."""
    generator = function if inspect.isgeneratorfunction(function) else _awaiting(function)
    return types.coroutine(generator)


def _awaiting(function: Callable[..., Any]) -> Callable[..., Generator[Any, Any, Any]]:
    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        result = function(*arguments, **named)
        if isinstance(result, Awaitable):
            return (yield from result.__await__())
        if inspect.isgenerator(result):
            return (yield from result)
        return result

    return run


@contextmanager
def _lent(owner: types.ModuleType, name: str, value: object) -> Iterator[None]:
    if hasattr(owner, name):
        yield
        return
    setattr(owner, name, value)
    try:
        yield
    finally:
        delattr(owner, name)


def import_aiosip() -> types.ModuleType:
    """The package, imported at the first call. Raises ImportError when it is not installed."""
    known = sys.modules.get("aiosip")
    if known is not None:
        return known
    with ExitStack() as loans:
        loans.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # its patterns have escapes that Python warns about
        loans.enter_context(_lent(asyncio, "coroutine", _coroutine))
        loans.enter_context(_lent(collections, "MutableMapping", collections.abc.MutableMapping))
        return importlib.import_module("aiosip")
