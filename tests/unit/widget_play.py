"""What the tests of the widgets share: frames of any kind, and a page that reads messages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from arp_nb.widgets.grid import Grid

NULLS = {"i32": -(2**31), "i64": -(2**63), "bool": 2}
DTYPES = {"i32": "<i4", "i64": "<i8", "f64": "<f8", "time": "<f8", "bool": "u1"}


def decode(head: dict[str, Any], buffers: list[Any]) -> dict[str, list[Any]]:
    """A frame's columns as lists, read as the page reads them; None for null."""
    raw = [bytes(one) for one in buffers]
    assert [len(one) for one in raw] == head["sizes"]
    return {column["name"]: list(_column(column, raw, head["rows"])) for column in head["columns"]}


def _column(column: dict[str, Any], raw: list[bytes], rows: int) -> Iterator[Any]:
    own = [raw[at] for at in column["buffers"]]
    kind = column["type"]
    if kind == "remote":
        yield from [...] * rows
    elif kind == "text":
        words = _words(own[0], own[1])
        valid = own[2] if len(own) > 2 else b"\x01" * rows
        yield from (word if good else None for word, good in zip(words, valid, strict=True))
    elif kind == "dict":
        codes = np.frombuffer(own[0], dtype=f"<u{column['code_bytes']}").tolist()
        words, none = _words(own[1], own[2]), 2 ** (8 * column["code_bytes"]) - 1
        yield from (None if code == none else words[code] for code in codes)
    else:
        for value in np.frombuffer(own[0], dtype=DTYPES[kind]).tolist():
            missing = math.isnan(value) if kind in {"f64", "time"} else value == NULLS[kind]
            yield None if missing else bool(value) if kind == "bool" else value


def _words(offsets: bytes, text: bytes) -> list[str]:
    at = np.frombuffer(offsets, dtype="<u4").tolist()
    return [text[one:two].decode() for one, two in pairwise(at)]


class Page:
    """What a browser does: asks for rows, and keeps what it is told."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.told: list[dict[str, Any]] = []
        self.buffers: list[list[Any]] = []
        #: row id → values by the page's names of columns
        self.rows: dict[int, dict[str, Any]] = {}
        self.heads: list[dict[str, Any]] = []
        self.seq = -1
        self.selected: Any = []
        self._calls = 0
        # there is no kernel in a test
        grid.tell = self.hear  # type: ignore[method-assign]
        grid._sheet.stream._send = self.hear

    def hear(self, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
        self.told.append(content)
        self.buffers.append(buffers or [])
        if content["type"] == "head":
            head = content["head"]
            self.rows, self.heads, self.seq = {}, head["columns"], head["seq"]
        if content["type"] in {"head", "chunk"}:
            columns = decode(content["head"], buffers or [])
            for at, row in enumerate(columns["id"]):
                self.rows[row] = {name: values[at] for name, values in columns.items()}
        elif content["type"] == "delta":
            self._delta(content["delta"])
        elif content["type"] == "select":
            self.selected = content["ranges"]

    def _delta(self, delta: dict[str, Any]) -> None:
        assert delta["seq"] == self.seq + 1
        self.seq = delta["seq"]
        for at, row in enumerate(delta["ids"]):
            for name, values in delta["columns"].items():
                self.rows[row][name] = values[at]
        for row in delta["removed"]:
            del self.rows[row]

    def say(self, **content: Any) -> None:
        self.grid._hear(self.grid, content, [])

    def start(self) -> Page:
        """Ask for the first rows, and then for all others."""
        self.say(type="start")
        while self.told[-1].get("head", {}).get("next_before") is not None:
            self.say(type="more")
        return self

    def call(self, **content: Any) -> dict[str, Any]:
        """Ask something, and return the answer."""
        self._calls += 1
        self.say(call=self._calls, **content)
        answers = [one for one in self.told if one.get("call") == self._calls]
        assert len(answers) == 1
        found: dict[str, Any] = answers[0]["answer"]
        return found

    def edit(
        self, row: int, column: str, value: Any, version: int | None = None
    ) -> dict[str, Any]:
        asked = {"id": row, "column": self.name(column), "value": value}
        seen = self.seq if version is None else version
        return self.call(type="edit", edit={**asked, "version": seen})

    def name(self, title: str) -> str:
        return str(next(one["name"] for one in self.heads if one.get("title") == title))

    def shown(self, title: str) -> list[Any]:
        name = self.name(title)
        return [self.rows[row][name] for row in sorted(self.rows)]


def odd() -> pd.DataFrame:
    """A frame of every kind of column that people bring."""
    when = pd.Series(
        pd.to_datetime(["2026-11-22 14:02:11.123456", "NaT", "1969-12-31"], format="ISO8601")
    )
    return pd.DataFrame(
        {
            "int": [1, -2, 3],
            "Int": pd.array([1, None, -(2**31)], dtype="Int64"),
            "large": [2**40, -(2**52), 0],
            "larger": [2**62, -(2**62), 0],
            "huge": pd.Series([2**70, None, 1], dtype=object),
            "float": [1.5, float("nan"), float("-inf")],
            "Float": pd.array([0.25, None, 1e300], dtype="Float64"),
            "bool": [True, False, True],
            "Bool": pd.array([True, None, False], dtype="boolean"),
            "maybe": pd.Series([True, None, False], dtype=object),
            "naive": when,
            "aware": when.dt.tz_localize("Europe/Zurich"),
            "took": pd.Series(pd.to_timedelta(["1h", None, "2.5s"])),
            "kind": pd.Categorical(["good", None, "bad"]),
            "level": pd.Categorical([1.5, 2.5, None]),
            "text": ["a", None, "<b>\u202e\x00"],
            "half": pd.Series(["\ud800", "x\udc00", "\ud83d\ude00"], dtype=object),
            "list": [[1, 2], None, {"a": 1}],
            "complex": [1j, 2, 3],
            "period": pd.period_range("2026-01", periods=3, freq="M"),
        }
    )


def small(**more: Any) -> Page:
    """A page on a grid of three rows, labelled by letters."""
    frame = pd.DataFrame(
        {"x": [1, 2, 3], "y": [0.5, None, 1.5], "word": ["a", None, "c"]}, index=["p", "q", "r"]
    )
    return Page(Grid(frame, **more)).start()
