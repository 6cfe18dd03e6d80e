"""The board on a real manager, through what happens to one: crashes, stops, wrong tokens."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import arp_nb
from arp_nb.daemon import commands, record
from arp_nb.demo import stage as stage_module
from arp_nb.demo.stage import EXPERIMENT, Stage
from arp_nb.errors import EditConflict, NotFound
from tests.unit.standin_manager import within

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        script = stage.work / "scripts" / "quick.sh"
        script.write_text(
            "#!/bin/bash\n"
            'HERE=$(cd "$(dirname "$0")" && pwd)\n'
            'bsub -q any -o "$HERE/logs/%J.log" python "$HERE/quick.py" "$@"\n'
        )
        script.chmod(0o755)
        script.with_suffix(".py").write_text(
            "import sys\n"
            "from arp_nb.reporter import report\n"
            "report(Run=int(sys.argv[2]), Sum=(7, 'green'))\n"
        )
        with stage.board() as board:
            board.definitions.add("quick", script)
        yield stage


def kill_manager(stage: Stage) -> int:
    """SIGKILL the manager; return its pid once another one is there."""
    known = record.read(stage.store)
    assert known is not None
    assert known.manager is not None
    os.kill(known.manager.pid, signal.SIGKILL)
    return known.manager.pid


def test_board_lives_through_a_crash_of_the_manager(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        assert not board.stale
        before = kill_manager(stage)
        jobs = board.apply("quick", runs="1-2")
        jobs.wait(60)
        assert [job.status for job in jobs] == ["DONE", "DONE"]
        within(10, lambda: not board.stale)
        assert jobs[0].counters == {"Run": 1, "Sum": 7}
        known = record.read(stage.store)
        assert known is not None
        assert known.manager is not None
        assert known.manager.pid != before


def test_crash_in_the_middle_of_applies_makes_no_job_twice(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        killer = threading.Thread(target=kill_manager, args=(stage,))
        made: list[arp_nb.Job] = []
        for number in range(20):
            if number == 5:
                killer.start()
            made += board.apply("quick", runs=1, existing="again")
        killer.join()
        board.kill(board.jobs.df)
        assert len({job.id for job in made}) == len(made) == 20
        assert len(board.jobs.df) == 20
        board.jobs.wait(60)


def test_stopped_manager_is_told_and_the_next_request_starts_it(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        assert len(board.runs) == 5
        commands.stop(stage.store)
        within(10, lambda: board.stale)
        assert board.jobs.df.attrs["stale"]
        assert "may be old" in repr(board)
        job = board.apply("quick", runs=3)[0]
        assert job.wait(60).status == "DONE"
        within(10, lambda: not board.stale)


def test_two_boards_see_each_others_changes(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as mine, arp_nb.connect(EXPERIMENT) as yours:
        old = yours.definitions.df
        assert "quick" in list(old["name"])
        mine.definitions.update("quick", parameters="--fast")
        within(10, lambda: yours.definitions["quick"].parameters == "--fast")
        old.loc[old["name"] == "quick", "parameters"] = "--slow"
        saved = yours.definitions.save(old)
        assert "meanwhile" in saved.conflicts[0].problem
        row = yours.definitions["quick"]
        with pytest.raises(EditConflict) as caught:
            yours.definitions._change(row.id, 1, {"parameters": "--slow"})
        assert caught.value.theirs is not None
        assert caught.value.theirs["parameters"] == "--fast"


def test_consent_to_autorun_is_given_and_taken_back(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        given = board.definitions.autorun("quick", on=True)
        assert (given.row["autorun"], given.row["trigger"]) == (True, "END_OF_RUN")
        assert given.row["autorun_by"]
        within(10, lambda: bool(board.definitions.df["autorun"].any()))
        taken = board.definitions.autorun(given.id, on=False)
        assert (taken.row["autorun"], taken.version) == (False, given.version + 1)


def test_removed_things_come_back(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        job = board.apply("quick", runs=1)[0].wait(60)
        board.definitions.remove("quick")
        assert "quick" not in [one.name for one in board.definitions]
        assert board.definitions.restore("quick").name == "quick"
        job.delete()
        within(10, lambda: len(board.jobs) == 0)
        job.restore()
        within(10, lambda: [one.id for one in board.jobs] == [job.id])
        assert board.delete([job.id]).ok
        assert board.restore([job.id]).ok
        within(10, lambda: len(board.jobs) == 1)
        again = board.rerun(board.jobs.df, extra_parameters="x y")[0].wait(60)
        assert again.row["rerun_of"] == job.id
        assert again.row["parameters"].split() == ["x", "y"]
        assert list(again.history()["new"])[-1] == "done"
        assert "quick" in again.details()
        kept = again.snapshot()
        assert kept["script"]["text"].startswith("#!/bin/bash\nHERE=")
        assert kept["script"]["changed_since_check"] is False
        assert kept["environment"]["ours"]["RUN_NUM"] == str(again.run)


def test_frames_of_real_jobs_have_what_was_promised(stage: Stage) -> None:
    with arp_nb.connect(EXPERIMENT) as board:
        board.apply("quick", runs="all").wait(90)
        df = board.jobs.df
        assert set(df["status"]) == {"DONE"}
        assert (df["ended"] >= df["started"]).all()
        assert set(df["exit_code"]) == {0}
        wide = board.jobs.wide("quick")
        assert list(wide["Run"]) == list(wide["run"]) == [1, 2, 3, 4, 5]
        counters = board.jobs.counters()
        assert len(counters) == 10
        assert counters["time"].notna().all()
        assert board.log(int(df["id"][0])) == ""


def test_stage_leaves_nothing_behind_not_even_a_script_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stage_module, "_KILL_S", 0.1)
    with Stage() as stage, stage.board() as board:
        script = stage.work / "scripts" / "hangs.sh"
        script.write_text("#!/bin/bash\nsleep 600\n")
        script.chmod(0o755)
        board.definitions.add("hangs", script)
        job = board.apply("hangs", runs=1)[0]
        within(30, lambda: "script running" in job.status)
    assert not stage.folder.exists()
    within(10, lambda: not _processes_of(stage.folder))


def test_stage_inside_a_stage_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, signal, arp_nb; from arp_nb.demo.stage import Stage;"
        " stage = Stage().open(); print(stage.folder);"
        " arp_nb.connect('xppinner', create=True).close();"
        " os.kill(os.getpid(), signal.SIGKILL)"  # as a kernel may end that nobody waits for
    )
    with Stage() as stage:
        monkeypatch.setenv("TMPDIR", str(stage.temporary))
        killed = subprocess.run(
            [sys.executable, "-u", "-c", code],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        inner = Path(killed.stdout.strip())
        assert inner.is_relative_to(stage.folder)
        assert _processes_of(inner)
    within(10, lambda: not _processes_of(inner))


def test_stage_may_be_closed_twice_or_never_opened() -> None:
    never = Stage()
    never.close()
    assert not never.folder.exists()
    before = os.environ.get("ARP_STORE")
    stage = Stage().open()
    assert os.environ["ARP_STORE"] == str(stage.store)
    stage.close()
    stage.close()
    assert not stage.folder.exists()
    assert os.environ.get("ARP_STORE") == before


def _processes_of(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found.append(process.read_text("utf-8", "replace"))
    return [one for one in found if str(folder) in one]


def test_unknown_experiment_names_the_near_one(stage: Stage) -> None:
    with pytest.raises(NotFound, match=EXPERIMENT):
        arp_nb.connect("xppdemo27")


def test_readme_runs_as_it_stands(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    first, *_, last = blocks
    with arp_nb.connect("xppi0915", create=True) as board:
        for number in (12, *range(20, 33)):
            board.runs.put(number, parameters={"sample": "lysozyme"})
    script = str(stage.work / "scripts" / "quick.sh")
    names: dict[str, object] = {}
    exec(first.replace("/path/to/submit.sh", script), names)  # noqa: S102 - it is our own text
    exec(last.replace("board.job(17)", "board.job(1)"), names)  # noqa: S102 - as above
    job = names["job"]
    assert isinstance(job, arp_nb.Job)
    assert job.counters["Sum"] == 7
    names["board"].close()  # type: ignore[attr-defined] # README's first line made it


def test_importing_the_package_is_cheap() -> None:
    code = (
        # its own time: a busy machine gives it none for as long as it likes
        "import sys, time; began = time.process_time(); import arp_nb;"
        " print(time.process_time() - began);"
        " assert not {'pandas', 'requests', 'websocket'} & set(sys.modules)"
    )
    times = [
        float(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True))
        for _ in range(3)
    ]
    assert min(times) < 0.3
