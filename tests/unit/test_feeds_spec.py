"""A feed's specification: what is wrong in it is named, all at once, with key, value and limit."""

from __future__ import annotations

import sys
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.errors import FeedError
from hedgerow.market.feeds.names import checked
from hedgerow.market.feeds.schedule import Calendar, Schedule, at_ns, day_of
from hedgerow.market.feeds.spec import Spec, parse_spec, read_spec

HEAD = 'name = "eod"\nvendor = "V"\nformat = "csv"\n'
FOLDER = '[transport]\nkind = "folder"\npath = "drop"\n'


def spec(text: str) -> Spec:
    """A specification from its text."""
    return parse_spec(text.encode(), "eod.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "eod.toml: name: is missing; vendor: is missing"),
        ("name = ", "eod.toml is not TOML"),
        (HEAD + '[transport]\nkind = "htp"', "[transport] kind: 'htp' is none of folder, http"),
        (HEAD + '[transport]\nkind = "htp"', "did you mean 'http'"),
        (HEAD.replace("eod", "../eod") + FOLDER, "name: '../eod' is not up to 64 of a-z"),
        (HEAD + FOLDER + 'pth = "x"', "[transport] pth: no such key; did you mean 'path'?"),
        (HEAD + FOLDER + '[schedule]\nevery = "soon"', "[schedule] every: 'soon' is not a length of time"),
        (HEAD + FOLDER + '[schedule]\nevery = "0s"', "[schedule] every: '0s' is shorter than 0.1 s"),
        (HEAD + FOLDER + '[schedule]\nevery = "1h"\nat = "09:00"', "[schedule] at: there is an `every` too"),
        (HEAD + FOLDER + '[schedule]\nat = ["24:00"]', "'24:00' is not a time of day"),
        (HEAD + FOLDER + '[schedule]\ntz = "Mars/Base"', "[schedule] tz: 'Mars/Base' is no time zone"),
        (HEAD + FOLDER + '[schedule]\ncalendar = "XNYX"', "did you mean 'XNYS'"),
        (HEAD + FOLDER + '[schedule]\nholidays = ["2026-02-30"]', "'2026-02-30' is not a date"),
        (HEAD + FOLDER + '[expected]\nfiles = "{day}.csv"', "[expected] files: '{day}' is not {date}"),
        (HEAD + FOLDER + '[expected]\nfiles = "../{date}.csv"', "begins with a dot"),
        (HEAD + FOLDER + '[expected]\nby = "18:00"', "[expected] by: is for `files`"),
        (HEAD + FOLDER + "[retries]\nattempts = 0", "[retries] attempts: 0 is not a whole number from 1 to 1,000"),
        (HEAD + FOLDER + "[retries]\njitter = 2", "[retries] jitter: 2 is not a number from 0 to 1"),
        (HEAD + FOLDER + '[retries]\nwait = "2min"', "[retries] wait_max: 60 s is shorter than wait, 120 s"),
        (HEAD + FOLDER + '[limits]\nfile_bytes_max = "many"', "[limits] file_bytes_max: 'many' is not a size"),
        (
            HEAD + FOLDER + '[checksums]\nsidecar = ".md5"\nmanifest = "MD5"',
            "[checksums] manifest: there is a `sidecar`",
        ),
        (HEAD + '[transport]\nkind = "http"\nurl = "ftp://h/"', "[transport] url: 'ftp://h/' is not an http"),
        (HEAD + '[transport]\nkind = "http"\nurl = "http://u:p@h/"', "[transport] url: it holds a user or a password"),
        (HEAD + '[transport]\nkind = "http"\nurl = "http://h/x"', "does not end with '/'"),
        (HEAD + '[transport]\nkind = "http"\nurl = "http://h/"', "[expected] files: is missing"),
        (
            HEAD + '[transport]\nkind = "http"\nurl = "http://h/"\nheaders = { Authorization = "x" }',
            "[transport] headers: 'Authorization' is a secret",
        ),
        (
            HEAD + '[transport]\nkind = "rest"\nurl = "http://h/"\npaging = "cursor"',
            "[transport] cursor_from: is a path",
        ),
        (HEAD + 'colour = "red"\n' + FOLDER, "colour: no such key"),
        (HEAD + "match = [1]\n" + FOLDER, "match: [1] is not a text or a list of texts"),
        (HEAD + 'transport = "folder"', "transport: 'folder' is not a table"),
    ],
)
def test_what_is_wrong_is_named_with_its_key_value_and_limit(text: str, says: str) -> None:
    """Nothing else is done with such a file."""
    with pytest.raises(FeedError) as raised:
        spec(text)
    assert raised.value.row.name == "FEED_SPEC"
    assert says in str(raised.value)


