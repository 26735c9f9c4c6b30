"""What a score is made of survives saving."""

import pytest

from tidegate.errors import ReportError
from tidegate.model.codec import _factor
from tidegate.model.finding import Factor
from tidegate.model.saved import Node

SAVED = {"factor": "write", "word": "reads", "value": 1.0, "basis": "proven", "sentence": "it may read"}


def test_a_factor_is_read_back() -> None:
    assert _factor(Node(SAVED, "")) == Factor(
        factor="write", word="reads", value=1.0, basis="proven", sentence="it may read"
    )


@pytest.mark.parametrize("value", [True, "1", -1, float("nan"), 101])
def test_a_value_that_is_no_weight_is_refused(value: object) -> None:
    with pytest.raises(ReportError):
        _factor(Node({**SAVED, "value": value}, ""))
