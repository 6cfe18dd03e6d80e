"""What all request bodies share: no unknown fields, and no JSON that cannot be kept."""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

#: written as an escape by json.dumps; an even number of backslashes before it is text
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Body(BaseModel):
    """A request's body. A field that does not exist is an error that names the near ones."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for name in given:
            if name not in cls.model_fields:
                near = difflib.get_close_matches(str(name), cls.model_fields, n=1)
                known = near or list(cls.model_fields)
                advice = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}."
                raise _refused(f"There is no field {name!r}.{advice}")
        try:
            text = json.dumps(given, ensure_ascii=False, allow_nan=False)
            text.encode()
        except UnicodeEncodeError as error:
            raise _refused("A text holds half of a character (a lone surrogate).") from error
        except ValueError as error:
            raise _refused("NaN and Infinity are no JSON, and cannot be kept.") from error
        if _NUL.search(text):
            raise _refused("A text holds a NUL character.")
        return given


def _refused(text: str) -> PydanticCustomError:
    # braces in the user's own words must not be taken for fields of the template
    return PydanticCustomError("refused", "{text}", {"text": text})
