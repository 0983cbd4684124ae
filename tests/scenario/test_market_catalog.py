"""The catalog: what was known when, all or nothing, and no byte changed unseen."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import DataError, RunError
from hedgerow.market import Bars, Catalog, Instrument

AAPL = Instrument("AAPL")


def bars_of(closes, *, times=(10, 20, 30), known=None, instrument=AAPL) -> Bars:
    """Closes in ticks at some times."""
    times = np.array(times)
    return Bars.from_arrays(times, close=np.array(closes), ts_init=known, instruments=instrument, span=10)


@pytest.fixture
def catalog(tmp_path) -> Catalog:
    """A catalog with three bars of AAPL."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest(bars_of([100, 101, 102]), ingested_at=1_000, name="vendor")
    return catalog


def test_what_goes_in_comes_out(catalog):
    """Bit for bit, and listed with its source."""
    assert catalog.bars().digest() == bars_of([100, 101, 102]).digest()
    assert catalog.symbols == ("AAPL",)
    assert catalog.list().loc["AAPL", ["rows", "sources", "files"]].tolist() == [3, "vendor", 1]


def test_the_same_bars_again_change_nothing(catalog):
    """Not even the manifest."""
    before = (catalog.path / "manifest.json").read_bytes()
    done = catalog.ingest(bars_of([100, 101, 102]), ingested_at=2_000)
    assert (done.rows_new, done.rows_restated, done.rows_unchanged) == (0, 0, 3)
    assert (catalog.path / "manifest.json").read_bytes() == before


def test_later_bars_are_added_to_earlier_ones(catalog):
    """An overlap that agrees is left alone."""
    done = catalog.ingest(bars_of([102, 103], times=(30, 40)), ingested_at=2_000)
    assert (done.rows_new, done.rows_unchanged) == (1, 1)
    assert catalog.bars().close_ticks.tolist() == [100, 101, 102, 103]
    assert catalog.bars(start=20, end=30).close_ticks.tolist() == [101, 102]


def test_a_correction_must_say_when_it_became_known(catalog):
    """Otherwise the row is named and nothing is written."""
    before = {path: path.read_bytes() for path in catalog.path.rglob("*") if path.is_file()}
    with pytest.raises(
        DataError, match=r"DATA-017 .*AAPL .*close_ticks is 101, now 150|DATA-017 .*open_ticks is 101, now 150"
    ):
        catalog.ingest(bars_of([100, 150, 102]), ingested_at=2_000)
    assert {path: path.read_bytes() for path in catalog.path.rglob("*") if path.is_file()} == before


def test_a_correction_leaves_what_was_known_before_it(catalog):
    """`as_of` sees the world as it was; the default sees it as it is."""
    done = catalog.ingest(bars_of([100, 150, 102]), ingested_at=2_000, restated_at=55)
    assert (done.rows_new, done.rows_restated, done.rows_unchanged) == (0, 1, 2)
    assert catalog.bars(as_of=54).close_ticks.tolist() == [100, 101, 102]
    assert catalog.bars(as_of=55).close_ticks.tolist() == [100, 102, 150]
    assert catalog.bars().select("AAPL").ts_init.tolist() == [10, 30, 55]
    assert catalog.bars(as_of=20).close_ticks.tolist() == [100, 101]
    with pytest.raises(DataError, match="DATA-009"):
        catalog.bars(as_of=5)


def test_a_correction_that_carries_its_own_time_needs_no_other(catalog):
    """Its `ts_init` is later than what it corrects."""
    catalog.ingest(bars_of([100, 150, 102], known=[10, 55, 30]), ingested_at=2_000)
    assert catalog.bars(as_of=54).close_ticks.tolist() == [100, 101, 102]
    with pytest.raises(DataError, match="DATA-017"):
        catalog.ingest(bars_of([100, 160, 102]), ingested_at=3_000, restated_at=55)


def test_an_ingest_of_many_is_all_or_nothing(catalog):
    """One instrument in conflict keeps the other out."""
    both = Bars.joined([bars_of([1, 2, 3], instrument=Instrument("MSFT")), bars_of([100, 150, 102])])
    with pytest.raises(DataError, match="DATA-017"):
        catalog.ingest(both, ingested_at=2_000)
    assert catalog.symbols == ("AAPL",)


def test_a_crash_before_the_manifest_leaves_the_old_catalog(catalog, monkeypatch):
    """Files that the manifest does not name do not exist, and the next ingest writes them again."""
    import hedgerow.market.bar_shelf as module

    def crash(root, manifest):
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_manifest", crash)
        with pytest.raises(OSError, match="power cut"):
            catalog.ingest(bars_of([103], times=(40,)), ingested_at=2_000)
    assert catalog.bars().close_ticks.tolist() == [100, 101, 102]
    assert catalog.ingest(bars_of([103], times=(40,)), ingested_at=2_000).rows_new == 1
    assert catalog.bars().close_ticks.tolist() == [100, 101, 102, 103]