def test_all_faults_are_told_at_once() -> None:
    """One reading is enough to correct the file."""
    with pytest.raises(FeedError) as raised:
        spec(HEAD + FOLDER + '[schedule]\nevery = 5\n[limits]\nrun_files_max = "x"\n[retries]\nseed = -1')
    assert raised.value.detail.count(";") == 2


def test_a_file_that_is_not_there_is_named() -> None:
    """Like any other fault of a specification."""
    with pytest.raises(FeedError, match=r"nowhere\.toml: No such file"):
        read_spec("nowhere.toml")


def test_a_complete_specification_is_read_as_it_says() -> None:
    """Every table, with units, and the digest of its very bytes."""
    found = spec(
        HEAD + FOLDER + '[schedule]\nat = ["18:45", "06:00"]\ntz = "Europe/London"\ncalendar = "weekdays"\n'
        'holidays = [2026-12-25]\n[expected]\nfiles = "{date:%y%m%d}.csv"\nby = "18:40"\nevery = "2d"\n'
        '[retries]\nattempts = 2\n[limits]\nfile_bytes_max = "1.5 MiB"\nattempt_max = "90s"\n'
    )
    assert found.schedule.at == (time(6), time(18, 45))
    assert found.schedule.calendar == Calendar("weekdays", frozenset({date(2026, 12, 25)}))
    assert (found.expected.by, found.expected.cadence_s) == (time(18, 40), 172_800.0)
    assert (found.limits.file_bytes_max, found.limits.attempt_s_max) == (1_572_864, 90.0)
    assert found.wanted(at_ns(date(2026, 12, 28), time(12), ZoneInfo("UTC")), ())[-2:] == ["261224.csv", "261228.csv"]
    assert len(found.sha256) == 64
    assert spec(found.source.decode() + "\n").sha256 != found.sha256


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 6, 1), 24)])
def test_times_of_day_follow_the_clocks_of_their_zone(day: date, hours: int) -> None:
    """A day has 23 hours when clocks are put on, and 25 when they are put back."""
    schedule = Schedule(at=(time(18, 30),), zone=ZoneInfo("Europe/London"))
    first = schedule.next_ns(at_ns(day, time(12), schedule.zone))
    assert (schedule.next_ns(first) - first) // 10**9 == hours * 3600


@given(st.integers(0, 4 * 10**18), st.sampled_from([(), (time(0),), (time(2, 30), time(23, 59))]))
def test_the_next_time_is_later_and_on_an_open_day(after_ns: int, at: tuple[time, ...]) -> None:
    """Whatever the moment: the clocks' jumps, midnight, a weekend."""
    schedule = Schedule(every_s=7.5, at=at, zone=ZoneInfo("America/New_York"), calendar=Calendar("weekdays"))
    moment = schedule.next_ns(after_ns)
    assert moment > after_ns
    assert day_of(moment, schedule.zone).weekday() < 5


@given(st.text(max_size=60))
def test_a_name_that_is_let_through_stays_in_its_folder(name: str) -> None:
    """On any file system: no part that leads up, no root, no drive, no sign that cannot be shown."""
    try:
        found = checked(name)
    except FeedError:
        return
    parts = found.split("/")
    assert found == name
    assert not {"", ".", ".."} & set(parts)
    assert not set(name) & set('\\:*?"<>|\x00\n\r\t')


def test_without_ccxt_a_venue_by_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else is wrong; what needs no ccxt is read all the same."""
    monkeypatch.setitem(sys.modules, "ccxt", None)
    wanted = 'symbols = ["BTC/USDT"]\nkinds = ["trades"]\n'
    with pytest.raises(FeedError, match="FEED-001") as caught:
        parse_spec(f'name = "v"\nvendor = "binance"\n{wanted}'.encode(), "v.toml")
    assert "pip install 'hedgerow[venues]'" in str(caught.value)
    assert "no such key" not in str(caught.value)
    streaming = parse_spec(f'name = "v"\nvendor = "binance"\nstream = true\n{wanted}'.encode(), "v.toml")
    assert streaming.transport.origin == "wss://stream.binance.com:9443/ws"
    macro = parse_spec(b'name = "v"\nvendor = "fred"\nsymbols = ["GDP"]\n', "v.toml")
    assert macro.transport.origin == "https://api.stlouisfed.org/fred/"
