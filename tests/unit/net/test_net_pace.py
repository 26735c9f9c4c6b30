from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import BudgetError
from tidegate.net.budget import Spending
from tidegate.net.limits import Budget, Limits
from tidegate.net.retry import wait_s

NOW = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
LIMITS = Limits()


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=80), st.sampled_from([1.0, 7.0, 50.0]))
def test_in_no_second_are_more_requests_made_than_allowed(gaps_s: list[float], rate: float) -> None:
    spending, now_s, turns = (
        Spending(Budget(requests_per_second=rate, seconds=None), "tidegate.toml"),
        0.0,
        [],
    )
    for gap_s in gaps_s:
        now_s += gap_s
        turns.append(now_s + spending.request(now_s))
    assert all(later - sooner >= 1 / rate - 1e-9 for sooner, later in pairwise(turns))
    assert turns[0] == gaps_s[0]


@pytest.mark.parametrize(
    ("budget", "key"),
    [(Budget(requests=0), "requests"), (Budget(bytes_read=0), "bytes_read")],
)
def test_a_budget_of_nothing_allows_nothing(budget: Budget, key: str) -> None:
    with pytest.raises(BudgetError) as error:
        Spending(budget, "my.toml").request(0.0)
    assert error.value.hint == f"Raise {key} under [budget] in my.toml."


def test_the_time_of_a_run_begins_with_its_first_request() -> None:
    spending = Spending(Budget(seconds=10, requests_per_second=1000), "tidegate.toml")
    spending.request(100.0)
    spending.request(109.0)
    assert spending.left_s(109.0) == 1.0
    with pytest.raises(BudgetError, match="10 seconds"):
        spending.request(110.0)


def test_a_turn_that_would_come_after_the_end_is_not_waited_for() -> None:
    spending = Spending(Budget(seconds=10, requests_per_second=0.1), "tidegate.toml")
    assert spending.request(0.0) == 0.0
    with pytest.raises(BudgetError, match="10 seconds"):
        spending.request(0.1)


def test_bytes_are_counted_to_the_last_one_allowed() -> None:
    spending = Spending(Budget(bytes_read=10), "tidegate.toml")
    spending.read(10)
    with pytest.raises(BudgetError, match="10 bytes"):
        spending.request(0.0)
    with pytest.raises(BudgetError, match="10 bytes"):
        spending.read(1)


@given(st.integers(1, 60))
def test_waits_grow_and_have_an_end(attempt: int) -> None:
    wait = wait_s(LIMITS, attempt, {}, NOW)
    assert wait is not None
    doubled_s = min(LIMITS.first_wait_s * 2 ** (attempt - 1), LIMITS.longest_wait_s)
    assert doubled_s / 2 <= wait <= doubled_s


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 30 "}, 30.0),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=9), usegmt=True)}, 9.0),
        (
            {
                "retry-after": format_datetime(NOW + timedelta(hours=2, seconds=9), usegmt=True),
                "date": format_datetime(NOW + timedelta(hours=2), usegmt=True),
            },
            9.0,
        ),
    ],
)
def test_a_server_that_says_when_to_come_back_is_obeyed(headers: dict[str, str], expected_s: float) -> None:
    assert wait_s(LIMITS, 1, headers, NOW) == expected_s


@pytest.mark.parametrize(
    "value",
    [
        "31",
        "1000000000",
        "9" * 400,
        format_datetime(NOW + timedelta(minutes=5), usegmt=True),
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ],
)
def test_a_server_that_wants_more_than_we_wait_is_left_alone(value: str) -> None:
    assert wait_s(LIMITS, 1, {"retry-after": value}, NOW) is None


@given(
    st.text()
    | st.sampled_from(["-5", "1e9", "٣", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 99 Foo 2026", "\x00"])
)
def test_any_retry_after_is_a_bounded_wait_or_none(value: str) -> None:
    wait = wait_s(LIMITS, 1, {"retry-after": value, "date": value}, NOW)
    assert wait is None or 0 <= wait <= LIMITS.longest_wait_s
