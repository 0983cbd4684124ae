"""Files over HTTP: a real server on loopback that cuts, lies, refuses, asks for patience, and is restarted."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]

EXPECTED = '[expected]\nfiles = ["eod/prices-{date:%Y%m%d}.csv"]\nlook_back = 2\n'
FRIDAY, SATURDAY = "eod/prices-20261127.csv", "eod/prices-20261128.csv"
BIG = bytes(range(256)) * 4096


def transport(web: Any, more: str = "") -> str:
    """The keys of a feed from the server."""
    return f'kind = "http"\nurl = "{web.url}"\n{more}'


def test_expected_names_are_asked_for_and_absent_ones_are_no_error(feed: Make, web: Any) -> None:
    """What is there comes; what is not there yet is asked for again."""
    web.files[FRIDAY] = b"friday"
    here = feed(transport(web), EXPECTED)
    assert here.kinds() == [("new", FRIDAY)]
    web.files[SATURDAY] = b"saturday"
    assert here.kinds() == [("new", SATURDAY)]
    assert web.header("If-None-Match")[-2:] == [f'"{hashlib.sha256(b"friday").hexdigest()[:16]}"', None]


def test_a_changed_file_is_a_restatement_and_an_unchanged_one_costs_no_bytes(feed: Make, web: Any) -> None:
    """The server's entity tag decides what is sent."""
    here = feed(transport(web), EXPECTED)
    web.files[FRIDAY] = b"friday"
    here.run()
    assert here.kinds() == []
    web.files[FRIDAY] = b"friday, corrected"
    assert here.kinds() == [("restated", FRIDAY)]
    assert here.files() == {f"files/{FRIDAY}": b"friday", f"restated/2/{FRIDAY}": b"friday, corrected"}


def test_links_of_a_page_are_a_list(feed: Make, web: Any) -> None:
    """Only what lies below the address is followed, and a tricky name is refused by name."""
    web.files[""] = (
        b'<a href="a.csv">a</a><a href="/b%20b.csv">b</a><a href="http://elsewhere/c.csv">c</a>'
        b'<a href="sub/">s</a><a href="%2e%2e/%2e%2e/etc/passwd">d</a><a href="?C=M">e</a>'
    )
    web.files |= {"a.csv": b"a", "b b.csv": b"b", "../../etc/passwd": b"root"}
    here = feed(transport(web, 'list = "links"'))
    assert here.kinds() == [("failed", "../../etc/passwd"), ("new", "a.csv"), ("new", "b b.csv")]
    assert [path for path, _ in web.asked] == ["/", "/a.csv", "/b%20b.csv"]


def test_a_cut_line_is_gone_on_from_where_it_was_cut(feed: Make, web: Any) -> None:
    """Two cuts, three requests, each for the rest only; the file is whole."""
    web.files[FRIDAY] = BIG
    web.faults = [300_000, 400_000]
    here = feed(transport(web), EXPECTED)
    assert here.kinds() == [("new", FRIDAY)]
    assert here.files() == {f"files/{FRIDAY}": BIG}
    assert web.header("Range")[:3] == [None, "bytes=300000-", "bytes=700000-"]
    assert here.slept == list(here.spec.retries.waits_s(f"prices {FRIDAY}"))


def test_a_run_that_gave_up_is_gone_on_from_by_the_next_one(feed: Make, web: Any) -> None:
    """Its part stays, nothing is visible, and the next run asks for the rest."""
    web.files[FRIDAY] = BIG
    web.faults = [100_000, 0, 0]
    here = feed(transport(web), EXPECTED)
    assert here.codes() == ["FEED_TRUNCATED"]
    assert here.files() == {}
    assert here.amiss() == [("failed", FRIDAY)]
    web.asked.clear()
    assert here.kinds() == [("new", FRIDAY)]
    assert web.header("Range")[0] == "bytes=100000-"
    assert here.files() == {f"files/{FRIDAY}": BIG}
    assert here.amiss() == []


