"""``jupyter arp doctor`` and ``client``: what works here, what does not, and what to do."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from arp_nb import mounts
from arp_nb.cli import from_node, printing
from arp_nb.client import entry, transport
from arp_nb.client.autorun_words import caveats, source_words
from arp_nb.client.markup import plain
from arp_nb.client.tables import stop_words
from arp_nb.daemon import claim
from arp_nb.daemon.host import this_host
from arp_nb.errors import ArpError
from arp_nb.settings import load, store_folder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from arp_nb.client.transport import Transport

_MIN_PYTHON = (3, 11)
_ROUTE_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str
    #: what to do about it; empty where nothing need be done
    advice: str = ""


def doctor(options: argparse.Namespace) -> int:
    """Look at everything; exit status 1 if something needs to be done."""
    if options.from_node is not None:
        return from_node.run(options.from_node)
    ok = True
    for one in findings():
        ok = ok and one.ok
        print(plain(f"{'ok' if one.ok else 'NO':3} {one.what}: {one.found}"))
        if one.advice:
            print(f"      → {one.advice}")
    return 0 if ok else 1


def client(_: argparse.Namespace) -> int:
    """Tell how the batch client is; in solo mode it lives in the manager."""
    way = entry.reach()
    try:
        status = way.check_version()
    finally:
        way.close()
    health = status["health"]
    print("The batch client, which submits and polls as you, lives in your batch manager.")
    alive = "answers" if health["client"]["ok"] else "does not answer"
    print(f"It {alive}, since {health['client']['since'][:19].replace('T', ' ')} UTC.")
    print(f"Scripts run where a batch def says; by default: {status['default_location'] or '?'}.")
    print(printing.table(("location", "answers", "why it is offered", "said"), _places(status)))
    return 0 if health["client"]["ok"] else 1


def _places(status: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    schedulers = status["health"]["schedulers"]
    for name, why in status["locations"].items():
        known = schedulers.get(name)
        answers = "not asked yet" if known is None else "yes" if known["ok"] else "no"
        said = "" if known is None else known["said"]
        yield name, answers, why, "" if said == why else said


def findings() -> Iterator[Finding]:
    """Look at one thing after the other; what cannot work without the last is left out."""
    store = store_folder()
    yield _python()
    yield _extension()
    yield _file_system(store)
    yield _claim(store)
    try:
        load(store)
        way = transport.over_socket(store)
    except ArpError as error:
        yield Finding("batch manager", ok=False, found=str(error), advice=_log_advice(store))
        return
    try:
        yield from _manager(way, store)
    finally:
        way.close()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version} at {sys.executable}, arp-nb {_version('arp-nb')}"
    if sys.version_info >= _MIN_PYTHON:
        return Finding("Python", ok=True, found=found)
    return Finding("Python", ok=False, found=found, advice="arp-nb needs Python 3.11 or newer.")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, used from its source)"


def _extension() -> Finding:
    what = "Jupyter server extension"
    try:
        from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415 - may not be there
    except ImportError:
        advice = "pip install 'arp-nb[server]' where your Jupyter server runs"
        return Finding(what, ok=False, found="Jupyter is not installed here", advice=advice)
    for folder in jupyter_config_path():
        if _enables(Path(folder) / "jupyter_server_config.d" / "arp_nb.json"):
            return Finding(what, ok=True, found=f"enabled in {folder}")
    return Finding(
        what,
        ok=False,
        found="not enabled in this environment",
        advice="pip install 'arp-nb[server]', or: jupyter server extension enable"
        " arp_nb.extension",
    )


def _enables(path: Path) -> bool:
    try:
        extensions = json.loads(path.read_bytes())["ServerApp"]["jpserver_extensions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any(str(name).startswith("arp_nb") and on for name, on in extensions.items())


def _file_system(store: Path) -> Finding:
    try:
        import arp_nb.store  # noqa: F401, PLC0415 - may not be there
    except ImportError:
        found = "the server's part is not installed here"
        return Finding("store", ok=False, found=found, advice="pip install 'arp-nb[server]'")
    there = next(folder for folder in (store, *store.parents) if folder.exists())
    mount = mounts.mount_of(there.resolve(), mounts.read_mountinfo())
    kind = "an unknown file system" if mount is None else f"{mount.type} at {mount.point}"
    found = f"{store}, on {kind}"
    if mount is not None and mount.is_network:
        advice = (
            "A store needs a local disk: set ARP_STORE, as export ARP_STORE=/var/tmp/$USER/arp"
        )
        return Finding("store", ok=False, found=found, advice=advice)
    if not os.access(there, os.W_OK):
        advice = "You may not write there: set ARP_STORE to a folder of your own."
        return Finding("store", ok=False, found=found, advice=advice)
    return Finding("store", ok=True, found=found)


def _claim(store: Path) -> Finding:
    host = this_host()
    try:
        is_ours = claim.check(host, store)
    except ArpError as error:
        return Finding("claim", ok=False, found=str(error))
    # whether one runs is not told by the claim, which outlives each
    which = "this host" if is_ours else "no host yet, so it may run on this one"
    return Finding("claim", ok=True, found=f"your manager belongs to {which}, {host.name}")


def _manager(way: Transport, store: Path) -> Iterator[Finding]:
    try:
        status = way.check_version()
    except ArpError as error:
        yield Finding("batch manager", ok=False, found=str(error), advice=_log_advice(store))
        return
    found = f"version {status['version']}, API {status['api_version']}, revision"
    yield Finding("batch manager", ok=True, found=f"{found} {status['revision']}")
    client_ok = status["health"]["client"]["ok"]
    yield Finding(
        "batch client",
        ok=client_ok,
        found="answers" if client_ok else "does not answer",
        advice="" if client_ok else _log_advice(store),
    )
    for name, answers, why, said in _places(status):
        ok = answers != "no"
        advice = "" if ok else "Its commands must work in your login shell: try them there."
        yield Finding(f"scheduler {name}", ok=ok, found=f"{why} {said}".strip(), advice=advice)
    yield from _sites(way)
    for name, why in status.get("not_offered", {}).items():
        yield Finding(f"scheduler {name}", ok=True, found=f"not offered: {why}")
    yield from _autorun(status["autorun"])
    yield _route(str(status["update_base"]))
    for name, at in status.get("first_posts", {}).items():
        yield _reports(name, at, str(status["update_base"]))
    for notice in status["notices"]:
        yield Finding("note", ok=True, found=str(notice))


def _autorun(told: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell whether autorun acts, and how each run source is."""
    stopped = stop_words(told["stopped"])
    yield Finding(
        "autorun",
        # a person who stops it means it; nothing need be done about that here
        ok=not told["cannot"] or bool(stopped),
        found=" ".join(["acts" if not told["cannot"] else "does not act:", *told["cannot"]]),
        advice="`jupyter arp autorun start` lets it go on." if stopped else "",
    )
    for one in told["sources"]:
        yield Finding(
            f"run source {one['name']}",
            ok=one["ok"],
            found=source_words(one),
            advice="" if one["ok"] else "See its table in config.toml; it is asked again.",
        )
    for caveat in caveats(told):
        yield Finding("autorun", ok=True, found=caveat)


