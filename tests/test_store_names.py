"""Names are texts for people: any script, told apart by more than case, usable on every system."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dacapo.errors import UserInputError
from napari_dacapo.store.names import LONGEST_NAME, checked_name, folded, free_name

NFD = "e\u0301"


@pytest.mark.parametrize(
    "name",
    [
        "unet", "U-Net (small), 2nd try", "细胞 膜", "נוירון", "🧠 first", "👩‍🔬",
        "null", "true", "123", "1e5", "-1",
        "a:b*c?d<e>f|g\"h'i", "x" * LONGEST_NAME, "é", "console", "com10", "a.b", "..a"[2:], "%00", "~",
    ],
)  # fmt: skip
def test_a_name_in_any_script_is_kept_as_it_is(name):
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "needed"),
        ("   ", "needed"),
        ("\u3000", "needed"),
        (None, "is a text"),
        (5, "is a text"),
        ("a/b", "character 2 is /, which separates folders"),
        ("../../x", "character 3 is /"),
        ("/abs", "character 1 is /"),
        ("C:\\x", r"character 3 is \\, which"),
        ("\\\\server\\x", "character 1"),
        ("ab\0c", r"character 3 is the control character U\+0000"),
        ("a\nb", r"character 2 is the control character U\+000A"),
        ("a\x1b[2J", r"U\+001B"),
        ("a\u2028b", r"U\+2028"),
        ("ab\ud800", "character 3 is half a character"),
        ("x" * 101, "101 characters. Use at most 100"),
        ("x" * 300, "300 characters"),
        (".hidden", "dot or a space. Try 'hidden'"),
        ("a.", "dot or a space"),
        ("a ", "dot or a space. Try 'a'"),
        (" a", "dot or a space"),
        ("..", "dot or a space"),
        ("CON", "Windows keeps this name for a device"),
        ("nul.txt", "device"),
        ("Com1", "device"),
        ("lpt9.a.b", "device"),
        ("aux .x", "device"),
    ],
)
def test_a_name_that_some_system_cannot_bear_is_refused_with_the_reason(name, reason):
    with pytest.raises(UserInputError, match="(?i)" + reason.replace("; ", ".*")) as caught:
        checked_name(name)
    assert caught.value.field == "name"
    assert len(str(caught.value)) <= 300
    str(caught.value).encode()


def test_composed_and_decomposed_letters_are_one_name():
    assert checked_name(NFD) == "é"
    assert folded(NFD) == folded("É") == "é"


@pytest.mark.parametrize(("one", "other"), [("UNet", "unet"), ("STRASSE", "straße"), ("Ǆ", "ǆ")])
def test_names_that_differ_in_case_only_are_the_same(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("unet", set(), "unet-2"),
        ("unet", {"unet-2", "unet-3"}, "unet-4"),
        ("UNet", {"unet-2"}, "UNet-3"),
        ("unet-2", set(), "unet-3"),
        ("unet-0", set(), "unet-0-2"),
        ("-9", set(), "-9-2"),
        ("unet-9", {"unet-10"}, "unet-11"),
        ("x" * 99 + "y", set(), "x" * 98 + "-2"),
        ("x" * 97 + ". z", set(), "x" * 97 + "-2"),
    ],
)
def test_the_next_free_number_is_offered(name, taken, free):
    assert free_name(name, taken) == free


@given(st.text(max_size=120))
def test_a_name_is_either_refused_or_stays_itself(text):
    try:
        name = checked_name(text)
    except UserInputError:
        return
    assert name == unicodedata.normalize("NFC", text) == checked_name(name)
    assert checked_name(free_name(name, {folded(name)})) != name
