"""Every error can travel: it has a status, and the client can raise it again by name."""

from __future__ import annotations

import inspect
import re

from arp_nb import errors


def test_every_error_is_known_by_name() -> None:
    classes = {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.ArpError)
    }
    assert classes == errors.BY_NAME


def test_every_status_is_an_http_error() -> None:
    assert all(400 <= cls.status <= 599 for cls in errors.BY_NAME.values())


def test_the_tree_in_the_docstring_names_every_class_with_its_status() -> None:
    lines = re.findall(r"^\s*[*x+] (\w+)\b.*?(\d{3})?$", errors.__doc__ or "", re.MULTILINE)
    assert {name for name, _ in lines} == set(errors.BY_NAME)
    told = {name: int(number) for name, number in lines if number}
    assert told == {name: errors.BY_NAME[name].status for name in told}
