"""What a script's own directives ask for: the wrapper leaves its mark alone, and reads no more."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.integration.wrapper_bench import Bench


@pytest.fixture
def bench(short_tmp: Path) -> Bench:
    return Bench(short_tmp)


OWN = {"bsub": "#BSUB -Jd account42", "sbatch": "#SBATCH --comment=account42"}


def by_name(bench: Bench, name: str) -> None:
    bench.environment["ARP_TAG_OPTION"] = {
        "bsub": "-Jd arp-12-5f0c",
        "sbatch": "--comment arp-12-5f0c",
    }[name]
    bench.real(f'#!/bin/sh\nprintf "%s\\n" "$@" >{bench.folder}/args; cat', name=name)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *OWN.items(),
        ("bsub", '#BSUB -q q -Jd "my own"'),
        ("sbatch", "#SBATCH -n 2 --comment 'my own'"),
        ("sbatch", "\n# about it\n\t\n#SBATCH\t--comment=x"),
        ("sbatch", "#SBATCH --comment=x -- \\n"),
    ],
)
@pytest.mark.parametrize("words", [["a job.sh", "x"], ["--", "a job.sh"], []])
def test_tag_that_a_directive_sets_is_left_alone(
    bench: Bench, name: str, line: str, words: list[str]
) -> None:
    by_name(bench, name)
    text = f"#!/bin/sh\n{line}\n./run\n".encode()
    script = bench.folder / "a job.sh"
    script.write_bytes(text)
    given = [str(script) if one == "a job.sh" else one for one in words]
    with script.open("rb") as file:
        stdin = subprocess.DEVNULL if given else file.fileno()
        with bench.start("-q", "q", *given, stdin=stdin, name=name) as process:
            out, err = process.communicate(timeout=20)
    assert (out, err) == (b"" if given else text, b""), "the job's text is all there"
    assert bench.args == ["-q", "q", *given]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bsub", "#BSUB -J mine -q q\n./run -Jd x\n"),
        ("bsub", "# #BSUB -Jd x\n#BSUB -n 2 # -Jd x\n"),
        ("sbatch", "#!/bin/sh\n#SBATCH --comments=x --account=comment\n"),
        ("sbatch", "#!/bin/sh\nhostname\n#SBATCH --comment=too-late\n"),
        ("sbatch", f"#!/bin/sh\n{OWN['bsub']}\n"),
        ("bsub", "\x7fELF\0\n#BSU\0B -Jd\n" * 100),
        ("bsub", ""),
    ],
)
def test_script_without_a_tag_of_its_own_gets_ours(bench: Bench, name: str, text: str) -> None:
    by_name(bench, name)
    script = bench.folder / "job.sh"
    script.write_text(text)
    with bench.start(str(script), stdin=subprocess.DEVNULL, name=name) as process:
        assert process.communicate(timeout=20) == (b"", b"")
    assert len(bench.args) == 3
    with script.open("rb") as file, bench.start(stdin=file.fileno(), name=name) as process:
        assert process.communicate(timeout=20) == (text.encode(), b"")
    assert len(bench.args) == 2


@pytest.mark.parametrize("name", ["bsub", "sbatch"])
def test_input_that_cannot_be_read_twice_is_not_looked_at(bench: Bench, name: str) -> None:
    by_name(bench, name)
    text = f"#!/bin/sh\n{OWN[name]}\n".encode()
    assert bench.run(name=name, stdin=text) == (0, text, b"")
    assert len(bench.args) == 2, "our mark, in its place"


def test_input_is_not_consumed_where_the_script_has_read_some_of_it(bench: Bench) -> None:
    by_name(bench, "bsub")
    script = bench.folder / "job.sh"
    script.write_text("first\nsecond\n")
    before = ("/bin/sh", "-c", 'read -r _; exec "$@"', "sh")
    with script.open("rb") as file, bench.start(stdin=file.fileno(), before=before) as process:
        assert process.communicate(timeout=20) == (b"second\n", b"")
