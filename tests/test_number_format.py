"""Numbers of spreadsheets as Excel shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.readers.number_format import shown_number


# What Excel shows for each.
@pytest.mark.parametrize(("value", "form", "shown"), [
    (1234.5, "#,##0.00", "1,234.50"), (1234.5, "0", "1235"), (2.5, "0", "3"), (0.125, "0.0%", "12.5%"), (12, '0"人"', "12人"), (1234567, "¥#,##0.00", "¥1,234,567.00"),
    (3, "[$¥-804]#,##0.00", "¥3.00"), (-5.5, "#,##0.00;[Red](#,##0.00)", "(5.50)"), (-5.5, "0.0", "-5.5"), (-0.001, "0.0", "0.0"), (6.8, '0.0"亿元"', "6.8亿元"),
    (-1234, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-1,234.00"), (1234, r"#,##0\ \€", "1,234 €"), (1.005, "0.00", "1.01"),
])  # fmt: skip
def test_a_number_is_said_as_it_is_shown(value: float, form: str, shown: str) -> None:
    assert shown_number(value, form) == shown


@pytest.mark.parametrize(("value", "form"), [
    (0.5, "# ?/?"), (12345, "0.00E+00"), (12000, '0.0,"万"'), (5, "@"), (5, ""), (1.5, "General"), (7, '[<100]0;0.0'), (1e20, "0.00"), (float("inf"), "0.0"), (3, '"人'),
])  # fmt: skip
def test_of_a_format_that_says_more_the_number_itself_is_said(value: float, form: str) -> None:
    assert shown_number(value, form) == f"{value:.15g}"


@given(st.floats() | st.integers(), st.text(st.sampled_from('#0,.%;"\\_*[]$-¥人 ()E?/@'), max_size=14))
def test_any_number_is_shown_in_any_format(value: float, form: str) -> None:
    assert len(shown_number(value, form).splitlines()) <= 1


@given(st.integers(-(10**9), 10**9))
def test_no_digit_of_a_whole_number_is_lost(value: int) -> None:
    assert shown_number(value, "#,##0").replace(",", "") == shown_number(value, "0") == shown_number(value, "General") == str(value)