def test_a_file_that_changes_between_two_tries_is_fetched_from_its_beginning(feed: Make, web: Any) -> None:
    """The end of one version is never put behind the beginning of another."""
    web.files[FRIDAY] = BIG
    web.faults = [100_000, 0, 0]
    here = feed(transport(web), EXPECTED)
    here.run()
    web.files[FRIDAY] = BIG[::-1]
    assert here.kinds() == [("new", FRIDAY)]
    assert here.files() == {f"files/{FRIDAY}": BIG[::-1]}


def test_a_server_without_ranges_or_tags_gives_whole_files_only(feed: Make, web: Any) -> None:
    """Without a version nothing is gone on from, and the same bytes again are the same."""
    web.files[FRIDAY], web.etags, web.ranges = BIG, False, False
    web.faults = [100_000]
    here = feed(transport(web), EXPECTED)
    assert here.kinds() == [("new", FRIDAY)]
    assert web.header("Range") == [None, None, None]
    assert here.kinds() == [("same", FRIDAY)]
    assert here.files() == {f"files/{FRIDAY}": BIG}


@pytest.mark.parametrize("status", [429, 503])
def test_patience_that_is_asked_for_is_had_up_to_a_limit(feed: Make, web: Any, status: int) -> None:
    """Seven seconds are waited; seven thousand are an error with what was asked."""
    web.files[FRIDAY] = b"friday"
    web.faults = [(status, {"Retry-After": "7"})]
    here = feed(transport(web), EXPECTED)
    assert here.kinds() == [("new", FRIDAY)]
    assert here.slept == [7.0]
    web.faults = [(status, {"Retry-After": "7000"})]
    assert here.codes() == ["FEED_PATIENCE"]


def test_refusals_are_named_and_not_repeated(feed: Make, web: Any) -> None:
    """A 403 is asked once; a 500 as often as the feed has patience, and then the pass ends."""
    web.files |= {FRIDAY: b"friday", SATURDAY: b"saturday"}
    web.faults = [(403, {}, b"your licence ended")]
    here = feed(transport(web), EXPECTED)
    ran = here.run()
    assert [(row.kind, row.name) for row in ran.rows] == [("failed", FRIDAY), ("new", SATURDAY)]
    assert "your licence ended" in str(ran.errors[0])
    web.faults, web.asked = [(500, {})] * 3, []
    assert here.codes() == ["FEED_UNREACHABLE"]
    assert len(web.asked) == 3


def test_redirects_are_followed_without_secrets_and_not_for_ever(feed: Make, web: Any) -> None:
    """A place on another host gets no secret; a circle ends."""
    web.files |= {"moved": b"friday"}
    other = web.url.replace("127.0.0.1", "localhost")
    web.faults = [(302, {"Location": f"{other}moved"})]
    here = feed(transport(web, 'headers_env = { "X-Api-Key" = "KEY" }'), EXPECTED)
    here.environment["KEY"] = "secret"
    assert here.kinds() == [("new", FRIDAY)]
    assert web.header("X-Api-Key") == ["secret", None, "secret"]
    web.faults = [(302, {"Location": "/moved"})] * 9
    assert here.codes() == ["FEED_REFUSED"]


def test_a_secret_that_is_not_there_is_named_and_one_that_is_stays_out_of_every_file(feed: Make, web: Any) -> None:
    """The record, the parts and the messages of errors hold the address without it."""
    here = feed(transport(web, 'query_env = { "token" = "TOKEN" }'), EXPECTED)
    assert here.codes() == ["FEED_SECRET"]
    here.environment["TOKEN"] = "hush-hush"
    web.files[FRIDAY] = b"friday"
    here.run()
    web.faults = [(403, {}, b"no")]
    assert "hush" not in str(here.run().errors[0])
    assert web.asked[-1][0].endswith("?token=hush-hush")
    assert not any(b"hush" in path.read_bytes() for path in here.here.rglob("*") if path.is_file())


