"""What is kept of a start, and that no secret of a login environment is among it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arp_nb.batch_client import submit
from arp_nb.batch_client.check import KEPT_BYTES, Look, look_at
from arp_nb.batch_client.environment import Account
from arp_nb.batch_client.recording import OURS, record, surroundings
from arp_nb.batch_client.spool import Order
from arp_nb.model import JobState, ScriptCheck
from arp_nb.secret_names import HIDDEN
from arp_nb.starts import ScriptText
from tests.batch_world import World

DANA = Account("dana", "/home/dana", "/bin/bash")
LOOK = Look(
    ScriptCheck(problem="ok", host="psana101", checked_at=datetime(2026, 11, 22, tzinfo=UTC)),
    ScriptText(text="#!/bin/sh\n"),
)
BINARY = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
KEY = "9f86d081884c7d659a2feaa0c55ad015"


def order(environment: dict[str, str], folder: str = "/sdf") -> Order:
    return Order(
        job_id=450,
        location="fake",
        argv=("/sdf/x.sh",),
        environment=environment,
        folders=(folder, "/home/dana", "/"),
        umask=0o027,
    )


# -- the script --------------------------------------------------------------------------


def look(folder: Path, text: bytes, mode: int = 0o750) -> ScriptText:
    path = folder / "submit.sh"
    path.write_bytes(text)
    path.chmod(mode)
    return look_at(str(path), ("bsub",)).script


def test_a_short_script_is_kept_whole(tmp_path: Path) -> None:
    text = "#!/bin/sh\n# Größe\nbsub x\n".encode()
    assert look(tmp_path, text) == ScriptText(
        text=text.decode(), sha256=hashlib.sha256(text).hexdigest(), size_bytes=len(text),
        mode=0o750,
    )  # fmt: skip


@pytest.mark.parametrize("more", [0, 1, 5_000_000])
def test_of_a_long_script_the_beginning_is_kept_and_the_digest_is_of_all(
    tmp_path: Path, more: int
) -> None:
    text = b"x" * (KEPT_BYTES + more)
    kept = look(tmp_path, text)
    assert kept.text == "x" * KEPT_BYTES
    assert (kept.cut, kept.size_bytes) == (more > 0, len(text))
    assert kept.sha256 == hashlib.sha256(text).hexdigest()


def test_a_character_that_the_cut_goes_through_is_left_out(tmp_path: Path) -> None:
    kept = look(tmp_path, b"x" * (KEPT_BYTES - 1) + "é".encode() + b"y")
    assert kept.text == "x" * (KEPT_BYTES - 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(b"\x7fELF\x02\x01", "compiled program (binary)", id="elf"),
        pytest.param(b"#!/bin/sh\n\0\1", "binary: it holds NUL bytes", id="archive"),
    ],
)
def test_of_a_binary_no_text_is_kept_but_words(tmp_path: Path, text: bytes, words: str) -> None:
    kept = look(tmp_path, text)
    assert words in kept.missing
    assert (kept.text, kept.cut, kept.size_bytes) == ("", False, len(text))
    assert kept.sha256 == hashlib.sha256(text).hexdigest()


def test_a_script_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    kept = look_at(str(tmp_path / "no.sh"), ()).script
    assert kept.missing.startswith("No such file")
    assert kept.sha256 is None


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_words(raw: bytes) -> None:
    path = Path(f"/dev/shm/arp-recording-{os.getpid()}.sh")
    path.write_bytes(raw)
    path.chmod(0o700)
    try:
        kept = look_at(str(path), ()).script
    finally:
        path.unlink()
    assert bool(kept.missing) == (b"\0" in raw or raw.startswith(BINARY))
    if not kept.missing:
        assert kept.text == raw.decode(errors="replace")


# -- the environment ---------------------------------------------------------------------

SECRETS = (
    "hunter2hunter2",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "s3cr3tw0rd",
    "-----BEGIN",
)
HOSTILE = {
    "GITHUB_TOKEN": SECRETS[1],
    "DB_PASSWORD": SECRETS[0],
    "HARMLESS_NAME": SECRETS[2],
    "SSH_KEY_TEXT": f"{SECRETS[3]} OPENSSH PRIVATE KEY-----\nabc",
    "http_proxy": f"http://dana:{SECRETS[2]}@proxy:80/",
    # where values are kept, a hostile profile puts secrets
    "LANG": SECRETS[2],
    "LC_ALL": f"en_US.UTF-8 {SECRETS[2]}",
    "TZ": SECRETS[2],
    "PATH": f"/usr/bin:/opt/{SECRETS[0]}/bin:token={SECRETS[2]}:/bin",
    "LD_LIBRARY_PATH": f"/usr/lib:https://dana:/{SECRETS[2]}@host/lib",
    "PYTHONPATH": f"{SECRETS[1]}:/opt/{SECRETS[1]}",
    "HOME": f"?key={SECRETS[2]}",
    "SHELL": f"/bin/bash -c 'echo {SECRETS[2]}'",
    "CONDA_PREFIX": f"https://dana:{SECRETS[2]}@conda/env",
    "LSF_ENVDIR": f"/lsf/conf;{SECRETS[2]}",
    "SLURM_CONF": f"/etc/slurm.conf\n{SECRETS[2]}",
    # and where names are kept, too
    f"BASH_FUNC_{SECRETS[2]}%%": "() { :; }",
    f"x={SECRETS[2]}"[2:] + "-": "",
    "LONG" * 100: "x",
}


def test_no_secret_of_a_hostile_login_is_kept() -> None:
    start = record(order({**HOSTILE, "EXPERIMENT": "xppi0915"}), LOOK, DANA)
    kept = repr(asdict(start))
    assert not [secret for secret in SECRETS if secret in kept]
    assert start.login.values == {"PATH": f"/usr/bin:{HIDDEN}:{HIDDEN}:/bin"}
    assert {"GITHUB_TOKEN", "HARMLESS_NAME", "LANG", "HOME"} <= set(start.login.names)
    assert start.login.others == 3


def test_values_of_a_plain_login_are_kept_where_they_are_listed() -> None:
    login = {
        "PATH": "/opt/arp/wrappers:/usr/bin:.:", "LANG": "en_US.UTF-8", "LC_ALL": "C",
        "TZ": "America/Los_Angeles", "HOME": "/home/dana", "SHELL": "/bin/bash",
        "CONDA_PREFIX": "/reg/g/psdm/sw/conda2/envs/ps-4.2.0", "LSF_ENVDIR": "/etc/lsf/conf",
        "SLURM_CONF": "/etc/slurm/slurm.conf", "PYTHONPATH": "/home/dana/my lib:/x@1",
    }  # fmt: skip
    kept = surroundings({**login, "EDITOR": "vi", "USER": "dana"})
    assert kept.values == login
    assert (kept.names, kept.others) == (("EDITOR", "USER"), 0)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=12) | st.sampled_from(["PATH", "LANG", "HOME", "TZ"]),
        st.text(max_size=30),
        max_size=8,
    ),
    st.text("abcdef0123456789", min_size=8, max_size=40),
)
def test_a_secret_is_not_kept_wherever_else_it_stands(login: dict[str, str], secret: str) -> None:
    assume(not any(secret in text for pair in login.items() for text in pair))
    login = {name: f"{text}/{secret}" for name, text in login.items()}
    login["MY_TOKEN"] = secret
    kept = surroundings(login)
    assert secret not in repr(kept)
    assert len(kept.values) + len(kept.names) + kept.others == len(login)
    repr(kept).encode()


def test_what_we_give_is_kept_as_given_without_the_key() -> None:
    url = f"http://node:9843//ws/logbook/client_status/450-{KEY}"
    ours = {
        "EXPERIMENT": "xppi0915", "RUN_NUM": "12", "ARP_JOB_ID": "450",
        "BATCH_UPDATE_URL": url, "JID_UPDATE_COUNTERS": url, "ARP_UPDATE_COUNTERS": url,
    }  # fmt: skip
    start = record(order(ours | {"ARP_SECRET": "x"}), LOOK, DANA)
    assert start.variables.keys() == ours.keys()
    assert start.variables["BATCH_UPDATE_URL"].endswith("//ws/logbook/client_status/450-…")
    assert KEY not in repr(start)
    assert start.login.names == ("ARP_SECRET",)


def test_a_start_tells_where_who_and_when() -> None:
    start = record(order({}, "/no \udcff text"), LOOK, DANA)
    assert (start.host, start.user, start.umask) == ("psana101", "dana", 0o027)
    assert (start.folder, start.read_at) == ("/no ? text", LOOK.check.checked_at)


# -- with each submission ----------------------------------------------------------------


def test_each_start_is_told_before_its_script_runs(
    short_tmp: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / ".profile").write_text("export MY_TOKEN=abcdef123456 LANG=C; umask 027\n")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub-secret")
    world = World(short_tmp)
    runs_when_told: list[int] = []
    starting = world.port.starting

    async def watched(*given: object) -> bool:
        runs_when_told.append(world.starts)
        return await starting(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.port, "starting", watched)
    job = asyncio.run(world.submit("bsub python x.py", until_exit=True))
    assert runs_when_told == [0]
    start = job.start
    assert start is not None
    assert start.script.text == Path(job.argv[0]).read_text()
    assert start.script.sha256 == hashlib.sha256(start.script.text.encode()).hexdigest()
    assert (start.folder, start.umask) == (str(short_tmp), 0o027)
    assert start.login.values["LANG"] == "C"
    assert "MY_TOKEN" in start.login.names
    assert "JUPYTERHUB_API_TOKEN" not in start.login.names
    assert start.variables.keys() <= set(OURS)
    assert start.variables["ARP_SPOOL"].endswith(str(job.spool_id))
    assert "abcdef123456" not in repr(start)


def test_a_start_that_cannot_be_told_is_made_all_the_same(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(submit, "record", fails)
    job = asyncio.run(World(short_tmp).submit("bsub python x.py", until_exit=True))
    assert (job.state, job.start) == (JobState.PENDING, None)


def test_a_script_of_a_rerun_is_told_as_it_is_by_then(short_tmp: Path) -> None:
    world = World(short_tmp)

    async def story() -> tuple[str, str]:
        first = await world.submit("bsub python x.py")
        second = await world.submit("bsub python y.py")
        assert first.start
        assert second.start
        return first.start.script.text, second.start.script.text

    first, second = asyncio.run(story())
    assert ("x.py" in first, "y.py" in second) == (True, True)
    assert replace(LOOK.script, text=first) != replace(LOOK.script, text=second)
