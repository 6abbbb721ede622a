"""Small edits that no one thought of: operators over the syntax tree of one file."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType
from typing import NamedTuple, cast

from tests.capabilities import ROOT

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Mutant(NamedTuple):
    """One edit in one function; ``key`` stays the same as long as the function does."""

    file: str
    line: int
    function: str
    was: str
    becomes: str
    occurrence: int
    build: Callable[[], CodeType | None]
    """The code of the whole function, mutated; None where that is no Python."""

    @property
    def key(self) -> str:
        """Names it in tests/data/survivors.toml."""
        more = f" #{self.occurrence}" if self.occurrence > 1 else ""
        return f"{self.file} {self.function}: {self.was} -> {self.becomes}{more}"


def mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a file of the checkout, in the order of its text."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    seen: Counter[tuple[str, str, str]] = Counter()
    for name, function in _functions(tree, ""):
        for node, changed in edits(function):
            was, becomes = ast.unparse(node), ast.unparse(changed)
            seen[name, was, becomes] += 1
            line = getattr(node, "lineno", function.lineno)
            build = partial(_compiled, tree, file, name, node, changed)
            count = seen[name, was, becomes]
            yield Mutant(file, line, name, _short(was), _short(becomes), count, build)


def sources(folder: str = "sipice/ice") -> list[str]:
    """The files that are mutated."""
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.py"))
    return [path for path in found if Path(path).stem != "__init__"]


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods with their qualified names; what lies inside them belongs to them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def edits(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Pairs of a node inside the function and what stands there instead."""
    for statement in function.body:
        for node in ast.walk(statement):
            for changed in _changed(node):
                yield node, ast.copy_location(changed, node)


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                other = copy.copy(node)
                other.ops = [*node.ops[:at], _COMPARISONS[type(operator)](), *node.ops[at + 1 :]]
                yield other
        case ast.BoolOp():
            yield from _changed_logic(node)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(value):
            yield from (ast.Constant(other) for other in _constants(value))
        case ast.Call(ast.Name(name)) if name in _CALLED:
            yield ast.Call(ast.Name(_CALLED[name], ast.Load()), node.args, node.keywords)
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case _:
            yield from _changed_statement(node)


def _changed_logic(node: ast.BoolOp) -> Iterator[ast.AST]:
    """The other operator, or one operand less; what mypy would notice is left out."""
    if not any(_asks_for_none(value) for value in node.values):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for at, value in enumerate(node.values):
        if not _asks_for_none(value):
            rest = [*node.values[:at], *node.values[at + 1 :]]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]


def _asks_for_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot)


def _changed_statement(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(ast.Constant()):
            return  # a docstring
        case ast.Expr() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets) if not any(isinstance(one, ast.Name) for one in targets):
            yield ast.Pass()
        case ast.If(ast.Compare() | ast.UnaryOp() | ast.BoolOp()):
            return  # these are turned round already
        case ast.If() | ast.While():
            other = copy.copy(node)
            other.test = ast.UnaryOp(ast.Not(), node.test)
            yield other
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Return(ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(None)


def _constants(value: object) -> Iterator[bool | int | float]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1


def _compiled(
    tree: ast.Module, file: str, name: str, node: ast.AST, changed: ast.AST
) -> CodeType | None:
    swap = _Swap(node, changed)
    mutated = ast.Module([cast(ast.stmt, swap.visit(one)) for one in tree.body], [])
    try:
        module = compile(ast.fix_missing_locations(mutated), str(ROOT / file), "exec")
    except (SyntaxError, ValueError):
        return None
    return find_code(module, name)


class _Swap(ast.NodeTransformer):
    """Copies the nodes on the way to the one that is replaced, and shares all others."""

    def __init__(self, node: ast.AST, changed: ast.AST) -> None:
        self.node, self.changed = node, changed

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.node:
            return self.changed
        return self.generic_visit(copy.copy(node))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, field, [self._one(item) for item in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def _one(self, item: object) -> object:
        return self.visit(item) if isinstance(item, ast.AST) else item


def find_code(code: CodeType, name: str) -> CodeType | None:
    """The code of a function in that of its module, by its qualified name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == name:
                return constant
            if name.startswith(f"{constant.co_qualname}."):
                return find_code(constant, name)
    return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:60]} ... {line[-25:]}"