def test_a_refusal_that_repeats_our_question_does_not_tell_the_secret(feed: Make, web: Any) -> None:
    """Neither in the record nor in the error, however it is written."""
    here = feed(transport(web, 'query_env = { "token" = "TOKEN" }'), EXPECTED)
    here.environment["TOKEN"] = "hush/hush 1"
    web.faults = [(403, {}, b"x" * 190 + b"no: token=hush%2Fhush+1 (hush/hush 1, hush%2Fhush%201)")]
    assert "hush" not in str(here.run().errors[0])
    assert not any(b"hush" in path.read_bytes() for path in here.here.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", ["http://[x", "http://a..b/", f"http://{'a' * 70}.example/", "file:///etc/passwd"])
def test_a_redirect_to_no_place_is_named(feed: Make, web: Any, place: str) -> None:
    """It ends this file, and not the program."""
    web.faults = [(302, {"Location": place})]
    assert feed(transport(web), EXPECTED).codes()[0] in ("FEED_REFUSED", "FEED_PROTOCOL")


def test_a_secret_that_is_no_header_is_refused_and_not_shown(feed: Make, web: Any) -> None:
    """Such as one that was read from a file with the line's end."""
    here = feed(transport(web, 'headers_env = { "X-Api-Key" = "KEY" }'), EXPECTED)
    for secret in ("hush\nhush", "hush\u20ac"):
        here.environment["KEY"] = secret
        errors = here.run().errors
        assert [error.row.name for error in errors][:1] == ["FEED_PROTOCOL"]
        assert not any("hush" in str(error) for error in errors)
    assert not any(b"hush" in path.read_bytes() for path in here.here.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("keys", "place", "text"),
    [
        ('sidecar = ".CHECKSUM"', f"{FRIDAY}.CHECKSUM", "{sha256}  prices-20261127.csv\n"),
        ('manifest = "MD5SUMS"', "eod/MD5SUMS", "{other} *other.csv\n{md5} *prices-20261127.csv\n"),
    ],
)
def test_a_published_checksum_is_held_to(feed: Make, web: Any, keys: str, place: str, text: str) -> None:
    """Wrong or missing, nothing is delivered; right, the file is; a file of checksums is none of the deliveries."""
    web.files[FRIDAY] = BIG
    here = feed(transport(web), f"{EXPECTED}[checksums]\n{keys}\n")
    assert here.codes() == ["FEED_CHECKSUM"]
    sums = {name: hashlib.new(name, BIG).hexdigest() for name in ("sha256", "md5")} | {"other": "0" * 32}
    web.files[place] = text.format(**{name: value[::-1] for name, value in sums.items()}).encode()
    ran = here.run()
    assert [error.row.name for error in ran.errors] == ["FEED_CHECKSUM"]
    assert here.files() == {}
    web.files[place] = text.format(**sums).encode()
    assert here.kinds() == [("new", FRIDAY)]


def test_a_slow_server_is_left_and_gone_on_with(feed: Make, web: Any) -> None:
    """A try takes no longer than it may; what came is kept, and the next try asks for the rest."""
    web.files[FRIDAY] = BIG
    here = feed(transport(web), f'{EXPECTED}[limits]\nattempt_max = "12s"\ndisk_free_bytes_min = "0"\n')
    here.tick_ns = 10**9
    assert here.kinds() == [("new", FRIDAY)]
    assert len([header for header in web.header("Range") if header]) >= 1
    assert here.files() == {f"files/{FRIDAY}": BIG}
    here.text = here.text.replace('"12s"', '"1s"')
    web.files[SATURDAY] = BIG[::-1]
    assert here.codes() == ["FEED_UNREACHABLE"]


def test_no_more_bytes_a_second_than_allowed(feed: Make, web: Any) -> None:
    """A megabyte at a quarter of one a second takes four seconds of the feed's clock."""
    web.files[FRIDAY] = BIG
    here = feed(transport(web), f'{EXPECTED}[limits]\nbytes_per_second_max = "256 KiB"\ndisk_free_bytes_min = "0"\n')
    before = here.now_ns
    here.run()
    assert 3.9e9 < here.now_ns - before < 4.2e9


def test_a_server_that_is_down_is_named_and_the_next_run_is_well(feed: Make, web: Any) -> None:
    """Nobody listens: three tries, one error."""
    here = feed(f'kind = "http"\nurl = "{web.url.replace(web.url.split(":")[2], "1/")}"', EXPECTED)
    assert here.codes() == ["FEED_UNREACHABLE"]
    assert len(here.slept) == 2
    web.files[FRIDAY] = b"friday"
    here.text = here.text.replace("127.0.0.1:1/", web.url.removeprefix("http://"))
    assert here.kinds() == [("new", FRIDAY)]


def test_over_tls_the_certificate_is_checked(feed: Make, tmp_path: Path, certificate: Path) -> None:
    """With the authority's certificate files come; without it nothing is even asked."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.csv").write_bytes(BIG)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Keep what was asked."""
            asked.append(str(args[0]))

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "far"))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        keys = f'kind = "http"\nurl = "https://localhost:{server.server_port}/"\nlist = "links"\n'
        assert feed(keys).codes() == ["FEED_UNREACHABLE"]
        assert asked == []
        here = feed(f'{keys}ca_file = "{certificate}"')
        assert here.kinds() == [("new", "a.csv")]
        assert here.files() == {"files/a.csv": BIG}
        server.shutdown()
        thread.join()


