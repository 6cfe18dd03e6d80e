"""The commands and their options. What carries them out is imported when it is called."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from arp_nb import __version__
from arp_nb.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

Commands = Any  # argparse keeps the type of its subparsers to itself

_ONE_PIECE = 'What is for the script goes in one piece: --parameters="…".'


class _Parser(argparse.ArgumentParser):
    """Refuses by the command that was meant, not by all commands, and says what to write."""

    advice = ""

    def parse_known_args(  # type: ignore[override] # its overloads say the same
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        known, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return known, extra

    def error(self, message: str) -> NoReturn:
        super().error(f"{message}\n{self.advice}" if self.advice else message)


def parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses has in ``command`` the module and function to call."""
    top = _Parser(
        prog="jupyter arp", description="Batch jobs on experiment runs.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"arp-nb {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _demo(commands)
    _serve(commands)
    _manager(commands)
    _add(commands, "client", "doctor:client", "how the batch client is, which submits and polls")
    one = _add(commands, "doctor", "doctor:doctor", "check this installation, and say what to do")
    one.add_argument(
        "--from-node", nargs="?", const="", metavar="LOCATION",
        help="send a job that posts back from a node, to the usual location or this one",
    )  # fmt: skip
    _experiments(commands)
    _definitions(commands)
    _runs(commands)
    _autorun(commands)
    _apply(commands)
    _jobs(commands)
    return top


def _add(commands: Commands, name: str, command: str, text: str) -> _Parser:
    made: _Parser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    made.set_defaults(command=command)
    return made


def _remote(one: _Parser) -> _Parser:
    one.add_argument("--url", help="address of a Jupyter server (default: your own manager)")
    one.add_argument("--token", help="that server's token")
    return one


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 1 or more")
    return int(text)


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return int(text)


def _group(commands: Commands, name: str, text: str) -> Commands:
    group = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return group.add_subparsers(metavar="ACTION", required=True)


def _demo(commands: Commands) -> None:
    one = _add(commands, "demo", "demo:demo", "try everything in a temporary store")
    one.add_argument("--once", action="store_true", help="run one job, print it, and end")
    one.add_argument("--port", type=int, default=0, help="of the Jupyter server")
    one.add_argument("--browser", action="store_true", help="open the notebook in a browser")


def _serve(commands: Commands) -> None:
    text = "start a Jupyter server; all further options are the server's own"
    one = commands.add_parser("serve", help=text, description=f"{text}.", add_help=False,
                              prefix_chars="\0")  # fmt: skip
    one.add_argument("options", nargs="*", metavar="OPTION")
    one.set_defaults(command="serve:serve")


def _manager(commands: Commands) -> None:
    group = _group(commands, "manager", "the process that keeps definitions, runs and jobs")
    texts = {
        "run": "run it here, in the foreground",
        "start": "start it, if it does not run",
        "status": "tell what runs",
        "stop": "stop it; jobs live on",
        "move": "make this host the one that runs it",
    }
    for name, text in texts.items():
        one = _add(group, name, "manager:manager", text)
        one.add_argument("--store", metavar="FOLDER", help="its folder (default: ARP_STORE)")
        one.set_defaults(action=name)


def _how_called(one: argparse.ArgumentParser) -> None:
    """Add the switches for what a script is given, and how."""
    one.add_argument(
        "--quoted-parameters",
        action=argparse.BooleanOptionalAction,
        help="allow quotes and any character: the script quotes what it passes on",
    )
    one.add_argument(
        "--parameters-only",
        action=argparse.BooleanOptionalAction,
        help="give the script its parameters without experiment and run before them",
    )


def _experiments(commands: Commands) -> None:
    group = _group(commands, "experiment", "list, create, activate or deactivate experiments")
    _remote(_add(group, "list", "experiments:list_all", "list all experiments"))
    one = _remote(_add(group, "create", "experiments:create", "create an experiment"))
    one.add_argument("experiment")
    one.add_argument("--instrument", default="")
    for name, active in (("activate", True), ("deactivate", False)):
        one = _remote(_add(group, name, "experiments:set_active", f"{name} an experiment"))
        one.add_argument("experiment")
        one.set_defaults(active=active)


def _definitions(commands: Commands) -> None:
    group = _group(commands, "definition", "list, add, change or remove batch defs")
    one = _remote(_add(group, "list", "experiments:list_definitions", "list all batch defs"))
    one.add_argument("experiment")
    one = _remote(_add(group, "add", "experiments:add_definition", "add a batch def"))
    one.advice = _ONE_PIECE
    one.add_argument("experiment")
    one.add_argument("hash", help="how people will call it")
    one.add_argument("executable", help="absolute path of the script that submits the job")
    one.add_argument("--parameters", default="")
    one.add_argument("--location", default="", help="which scheduler: local, lsf")
    _how_called(one)
    _goes_by(one)
    one = _remote(_add(group, "update", "experiments:update_definition", "change a batch def"))
    one.advice = _ONE_PIECE
    one.add_argument("experiment")
    one.add_argument("hash")
    for name in ("--name", "--executable", "--parameters", "--location"):
        one.add_argument(name)
    _how_called(one)
    _goes_by(one)
    for name in ("remove", "restore"):
        one = _remote(_add(group, name, "experiments:drop_definition", f"{name} a batch def"))
        one.add_argument("experiment")
        one.add_argument("hash")
        one.set_defaults(action=name)


def _runs(commands: Commands) -> None:
    group = _group(commands, "run", "list runs, start and end them, set what is known of them")
    one = _remote(_add(group, "list", "runs:list_all", "list all runs"))
    one.add_argument("experiment")
    texts = {
        "start": "start a run",
        "end": "end a run",
        "set": "set parameters, type or times of a run",
        "param": "the same as set",
    }
    for name, text in texts.items():
        one = _one_run(group, name, "runs:tell", text)
        one.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help=_PARAMETER)
        one.add_argument("--type", help="what kind of run it is: DATA, DARK")
        one.set_defaults(action=name)
        for option, what in _TIMES.items() if name in {"set", "param"} else ():
            one.add_argument(f"--{option}", metavar="TIME", help=f"when {what}; ISO 8601, or now")
    one = _one_run(group, "exclude", "runs:exclude", "keep autorun away from a run")
    one.add_argument("why", nargs="+", help="for everybody to read")
    _one_run(group, "include", "runs:include", "undo exclude")


_PARAMETER = "a parameter of the run: a number, true, false, any text; null takes it away"
_TIMES = {
    "started-at": "it began",
    "ended-at": "it ended",
    "first-file-at": "its first file was transferred",
    "all-files-at": "all its files were transferred",
    "nonrec-files-at": "all files that an analysis needs were transferred",
}


def _one_run(group: Commands, name: str, command: str, text: str) -> _Parser:
    one = _remote(_add(group, name, command, text))
    one.add_argument("experiment")
    one.add_argument("run", type=int)
    return one


def _goes_by(one: _Parser) -> None:
    """Add the options for what autorun goes by."""
    triggers = [trigger.value for trigger in Trigger]
    one.add_argument("--trigger", choices=triggers, metavar="TRIGGER", help=", ".join(triggers))
    texts = {
        "predicate": ("TEXT", 'only where this holds: "beam > 0.5"'),
        "run-types": ("TYPES", 'only on runs of these types: "DATA, DARK"'),
        "after": ("HASH", "of AFTER: the batch def whose job is done before"),
        "run-param": ("NAME", "of RUN_PARAM_IS_VALUE: which parameter"),
        "run-value": ("VALUE", "of RUN_PARAM_IS_VALUE: and which value"),
    }
    for name, (metavar, text) in texts.items():
        one.add_argument(f"--{name}", metavar=metavar, help=text)
    for name, text in (("at-once", "going at once"), ("per-hour", "made within an hour")):
        one.add_argument(
            f"--most-{name}", type=_limit, metavar="N", help=f"jobs {text} by autorun; 0: no limit"
        )


def _missed(one: _Parser) -> None:
    one.add_argument(
        "--missed",
        choices=("run", "skip"),
        default="skip",
        help="what becomes of the runs that waited (default: %(default)s)",
    )


def _autorun(commands: Commands) -> None:
    group = _group(commands, "autorun", "what starts by itself, why, and the switches for it")
    _of_experiment(group, "status", "whether it acts, and how each batch def stands")
    one = _of_experiment(group, "ledger", "what it did with each run, and why")
    one.add_argument("--run", type=int)
    one.add_argument("--hash")
    one.add_argument("--outcome", choices=("fired", "waiting", "skipped"))
    one.add_argument("--why", help="as predicate, limit, paused, unchecked")
    one.add_argument(
        "--complete",
        action=argparse.BooleanOptionalAction,
        help="also where nothing happened yet (default: with --run or --hash alone)",
    )
    one.add_argument("--limit", type=_count, default=50, help="how many (default: %(default)s)")
    one = _of_experiment(group, "backtest", "on which of the last runs it would have fired")
    one.add_argument("hash")
    one.add_argument("--last", type=_count, default=50, help="runs (default: %(default)s)")
    _goes_by(one)
    one = _of_experiment(group, "check", "whether a predicate can be understood, and holds")
    one.add_argument("predicate", help='as "beam > 0.5"')
    one.add_argument("--run", type=int, help="the run to judge it for (default: the newest)")
    for name, command, text in (
        ("on", "turn_on", "check the box: it runs on new data, as you"),
        ("off", "turn_off", "clear the box"),
        ("pause", "pause", "let it wait with a batch def"),
        ("resume", "resume", "undo pause"),
        ("consent", "consent", "what was consented to, and what has changed since"),
    ):
        one = _of_experiment(group, name, text, command)
        one.add_argument("hash")
        if name == "pause":
            one.add_argument("why", nargs="*", help="for everybody to read")
        elif name in {"on", "resume"}:
            _missed(one)
        if name == "on":
            one.add_argument(
                "--looked-at",
                metavar="SEEN",
                help="only if it and its script are still that: `consent` tells it",
            )
    one = _of_experiment(group, "missed", "run or skip entries of the ledger that wait")
    one.add_argument("do", choices=("run", "skip"))
    one.add_argument("ids", type=int, nargs="+", metavar="ID")
    one = _remote(_add(group, "stop", "autorun:stop", "stop all autorun of your manager"))
    one.add_argument("why", nargs="*", help="for everybody to read")
    _missed(_remote(_add(group, "start", "autorun:start", "undo stop, of all experiments")))


def _of_experiment(group: Commands, name: str, text: str, command: str = "") -> _Parser:
    one = _remote(_add(group, name, f"autorun:{command or name}", text))
    one.add_argument("experiment")
    return one


def _apply(commands: Commands) -> None:
    one = _remote(_add(commands, "apply", "jobs:apply", "make jobs of a batch def and runs"))
    one.advice = f'Runs go in one piece: "12, 20-32". {_ONE_PIECE}'
    one.add_argument("experiment")
    one.add_argument("hash", help="name of the batch def")
    one.add_argument("runs", help='as "12, 20-32", "20-" or "all"')
    one.add_argument("--parameters", help="in place of the batch def's own")
    one.add_argument("--again", action="store_true", help="also where a run has a job of it")
    one.add_argument("--dry-run", action="store_true", help="show the commands, make nothing")
    one.add_argument("--follow", action="store_true", help="print changes until all are over")


def _jobs(commands: Commands) -> None:
    one = _remote(_add(commands, "jobs", "jobs:list_jobs", "list the jobs of an experiment"))
    one.add_argument("experiment")
    one.add_argument("--follow", action="store_true", help="print changes until all are over")
    one.add_argument("--limit", type=_count, default=50, help="how many (default: %(default)s)")
    one = _remote(_add(commands, "log", "jobs:log", "print a job's log"))
    one.add_argument("job", type=int)
    one.add_argument("-f", "--follow", action="store_true", help="until the job is over")
    one = _remote(_add(commands, "kill", "jobs:kill", "ask the scheduler to end jobs"))
    one.add_argument("jobs", type=int, nargs="+", metavar="job")
    one.add_argument("--without-subjobs", action="store_true", help="leave what they submitted")
    one = _remote(_add(commands, "rerun", "jobs:rerun", "make jobs like earlier ones"))
    one.advice = _ONE_PIECE
    one.add_argument("jobs", type=int, nargs="+", metavar="job")
    one.add_argument("--memory", help="to ask for, whatever the script says: 16G")
    one.add_argument("--time", help="limit to ask for, whatever the script says: 2h, 90min")
    one.add_argument("--extra-parameters", default="", help="behind the job's own")
    one = _remote(_add(commands, "resolve", "jobs:resolve", "settle an uncertain submission"))
    one.add_argument("job", type=int)
    answer = one.add_mutually_exclusive_group(required=True)
    answer.add_argument(
        "--is", dest="native_id", metavar="ID", help="it is the scheduler's job ID"
    )
    answer.add_argument("--again", action="store_true", help="it made none: submit it again")
