import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2s_lightning.studio.names import LONGEST, safe_name

HOSTILE = {
    "../../etc/passwd": "etc_passwd",
    "..\\..\\windows\\system32": "windows_system32",
    "/absolute": "absolute",
    ".hidden": "hidden",
    "": "picture",
    "...": "picture",
    "con": "picture_con",
    "LPT1": "picture_LPT1",
    "a\0b\nc": "a_b_c",
    "<img src=x onerror=alert(1)>": "img_src_x_onerror_alert_1",
    "{{7*7}}${7*7}": "7_7_7_7",
    "$(rm -rf ~); `id`": "rm_-rf_id",
    "-rf": "rf",
    "a" * 300: "a" * LONGEST,
    "abc\u202egnp": "abc_gnp",
    "Jürgen 日本": "Jürgen_日本",
}


@pytest.mark.parametrize(("text", "name"), HOSTILE.items())
def test_value(text, name):
    assert safe_name(text) == name


@given(st.text(max_size=80), st.lists(st.text(max_size=5), max_size=5))
def test_no_text_makes_a_path(text, others):
    taken = [*others, *(safe_name(other) for other in others)]
    name = safe_name(text, taken)
    assert name
    assert all(letter.isalnum() or letter in "-_" for letter in name)
    assert not name.startswith(("-", "_"))
    assert len(name.encode()) <= 4 * LONGEST + 4
    assert name.casefold() not in {other.casefold() for other in taken}
    assert unicodedata.normalize("NFC", name) == name


def test_taken_names_get_numbers():
    assert safe_name("Anna", ["anna", "ANNA-2", "anna-4"]) == "Anna-3"
