"""Predicates of autorun: a small expression language over what is known of a run.

It reads like Python: ``beam > 5 and mode == 'scan' and smalldata.Events >= 1000``. Python's
own parser reads the text, the list of syntax below says what may stand in it, and `simpleeval`
works it out: no loops, no attributes, no calls but of the functions here, no text that grows,
and each step charged for how much it looks at. So nothing that can be written runs for long, and
nothing reaches further than the values.
"""

from __future__ import annotations

import ast
import difflib
import functools
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from simpleeval import EvalWithCompoundTypes, InvalidExpression

from arp_nb import predicate_names
from arp_nb.errors import PredicateError
from arp_nb.predicate_names import (
    EXAMPLES,
    FUNCTIONS,
    OTHER_WORDS,
    OWN_NAMES,
    is_word,
    known_names,
    there_is,
)
from arp_nb.predicate_work import (
    FUNCTIONS_OF_VALUES,
    LIST,
    OPERATORS,
    TUPLE,
    Trouble,
    Work,
    bounded,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FUNCTIONS", "JobValues", "Predicate", "Values", "Verdict", "known_names", "parse"]

MOST_CHARS = 2000
#: values, names and operations; and how many of them may lie within each other
MOST_NODES, MOST_DEPTH = 200, 50
#: of a name that is not known
_SAID_CHARS = 40
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.Is, ast.IsNot, ast.IfExp, ast.Call, ast.Constant, ast.Name, ast.Load, ast.List, ast.Tuple,
)  # fmt: skip
_INSTEAD: Mapping[type[ast.AST], str] = {
    ast.ListComp: "A predicate has no loops.",
    ast.GeneratorExp: "A predicate has no loops.",
    ast.SetComp: "A predicate has no loops.",
    ast.DictComp: "A predicate has no loops.",
    ast.Set: "Write a list as [1, 2].",
    ast.BitXor: "Write ** for a power.",
    ast.Lambda: "A predicate cannot define functions.",
    ast.NamedExpr: "A predicate compares, and assigns nothing: write == for equal.",
    ast.JoinedStr: "A predicate makes no texts.",
    ast.BitAnd: "Write 'and' for &.",
    ast.BitOr: "Write 'or' for |.",
    ast.Invert: "Write 'not' for ~.",
}
#: what people write who know other languages
_HINTS = (
    (re.compile(r"&&|\|\|"), " Write and, or in place of &&, ||."),
    (re.compile(r"!(?!=)"), " Write not in place of !."),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), " Write and, or, not, in with small letters."),
    (re.compile(r"(?<![=!<>])=(?!=)|==="), " Write == for equal."),
)
_NEWLINES = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
#: functions of names, and of how many
_OF_NAMES: Mapping[str, int] = {"param": 1, "has": 1, "status": 1, "counter": 2}


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
    #: how much was looked at, in units of `predicate_work.MOST_WORK`
    work: int = 0


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate that was read."""

    text: str
    #: names of values that it may look at, as they are shown
    reads: frozenset[str]
    #: hashes of whose jobs it asks for anything
    jobs: frozenset[str]
    _tree: ast.expr | None

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
        except OverflowError:
            problem = "A number becomes too large."
        except (ArithmeticError, InvalidExpression, LookupError, TypeError, ValueError) as error:
            problem = f"It cannot be judged: {error}."
        except (RecursionError, MemoryError):
            problem = "It cannot be judged: a value is nested too deeply."
        else:
            if isinstance(found, bool):
                return Verdict(holds=found, seen=look.seen, work=look.work.done)
            problem = f"It gives {shown(found)!r}, not true or false: compare it with something."
        return Verdict(holds=False, seen=look.seen, problem=problem, work=look.work.done)


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Predicate:
    """Read a predicate; an empty one always holds.

    Raises
    ------
    PredicateError
        With the place, and words for whoever wrote it.
    """
    if len(text) > MOST_CHARS:
        raise PredicateError(f"A predicate has at most {MOST_CHARS:,} characters.", at=MOST_CHARS)
    # one for one, so that places stay
    line = text.translate(_NEWLINES)
    if not line.strip():
        return Predicate("", frozenset(), frozenset(), None)
    tree = _read(line)
    _check_size(tree)
    reader = _Reader(line)
    checked = reader.visit(tree)
    assert isinstance(checked, ast.Expression)
    return Predicate(text, frozenset(reader.reads), frozenset(reader.jobs), checked.body)


def _check_size(tree: ast.Expression) -> None:
    level: list[ast.AST] = [tree.body]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MOST_NODES or depth > MOST_DEPTH:
            raise PredicateError(
                f"This predicate is too long: it may have {MOST_NODES} parts, and {MOST_DEPTH} "
                "operations that lie within each other."
            )
        inner = (one for node in level for one in ast.iter_child_nodes(node))
        level = [one for one in inner if isinstance(one, ast.expr | ast.keyword)]


def _read(line: str) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's own, on odd comparisons
            return ast.parse(line.strip(), mode="eval")
    except SyntaxError as error:
        lead = len(line) - len(line.lstrip())
        # 0: at the end of the text
        at = min(max(error.offset - 1 + lead, 0), len(line)) if error.offset else len(line)
        raise PredicateError(_why(line, error.msg), at=at) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise PredicateError("This cannot be read as a predicate.") from error


def _why(line: str, said: str) -> str:
    outside = re.sub(r"'[^']*'|\"[^\"]*\"", "''", line)
    hint = next((advice for pattern, advice in _HINTS if pattern.search(outside)), "")
    if said.startswith(("invalid syntax", "cannot assign")):
        # what Python adds is advice for programs: "Maybe you meant ':='"
        return f"This is not how a predicate is written.{hint}"
    return f"This cannot be read here: {said}.{hint}"


class _Reader(ast.NodeTransformer):
    """Refuses what may not stand in a predicate; turns what names values into calls."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._lead = len(line) - len(line.lstrip())
        self._around: ast.AST | None = None
        self.reads: set[str] = set()
        self.jobs: set[str] = set()

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Refuse all syntax that is not listed."""
        if not isinstance(node, _ALLOWED):
            said = _INSTEAD.get(type(node), "This has no meaning in a predicate.")
            self._refuse(node, said)
        if hasattr(node, "col_offset"):
            self._around = node  # an operator has no place of its own
        return super().generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Keep numbers, texts, True, False and None."""
        if not isinstance(node.value, bool | int | float | str | None):
            self._refuse(node, "Only numbers, texts, True, False and None may stand here.")
        if isinstance(node.value, str):
            self._check_text(node, node.value)
        return ast.copy_location(ast.Constant(bounded(node.value)), node)

    def visit_List(self, node: ast.List) -> ast.AST:
        """Read a list as a call that weighs it: `simpleeval` walks through lists at each step."""
        return self._made(node, LIST)

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        """Read a tuple as a list is read."""
        return self._made(node, TUPLE)

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
        if node.id in EXAMPLES:
            self._refuse(node, f"{node.id} is a function: use it as in {EXAMPLES[node.id]}.")
        if node.id in OTHER_WORDS:
            self._refuse(node, f"Write {OTHER_WORDS[node.id]} for {node.id}.")
        self.reads.add(node.id)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Keep calls of the functions that there are."""
        if not isinstance(node.func, ast.Name):
            self._refuse(node, "Only the functions of predicates can be called.")
        name = node.func.id
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name[:_SAID_CHARS], FUNCTIONS, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(FUNCTIONS)}."
            self._refuse(node, f"There is no function {name[:_SAID_CHARS]}. {advice}")
        if node.keywords:
            self._refuse(node, f"{name} takes no named arguments.")
        wanted = _OF_NAMES.get(name)
        if wanted is not None:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            names = [one for one in texts if isinstance(one, str)]
            if len(node.args) != wanted or len(names) != wanted:
                what = "a text" if wanted == 1 else f"{wanted} texts"
                self._refuse(node, f"{name} takes {what}, as in {EXAMPLES[name]}.")
            return self._call(node, name, *names)
        args = [self.visit(one) for one in node.args]
        return ast.copy_location(ast.Call(node.func, args, []), node)

    def _made(self, node: ast.List | ast.Tuple, name: str) -> ast.AST:
        checked = self.generic_visit(node)
        assert isinstance(checked, ast.List | ast.Tuple)
        call = ast.Call(ast.Name(name, ast.Load()), checked.elts, [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _call(self, node: ast.expr, name: str, *texts: str) -> ast.AST:
        for one in texts:
            self._check_text(node, one)
        self.reads.add(predicate_names.shown(name, *texts))
        if name != "param":
            self.jobs.add(texts[0])
        call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(one) for one in texts], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _check_text(self, node: ast.AST, text: str) -> None:
        if any("\ud800" <= one <= "\udfff" for one in text):
            self._refuse(node, "This text holds half a character.")

    def _refuse(self, node: ast.AST, said: str) -> NoReturn:
        column = getattr(node, "col_offset", getattr(self._around, "col_offset", 0))
        before = self._line[self._lead :].encode()[:column].decode(errors="replace")
        raise PredicateError(said, at=len(before) + self._lead)


class _Look:
    """Looks values up, and remembers which it was asked for."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._admitted: dict[str, Any] = {}
        self.seen: dict[str, Any] = {}
        self.work = Work()

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
        if name in parameters:
            return self._saw(predicate_names.shown("param", name), parameters[name])
        there = there_is(name, parameters)
        if name in self._values.jobs:
            there = f" {name} is a batch def: status({name!r}) is the status of its job"
            there += f", {name}.Events its counter Events." if is_word(name) else "."
        raise Trouble(f"Run {self._values.run} has no parameter {name!r}.{there}")

    def has(self, name: str) -> bool:
        """Whether the run has a parameter, or a job of a hash."""
        there = name in self._values.parameters or name in self._values.jobs
        self.seen[predicate_names.shown("has", name)] = there
        return there

    def counter(self, job: str, name: str) -> Any:
        """Return a counter of the newest job of a hash."""
        counters = self._job(job).counters
        if name in counters:
            return self._saw(predicate_names.shown("counter", job, name), counters[name])
        there = there_is(name, counters)
        if name == "status":
            there = f" Write status({job!r}) for its status."
        raise Trouble(f"The job of {job} has no counter {name!r}.{there}")

    def status(self, job: str) -> Any:
        """Return the status of the newest job of a hash."""
        return self._saw(predicate_names.shown("status", job), self._job(job).status)

    def _job(self, name: str) -> JobValues:
        found = self._values.jobs.get(name)
        if found is None:
            there = there_is(name, self._values.jobs)
            raise Trouble(f"Run {self._values.run} has no job of {name!r}.{there}")
        return found

    def _saw(self, name: str, value: Any) -> Any:
        if name not in self._admitted:
            # however often it is named, it is weighed once
            self._admitted[name] = self.work.admitted(name, value)
            self.seen[name] = shown(value)
        return self._admitted[name]


def _worked_out(tree: ast.expr, look: _Look) -> Any:
    functions = look.work.charged(FUNCTIONS_OF_VALUES)
    functions.update(param=look.param, has=look.has, counter=look.counter, status=look.status)
    evaluator = EvalWithCompoundTypes(
        operators=look.work.charged(OPERATORS),
        functions=functions,
        names=look.name,
        allowed_attrs={},
    )
    return evaluator.eval("", previously_parsed=tree)
