"""Batch defs, experiments and runs: what may be saved, and what a refusal says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import Conflict, EditConflict, InvalidValue, NotFound
from arp_nb.manager.drafts import draft_of, words
from arp_nb.model import Arguments, DefinitionDraft, Trigger
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


def draft(name: str = "other", executable: str = "/x.sh", **more: object) -> DefinitionDraft:
    return DefinitionDraft(name=name, executable=executable, **more)  # type: ignore[arg-type]


# -- what a draft may say --------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "Small_data-2", "x" * 64])
async def test_a_hash_of_letters_digits_and_dashes_is_saved(play: Play, name: str) -> None:
    saved = await play.manager.definitions.add(play.experiment, draft(name), "dana")
    assert (saved.name, saved.version) == (name, 1)


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "é", "x" * 65, "a;b", "a\0"])
def test_other_hashes_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        draft_of({"name": name, "executable": "/x.sh"})


@pytest.mark.parametrize(
    ("executable", "says"),
    [
        pytest.param("a.sh", "an absolute path. Did you mean {home}/a.sh?", id="relative"),
        pytest.param("~/a.sh", "Must be an absolute path. Did you mean {home}/a.sh?", id="tilde"),
        pytest.param("~nobody-here/a.sh", "Must be an absolute path.", id="tilde-of-a-stranger"),
        pytest.param("/a\0b", "control character", id="nul"),
        pytest.param("/a\nb", "control character", id="line-break"),
        pytest.param("/" + "x" * 5000, "5,001 characters", id="endless"),
    ],
)  # fmt: skip
def test_an_executable_that_can_never_be_run_is_refused(executable: str, says: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        draft_of({"name": "a", "executable": executable})
    assert says.format(home=Path.home()) in str(caught.value)


def test_white_space_around_fields_is_dropped() -> None:
    made = draft_of({"name": " a ", "executable": " /x.sh ", "parameters": " b  c "})
    assert (made.name, made.executable, made.parameters) == ("a", "/x.sh", "b  c")


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        pytest.param({"name": "a"}, "needs executable", id="no-executable"),
        pytest.param({}, "needs name and executable", id="nothing"),
        pytest.param({"paramters": "x"}, "Did you mean 'parameters'?", id="typing-error"),
        pytest.param({"trigger": "NOON"}, "trigger is one of 'MANUAL'", id="unknown-trigger"),
        pytest.param({"parameters": 7}, "parameters must be text", id="number-for-text"),
        pytest.param({"quoted_parameters": "yes"}, "must be true or false", id="text-for-truth"),
        pytest.param({"parameters": "a" * 40_000}, "40,000 characters", id="endless-parameters"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(given_: dict[str, object], says: str) -> None:
    whole = given_ if "needs" in says else {"name": "a", "executable": "/x.sh", **given_}
    with pytest.raises(InvalidValue, match=says.replace("?", r"\?")):
        draft_of(whole)


def test_words_for_trigger_and_arguments_are_read() -> None:
    made = draft_of(
        {"name": "a", "executable": "/x", "trigger": "END_OF_RUN", "arguments": "parameters only"}
    )
    assert (made.trigger, made.arguments) == (Trigger.END_OF_RUN, Arguments.PARAMETERS_ONLY)


@pytest.mark.parametrize("bad", list(";&|<>$`\\\"'()*?[]{}~#! é".replace(" ", "")))
def test_a_character_that_a_shell_acts_on_is_refused_unless_quoted(bad: str) -> None:
    with pytest.raises(InvalidValue, match="quoted parameters"):
        words(f"a{bad}b", quoted=False)


def test_quoted_parameters_are_split_as_a_shell_splits_them() -> None:
    assert words("""-c "a b; c" 'd "e"'""", quoted=True) == ("-c", "a b; c", 'd "e"')
    with pytest.raises(InvalidValue, match="do not match"):
        words('"open', quoted=True)
    with pytest.raises(InvalidValue, match="control character"):
        words('"a\nb"', quoted=True)


@given(st.text(max_size=60), st.booleans())
def test_any_parameters_are_split_or_refused_in_words(text: str, quoted: bool) -> None:
    try:
        split = words(text, quoted=quoted)
    except InvalidValue:
        return
    assert all("\0" not in word for word in split)
    if not quoted:
        assert " ".join(split) == " ".join(text.split())


# -- saving ----------------------------------------------------------------------------


async def test_a_taken_name_is_refused_with_who_has_it(play: Play) -> None:
    with pytest.raises(Conflict, match=rf"^Is taken by definition {play.definition.id}\."):
        await play.manager.definitions.add(play.experiment, draft("peaks"), "dana")


async def test_what_the_client_found_is_kept(play: Play) -> None:
    saved = await play.manager.definitions.add(play.experiment, draft(), "dana")
    assert (saved.check.problem, saved.check.sha256) == ("ok", "1" * 64)


async def test_without_a_client_it_is_saved_unchecked_and_looked_at_later(play: Play) -> None:
    play.manager.attach(None)
    saved = await play.manager.definitions.add(play.experiment, draft(), "dana")
    assert saved.check.problem == "not checked"
    play.manager.attach(play.client)
    async for message in play.changes("xppi0915"):
        problems = {
            row["id"]: row["check"]["problem"] for row in message["upserts"]["definitions"]
        }
        if problems.get(saved.id) == "ok":
            break


async def test_a_location_that_is_not_there_is_refused(play: Play) -> None:
    with pytest.raises(InvalidValue, match="no location 'slurm' here"):
        await play.manager.definitions.add(play.experiment, draft(location="slurm"), "dana")


async def test_a_change_is_the_next_version(play: Play) -> None:
    definitions = play.manager.definitions
    changed = await definitions.change(
        play.experiment, play.definition.id, {"parameters": "new"}, 1, "robin"
    )
    assert (changed.version, changed.draft.parameters, changed.changed_by) == (2, "new", "robin")
    assert changed.draft.executable == "/data/peaks.sh"
    old = await definitions.get(play.experiment, play.definition.id, version=1)
    assert old.draft.parameters == "--fast 3"


async def test_a_change_of_an_older_version_is_a_conflict(play: Play) -> None:
    change = play.manager.definitions.change
    await change(play.experiment, play.definition.id, {"parameters": "new"}, 1, "robin")
    with pytest.raises(EditConflict):
        await change(play.experiment, play.definition.id, {"parameters": "mine"}, 1, "dana")


async def test_a_definition_keeps_its_own_name(play: Play) -> None:
    changed = await play.manager.definitions.change(
        play.experiment, play.definition.id, {"name": "peaks", "parameters": "x"}, None, "dana"
    )
    assert changed.name == "peaks"


async def test_a_deleted_name_is_free_and_the_deletion_can_be_undone(play: Play) -> None:
    definitions = play.manager.definitions
    await definitions.delete(play.experiment, play.definition.id, "dana")
    assert await definitions.list(play.experiment) == []
    other = await definitions.add(play.experiment, draft("peaks"), "dana")
    with pytest.raises(Conflict, match=f"Is taken by definition {other.id}"):
        await definitions.restore(play.experiment, play.definition.id, "dana")
    await definitions.delete(play.experiment, other.id, "dana")
    restored = await definitions.restore(play.experiment, play.definition.id, "dana")
    assert restored.deleted_at is None
    assert len(await definitions.list(play.experiment, deleted=True)) == 2


async def test_a_definition_belongs_to_its_experiment(play: Play) -> None:
    other = await play.manager.experiments.create("other")
    with pytest.raises(NotFound, match="other has no batch def"):
        await play.manager.definitions.get(other, play.definition.id)


# -- experiments and runs --------------------------------------------------------------


async def test_an_experiment_is_found_by_name_or_number(play: Play) -> None:
    get = play.manager.experiments.get
    assert await get("xppi0915") == await get(str(play.experiment.id))


async def test_an_unknown_experiment_is_told_with_the_near_ones(play: Play) -> None:
    with pytest.raises(NotFound, match=r"no experiment 'xppi0951'\. Did you mean xppi0915\?"):
        await play.manager.experiments.get("xppi0951")


@pytest.mark.parametrize("name", ["", "a b", "1234", "a/b", "é", "x" * 65, "../x"])
async def test_a_name_that_is_no_name_is_refused(play: Play, name: str) -> None:
    with pytest.raises(InvalidValue, match="cannot be an experiment's name"):
        await play.manager.experiments.create(name)


async def test_an_experiment_can_be_put_to_rest(play: Play) -> None:
    assert (await play.manager.experiments.set_active("xppi0915", active=False)).active is False


async def test_a_run_keeps_its_first_start_and_end(play: Play) -> None:
    runs = play.manager.runs
    first = await runs.start(play.experiment, 9, {"beam": "on"})
    play.tick()
    assert (await runs.start(play.experiment, 9)).started_at == first.started_at
    ended = await runs.end(play.experiment, 9, {"beam": None, "events": 7})
    play.tick()
    again = await runs.end(play.experiment, 9)
    assert (again.ended_at, again.parameters) == (ended.ended_at, {"events": 7})
    with pytest.raises(Conflict, match="cannot start again"):
        await runs.start(play.experiment, 9)


async def test_a_run_that_nobody_started_cannot_end(play: Play) -> None:
    with pytest.raises(NotFound, match="xppi0915 has no run 99"):
        await play.manager.runs.end(play.experiment, 99)


@pytest.mark.parametrize(
    "parameters",
    [{"a": float("nan")}, {"a": {1, 2}}, {"a": "\0"}, {"a": "x" * 70_000}],
    ids=["nan", "no-json", "nul", "endless"],
)
async def test_parameters_that_cannot_be_kept_are_refused(
    play: Play, parameters: dict[str, object]
) -> None:
    with pytest.raises(InvalidValue, match="run's parameters"):
        await play.manager.runs.put(play.experiment, 9, parameters=parameters)


@pytest.mark.parametrize("number", [-1, 10**10, True, "1"])
async def test_a_number_that_is_no_run_number_is_refused(play: Play, number: int) -> None:
    with pytest.raises(InvalidValue, match="not a run number"):
        await play.manager.runs.put(play.experiment, number)