def test_real_files_come_to_the_byte(feed: Make, web: Any, shared: Callable[[str], Any]) -> None:
    """Files of the reference data, cut in the middle, land as they are, with their rows counted."""
    folder = shared("data/equities_daily/repair")
    web.files |= {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv.gz"))[:20]}
    web.files[""] = "".join(f'<a href="{name}">x</a>' for name in web.files).encode()
    web.faults = [None, 700, 300, None, 1000]
    here = feed(transport(web, 'list = "links"'))
    assert len(here.kinds()) == 20
    del web.files[""]
    assert here.files() == {f"files/{name}": data for name, data in web.files.items()}
    assert all(line["rows"] > 2 for line in here.lines())


def test_checksums_of_a_folder_are_fetched_once_and_a_file_is_read_once_for_all_digests(
    feed: Make, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files there are; after one that does not fit they are fetched anew."""
    names = [f"eod/prices-202611{day}.csv" for day in (24, 25, 26, 27)]
    web.files |= {name: name.encode() for name in names}
    sums = {name: hashlib.md5(name.encode()).hexdigest() for name in names}
    web.files["eod/MD5SUMS"] = "".join(f"{sums[name]} *{name.rpartition('/')[2]}\n" for name in names).encode()
    reads, plain = list[str](), hashlib.new
    monkeypatch.setattr(hashlib, "new", lambda name, *more, **how: reads.append(name) or plain(name, *more, **how))
    here = feed(
        transport(web), EXPECTED.replace("look_back = 2", "look_back = 5") + '[checksums]\nmanifest = "MD5SUMS"\n'
    )
    assert [kind for kind, _ in here.kinds()] == ["new"] * 4
    assert [path for path, _ in web.asked].count("/eod/MD5SUMS") == 1
    assert sorted(reads) == ["md5"] * 4 + ["sha256"] * 4
    stale, web.files[names[0]] = web.files["eod/MD5SUMS"], b"changed"
    fresh = stale.replace(sums[names[0]].encode(), hashlib.md5(b"changed").hexdigest().encode())
    said = iter([stale, fresh])
    web.files["eod/MD5SUMS"] = lambda *_: (200, {}, next(said))
    assert here.kinds() == [("restated", names[0])]
