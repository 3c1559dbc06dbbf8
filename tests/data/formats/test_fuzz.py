"""No input of any format ends otherwise than in documents or in one line; see `fuzz.py`."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.formats.fuzz import FUZZED, inputs, outcome


@pytest.mark.parametrize("name", FUZZED)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_wrong_is_said(name: str, data: Any) -> None:
    outcome(name, data.draw(inputs(name)))


@pytest.mark.parametrize("name", FUZZED)
def test_what_is_sound_is_read(name: str) -> None:
    assert [outcome(name, seed) for seed in FUZZED[name].seeds if name != "auto"] != ["refused"]
