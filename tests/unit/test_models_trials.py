"""The trial ledger: what was tried is counted once, for good."""

from __future__ import annotations

import pytest

from hedgerow.core.errors import ModelError
from hedgerow.models.digests import arrays_digest, canonical_bytes, digest
from hedgerow.models.trials import TrialLedger


def record(ledger, config, data, metric=0.1):
    """One trial of a configuration on data, both given as words."""
    return ledger.record(config_digest=digest(config), data_digest=digest(data), metric_name="rank_ic", metric=metric)


def test_the_same_configuration_on_the_same_data_counts_once():
    """Running again changes neither the count nor the first figure."""
    ledger = TrialLedger()
    first = record(ledger, "a", "x", 0.1)
    assert record(ledger, "a", "x", 0.9) is first
    record(ledger, "b", "x", 0.2)
    record(ledger, "a", "y", 0.3)
    assert (ledger.count, ledger.config_count) == (3, 2)
    assert ledger.metrics("rank_ic") == (0.1, 0.2, 0.3)
    assert ledger.metrics("sharpe") == ()
    assert ledger.trials[0] is first


def test_a_ledger_file_is_only_ever_appended_to_and_read_back(tmp_path):
    """Closing and opening forgets nothing; earlier bytes stay as they are."""
    path = tmp_path / "lab" / "trials.jsonl"
    ledger = TrialLedger(path)
    record(ledger, "a", "x", 0.1)
    before = path.read_bytes()
    again = TrialLedger(path)
    record(again, "a", "x", 0.5)
    assert path.read_bytes() == before
    record(again, "b", "x", 1 / 3)
    assert path.read_bytes().startswith(before)
    assert TrialLedger(path).trials == again.trials


@pytest.mark.parametrize("line", ["not json", '{"id": "x"}', "[1]"])
def test_a_line_that_the_ledger_did_not_write_is_an_error(tmp_path, line):
    """A count that cannot be read is not taken for zero."""
    path = tmp_path / "trials.jsonl"
    record(TrialLedger(path), "a", "x")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ModelError, match=r"MODEL-008.*trials.jsonl line 2"):
        TrialLedger(path)


def test_an_edited_trial_is_noticed(tmp_path):
    """Its id is the digest of what was tried."""
    path = tmp_path / "trials.jsonl"
    trial = record(TrialLedger(path), "a", "x")
    path.write_text(path.read_text().replace(trial.config_digest, digest("b").hex()))
    with pytest.raises(ModelError, match="is not the digest"):
        TrialLedger(path)


def test_canonical_bytes_are_exact_sorted_and_closed():
    """Floats are written exactly, keys in order, and what has no canonical form is refused."""
    assert canonical_bytes({"b": (1, None, True), "a": 0.1, "c": b"\x01"}) == (
        b'{"a":"0x1.999999999999ap-4","b":[1,null,true],"c":"01"}'
    )
    with pytest.raises(TypeError, match="no canonical form for set"):
        canonical_bytes({1, 2})


def test_a_digest_of_arrays_covers_names_types_shapes_and_values():
    """Each of them changes the name."""
    import numpy as np

    values = np.arange(6.0)
    names = {
        arrays_digest({"a": values}, []),
        arrays_digest({"b": values}, []),
        arrays_digest({"a": values.astype(np.float32)}, []),
        arrays_digest({"a": values.reshape(2, 3)}, []),
        arrays_digest({"a": values + 1}, []),
        arrays_digest({"a": values}, ["word"]),
    }
    assert len(names) == 6
    assert arrays_digest({"a": values.astype(">f8")}, []) == arrays_digest({"a": values}, [])
