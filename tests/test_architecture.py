"""The rules of the house that no other tool checks: see ARCHITECTURE.md and CONTRIBUTING.md."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.capabilities import ROOT, needs

pytestmark = needs("checkout")

PACKAGES = ("sdp", "sipice")
CORE = ("ice", "net", "stun", "trace", "errors", "turn", "session")
"""What lies below the shell in sipice, and therefore without I/O, clock and chance."""

SHELL_TESTS = ("aio", "plugins", "b2bua", "cli", "lab", "interop")
"""Folders of tests/ that deal with the outside world; all others run in virtual time."""

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
LONGEST_ADAPTER = 200
MAY_BE_LONGER: dict[str, str] = {}
"""Files beyond the limit, with the reason: only tables, where one row is one line."""


def test_each_module_has_its_test_file() -> None:
    lacking = [
        f"{module} wants {_test_of(module)}"
        for module in _sources(*PACKAGES)
        if _wants_a_test(module) and not (ROOT / _test_of(module)).is_file()
    ]
    assert not lacking, _listed(lacking)


def test_each_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in _sources("tests")}
    lacking = [str(one) for one in folders if not (ROOT / one / "__init__.py").is_file()]
    assert not lacking, _listed(lacking)


def test_no_file_is_too_long() -> None:
    long = {
        str(path): lines
        for path in _sources(*PACKAGES, "tests", "benchmarks", ".ci")
        if (lines := len(_text(path).splitlines())) > LONGEST_FILE
    }
    assert {path: lines for path, lines in long.items() if path not in MAY_BE_LONGER} == {}
    assert set(MAY_BE_LONGER) <= set(long), "an exception that is not needed any more"


def test_what_adapts_a_stack_stays_short() -> None:
    adapters = [path for path in _sources("sipice/plugins") if path.name.startswith("aio")]
    assert len(adapters) > 1
    assert [one for one in adapters if len(_text(one).splitlines()) >= LONGEST_ADAPTER] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in _sources(*PACKAGES)
        for node in _nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, _listed(long)


def test_no_protocol_test_sleeps_or_patches() -> None:
    found = [one for path in _protocol_tests() for one in _impatience(path)]
    assert not found, _listed(found)


def test_every_skip_goes_through_the_table_of_capabilities() -> None:
    """Else continuous integration could not tell a skip that it must not have."""
    own = {Path("tests/capabilities.py"), Path("tests/conftest.py")}
    skips = [
        f"{path}:{node.lineno}"
        for path in _sources("tests")
        if path not in own
        for node in _nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "importorskip")
    ]
    assert not skips, _listed(skips)


def test_text_is_cut_into_lines_in_one_place() -> None:
    """``str.splitlines`` also cuts at form feeds and U+2028, which SDP does not."""
    cuts = [
        f"{path}:{node.lineno}"
        for path in _sources("sdp")
        if path.name != "lines.py"
        for node in _nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    ]
    assert not cuts, _listed(cuts)


def test_sdp_stands_on_the_standard_library() -> None:
    foreign = {
        f"{path}: {name}"
        for path in _sources("sdp")
        for name, _ in _imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and name.split(".")[0] != "sdp"
    }
    assert foreign <= {"sdp/compat.py: sdp_transform"}, "which the extra transform brings"


def test_net_takes_pure_functions_and_numbers_from_socket() -> None:
    taken = {what for name, what in _imports(Path("sipice/net.py")) if name == "socket"}
    assert taken <= {"inet_ntop", "inet_pton", "AF_INET", "AF_INET6"}


def test_only_the_allocations_of_an_agent_know_the_turn_client() -> None:
    knowing = {
        path.stem
        for path in _sources("sipice/ice")
        for name, what in _imports(path)
        if f"{name}.{what}".startswith("sipice.turn")
    }
    assert knowing <= {"relay", "moving"}


def test_inside_a_package_nobody_imports_the_names_of_the_package() -> None:
    """Only its modules, else each of them would depend on all others."""
    shortcuts = [
        f"{path}: from {name} import {what}"
        for path in _sources("sdp", "sipice/stun", "sipice/turn", "sipice/ice", "sipice/session")
        if path.name != "__init__.py"
        for name, what in _imports(path)
        if name.replace(".", "/") == str(path.parent)
        if not (ROOT / path.parent / f"{what}.py").is_file()
    ]
    assert not shortcuts, _listed(shortcuts)


def test_chance_in_the_core_comes_from_a_generator_handed_in() -> None:
    draws = [
        f"{path}:{node.lineno}"
        for path in _sources("sdp", *(f"sipice/{name}" for name in CORE))
        for node in _nodes(path)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "random"
        and node.attr != "Random"
    ]
    assert not draws, _listed(draws)


def test_the_contracts_name_everything_that_lies_below_the_shell() -> None:
    linter = tomllib.loads(_text(Path("pyproject.toml")))["tool"]["importlinter"]
    sources = {one["id"]: set(one.get("source_modules", ())) for one in linter["contracts"]}
    here = {f"sipice.{name}" for name in CORE if list(_sources(f"sipice/{name}"))}
    assert sources["pure"] == here | {"sdp"}
    assert sources["text"] == here - {"sipice.session"}


def test_packages_list_their_public_names() -> None:
    wrong = []
    for path in _sources(*PACKAGES):
        if path.name == "__init__.py" and len(_tree(path).body) > 1:
            package = importlib.import_module(".".join(path.parent.parts))
            names = getattr(package, "__all__", ["__all__"])
            wrong += [f"{path}: {name}" for name in names if not hasattr(package, name)]
    assert not wrong, _listed(wrong)


def test_the_map_names_files_that_exist() -> None:
    named = re.findall(r"`(\.?[\w.]+/[\w./]*|\w+\.(?:md|toml))`", _text(Path("ARCHITECTURE.md")))
    assert named
    gone = [name for name in named if not (ROOT / name).exists()]
    assert not gone, _listed(gone)


def _listed(offences: list[str]) -> str:
    return "\n" + "\n".join(offences)


def _sources(*folders: str) -> Iterator[Path]:
    """The Python files of these folders, or these modules, relative to the checkout."""
    for folder in folders:
        single = (ROOT / folder).with_suffix(".py")
        found = [single] if single.is_file() else sorted((ROOT / folder).rglob("*.py"))
        yield from (path.relative_to(ROOT) for path in found)


def _protocol_tests() -> Iterator[Path]:
    for path in _sources("tests"):
        if len(path.parts) > 2 and path.parts[1] not in SHELL_TESTS:
            yield path


def _test_of(module: Path) -> Path:
    """sdp/ice.py: tests/sdp/test_ice.py; sipice/ice/pair.py: tests/ice/test_pair.py."""
    inner = module.parent if module.parts[0] == "sdp" else module.parent.relative_to("sipice")
    return Path("tests") / inner / f"test_{module.stem.strip('_')}.py"


def _wants_a_test(module: Path) -> bool:
    """``__init__`` and ``__main__`` only where they do something."""
    passive = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    return not module.stem.startswith("__") or not all(
        isinstance(node, passive) for node in _tree(module).body
    )


def _impatience(path: Path) -> Iterator[str]:
    """Sleeping, mocking, and values assigned into something imported."""
    imports = list(_imports(path))
    imported = {what or name for name, what in imports}
    for node in _nodes(path):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Name | ast.Attribute) and _last_name(node) == "sleep":
            yield f"{where} sleeps"
        if isinstance(node, ast.arg) and node.arg in ("monkeypatch", "mocker"):
            yield f"{where} patches"
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and _first_name(target) in imported:
                    yield f"{where} changes {ast.unparse(target)}"
    if any(name.startswith(("unittest", "mock")) for name, _ in imports):
        yield f"{path} mocks"


def _last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _first_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each import as (module, name), the name empty for a plain import."""
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


@functools.cache
def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(_tree(path)))


def _text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
