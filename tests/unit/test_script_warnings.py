"""What is said of scripts that would lose an id or a report."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client.script_warnings import warnings

COMMANDS = ("bsub", "sbatch")


@pytest.mark.parametrize(
    ("line", "says", "keeps"),
    [
        ("ssh psana bsub -q q ./x", "over ssh", "BATCH_UPDATE_URL=$BATCH_UPDATE_URL bsub"),
        ("id=$(ssh login 'sbatch job.sh')", "over ssh", "command_prefix"),
        ("/usr/bin/bsub ./x", "goes past our bsub", "Write bsub alone"),
        ("out=$(/opt/slurm/bin/sbatch job.sh)", "goes past our sbatch", "Write sbatch alone"),
        ("$LSF_BINDIR/bsub ./x", "goes past our bsub", "Write bsub alone"),
        ("if ! ${LSF_BINDIR}/bsub ./x; then", "goes past our bsub", "Write bsub alone"),
        ("X=1 exec ~/bin/bsub ./x", "goes past our bsub", "Write bsub alone"),
        ("nice -n 10 /usr/bin/bsub ./x", "goes past our bsub", "Write bsub alone"),
        ("B='/usr/bin/bsub -q x'", "goes past our bsub", "Write bsub alone"),
        ("run(['/usr/bin/sbatch', 'j.sh'])", "goes past our sbatch", "Write sbatch alone"),
        ('bash -c "/usr/bin/sbatch j.sh"', "goes past our sbatch", "Write sbatch alone"),
        ("ssh psana \\\n  -x \\\n  bsub ./x", "over ssh", "BATCH_UPDATE_URL=$BATCH"),
        ("ssh psana <<EOF\ncd /x\nbsub ./x\nEOF\n", "over ssh", "BATCH_UPDATE_URL=$BATCH"),
        ("ssh psana bash <<-'END'\n\tbsub ./x\n\tEND\n", "over ssh", "command_prefix"),
        ("bash -l <<EOF\nbsub ./x\nEOF\n", "a login shell", "bash -c"),
        ("bsub \\\n-env none ./x", "-env none leaves", "-env BATCH_UPDATE_URL"),
        ("bsub -env 'all, ~BATCH_UPDATE_URL' ./x", "~BATCH_UPDATE_URL leaves", "out of -env"),
        ("#BSUB -env all,~BATCH_UPDATE_URL", "~BATCH_UPDATE_URL leaves", "out of -env"),
        ("OPTS='-env none'", "-env none leaves", "-env BATCH_UPDATE_URL"),
        ("export SBATCH_EXPORT=NONE", "SBATCH_EXPORT=NONE", "SBATCH_EXPORT=BATCH_UPDATE_URL"),
        ("setenv SBATCH_EXPORT HOME", "SBATCH_EXPORT=HOME", "SBATCH_EXPORT=BATCH_UPDATE_URL"),
        ("bsub -env none ./x", "-env none leaves", "-env BATCH_UPDATE_URL"),
        ("bsub -env 'HOME, X=1' ./x", "-env HOME leaves", ",BATCH_UPDATE_URL"),
        ("sbatch --export=X,Y=1 j.sh", "--export=X,Y=1 leaves", ",BATCH_UPDATE_URL"),
        ("#SBATCH --export X", "--export=X leaves", ",BATCH_UPDATE_URL"),
        ('bsub -env "none" ./x', "-env none leaves", "-env BATCH_UPDATE_URL"),
        ("#BSUB -env none", "-env none leaves", "-env BATCH_UPDATE_URL"),
        ("sbatch --export=NONE j.sh", "--export=NONE leaves", "--export=BATCH_UPDATE_URL"),
        ("#SBATCH --export=NONE", "--export=NONE leaves", "--export=BATCH_UPDATE_URL"),
        ("bash -lc 'bsub ./x'", "a login shell", "bash -c"),
        ("bash --login -c 'bsub ./x'", "a login shell", "bash -c"),
        ("env -i bsub ./x", "env -i leaves", "PATH=$PATH"),
        ("export PATH=/usr/bin:/bin", "a PATH without $PATH", "Add :$PATH"),
        ("setenv PATH /usr/bin", "a PATH without $PATH", "Add :$PATH"),
        ("set path = (/usr/bin)", "a PATH without $PATH", "Add :$PATH"),
        ("unset BATCH_UPDATE_URL", "without BATCH_UPDATE_URL", "Leave it"),
    ],
)
def test_what_is_lost_is_said_with_the_line_that_keeps_it(
    line: str, says: str, keeps: str
) -> None:
    (said,) = warnings(f"#!/bin/bash\n{line}\n", COMMANDS)
    assert said.startswith("Line 2: ")
    assert says in said
    assert keeps in said


@pytest.mark.parametrize(
    "line", ["#!/bin/bash -l", "#!/usr/bin/env -S bash -l", "#! /bin/bash -e --login"]
)
def test_a_login_shell_is_told_by_its_first_line(line: str) -> None:
    (said,) = warnings(f"{line}\nbsub ./x\n", COMMANDS)
    assert said.startswith("Line 1: bash -l reads the login files again")
    assert "#!/bin/bash" in said


@pytest.mark.parametrize(
    "line",
    [
        'bsub -q psanaq -o logs/%J.log python3 a.py "$@"',
        "sbatch --export=ALL job.sh",
        "sbatch --export=ALL,X=1 job.sh",
        'bsub -env "all, X=1" ./x',
        "# ssh psana bsub ./x",
        "export PATH=$HOME/bin:$PATH",
        "module load python",
        "python3 /usr/share/bsubmit/tool.py",
        "echo done",
        "ssh-keygen -y",
        "cat ~/.ssh/known_hosts",
        "/home/dana/bsub.sh ./x",
        "cat /home/dana/bsub-logs/1.log",
        "ssh psana ls bsubs",
        "bsub -env BATCH_UPDATE_URL ./x",
        "sbatch --export=X,BATCH_UPDATE_URL j.sh",
        "setenv PATH /usr/bin:$PATH",
        "set path = (/usr/bin $path)",
        "docker run -env x",
        "srun --export=X ./x",
        "bsub -o /logs/bsub a",
        'bsub -o "/logs/bsub" a',
        "sbatch --output=/logs/sbatch j.sh",
        "ls -l /usr/bin/bsub",
        "[ -x $LSF_BINDIR/bsub ]",
        "ssh psana <<EOF\n# bsub ./x\nhostname\nEOF\nbsub ./x",
        "ssh psana hostname <<< words\nbsub ./x",
        "ssh psana <<EOF\nhostname\n\nbsub ./x",
        "# ssh psana \\\nbsub ./x",
        "export SBATCH_EXPORT=ALL",
        "export SBATCH_EXPORT=BATCH_UPDATE_URL,HOME",
        'bsub -env "all, ~HOME" ./x',
        "source profile.d/ours.sh\nbsub ./x",
    ],
)
def test_what_keeps_everything_is_not_complained_of(line: str) -> None:
    assert warnings(f"#!/bin/bash\n{line}\n", COMMANDS) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (". /lsf/conf/profile.lsf", "profile.lsf"),
        ("source /etc/profile", "/etc/profile"),
        ("[ -f ~/.bash_profile ] && . ~/.bash_profile", "/.bash_profile"),
        ('source "$LSF_ENVDIR/cshrc.lsf"', "cshrc.lsf"),
    ],
)
def test_login_files_matter_only_before_something_is_submitted(line: str, found: str) -> None:
    (said,) = warnings(f"#!/bin/bash\n{line}\nbsub ./x\n", COMMANDS)
    assert said.startswith(f"Line 2: {found} may put other folders before our bsub")
    assert "PATH=$OURS:$PATH" in said
    assert warnings(f"#!/bin/bash\nbsub ./x\n{line}\n", COMMANDS) == ()


def test_a_shell_without_its_login_files_is_not_complained_of() -> None:
    for line in ("#!/bin/bash --noprofile", "#!/bin/bash -e", "#!/usr/bin/env -S bash -e"):
        assert warnings(f"{line}\nbsub ./x\n", COMMANDS) == ()


@pytest.mark.parametrize("line", ["module purge", "module load lsf/10", "ml purge"])
def test_modules_matter_only_before_something_is_submitted(line: str) -> None:
    (said,) = warnings(f"#!/bin/bash\n{line}\nbsub ./x\n", COMMANDS)
    assert said.startswith("Line 2: modules may take our bsub off the PATH")
    assert "PATH=…:$PATH" in said
    assert warnings(f"#!/bin/bash\nbsub ./x\n{line}\n", COMMANDS) == ()


def test_long_lines_of_almost_hits_are_done_with_at_once() -> None:
    for some in (
        ["ssh " * 500, "/a" * 1000, "env - " * 400],
        ["bsub" + ";a=1 " * 400, "bsub" + ", -a -a env 1 " * 130, "bsub" + "/a" * 900],
        ["ssh a <<EOF bsub \\", "bsub;" * 400],
        ["ssh a <<EOF bsub", "bash -l <<X sbatch"],
    ):
        began_s = time.process_time()
        warnings("\n".join(some * 500), COMMANDS)
        assert time.process_time() - began_s < 2.0, some


def test_each_rule_is_told_once_and_at_most_eight() -> None:
    lines = "\n".join(["/usr/bin/bsub ./x"] * 100)
    assert len(warnings(lines, COMMANDS)) == 1


PIECES = st.sampled_from(
    ["bsub", "sbatch", "ssh h ", "<<EOF", "<<-'", "EOF", "\\", "\n", " ", "#!", "#BSUB", "#SBATCH",
     " -env ", "none", "~", "BATCH_UPDATE_URL", "--export=", "/", "$", "{", "}", ". ",
     "profile.lsf", "'", '"', "PATH=", "bash -l ", "=", ";", "\0", "\r\n", "\ud800"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join))
def test_pieces_of_scripts_in_any_order_can_be_looked_through(text: str) -> None:
    lines = text.count("\n") + 1
    for said in warnings(text, COMMANDS):
        number = said.removeprefix("Line ").partition(":")[0]
        assert 1 <= int(number) <= lines


@given(st.text() | st.binary().map(lambda text: text.decode(errors="replace")))
def test_any_text_can_be_looked_through(text: str) -> None:
    for said in warnings(text, COMMANDS):
        assert said.startswith("Line ")
