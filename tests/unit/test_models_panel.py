"""The supervised panel: labels start after the decision, keep their end times, and nothing unknown is filled in."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import DataError, ModelError, RunError
from hedgerow.models.panel import LabelConfig, build_panel, forward_returns

TIMES = np.array([10, 20, 40, 50, 80, 90], dtype=np.int64)
CLOSES = np.array([[1.0, 8.0], [2.0, 8.0], [3.0, 4.0], [6.0, 4.0], [3.0, 2.0], [9.0, 1.0]])


def panel_of(closes=CLOSES, features=None, times=TIMES, instruments=("A", "B"), names=("close",), **label):
    """A panel of the small table above, whose only feature is the close unless said otherwise."""
    features = closes[:, :, None] if features is None else features
    config = LabelConfig(**{"horizon_bars": 2, "lag_bars": 1, "demean": False, **label})
    return build_panel(closes, features, times_ns=times, instruments=instruments, feature_names=names, config=config)


def test_a_label_is_the_return_from_the_bar_after_the_decision_over_the_horizon():
    """Row (t=0, A): bought at the close of t=1, sold at t=3: 6 / 2 - 1."""
    panel = panel_of()
    assert panel.label.reshape(3, 2).tolist() == [[2.0, -0.5], [0.0, -0.5], [0.5, -0.75]]
    assert panel.features[:, 0].reshape(3, 2).tolist() == CLOSES[:3].tolist()


def test_each_row_keeps_when_it_was_predicted_and_when_its_label_ended():
    """Times are the table's own, whatever their spacing."""
    panel = panel_of()
    assert panel.prediction_ns.tolist() == [10, 10, 20, 20, 40, 40]
    assert panel.label_end_ns.tolist() == [50, 50, 80, 80, 90, 90]


def test_demeaned_labels_sum_to_zero_at_each_time():
    """The model then learns relative returns only."""
    label = forward_returns(CLOSES, LabelConfig(horizon_bars=2))
    assert np.allclose(label[:3].sum(axis=1), 0.0)
    assert np.isnan(label[3:]).all()


def test_a_single_instrument_cannot_be_demeaned_and_is_told_so():
    """One name has no relative return; the error says what to change."""
    with pytest.raises(ModelError, match="demean=True needs two or more instruments"):
        panel_of(CLOSES[:, :1], instruments=("A",), demean=True)


def test_changing_prices_after_a_label_ended_changes_nothing_before():
    """No row looks beyond its own label's end."""
    changed = CLOSES.copy()
    changed[-1] *= 7.0
    before, after = panel_of(), panel_of(changed)
    early = before.label_end_ns < TIMES[-1]
    assert before.label[early].tolist() == after.label[early].tolist()
    assert before.label[~early].tolist() != after.label[~early].tolist()


def test_rows_with_a_gap_in_features_or_prices_are_left_out():
    """A missing number is not a zero."""
    features = CLOSES[:, :, None].copy()
    features[0, 0, 0] = np.nan
    closes = CLOSES.copy()
    closes[4, 1] = np.nan
    panel = panel_of(closes, features)
    assert list(zip(panel.time_index.tolist(), panel.instrument_index.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (2, 0),
        (2, 1),
    ]


def test_the_wide_form_of_a_column_puts_every_row_back_in_its_cell():
    """Wide and long forms are the same numbers."""
    panel = panel_of()
    assert panel.wide(panel.features[:, 0]).tolist() == CLOSES[:3].tolist()


def test_the_digest_names_the_data_and_changes_with_one_number():
    """Two equal panels have one name; one changed price gives another."""
    changed = CLOSES.copy()
    changed[0, 0] = 1.5
    assert panel_of().digest() == panel_of().digest()
    assert panel_of().digest() != panel_of(changed).digest()
    assert panel_of().digest() != panel_of(horizon_bars=1).digest()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"times": TIMES[::-1].copy()}, DataError, "DATA-004.*row 1"),
        ({"times": TIMES[:3]}, ModelError, "MODEL-006"),
        ({"closes": np.where(CLOSES == 4.0, -4.0, CLOSES)}, DataError, "DATA-002.*row 2, B: close -4.0"),
        ({"features": np.full((6, 2, 1), np.inf)}, ModelError, "MODEL-002.*row 0, A: close is infinite"),
        ({"instruments": ("A", "A")}, ModelError, "two instruments have the same name"),
        ({"horizon_bars": 0}, RunError, "horizon_bars 0"),
        ({"horizon_bars": 9}, ModelError, "MODEL-001"),
    ],
)
def test_tables_that_cannot_be_believed_are_refused_by_name(change, error, says):
    """Each wrong table names its row and its value."""
    with pytest.raises(error, match=says):
        panel_of(**change)
