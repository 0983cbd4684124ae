"""Training and serving cannot differ: a feature set in batch and as a stream gives the same bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hedgerow.models.features import Feature, FeatureSet, feature, operators

_prices = st.one_of(st.floats(1.0, 1e5), st.just(float("nan")))


@st.composite
def _features(draw: st.DrawFn) -> Feature:
    operator = draw(st.sampled_from(sorted(operators())))
    window = draw(st.integers(2, 12))
    params = {name: window for name, default in operators()[operator].items() if default is None}
    return feature(operator, ranked=draw(st.booleans()), **params)


def _by_field(features: FeatureSet, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """A table for each field that the features take, each another part of the numbers."""
    return {field: np.roll(numbers, place, axis=0) for place, field in enumerate(features.fields)}


@settings(max_examples=60, deadline=None)
@given(
    defined=st.lists(_features(), min_size=1, max_size=5, unique_by=lambda f: f.name),
    numbers=npst.arrays(np.float64, st.tuples(st.integers(0, 40), st.integers(1, 6)), elements=_prices),
)
def test_batch_and_stream_give_the_same_bits(defined: list[Feature], numbers: np.ndarray) -> None:
    """For any features, fields, prices and gaps, every bit of every value agrees, and again after a reset."""
    features = FeatureSet(defined)
    tables = _by_field(features, numbers)
    cube = features.cube(tables)
    stream = features.stream(width=numbers.shape[1])
    for _ in range(2):
        for place, known in enumerate(cube):
            assert stream.update({field: table[place] for field, table in tables.items()}).tobytes() == known.tobytes()
        stream.reset()


@settings(max_examples=40, deadline=None)
@given(
    defined=_features(),
    numbers=npst.arrays(np.float64, (30, 2), elements=st.floats(1.0, 1e5)),
    cut=st.integers(1, 29),
)
def test_the_future_does_not_change_the_past(defined: Feature, numbers: np.ndarray, cut: int) -> None:
    """Features of the first rows are the same whatever rows follow."""
    features = FeatureSet([defined])
    tables = _by_field(features, numbers)
    past = {field: table[:cut] for field, table in tables.items()}
    assert features.cube(tables)[:cut].tobytes() == features.cube(past).tobytes()
