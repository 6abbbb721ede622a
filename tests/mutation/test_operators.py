"""The operators change what they say, and nothing else."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType

import pytest

from tests.capabilities import needs
from tests.mutation.operators import Mutant, edits, find_code, mutants, sources

pytestmark = needs("checkout")


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("return a < b", ["a <= b", "return"]),
        ("return a is not b", ["a is b", "return"]),
        ("return a and b", ["a or b", "b", "a", "return"]),
        ("return a is None or b", ["a is None", "a is not None", "return"]),
        ("return a + 1", ["a - 1", "2", "return"]),
        ("return not a", ["a", "return"]),
        ("return b if a else 0", ["0 if a else b", "1", "return"]),
        ("a.x = True", ["pass", "a.x = False"]),
        ("a.f()", ["pass"]),
        ("x = min(a, b)", ["max(a, b)"]),
        ("while a:\n  break", ["while not a:\n    break", "continue"]),
        ("if a:\n  return", ["if not a:\n    return"]),
        ('"text"', []),
    ],
)
def test_what_an_operator_makes(text: str, becomes: list[str]) -> None:
    body = "\n".join(f"    {line}" for line in text.splitlines())
    function = ast.parse(f"def f(a, b):\n{body}").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert sorted(ast.unparse(changed) for _, changed in edits(function)) == sorted(
        one if one != "a.x = False" else "False" for one in becomes
    )


def _made(key: str) -> tuple[Mutant, CodeType]:
    (found,) = [one for one in mutants("sipice/ice/pair.py") if key in one.key]
    code = found.build()
    assert code is not None
    return found, code


def test_the_code_of_a_mutant_is_that_of_its_function() -> None:
    found, code = _made("pair_priority: controlling > controlled -> controlling >= controlled")
    assert (found.file, found.function) == ("sipice/ice/pair.py", "pair_priority")
    mutated = FunctionType(code, {"min": min, "max": max})
    assert mutated(5, 5) == (5 << 32) + 11
    assert mutated(6, 5) == (5 << 32) + 13


def test_methods_are_found_by_their_qualified_name() -> None:
    found, code = _made("Role.opposite: Role.CONTROLLED if self is Role.CONTROLLING")
    assert code.co_qualname == found.function
    assert find_code(compile("def f(): pass", "x", "exec"), "g") is None


def test_every_file_of_the_agent_can_be_mutated_and_each_mutant_has_a_name_of_its_own() -> None:
    found = [mutant for file in sources() for mutant in mutants(file)]
    assert len(found) > 3000
    assert len({mutant.key for mutant in found}) > 0.99 * len(found)  # long ones are cut
