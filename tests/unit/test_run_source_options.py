"""Options of run sources: what is wrong is told before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from arp_nb.errors import InvalidValue
from arp_nb.model import Trigger
from arp_nb.run_sources.folder import FolderSource
from arp_nb.run_sources.logbook import LogbookSource
from arp_nb.settings import SourceSettings

URL = "https://logbook.example"
PATTERN = "run{run:04d}/*.h5"


async def nobody() -> Sequence[str]:
    return []


def logbook(**options: Any) -> LogbookSource:
    return LogbookSource(SourceSettings(name="mine", options={"url": URL, **options}), nobody)


def folder(*experiments: str, **options: Any) -> FolderSource:
    given = {"path": "/data", "pattern": PATTERN, **options}
    table = SourceSettings(name="mine", experiments=experiments or ("xppi0915",), options=given)
    return FolderSource(table, nobody)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": ""}, "url must be the logbook's address"),
        ({"url": "logbook.example"}, "url must be the logbook's address"),
        ({"url": "ftp://logbook.example"}, "url must be the logbook's address"),
        ({"url": "https://[::1"}, "url must be the logbook's address"),
        ({"url": "https://logbook.example:99999"}, "url must be the logbook's address"),
        ({"url": "https://ada:x@logbook.example"}, "no user or password in url: see auth"),
        ({"url": f"{URL}/?a=1"}, r"url ends before \? and #"),
        ({"ulr": URL}, "there is no setting 'ulr'. Did you mean 'url'"),
        ({"interval_s": 0.0}, "interval_s must be 0.1 to 3600, got 0"),
        ({"interval_s": float("nan")}, "interval_s must be 0.1 to 3600"),
        ({"timeout_s": float("inf")}, "timeout_s must be 0.1 to 300"),
        ({"interval_s": "5"}, "interval_s must be of type float"),
        ({"auth": "magic"}, "auth must be one of none, basic, token, kerberos; got 'magic'"),
        ({"auth": "basic"}, "needs user"),
        ({"auth": "basic", "user": "ada"}, "needs password_file"),
        ({"auth": "basic", "user": "a:b", "password_file": "/x"}, "cannot be a user's name"),
        ({"auth": "token"}, "needs token_file"),
        ({"auth": "token", "token_file": "token"}, "token_file must be an absolute path"),
        ({"token": "s3cret"}, "token does not stand in config.toml.*: token_file$"),
        ({"password": "s3cret"}, "password does not stand in config.toml.*: password_file$"),
        ({"timezone": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'"),
        ({"timezone": "../../etc/passwd"}, "there is no time zone"),
        (
            {"url": "http://logbook.example", "auth": "token", "token_file": "/x"},
            "over http can be read on the way. Use https, or say plain_http = true",
        ),
    ],
)
def test_a_wrong_option_of_a_logbook_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValue, match=words) as caught:
        logbook(**options)
    assert "[run_source.mine]" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.2", "http://[::1]:80"])
def test_on_this_machine_a_token_may_go_over_http(url: str) -> None:
    logbook(url=url, auth="token", token_file="/x")
    logbook(url="http://far.example", auth="token", token_file="/x", plain_http=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": ""}, "a folder needs path"),
        ({"pattern": ""}, "a folder needs pattern"),
        ({"path": "data"}, "path must be an absolute path"),
        ({"pattern": "*.h5"}, "must say where the run's number stands: {run}"),
        ({"sentinel": "DONE"}, "sentinel.*must say where the run's number stands"),
        ({"pattern": "/data/run{run}"}, "must be a path below the folder"),
        ({"pattern": "../run{run}"}, "must be a path below the folder"),
        ({"pattern": "run{run}//x"}, "must be a path below the folder"),
        ({"pattern": "**/run{run}"}, r"\*\* is not known"),
        ({"pattern": "run{run"}, "a brace stands alone"),
        ({"pattern": "run{number}"}, "only {run} and {experiment} may stand in braces"),
        ({"pattern": "run{run:x}"}, "brace"),
        ({"pattern": "1{run}"}, "cannot be told from what stands beside"),
        ({"pattern": "{experiment}{run}"}, "cannot be told from what stands beside"),
        ({"pattern": "*{experiment}-{run}"}, "cannot be told from what stands beside"),
        ({"pattern": "*a*a*a*a*a*a*a*a*{run}"}, "too many wildcards"),
        ({"pattern": "a\0{run}"}, "must be a text of 1 to 400"),
        ({"pattern": "a" * 500 + "{run}"}, "must be a text of 1 to 400"),
        ({"pattern": "a/" * 20 + "{run}"}, "must be a path below the folder"),
        (
            {"sentinel": "{experiment}/{run}"},
            "{experiment} must stand in all patterns, or in none",
        ),
        ({"quiet_s": 0.0}, "quiet_s must be 0.05 to 86400"),
        ({"poll": "often"}, "poll must be one of auto, yes, no"),
        ({"most_files": 0}, "most_files must be 1 to 2e"),
        ({"patern": "x"}, "Did you mean 'pattern'"),
    ],
)
def test_a_wrong_option_of_a_folder_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValue, match=words) as caught:
        folder(**options)
    assert "[run_source.mine]" in str(caught.value)


def test_a_folder_needs_the_one_experiment_that_it_is_of() -> None:
    with pytest.raises(InvalidValue, match="needs the one experiment"):
        folder("xppi0915", "xppi0916")
    folder("xppi0915", "xppi0916", pattern="{experiment}/r{run}/*")


def test_each_source_says_which_triggers_it_gives() -> None:
    assert logbook().gives == {
        Trigger.START_OF_RUN, Trigger.END_OF_RUN, Trigger.RUN_PARAM_IS_VALUE,
    }  # fmt: skip
    files = {
        Trigger.START_OF_RUN, Trigger.END_OF_RUN,
        Trigger.FIRST_FILE_TRANSFERRED, Trigger.ALL_FILES_TRANSFERRED,
    }  # fmt: skip
    assert folder(poll=True).gives == files
    assert folder(nonrec_pattern="r{run}.h5").gives == files | {
        Trigger.ALL_NONREC_FILES_TRANSFERRED
    }
    assert folder(params="r{run}.json").gives == files | {Trigger.RUN_PARAM_IS_VALUE}
