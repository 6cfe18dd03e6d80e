"""Slurm's answers as any text at all: never an error, never an end out of nonsense."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arp_nb.native import SLURM
from arp_nb.schedulers import slurm_answers, slurm_parse
from arp_nb.schedulers.slurm_books import Books, by_job
from arp_nb.schedulers.slurm_parse import SACCT, SQUEUE, Listed
from arp_nb.schedulers.slurm_values import duration_s, exit_of, indices, memory_mb, moment
from tests.slurm_records import SAMPLES

ENDS = frozenset(word for word, one in SLURM.items() if one.state.is_final)
ASKED = ["1", "2", "1_2", "1+1"]

any_text = st.binary().map(lambda some: some.decode(errors="replace"))
samples = st.sampled_from([one[kind] for one in SAMPLES.values() for kind in ("stdout", "stderr")])
ids = st.sampled_from(["1", "2", "1_2", "1_[3-9%2]", "1+0", "1+1", "1.batch", "1_[9999999]", "x"])
words = st.sampled_from([*SLURM, "CANCELLED by 0", "COMPLETED|", "completed", "NEW_WORD", ""])
values = any_text | st.sampled_from(["0", "-1", "1795374881", "16?", "0:0", "(null)", "9" * 40])


@st.composite
def answers(draw: st.DrawFn, columns: int) -> str:
    """Draw lines that are almost an answer."""
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        rest = draw(st.lists(values, min_size=columns - 2, max_size=columns - 2))
        rows.append("|".join([draw(ids), draw(words), *rest]))
    return "\n".join(rows)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Draw a recorded answer that is cut, doubled, or spoiled in the middle."""
    text: str = draw(samples)
    first, last = (draw(st.integers(0, len(text))) for _ in range(2))
    return text[:first] + draw(st.text(max_size=5)) + text[last:]


def hold_to_words(listed: list[Listed], text: str) -> None:
    """No record has an end but by its own word."""
    for one in listed:
        assert not one.reading.state.is_final or one.reading.native_state in ENDS
        assert one.reading.native_state in text


@given(any_text | mutated())
def test_any_text_ends_no_job(text: str) -> None:
    delimiter = "<0123abcd>"  # nobody could write it, not even a recorded answer
    assert not slurm_parse.QueueReader().read(text, delimiter)
    assert not list(slurm_parse.accounted(text, delimiter))


@given(answers(len(SQUEUE)), answers(len(SACCT)), st.booleans())
def test_an_end_needs_its_own_word(out: str, told: str, has_accounting: bool) -> None:
    listed = slurm_parse.QueueReader().read(out, "|")
    accounts = list(slurm_parse.accounted(told, "|"))
    hold_to_words(listed, out)
    hold_to_words(accounts, told)
    books = Books()
    for now_s in (0.0, 100.0):
        sorted_out = by_job(listed, ASKED)
        books.to_be_accounted(ASKED, sorted_out)
        poll = books.read(
            ASKED, sorted_out, by_job(accounts, ASKED), now_s=now_s, has_accounting=has_accounting
        )
        assert not poll.readings.keys() & poll.unknown
        for reading in poll.readings.values():
            assert not reading.state.is_final or reading.native_state in ENDS
    slurm_parse.marked([*listed, *accounts])
    slurm_parse.elements("1", [*listed, *accounts])


@given(answers(len(SQUEUE)), answers(len(SACCT)))
def test_no_job_that_the_list_has_alive_is_ended_by_the_accounting(out: str, told: str) -> None:
    listed = slurm_parse.QueueReader().read(out, "|")
    sorted_out = by_job(listed, ASKED)
    accounts = by_job(slurm_parse.accounted(told, "|"), ASKED)
    poll = Books().read(ASKED, sorted_out, accounts, now_s=0.0)
    for native_id, reading in poll.readings.items():
        alone = slurm_parse.reading_of(native_id, sorted_out.get(native_id[0], ()))
        if alone is not None and not alone.state.is_final:
            assert not reading.state.is_final


@given(any_text | mutated(), st.booleans())
def test_any_text_holds_ids_or_none(text: str, alone: bool) -> None:
    for one in slurm_parse.submitted_ids(text, alone=alone):
        assert slurm_parse.is_id(one)


@given(any_text | mutated())
def test_any_text_is_an_answer_to_a_kill_or_none(text: str) -> None:
    assert slurm_answers.kill_answers(text, ["1", "2"]).keys() <= {"1", "2"}


@given(
    any_text
    | mutated()
    | st.text(alphabet="JobId=1 ArrayTsk%4jAaNnst\n").map(lambda end: f"   StdOut=/{end}\n")
)
def test_any_text_names_an_absolute_path_or_none(text: str) -> None:
    path = slurm_answers.output_path(text)
    assert path is None or path.startswith("/")


@given(values, values, values)
def test_any_text_is_a_value_or_none(text: str, cores: str, nodes: str) -> None:
    time, limit_s, size_mb = moment(text), duration_s(text), memory_mb(text, cores, nodes)
    assert time is None or time.tzinfo is not None
    assert limit_s is None or limit_s >= 0
    assert size_mb is None or size_mb >= 0
    indices(text)
    code, signal = exit_of(text)
    assert code is None or 0 <= code <= 255
    assert signal is None or signal > 0