def test_a_finer_tick_is_taken_up_without_rewriting(catalog):
    """Old rows are the same prices in the new tick."""
    catalog.ingest(bars_of([2061], times=(40,), instrument=Instrument("AAPL", tick="0.0005")), ingested_at=2_000)
    assert str(catalog.bars().instruments[0].tick) == "0.0005"
    assert catalog.bars().prices().tolist() == [1.0, 1.01, 1.02, 1.0305]
    catalog.ingest(bars_of([104], times=(50,)), ingested_at=3_000)
    assert catalog.bars().prices().tolist() == [1.0, 1.01, 1.02, 1.0305, 1.04]


@pytest.mark.parametrize("settings", [{"currency": "EUR"}, {"lot": 10}, {"multiplier": 50}])
def test_an_instrument_does_not_change_its_currency_lot_or_multiplier(catalog, settings):
    """Money already counted in them would change its worth."""
    with pytest.raises(DataError, match=r"DATA-017 .*AAPL: " + next(iter(settings))):
        catalog.ingest(bars_of([103], times=(40,), instrument=Instrument("AAPL", **settings)), ingested_at=2_000)


def test_what_is_told_of_an_instrument_is_kept(catalog):
    """A sector once known survives an ingest that does not know it."""
    catalog.ingest(bars_of([103], times=(40,), instrument=Instrument("AAPL", sector="Tech", adv=5)), ingested_at=2_000)
    catalog.ingest(bars_of([104], times=(50,)), ingested_at=3_000)
    assert catalog.bars().instruments[0].sector == "Tech"
    assert catalog.bars().instruments[0].adv_lots == 5


def test_what_is_not_there_gets_a_suggestion(catalog, tmp_path):
    """An unknown symbol, and a folder that is no catalog."""
    with pytest.raises(DataError, match=r"DATA-014 .*'APPL'; did you mean 'AAPL'"):
        catalog.bars("APPL")
    with pytest.raises(DataError, match="DATA-014"):
        Catalog(tmp_path / "nothing").bars()
    assert Catalog(tmp_path / "nothing").list().empty


def test_a_changed_byte_is_found_when_it_is_read(catalog):
    """Rows are checked against the digest in the manifest; a file that is gone or torn is named."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    [file] = (catalog.path / "bars").rglob("*.parquet")
    table = pq.ParquetFile(file).read()
    forged = table.set_column(5, "close_ticks", pa.array([100, 101, 103]))
    pq.write_table(forged, file)
    with pytest.raises(DataError, match=r"DATA-017 .*was changed"):
        catalog.bars()
    file.write_bytes(b"torn")
    with pytest.raises(DataError, match="DATA-010"):
        catalog.bars()
    file.unlink()
    with pytest.raises(DataError, match="DATA-014"):
        catalog.bars()


@pytest.mark.parametrize("text", ["not json", '{"v": 2}', '{"v": 1, "entries": [{}]}', "{}"])
def test_a_manifest_that_cannot_be_read_is_a_named_error(catalog, text):
    """Also one of another version."""
    (catalog.path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match="DATA-010"):
        catalog.bars()


def test_files_and_frames_go_in_as_they_are(tmp_path):
    """With the settings of reading, which bars themselves do not need."""
    path = tmp_path / "BRK.B.csv"
    path.write_text("Date,Close\n2020-01-02,10.5\n2020-01-03,10.25\n")
    catalog = Catalog(tmp_path / "catalog")
    assert catalog.ingest(path, ingested_at="2024-01-01T00:00Z").rows_new == 2
    frame = pd.DataFrame({"X/Y": [1.0, 2.0]}, index=pd.to_datetime(["2020-01-02", "2020-01-03"]))
    catalog.ingest(frame, ingested_at="2024-01-01T00:00Z", name="frame", tick="0.5")
    assert catalog.symbols == ("BRK.B", "X/Y")
    assert catalog.bars(["X/Y"]).close_ticks.tolist() == [2, 4]
    assert catalog.bars("BRK.B", start="2020-01-03").prices().tolist() == [10.25]
    manifest = json.loads((catalog.path / "manifest.json").read_text())
    assert manifest["entries"][0]["source"] == "BRK.B.csv"
    assert manifest["entries"][0]["ingested_at"] == pd.Timestamp("2024-01-01", tz="UTC").value
    with pytest.raises(RunError, match="RUN-002"):
        catalog.ingest(catalog.bars("X/Y"), ingested_at=1, tick="0.5")
