"""Which schedulers a machine offers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from arp_nb import status
from arp_nb.errors import InvalidValue
from arp_nb.model import JobState, Phase
from arp_nb.schedulers import registry
from arp_nb.schedulers.base import NotHere, Site
from arp_nb.schedulers.slurm import SlurmScheduler
from arp_nb.settings import Settings, load
from tests.contract.labs import FAKEBIN

#: this machine may have a cluster's commands among its own
NOWHERE = "/nonexistent"


def test_a_machine_without_a_cluster_has_its_own_queue(tmp_path: Path) -> None:
    found = registry.load(Settings(), tmp_path, environment={"PATH": NOWHERE})
    assert list(found.offered) == ["local"]


def test_a_cluster_stands_before_the_machine_s_own_queue(tmp_path: Path) -> None:
    found = registry.load(Settings(), tmp_path, environment={"PATH": str(FAKEBIN)})
    assert list(found.offered) == ["lsf", "local"]


def test_commands_are_found_in_the_folders_that_were_set(tmp_path: Path) -> None:
    settings = Settings(path_prepend=(str(FAKEBIN),))
    found = registry.load(settings, tmp_path, environment={"PATH": NOWHERE})
    assert list(found.offered) == ["lsf", "local"]


def test_our_calls_of_a_scheduler_have_the_variables_that_scripts_have(tmp_path: Path) -> None:
    settings = Settings(environment={"PATH": str(FAKEBIN), "LSF_ENVDIR": "/lsf/conf"})
    found = registry.load(settings, tmp_path, environment={"PATH": NOWHERE})
    assert list(found.offered) == ["lsf", "local"]


def commands_in(folder: Path, *names: str) -> Site:
    for name in names:
        (folder / name).touch(mode=0o755)
    environment = {"PATH": str(folder), "SLURM_CONF": "/x/slurm.conf"}
    return Site(
        settings=Settings(), store_folder=folder, environment=environment, location="slurm"
    )


def test_slurm_is_offered_where_its_commands_are_and_says_which(tmp_path: Path) -> None:
    made = SlurmScheduler.create(commands_in(tmp_path, "sbatch", "squeue"))
    assert isinstance(made, SlurmScheduler)
    assert f"{tmp_path}/sbatch" in made.found


def test_slurm_is_not_offered_without_squeue_and_says_so(tmp_path: Path) -> None:
    made = SlurmScheduler.create(commands_in(tmp_path, "sbatch"))
    assert made == NotHere("squeue is not on the PATH of the login environment")


def test_locations_limit_the_choice(tmp_path: Path) -> None:
    settings = Settings(locations=("local",))
    found = registry.load(settings, tmp_path, environment={"PATH": str(FAKEBIN)})
    assert list(found.offered) == ["local"]


def test_an_unknown_location_is_refused_with_a_near_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"no scheduler 'lfs'\. Did you mean 'lsf'\?"):
        registry.load(Settings(locations=("lfs",)), tmp_path, environment={})


def test_a_location_that_is_not_installed_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = registry.load(
            Settings(locations=("lsf",)), tmp_path, environment={"PATH": "/nonexistent"}
        )
    assert list(found.offered) == ["local"]
    assert "lsf: set as a location" in caplog.text


def test_one_broken_plugin_does_not_take_the_others_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name = "broken"

        def load(self) -> object:
            raise ImportError("no module named broken")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Broken()])
    found = registry.load(Settings(), tmp_path, environment={"PATH": "/nonexistent"})
    assert list(found.offered) == ["local"]
    assert "broken cannot be loaded" in caplog.text


# -- places that an admin names ----------------------------------------------------------


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "config.toml").write_text(text)
    return load(folder)


def test_several_locations_may_be_of_one_scheduler(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        f"""
        [location.psana]
        scheduler = "lsf"
        path_prepend = ["{FAKEBIN}"]
        [location.s3df]
        scheduler = "slurm"
        command_prefix = ["ssh", "s3df-login"]
        environment = {{ SLURM_CONF = "/etc/slurm/s3df.conf" }}
        """,
    )
    found = registry.load(settings, tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert list(found.offered) == ["psana", "s3df", "local"]
    assert [one.location for one in found.offered.values()] == ["psana", "s3df", "local"]
    assert [one.name for one in found.offered.values()] == ["lsf", "slurm", "local"]
    assert str(FAKEBIN) in found.offered["psana"].found
    setting = "export SLURM_CONF=/etc/slurm/s3df.conf;"
    assert found.offered["s3df"].command_prefix == ("ssh", "s3df-login", setting)
    assert found.offered["s3df"].found == f"its commands are run by ssh s3df-login {setting}"


def test_an_adapter_that_ignores_its_location_has_it_all_the_same(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "[location.desk]\nscheduler = 'local'\n")
    found = registry.load(settings, tmp_path, environment={"PATH": NOWHERE})
    assert found.offered["desk"].location == "desk"


def test_what_is_not_offered_comes_with_the_reason(tmp_path: Path) -> None:
    found = registry.load(Settings(), tmp_path, environment={"PATH": "/nonexistent"})
    assert found.absent["lsf"] == "bsub is not on the PATH of the login environment"
    assert "sbatch is not on the PATH" in found.absent["slurm"]
    limited = registry.load(Settings(locations=("local",)), tmp_path, environment={})
    assert limited.absent["lsf"] == "the setting locations does not name it"


def test_a_slurm_package_without_a_cluster_is_not_offered_by_itself(tmp_path: Path) -> None:
    for name in ("sbatch", "squeue"):
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
    environment = {"PATH": str(tmp_path / "bin")}
    if not Path("/etc/slurm/slurm.conf").exists():
        found = registry.load(Settings(), tmp_path / "s", environment=environment)
        assert "no slurm.conf" in found.absent["slurm"]
    known = {**environment, "SLURM_CONF": "/x/slurm.conf"}
    assert "slurm" in registry.load(Settings(), tmp_path / "s", environment=known).offered
    named = registry.load(Settings(locations=("slurm",)), tmp_path / "s", environment=environment)
    assert "slurm" in named.offered


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[location.a]\nscheduler = 'slrum'", r"no scheduler 'slrum'. Did you mean 'slurm'"),
        ("[location.a]\nsheduler = 'lsf'", r"no setting 'sheduler'. Did you mean 'scheduler'"),
        ("[location.a]\ncommand_prefix = 'ssh x'", "must be of type tuple"),
        ("[location.a]\ncommand_prefix = [1]", "tuple of texts"),
        ("[location.a]\nenvironment = { X = 1 }", "dict of texts"),
        ("[location.'a b']\nscheduler = 'lsf'", "a location's name has 1 to 40"),
        ("location = 'lsf'", "a table for each place"),
        ("[location]\na = 'lsf'", "must be a table"),
    ],
)
def test_a_wrong_place_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        registry.check_locations(settings_of(tmp_path, text))


def test_a_location_is_called_by_its_scheduler_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_kinds", {})
    status.name_locations({"s3df": "slurm"})
    assert status.title("s3df") == "Slurm"
    assert status.status(JobState.STARTING, Phase.SLOW, "", "s3df") == "Slurm_Slow"
    assert status.title("elsewhere") == "elsewhere"
