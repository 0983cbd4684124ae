"""Laws of evidence: figures keep nine digits, spelling does not depend on order, a capacity is what it says."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.engine.evidence.capacity import Scaling
from hedgerow.engine.evidence.pack import Pack, decimal

FIGURES = st.floats(-1e15, 1e15, allow_nan=False, allow_infinity=False)
AMOUNTS = st.floats(1e-3, 1e9)
TEXTS = st.dictionaries(
    st.text(max_size=8), st.one_of(st.text(max_size=8), st.integers(0, 2**40), st.none()), max_size=8
)


@given(FIGURES)
def test_a_figure_keeps_nine_digits_and_is_written_plainly(value: float) -> None:
    """No exponent, no trailing zero, and the same again when it is read and written."""
    text = decimal(value)
    assert float(text) == pytest.approx(value, rel=6e-9, abs=1e-300)
    assert decimal(float(text)) == text
    assert "e" not in text.lower()
    assert not ("." in text and text.endswith("0"))


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_pack_is_spelt_the_same_in_whatever_order(content: dict[str, object], rnd: random.Random) -> None:
    """One content, one hash; and what was spelt is read back."""
    whole = {**content, "v": 1, "kind": "evidence"}
    keys = list(whole)
    rnd.shuffle(keys)
    shuffled = Pack({key: whole[key] for key in keys})
    assert shuffled.data == Pack(whole).data
    assert Pack.read(shuffled.data).content == json.loads(shuffled.data) == whole


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0.05, 0.95))
def test_costs_at_a_capacity_eat_just_that_share(
    capital: float, gross: float, linear: float, impact: float, eaten: float
) -> None:
    """And twice the capital never costs a smaller share."""
    scale = Scaling(capital, gross, linear, impact)
    at = scale.capital_at(eaten)
    if eaten * gross <= linear:
        assert at == 0
    elif 1e-6 < at < 1e30:
        assert scale.costs(at) == pytest.approx(eaten * scale.gross_profit(at), rel=1e-6)
        assert scale.costs(2 * at) / scale.gross_profit(2 * at) >= eaten * (1 - 1e-9)
