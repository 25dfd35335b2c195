from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mswal_bench.benchmark.core.wrong_values import wrong_values


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    sides: tuple[Annotated[float, Field(gt=0)], float] = (1, 1)
    kind: Literal["x", "y"] = "x"
    at: datetime | None = None
    even: int = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("is odd.")
        return number


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON"),
        ("[]", "the whole is an empty list, not fields below it"),
        ('{"name": "A"}', "name is 'A', not lower case"),
        ('{"sides": [0, "x"]}', "sides[0] is 0, expected more than 0; sides[1] is 'x', not a number"),
        ('{"sides": [1]}', "no sides[1]"),
        ('{"kind": "z"}', "kind is 'z', not 'x' or 'y'"),
        ('{"at": "soon"}', "at is 'soon', not a date and time"),
        ('{"even": 1}', "even: is odd"),
        ('{"other": 1}', "the whole has a field other that it cannot have"),
    ],
)
def test_in_plain_words(content: str, said: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Thing.model_validate_json(content)
    assert wrong_values(wrong.value, {"^[a-z]+$": "lower case"}) == said


def test_of_many_the_first_and_how_many_more() -> None:
    with pytest.raises(ValidationError) as wrong:
        Thing.model_validate({f"field_{number}": 1 for number in range(12)})
    assert wrong_values(wrong.value).endswith("has a field field_7 that it cannot have; and 4 places more")
