"""What a script is called with, and what is shown of its environment."""

from __future__ import annotations

import pytest

from arp_nb.manager.command_lines import argv_of, update_url, without_secrets
from arp_nb.model import Arguments, DefinitionDraft
from arp_nb.secret_names import HIDDEN


def test_a_script_is_given_experiment_run_and_parameters() -> None:
    draft = DefinitionDraft(name="a", executable="/x.sh")
    assert argv_of(draft, "xppi0915", 12, "a  b") == ("/x.sh", "xppi0915", "12", "a", "b")


def test_a_script_of_today_is_given_its_parameters_only() -> None:
    draft = DefinitionDraft(name="a", executable="/x.sh", arguments=Arguments.PARAMETERS_ONLY)
    assert argv_of(draft, "xppi0915", 12, "a b") == ("/x.sh", "a", "b")


def test_quoted_parameters_keep_their_spaces() -> None:
    draft = DefinitionDraft(name="a", executable="/x.sh", quoted_parameters=True)
    assert argv_of(draft, "e", 1, "'a b' c")[3:] == ("a b", "c")


@pytest.mark.parametrize("base", ["http://n:1", "http://n:1/"])
def test_an_update_address_has_the_slashes_that_scripts_know(base: str) -> None:
    assert update_url(base, "5-abc") == "http://n:1//ws/logbook/client_status/5-abc"


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "my_secret", "DB_PASSWORD", "MYSQL_PWD", "AWS_SECRET_ACCESS_KEY",
     "API_KEY", "APIKEY", "JUPYTERHUB_API_TOKEN", "SSH_PRIVATE", "COOKIE"],
)  # fmt: skip
def test_values_of_secret_variables_are_not_shown(name: str) -> None:
    assert without_secrets({name: "hunter2"}) == {name: HIDDEN}


@pytest.mark.parametrize("name", ["PATH", "PWD", "OLDPWD", "HOME", "KEYBOARD", "LSB_JOBID"])
def test_other_values_are_shown(name: str) -> None:
    assert without_secrets({name: "/x"}) == {name: "/x"}


def test_a_password_in_an_address_is_not_shown() -> None:
    shown = without_secrets({"http_proxy": "http://me:pw@proxy:80/", "REPO": "ssh://git@host/x"})
    assert "pw" not in shown["http_proxy"]
    assert shown["http_proxy"].endswith("@proxy:80/")