def _sites(way: Transport) -> Iterator[Finding]:
    """Tell what each location's own commands say of its site."""
    try:
        advised: Mapping[str, Any] = way.call("GET", "/advice")
    except ArpError as error:
        yield Finding("sites", ok=False, found=str(error))
        return
    for name, said in sorted(advised.items()):
        for one in said:
            yield Finding(f"site {name}", ok=one["ok"], found=one["said"], advice=one["to_do"])


def _reports(name: str, at: str | None, base: str) -> Finding:
    """Tell whether a job of a location has ever reached the update listener."""
    what = f"reports from {name}"
    if at is not None:
        return Finding(what, ok=True, found=f"a job has reported, first at {at[:16]} UTC")
    advice = f"Its jobs will post to {base}; see update_listen and public_url in config.toml."
    return Finding(what, ok=True, found=f"no job has reported from {name} yet", advice=advice)


def _route(base: str) -> Finding:
    """Post to the update listener, as a job does; it answers 404 to what is no job's address."""
    what = "update route"
    session = requests.Session()
    session.trust_env = False  # jobs use no proxy for it either
    try:
        answer = session.post(f"{base.rstrip('/')}/", json={}, timeout=_ROUTE_S)
    except requests.RequestException as error:
        return Finding(
            what,
            ok=False,
            found=f"a post from this host to {base} failed ({type(error).__name__})",
            advice="Jobs could not report: see update_listen and public_url in config.toml.",
        )
    finally:
        session.close()
    if answer.status_code == 404:
        return Finding(what, ok=True, found=f"{base} answers on this host")
    return Finding(
        what,
        ok=False,
        found=f"{base} answered {answer.status_code}; another program seems to listen there",
        advice="Set update_port in config.toml, and stop the manager once.",
    )


def _log_advice(store: Path) -> str:
    return f"See {store / 'manager.log'}"
