"""The wrapper before ``bsub``: it notes, it changes nothing else, and it fails open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import marks
from arp_nb.batch_client.environment import WRAPPERS
from arp_nb.batch_client.spool import read
from tests.integration.wrapper_bench import ECHO, Bench
from tests.missing import missing

#: what shells, options and encodings trip over
ODD = "-M 4*$'`\"=;&\\\u00e9"


@pytest.fixture
def bench(short_tmp: Path) -> Bench:
    return Bench(short_tmp)


@pytest.mark.parametrize("name", ["bsub", "sbatch"])
def test_wrapper_can_be_executed(name: str) -> None:
    assert os.access(WRAPPERS / name, os.X_OK)


def test_all_wrappers_are_one_and_the_same() -> None:
    # a wheel keeps no links
    assert (WRAPPERS / "sbatch").read_bytes() == (WRAPPERS / "bsub").read_bytes()


def test_arguments_pass_as_they_are_behind_the_tag(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    odd = ["-q", "a b", "*", "$HOME", "'", '"', "\\n", ""]
    assert bench.run(*odd) == (0, b"", b"")
    assert bench.args == ["-Jd", f"arp-12-5f0c.c{bench.call.nonce}", *odd]
    assert marks.parse(bench.args[1]) == marks.Mark("arp-12-5f0c", 12, bench.call.nonce)
    assert (bench.call.exit_code, bench.call.said) == (0, "")


def test_tag_of_the_script_itself_is_left_alone(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    bench.run("-Jd", "my own", "x")
    assert bench.args == ["-Jd", "my own", "x"]


def test_input_output_and_exit_code_are_those_of_the_real_command(bench: Bench) -> None:
    bench.real("cat; echo wrong >&2; exit 255")
    assert bench.run("x", stdin=b"#BSUB -q q\n\xff\x00") == (
        255,
        b"#BSUB -q q\n\xff\x00",
        b"wrong\n",
    )
    assert bench.call.exit_code == 255


def test_output_streams_and_is_noted_while_the_command_waits(bench: Bench) -> None:
    bench.real(f"echo 'Job <7> is submitted'; while [ ! -e {bench.folder}/go ]; do :; done")
    with bench.start("-K", "x", stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"Job <7> is submitted\n"
        deadline_s = time.monotonic() + 10
        while not bench.call.said and time.monotonic() < deadline_s:
            pass
        assert (bench.call.said, bench.call.alive) == ("Job <7> is submitted\n", True)
        (bench.folder / "go").touch()
        process.communicate(timeout=20)
    assert (bench.call.exit_code, bench.call.alive) == (0, False)


def test_real_command_gets_neither_our_variables_nor_the_lock(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    holder = ("/bin/sh", "-c", 'exec 7>"$0"; exec "$@"', f"{bench.folder}/lock")
    with bench.start("x", stdin=subprocess.DEVNULL, before=holder) as process:
        process.communicate(timeout=20)
    ours = [line for line in (bench.folder / "env").read_text().splitlines() if "ARP_" in line]
    assert ours == ["ARP_SUBJOB_TAG=-Jd arp-12-5f0c"], "what marks a job made inside it"
    fds = (bench.folder / "fds").read_text()
    assert "/lock" not in fds
    assert "/spool" not in fds


#: all that the wrapper calls its own
VARIABLES = sorted(
    set(re.findall(r"(?<![\w$-])([a-z_]\w*)=", (WRAPPERS / "bsub").read_text())) - {"if", "of"}
)


def test_variables_of_the_user_reach_the_real_command_whatever_their_names(bench: Bench) -> None:
    named = [one.removeprefix("_") for one in VARIABLES]
    assert {"name", "tag", "job", "kind"} <= set(named)
    bench.environment |= dict.fromkeys(named, "the user's")
    bench.real(ECHO.format(folder=bench.folder))
    assert bench.run("-q", "x", "./run") == (0, b"", b"")
    passed = (bench.folder / "env").read_text().splitlines()
    assert [one for one in named if f"{one}=the user's" not in passed] == []


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param({"ARP_SPOOL": ""}, id="no-spool"),
        pytest.param({"ARP_SPOOL": "/nowhere"}, id="spool-is-gone"),
        pytest.param({"ARP_SPOOL": "/dev/null"}, id="spool-is-no-folder"),
        pytest.param({"ARP_SPOOL": "/proc"}, id="spool-takes-no-files"),
    ],
)
def test_anything_wrong_of_ours_runs_the_real_command_untouched(
    bench: Bench, breakage: dict[str, str]
) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    bench.environment |= breakage
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]


def test_tools_that_are_missing_run_the_real_command_untouched(bench: Bench) -> None:
    bench.real(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {bench.folder}/args")
    bench.environment["PATH"] = f"{WRAPPERS}:{bench.bin}"
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]


def test_that_a_command_ran_unnoted_is_known_all_the_same(bench: Bench) -> None:
    bench.real(ECHO.format(folder=bench.folder))
    bench.real("exit 1", name="dd")  # as one that is killed, or has no room
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]
    assert (read(bench.spool).calls, read(bench.spool).unseen) == ((), True)


def test_next_command_after_the_wrapper_is_taken_not_one_before(bench: Bench) -> None:
    site = bench.folder / "site"
    site.mkdir()
    bench.real('exec bsub "$@" # a site\'s own wrapper, which would call us again', site)
    bench.real("echo real")
    bench.environment["PATH"] = f"{site}:{bench.environment['PATH']}"
    assert bench.run("x") == (0, b"real\n", b"")


def test_missing_command_is_told_like_the_shell_does(bench: Bench) -> None:
    code, out, err = bench.run("x")
    assert (code, out, err) == (127, b"", b"bsub: command not found\n")


def test_same_option_among_the_words_of_the_job_is_not_the_script_s_own(bench: Bench) -> None:
    assert bench.passed("-q", "x", "./run", "-Jd", "mine") == ["-q", "x", "./run", "-Jd", "mine"]


# -- inside a job ------------------------------------------------------------------------


def test_what_is_submitted_inside_a_job_is_marked_and_nothing_is_noted(bench: Bench) -> None:
    bench.environment = {
        "PATH": bench.environment["PATH"],
        "ARP_SUBJOB_TAG": "-Jd arp-12-5f0c",
    }
    assert bench.passed("./more") == ["./more"]
    mark = marks.parse(bench.args[1])
    assert mark is not None
    assert (mark.job_id, mark.inside) == (12, True)
    assert "ARP_SUBJOB_TAG=-Jd arp-12-5f0c" in (bench.folder / "env").read_text()
    assert read(bench.spool).calls == ()


def test_outside_of_everything_the_real_command_runs_untouched(bench: Bench) -> None:
    bench.environment = {"PATH": bench.environment["PATH"]}
    bench.real(ECHO.format(folder=bench.folder))
    assert bench.run("-q", "x") == (0, b"", b"")
    assert bench.args == ["-q", "x"]


# -- more memory or time than the script asks for ----------------------------------------


@pytest.mark.parametrize(
    ("own", "left"),
    [
        (["-M", "4000", "-q", "x", "./run"], ["-q", "x", "./run"]),
        (["-q", "x", "-M", "4000", "./run"], ["-q", "x", "./run"]),
        (["-K", "-M", "4000", "./run", "-M", "1"], ["-K", "./run", "-M", "1"]),
        (["-J", "-M", "./run", "-M"], ["-J", "-M", "./run", "-M"]),
        (["-I", "./run", "-M", "4000"], ["-I", "./run", "-M", "4000"]),
        (["./run", "-M", "4000"], ["./run", "-M", "4000"]),
        (["-n4", "./run", "-M", "8"], ["-n4", "./run", "-M", "8"]),
        (["-M4000", "-W10", "-We10", "./run"], ["-W10", "-We10", "./run"]),
        (["-new", "./run", "-M", "8"], ["-new", "./run", "-M", "8"]),
        (["-zzz", "-M", "4000", "./run"], ["-zzz", "-M", "4000", "./run"]),
        (["-ul", "-ti", "./run", "-M", "8"], ["-ul", "-ti", "./run", "-M", "8"]),
        (["-gpu", "num=1", "-M", "1", "./run"], ["-gpu", "num=1", "./run"]),
        (["--", "-M", "4000"], ["--", "-M", "4000"]),
        (["", "-M", "4000"], ["", "-M", "4000"]),
        (["-M", "4000"], []),
        (["-M"], []),
        ([], []),
    ],
)
def test_bsub_asks_for_what_is_wanted_in_place_of_its_own(
    bench: Bench, own: list[str], left: list[str]
) -> None:
    bench.environment["ARP_ASK_OPTIONS"] = "-M 16000"
    bench.real(ECHO.format(folder=bench.folder))
    bench.run(*own)
    assert bench.args == ["-M", "16000", "-Jd", f"arp-12-5f0c.c{bench.call.nonce}", *left]


@pytest.mark.parametrize(
    ("own", "left"),
    [
        (["--mem=4G", "j.sh", "--mem=4G"], ["j.sh", "--mem=4G"]),
        (["--mem", "4G", "-t", "5", "j.sh", "-t", "5"], ["j.sh", "-t", "5"]),
        (["-t5", "-n4", "j.sh"], ["-n4", "j.sh"]),
        (["--mem-per-cpu=1G", "--hold", "j.sh"], ["--hold", "j.sh"]),
        (["--time=1:00", "--parsable", "j.sh", "a b"], ["--parsable", "j.sh", "a b"]),
        (["-H", "j.sh", "--time=1"], ["-H", "j.sh", "--time=1"]),
        (["-J", "--mem=4G", "j.sh"], ["-J", "--mem=4G", "j.sh"]),
        (["-HQ", "-vv", "--mem=4G", "j.sh", "-t", "1"], ["-HQ", "-vv", "j.sh", "-t", "1"]),
        (["-Hn4", "j.sh", "-t", "1"], ["-Hn4", "j.sh", "-t", "1"]),
        (["--exclusive", "j.sh", "--time", "1"], ["--exclusive", "j.sh", "--time", "1"]),
        (["--later", "-t", "1", "j.sh"], ["--later", "-t", "1", "j.sh"]),
        (["--later=x", "-t", "1", "j.sh"], ["--later=x", "j.sh"]),
        (["--", "--time=1"], ["--", "--time=1"]),
        (["--mem-per-gpu", "1G", "--wrap", "hostname"], ["--wrap", "hostname"]),
    ],
)
def test_sbatch_asks_for_what_is_wanted_in_place_of_its_own(
    bench: Bench, own: list[str], left: list[str]
) -> None:
    bench.environment |= {
        "ARP_ASK_OPTIONS": "--mem=16000M --time=120",
        "ARP_TAG_OPTION": "--comment arp-12-5f0c",
    }
    bench.real(ECHO.format(folder=bench.folder), name="sbatch")
    bench.run(*own, name="sbatch")
    mark = f"arp-12-5f0c.c{bench.call.nonce}"
    assert bench.args == ["--mem=16000M", "--time=120", "--comment", mark, *left]


OPTIONS = {
    "bsub": ["-q", "-M", "-K", "-n4", "-M4000", "-W", "-zzz", "-x", "=", "-", "--", "a b"],
    "sbatch": ["--mem", "--mem=1", "-t", "-t5", "-H", "-Hn4", "--zzz", "-Jx", "--", "-", "a b"],
}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data(), st.sampled_from(["bsub", "sbatch"]), st.lists(st.text(ODD, max_size=6)))
def test_words_of_the_job_are_never_changed(
    bench: Bench, data: st.DataObject, name: str, words: list[str]
) -> None:
    before = data.draw(st.lists(st.sampled_from(OPTIONS[name]), max_size=4))
    ask = {"bsub": "-M 16000 -W 9", "sbatch": "--mem=16000M --time=9"}[name]
    bench.environment["ARP_ASK_OPTIONS"] = ask
    bench.real(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {bench.folder}/args", name=name)
    bench.run(*before, "./run", *words, name=name)
    args = (bench.folder / "args").read_text().split("\n")[:-1]
    assert args[len(args) - len(words) :] == words


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_any_shell_of_a_node_will_do(bench: Bench, shell: str) -> None:
    found = shutil.which(shell)
    if found is None:
        missing(f"the shell {shell}")
    bench.environment["ARP_ASK_OPTIONS"] = "-M 16000"
    bench.real(ECHO.format(folder=bench.folder))
    with bench.start("-M", "1", "a b", stdin=subprocess.DEVNULL, before=(found,)) as process:
        assert process.communicate(timeout=20) == (b"", b"")
    mark = f"arp-12-5f0c.c{bench.call.nonce}"
    assert bench.args == ["-M", "16000", "-Jd", mark, "a b"]


# -- over ssh ----------------------------------------------------------------------------

SSH = """#!/bin/sh
# what sshd does: the words, joined by blanks, are a line for a shell with nothing of ours
host=$1
shift
exec env -i PATH="$REMOTE_PATH" /bin/sh -c "$*"
"""


@pytest.fixture
def far(bench: Bench) -> Bench:
    """A bench whose real command is on another host only."""
    bench.real(SSH, name="ssh")
    there = bench.folder / "there"
    there.mkdir()
    bench.real('printf "%s\\n" "$@" > args; env > env; cat; echo "Job <7> is submitted"', there)
    bench.environment |= {
        "ARP_VIA": "ssh submit-host",
        "REMOTE_PATH": f"{there}:/usr/bin:/bin",
        "BATCH_UPDATE_URL": "http://h:1/ws/logbook/client_status/7-ab'c",
        "EXPERIMENT": "xppi0915",
        "SECRET_TOKEN": "s",
    }
    return bench


def far_run(bench: Bench, *args: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        [f"{WRAPPERS}/bsub", *args],
        env=bench.environment, cwd=bench.folder, input=stdin, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_words_arrive_over_ssh_as_they_are(far: Bench) -> None:
    odd = ["-q", "a b", "*", "$HOME", "'", '"', "\\n", "", "a;b", "`id`", "x"]
    assert far_run(far, *odd) == b"Job <7> is submitted\n"
    assert far.args == ["-Jd", f"arp-12-5f0c.c{far.call.nonce}", *odd]
    assert far.call.said == "Job <7> is submitted\n"


def test_what_a_job_needs_goes_along_over_ssh_and_nothing_else(far: Bench) -> None:
    far_run(far, "x")
    env = (far.folder / "env").read_text()
    assert "BATCH_UPDATE_URL=http://h:1/ws/logbook/client_status/7-ab'c\n" in env
    assert "EXPERIMENT=xppi0915\n" in env
    assert "ARP_SUBJOB_TAG=-Jd arp-12-5f0c\n" in env
    assert "SECRET" not in env


def test_ssh_eats_the_input_of_the_script_only_where_it_is_the_job(far: Bench) -> None:
    assert far_run(far, "-q", "x", stdin=b"#BSUB -n 2\n") == b"#BSUB -n 2\nJob <7> is submitted\n"
    assert far_run(far, "-q", "x", "./run", stdin=b"next line\n") == b"Job <7> is submitted\n"


def test_words_before_the_real_command_may_hold_blanks(far: Bench) -> None:
    far.environment["ARP_VIA"] = "ssh 'submit host'"
    assert far_run(far, "x") == b"Job <7> is submitted\n"


def test_other_commands_before_the_real_one_get_words_not_a_line(far: Bench) -> None:
    far.environment["ARP_VIA"] = f"env PATH={far.folder}/there:/usr/bin:/bin"
    far_run(far, "a b", "*")
    assert far.args[2:] == ["a b", "*"]
