"""Predicates of autorun: a small expression language over what is known of a run.

It reads like Python: ``beam > 5 and mode == 'scan' and smalldata.Events >= 1000``. Python's
own parser reads the text, the list of syntax below says what may stand in it, and `simpleeval`
works it out: no loops, no attributes, no calls but of the functions here, no text that grows.
So nothing that can be written runs for long, and nothing reaches further than the values.
"""

from __future__ import annotations

import ast
import difflib
import functools
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from simpleeval import EvalWithCompoundTypes, InvalidExpression

from arp_nb.errors import PredicateError
from arp_nb.predicate_work import (
    FUNCTIONS_OF_VALUES,
    OPERATORS,
    Trouble,
    bounded,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_CHARS = 2000
MOST_NODES = 300

#: of the run itself
OWN_NAMES = ("run", "type", "duration_s")
FUNCTIONS = ("abs", "counter", "has", "len", "lower", "max", "min", "param", "round", "status")
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.Is, ast.IsNot, ast.IfExp, ast.Call, ast.Constant, ast.Name, ast.Load, ast.List, ast.Tuple,
)  # fmt: skip
_INSTEAD: Mapping[type[ast.AST], str] = {
    ast.ListComp: "A predicate has no loops.",
    ast.GeneratorExp: "A predicate has no loops.",
    ast.Lambda: "A predicate cannot define functions.",
    ast.NamedExpr: "A predicate compares, and assigns nothing: write == for equal.",
    ast.JoinedStr: "A predicate makes no texts.",
    ast.BitAnd: "Write 'and' for &.",
    ast.BitOr: "Write 'or' for |.",
    ast.Invert: "Write 'not' for ~.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobValues:
    """What may be asked of the newest job of a batch def for the same run."""

    status: str
    counters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What is known of a run when its predicate is judged."""

    run: int
    type: str = ""
    duration_s: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: by hash
    jobs: Mapping[str, JobValues] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of judging."""

    holds: bool
    #: the values that were looked at, by how the predicate names them
    seen: Mapping[str, Any] = field(default_factory=dict)
    #: why it cannot be said, in words; it then does not hold
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate that was read."""

    text: str
    #: names of values that it may look at, as a person writes them
    reads: frozenset[str]
    _tree: ast.expr | None

    @property
    def reads_jobs(self) -> bool:
        """Whether it asks for anything of earlier jobs."""
        return any("." in name for name in self.reads)

    def judge(self, values: Values) -> Verdict:
        """Say whether it holds. Never raises, whatever the values."""
        if self._tree is None:
            return Verdict(holds=True)
        look = _Look(values)
        try:
            found = _worked_out(self._tree, look)
        except Trouble as error:
            problem = str(error)
        except ZeroDivisionError:
            problem = "It divides by zero."
        except (ArithmeticError, InvalidExpression, LookupError, TypeError, ValueError) as error:
            problem = f"It cannot be judged: {error}."
        except (RecursionError, MemoryError):
            problem = "It cannot be judged: a value is nested too deeply."
        else:
            if isinstance(found, bool):
                return Verdict(holds=found, seen=look.seen)
            problem = f"It gives {shown(found)!r}, not true or false: compare it with something."
        return Verdict(holds=False, seen=look.seen, problem=problem)


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Predicate:
    """Read a predicate; an empty one always holds.

    Raises
    ------
    PredicateError
        With the place, and words for whoever wrote it.
    """
    if len(text) > MOST_CHARS:
        raise PredicateError(f"A predicate has at most {MOST_CHARS:,} characters.")
    line = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    if not line.strip():
        return Predicate("", frozenset(), None)
    tree = _read(line)
    nodes = sum(1 for _ in ast.walk(tree))
    if nodes > MOST_NODES:
        raise PredicateError(f"This predicate is too long: {nodes} parts; {MOST_NODES} may be.")
    reader = _Reader(line)
    checked = reader.visit(tree)
    assert isinstance(checked, ast.Expression)
    return Predicate(text, frozenset(reader.reads), checked.body)


def known_names(parameters: Iterable[str], jobs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what a predicate may name, as it is written: for completion."""
    names = [*OWN_NAMES, *FUNCTIONS]
    names += (name if _is_plain(name) else f"param[{name!r}]" for name in parameters)
    for job, counters in jobs.items():
        names.append(f"status({job!r})")
        names += (
            f"{job}.{one}"
            if job.isidentifier() and one.isidentifier()
            else f"counter({job!r}, {one!r})"
            for one in counters
        )
    return sorted(set(names), key=str.lower)


def _is_plain(name: str) -> bool:
    taken = {*OWN_NAMES, *FUNCTIONS, "and", "or", "not", "in", "is", "if", "else", "None"}
    return name.isidentifier() and name not in taken and name not in {"True", "False"}


def _read(line: str) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's own, on odd comparisons
            return ast.parse(line.lstrip(" \t"), mode="eval")
    except SyntaxError as error:
        lead = len(line) - len(line.lstrip(" \t"))
        # 0: at the end of the text
        at = min(error.offset - 1 + lead, len(line)) if error.offset else len(line)
        advice = ""
        if "=" in line.replace("==", "").replace("!=", "").replace("<=", "").replace(">=", ""):
            advice = " Write == for equal."
        raise PredicateError(f"This cannot be read here: {error.msg}.{advice}", at=at) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise PredicateError("This cannot be read as a predicate.") from error


class _Reader(ast.NodeTransformer):
    """Refuses what may not stand in a predicate; turns what names values into calls."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._lead = len(line) - len(line.lstrip(" \t"))
        self.reads: set[str] = set()

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Refuse all syntax that is not listed."""
        if not isinstance(node, _ALLOWED):
            said = _INSTEAD.get(type(node), "This has no meaning in a predicate.")
            self._refuse(node, said)
        return super().generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Keep numbers, texts, True, False and None."""
        if not isinstance(node.value, bool | int | float | str | None):
            self._refuse(node, "Only numbers, texts, True, False and None may stand here.")
        return ast.copy_location(ast.Constant(bounded(node.value)), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Read ``smalldata.Events`` as a counter of a job."""
        if not isinstance(node.value, ast.Name):
            self._refuse(node, "Only hash.counter may have a dot, such as smalldata.Events.")
        return self._call(node, "counter", node.value.id, node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Read ``param['x-ray energy']``."""
        key = node.slice
        named = isinstance(node.value, ast.Name) and node.value.id == "param"
        if not named or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            self._refuse(node, "Only param['name'] may have brackets.")
        return self._call(node, "param", key.value)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Read a name as one of the run's own values, or as a parameter."""
        self.reads.add(node.id)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Keep calls of the functions that there are."""
        if not isinstance(node.func, ast.Name):
            self._refuse(node, "Only the functions of predicates can be called.")
        name = node.func.id
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, FUNCTIONS, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(FUNCTIONS)}."
            self._refuse(node, f"There is no function {name}. {advice}")
        if node.keywords:
            self._refuse(node, f"{name} takes no named arguments.")
        wanted = {"param": 1, "has": 1, "status": 1, "counter": 2}.get(name)
        if wanted is not None:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if (
                len(node.args) != wanted
                or not all(isinstance(one, str) for one in texts)
                or len(texts) != wanted
            ):
                what = "a text" if wanted == 1 else f"{wanted} texts"
                self._refuse(node, f"{name} takes {what}, as in {_EXAMPLES[name]}.")
            return self._call(node, name, *texts)
        args = [self.visit(one) for one in node.args]
        return ast.copy_location(ast.Call(node.func, args, []), node)

    def _call(self, node: ast.expr, name: str, *texts: Any) -> ast.AST:
        self.reads.add(_label(name, *texts))
        call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(one) for one in texts], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _refuse(self, node: ast.AST, said: str) -> NoReturn:
        column = getattr(node, "col_offset", None)
        if column is None:
            raise PredicateError(said)
        before = self._line.lstrip(" \t").encode()[:column].decode(errors="replace")
        raise PredicateError(said, at=len(before) + self._lead)


_EXAMPLES: Mapping[str, str] = {
    "param": "param('x-ray energy')",
    "has": "has('beam')",
    "status": "status('smalldata')",
    "counter": "counter('smalldata', 'Events')",
}


def _label(name: str, *texts: str) -> str:
    """Return how a value is called where it is shown."""
    match name:
        case "counter":
            return ".".join(texts)
        case "status":
            return f"{texts[0]}.status"
        case _:
            return texts[0]


class _Look:
    """Looks values up, and remembers which it was asked for."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self.seen: dict[str, Any] = {}

    def name(self, node: ast.Name) -> Any:
        """Return one of the run's own values, or a parameter."""
        name = node.id
        if name in OWN_NAMES:
            value = getattr(self._values, name)
            if value is None:
                raise Trouble(f"Run {self._values.run} has not ended, so it has no {name}.")
            return self._saw(name, value)
        return self.param(name)

    def param(self, name: str) -> Any:
        """Return a run parameter."""
        parameters = self._values.parameters
        if name not in parameters:
            near = difflib.get_close_matches(name, map(str, parameters), n=3, cutoff=0.5)
            there = near or list(parameters)[:10]
            advice = f" It has: {', '.join(map(str, there))}." if there else " It has none."
            raise Trouble(f"Run {self._values.run} has no parameter {name!r}.{advice}")
        return self._saw(name, parameters[name])

    def has(self, name: str) -> bool:
        """Whether the run has a parameter, or a job of a hash."""
        there = name in self._values.parameters or name in self._values.jobs
        self.seen[f"has {name}"] = there
        return there

    def counter(self, job: str, name: str) -> Any:
        """Return a counter of the newest job of a hash."""
        counters = self._job(job).counters
        if name not in counters:
            there = ", ".join(list(counters)[:10]) or "none"
            raise Trouble(f"The job of {job} has no counter {name!r}. It has: {there}.")
        return self._saw(f"{job}.{name}", counters[name])

    def status(self, job: str) -> str:
        """Return the status of the newest job of a hash."""
        found = self._job(job).status
        self.seen[f"{job}.status"] = found
        return found

    def _job(self, name: str) -> JobValues:
        found = self._values.jobs.get(name)
        if found is None:
            raise Trouble(f"Run {self._values.run} has no job of {name!r}.")
        return found

    def _saw(self, name: str, value: Any) -> Any:
        self.seen[name] = shown(value)
        return bounded(value)


def _worked_out(tree: ast.expr, look: _Look) -> Any:
    functions: dict[str, Callable[..., Any]] = {
        "param": look.param,
        "has": look.has,
        "counter": look.counter,
        "status": look.status,
        **FUNCTIONS_OF_VALUES,
    }
    evaluator = EvalWithCompoundTypes(
        operators=OPERATORS, functions=functions, names=look.name, allowed_attrs={}
    )
    return evaluator.eval("", previously_parsed=tree)
