"""What a job consists of, counted and said."""

from __future__ import annotations

from arp_nb.model import JobState, Role, SchedulerJob
from arp_nb.parts import counted, described


def native(native_id: str, word: str, **values: object) -> SchedulerJob:
    return SchedulerJob(native_id=native_id, source="wrapper", native_state=word, **values)  # type: ignore[arg-type]


def test_a_plain_job_has_no_parts() -> None:
    assert counted([native("1", "RUN"), native("2", "PEND")]) == {}
    assert described({}) == ""


def test_elements_subjobs_and_extra_ones_are_counted_apart() -> None:
    parts = counted(
        [
            native("1", "RUN", elements=(("RUN", 3), ("PEND", 5))),
            native("2", "PEND", elements=(("PEND", 2),)),
            native("3", "DONE", role=Role.SUBJOB),
            native("4", "RUN", role=Role.SUBJOB, elements=(("RUN", 2), ("DONE", 1))),
            native("5", "RUN", role=Role.EXTRA),
        ]
    )
    assert parts == {
        "elements": {"RUN": 3, "PEND": 7},
        "subjobs": {"DONE": 2, "RUN": 2},
        "extra": 1,
    }
    assert described(parts) == "3 RUN, 7 PEND; 4 subjobs: 2 DONE, 2 RUN; 1 extra"


def test_a_subjob_of_which_no_word_is_known_yet_counts_by_its_state() -> None:
    new = SchedulerJob(native_id="9", source="tag", role=Role.SUBJOB, state=JobState.PENDING)
    assert counted([new]) == {"subjobs": {"PENDING": 1}}
    assert described({"subjobs": {"PENDING": 1}}) == "1 subjob: 1 PENDING"
