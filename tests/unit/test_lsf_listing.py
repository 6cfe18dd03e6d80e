"""Where ``bjobs -l`` says that a job's output goes."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from arp_nb.schedulers.lsf_listing import output_path


def test_a_folded_output_file_is_joined() -> None:
    path = "/a" + "/quite_long_folder_name" * 8 + "/%J.%I.log"
    line = f"Sun Nov 22 18:47:57: Submitted from host <lsfhost>, CWD </x>, Output File <{path}>;"
    rest = [line[80:][i : i + 59] for i in range(0, len(line[80:]), 59)]
    text = "\nJob <7>, Command <x>\n" + "\n".join([line[:80], *(" " * 21 + one for one in rest)])
    expected = path.replace("%J", "7").replace("%I", "3")
    assert output_path(text, "7[3]", "/home/x") == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("cwd", "output", "path"),
    [
        ("/data", "logs/%J.log", "/data/logs/7.log"),
        ("$HOME/work", "%J.log", "/home/x/work/7.log"),
        ("$HOME", "~/%J.log", "/home/x/7.log"),
        ("/data", "out/", "/data/out/7.out"),
        ("", "%J.log", None),
    ],
)
def test_relative_output_files_are_of_the_job_s_folder(
    cwd: str, output: str, path: str | None
) -> None:
    text = f"Sun Nov 22 18:47:57: Submitted from host <h>, CWD <{cwd}>, Output File <{output}>;\n"
    found = output_path(text, "7", "/home/x")
    assert found == (None if path is None else PurePosixPath(path))


def test_a_job_s_name_cannot_name_the_log() -> None:
    name = "x>, Output File </etc/shadow>, y <"
    text = (
        f"Job <7>, Job Name <{name}>, Command <{name}>\n"
        "Sun Nov 22 18:47:57: Submitted from host <h>, CWD </data>, Output File <%J.log>;\n"
    )
    assert output_path(text, "7", "/home/x") == PurePosixPath("/data/7.log")


def test_a_path_is_whole_where_a_fold_came_before_a_blank() -> None:
    text = (
        "\nJob <7>, User <me>, Status <RUN>\n"
        "Sun Nov 22 18:47:57: Submitted from host <gsamu-hpc-demo-mgmt-1-a844-001>, CWD </d>,\n"
        + " " * 21 + " Output File <my log/%J.log>;\n"
    )  # fmt: skip
    assert output_path(text, "7", "/home/x") == PurePosixPath("/d/my log/7.log")


def test_a_path_is_whole_where_moments_have_a_year() -> None:
    text = (
        "Thu Jan  2 14:51:23 2025: Submitted from host <h>, CWD </data>, Output File </u/gs\n"
        + " " * 26 + "amu/%J.out>;\n"
    )  # fmt: skip
    assert output_path(text, "7", "/home/x") == PurePosixPath("/u/gsamu/7.out")


def test_an_array_has_no_file_where_each_element_has_its_own() -> None:
    line = "Sun Nov 22 18:47:57: Submitted from host <h>, CWD </d>, Output File <%J.%I>;\n"
    text = "".join(f"\nJob <13[{index}]>, User <me>\n{line}" for index in (1, 2))
    assert output_path(text, "13", "/home/x") is None
    assert output_path(text, "13[2]", "/home/x") == PurePosixPath("/d/13.2")
    assert output_path(line, "7", "/home/x") == PurePosixPath("/d/7.0")
