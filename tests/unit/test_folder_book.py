"""What follows from what is seen of files: when a run began, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from arp_nb.run_sources.base import RunNews
from arp_nb.run_sources.folder.book import Book, Moment
from arp_nb.run_sources.folder.scan import Files, Scan, Seen

XPP = "xppi0915"
QUIET_S = 10
START = datetime(2026, 3, 5, 12, tzinfo=UTC)
BEGUN_S = START.timestamp()
#: identity, and seconds after the start
File = tuple[int, float]


def files(*given: File) -> Files:
    made = Files()
    for identity, at_s in given:
        made.signatures.add(identity)
        made.first_s = min(made.first_s, BEGUN_S + at_s)
        made.last_s = max(made.last_s, BEGUN_S + at_s)
        made.touched_s = max(made.touched_s, BEGUN_S + at_s)
    return made


class Story:
    """A folder with one run, and the book that is kept of it."""

    def __init__(self, *, sentinel: bool = False, nonrec: bool = False) -> None:
        self.book = Book(QUIET_S, has_sentinel=sentinel, has_nonrec=nonrec)
        self.book.take(Scan(), [XPP], Moment(START, 0))

    def see(
        self,
        at_s: float,
        *data: File,
        nonrec: tuple[File, ...] = (),
        sentinel: tuple[File, ...] = (),
        since_s: float | None = None,
    ) -> RunNews | None:
        seen = Seen(all=files(*data, *nonrec), nonrec=files(*nonrec), sentinel=files(*sentinel))
        since = None if since_s is None else START + timedelta(seconds=since_s)
        when = Moment(START + timedelta(seconds=at_s), at_s, since)
        news = self.book.take(Scan({(XPP, 7): seen}), [XPP], when)
        return news[0] if news else None


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_run_begins_with_its_first_file_and_ends_when_the_last_one_rests() -> None:
    story = Story()
    begun = story.see(5, (1, 5))
    assert begun is not None
    assert (begun.started_at, begun.first_file_at, begun.ended_at) == (after(5), after(5), None)
    assert story.see(12, (2, 12)) is None  # it grows
    assert story.book.due_s() == 12 + QUIET_S
    assert story.see(21, (2, 12)) is None
    ended = story.see(22, (2, 12))
    assert ended is not None
    assert (ended.ended_at, ended.all_files_at) == (after(12), after(12))
    assert ended.started_at == after(5)
    assert story.book.due_s() is None


def test_the_clock_is_believed_and_not_the_times_that_files_carry() -> None:
    story = Story()
    begun = story.see(5, (1, -3600))
    assert begun is not None
    assert begun.started_at == after(5)
    assert story.see(15, (1, -3600)) is not None


def test_what_was_there_before_carries_its_own_times_but_no_future_ones() -> None:
    for told_s, expected in ((-3600, after(-3600)), (+3600, after(0))):
        book = Book(QUIET_S, has_sentinel=False, has_nonrec=False)
        seen = Seen(all=files((1, told_s)))
        [news] = book.take(Scan({(XPP, 7): seen}), [XPP], Moment(START, 0))
        assert news.started_at == expected
        assert news.ended_at == (expected if told_s < 0 else None)


def test_what_came_while_nobody_looked_happened_in_that_time() -> None:
    story = Story()
    news = story.see(100, (1, 50), since_s=20)
    assert news is not None
    assert (news.started_at, news.ended_at) == (after(50), after(50))
    story = Story()
    news = story.see(100, (1, -3600), since_s=20)
    assert news is not None
    assert news.started_at == after(20)


def test_new_files_after_the_end_are_a_later_end_once_they_rest() -> None:
    story = Story()
    story.see(0, (1, 0))
    assert story.see(10, (1, 0)) is not None
    assert story.see(50, (1, 0), (2, 50)) is None
    later = story.see(60, (1, 0), (2, 50))
    assert later is not None
    assert later.ended_at == after(50)


def test_renamed_and_removed_files_are_no_new_ones() -> None:
    story = Story()
    story.see(0, (1, 0), (2, 0))
    assert story.see(10, (1, 0), (2, 0)) is not None
    assert story.see(20, (2, 0)) is None
    assert story.see(40, (2, 0)) is None
    assert story.book.due_s() is None


def test_of_files_that_are_not_there_nothing_is_concluded() -> None:
    story = Story()
    story.see(0, (1, 0))
    assert story.see(30) is None  # the disk is not mounted
    assert story.book.due_s() is None
    back = story.see(60, (1, 0))
    assert back is not None
    assert back.ended_at == after(0)


def test_a_sentinel_ends_a_run_at_once_and_rest_does_not() -> None:
    story = Story(sentinel=True)
    story.see(0, (1, 0))
    assert story.see(100, (1, 0)) is None
    assert story.book.due_s() is None
    ended = story.see(101, (1, 0), (2, 101), sentinel=((9, 101),))
    assert ended is not None
    assert (ended.ended_at, ended.all_files_at) == (after(101), after(101))
    # files that come later end it later, by rest
    assert story.see(105, (1, 0), (2, 101), (3, 105), sentinel=((9, 101),)) is None
    assert story.book.due_s() == 105 + QUIET_S
    later = story.see(115, (1, 0), (2, 101), (3, 105), sentinel=((9, 101),))
    assert later is not None
    assert later.ended_at == after(105)
    # … and so does a sentinel that is made anew
    again = story.see(200, (1, 0), sentinel=((10, 200),))
    assert again is not None
    assert again.ended_at == after(200)


def test_a_sentinel_without_files_is_no_run() -> None:
    story = Story(sentinel=True)
    assert story.see(0, sentinel=((9, 0),)) is None
    assert story.book.all() == []


def test_the_files_that_are_needed_may_be_complete_before_the_others() -> None:
    story = Story(nonrec=True, sentinel=True)
    story.see(0, (1, 0), nonrec=((5, 0),))
    assert story.book.due_s() == QUIET_S
    first = story.see(10, (2, 10), nonrec=((5, 0),))
    assert first is not None
    assert (first.nonrec_files_at, first.all_files_at) == (after(0), None)
    ended = story.see(30, (2, 10), nonrec=((5, 0),), sentinel=((9, 30),))
    assert ended is not None
    assert (ended.nonrec_files_at, ended.all_files_at) == (after(0), after(30))


def test_a_run_of_recordings_alone_has_all_that_is_needed_when_it_is_over() -> None:
    story = Story(nonrec=True)
    story.see(0, (1, 0))
    ended = story.see(10, (1, 0))
    assert ended is not None
    assert ended.nonrec_files_at == ended.all_files_at == after(0)


@given(st.lists(st.tuples(
    st.floats(0, 30), st.lists(st.tuples(st.integers(1, 4), st.floats(-1e9, 1e9)), max_size=3),
    st.booleans(),
)), st.booleans(), st.booleans())  # fmt: skip
def test_whatever_files_do_facts_are_in_order_and_never_in_the_future(
    steps: list[tuple[float, list[File], bool]], sentinel: bool, nonrec: bool
) -> None:
    story = Story(sentinel=sentinel, nonrec=nonrec)
    at_s = 0.0
    before: RunNews | None = None
    for step_s, given_files, is_done in steps:
        at_s += step_s
        done = ((9, at_s),) if is_done and sentinel else ()
        news = story.see(at_s, *given_files[1:], nonrec=tuple(given_files[:1]), sentinel=done)
        if news is None:
            continue
        assert news.started_at is not None
        for time in (news.started_at, news.ended_at, news.nonrec_files_at):
            assert time is None or START <= time <= after(at_s)
        assert news.ended_at is None or news.ended_at >= news.started_at
        if before is not None:
            assert news.started_at == before.started_at
            ended = (before.ended_at, news.ended_at)
            assert ended[0] is None or (ended[1] is not None and ended[0] <= ended[1])
        before = news
