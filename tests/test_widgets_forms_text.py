"""Values as text and back: what is shown is exact, what is typed is read kindly."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from napari_dacapo.config import Config
from napari_dacapo.widgets.forms.declared import declarations
from napari_dacapo.widgets.forms.number_line import stepped
from napari_dacapo.widgets.forms.numbers import joined, parsed, split
from napari_dacapo.widgets.forms.words import number, summary, title, words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "1e-5"),
        (1e-4, "0.0001"),
        (2.5e-07, "2.5e-7"),
        (1e22, "1e22"),
        (-1e-300, "-1e-300"),
        (8.0, "8"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-0.0, "-0"),
        (2**63 + 5, "9223372036854775813"),
    ],
)
def test_numbers_are_shown_short_and_exact(value: float, text: str) -> None:
    assert number(value) == text
    assert parsed(text) == value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (" 3 ", 3),
        ("1E-5", 1e-5),
        (".5", 0.5),
        ("1,5", "1,5"),
        ("", ""),
        ("1e", "1e"),
        ("abc", "abc"),
    ],
)
def test_what_is_no_number_stays_text(text: str, read: object) -> None:
    assert parsed(text) == read


NUMBERS = {
    1: [((92, 92, 92), "92, 92, 92"), ((0.5, 1e-5), "0.5, 1e-5"), ((7,), "7"), ((), "")],
    2: [(((1, 0), (0, -9)), "1, 0\n0, -9"), (((1, 0),), "1, 0"), ((), "")],
    3: [
        ((((3, 3), (5, 5)), ((1, 1),)), "3, 3; 5, 5\n1, 1"),
        ((((3, 3, 3),),), "3, 3, 3"),
        ((), ""),
    ],
}


@pytest.mark.parametrize(
    ("depth", "value", "text"),
    [(depth, value, text) for depth, cases in NUMBERS.items() for value, text in cases],
)
def test_tuples_of_numbers_are_rows_and_lines(depth: int, value: Any, text: str) -> None:
    assert joined(value, depth) == text
    assert split(text, depth) == value
    assert split(str(value), depth) == value  # as an error message or a paper writes them


@pytest.mark.parametrize(
    ("depth", "text", "read"),
    [
        (1, "92 92 92", (92, 92, 92)),
        (1, "(92,92,", (92, 92)),
        (1, "1, x", (1, "x")),
        (2, "1,0,0;0,1,0", ((1, 0, 0), (0, 1, 0))),
        (2, "1, 0\n\n0, 1\n", ((1, 0), (0, 1))),
        (2, "[[1, 0], [0, 1]", ((1, 0), (0, 1))),
        (2, "1, 0\n0, y", ((1, 0), (0, "y"))),
    ],
)
def test_what_is_half_typed_is_read_as_far_as_it_goes(depth: int, text: str, read: Any) -> None:
    assert split(text, depth) == read


class Numbers(Config):
    """Bounds of several sorts."""

    share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    "From 0 to below 1."

    count: Annotated[int, Field(gt=0)] = 1
    "From 1 on."

    free: float = 0.0
    "Any."

    table: dict[str, float] = {"a": 0.5}  # noqa: RUF012
    "Numbers by name."


@pytest.mark.parametrize(
    ("name", "text", "direction", "next_text"),
    [
        ("free", "1e-5", 1, "2e-5"),
        ("free", "1e-5", -1, "9e-6"),
        ("free", "0.001", 1, "0.002"),
        ("free", "0.15", 1, "0.16"),
        ("free", "0.333333", 1, "0.334333"),
        ("free", "92", 1, "93"),
        ("free", "1500", -1, "1499"),
        ("free", "0", 1, "0.1"),
        ("free", "-0.1", 1, "-0.09"),
        ("free", "abc", 1, "abc"),
        ("free", "nan", 1, "nan"),
        ("share", "0.9", 1, "0.9"),
        ("share", "0.1", -1, "0.09"),
        ("share", "0", -1, "0"),
        ("count", "99", 1, "100"),
        ("count", "1", -1, "1"),
    ],
)
def test_keys_step_by_the_last_digit_within_the_bounds(
    name: str, text: str, direction: int, next_text: str
) -> None:
    (field,) = (field for field in declarations(Numbers) if field.name == name)
    assert stepped(field, text, direction) == next_text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("batch_size", "Batch size"),
        ("SignedDistance", "Signed distance"),
        ("VariationOfInformation", "Variation of information"),
        ("MeanIoU", "Mean IoU"),
        ("UNet", "UNet"),
        ("num_fmaps", "Num fmaps"),
    ],
)
def test_names_are_split_into_words(name: str, shown: str) -> None:
    assert words(name) == shown


def test_a_summary_tells_what_differs_from_the_defaults() -> None:
    fields = declarations(Numbers)
    assert summary(fields, {"share": 0.5, "count": 1, "free": 0.0}) == ""
    assert summary(fields, {"share": 0.25, "count": 3, "free": 0.0}) == "share 0.25, count 3"
    assert summary(fields, {"table": {"b": 1.0}}) == "table {'b': 1.0}"
    assert title(Numbers, {"share": 0.5, "count": 1, "free": 0.0}) == "Numbers"
