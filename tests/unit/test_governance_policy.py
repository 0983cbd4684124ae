"""The policy as people write it: read, printed, and refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import GovernanceError
from hedgerow.governance import default_policy, policy_text, read_policy
from hedgerow.governance.policy import span_ns


def test_the_default_reads_back_from_what_is_signed() -> None:
    """What `policy show --json` prints is a policy file."""
    signed = default_policy().to_json()
    assert read_policy(signed).to_json() == signed
    assert read_policy({**signed, "version": 3, "id": "ab"}).to_json() == signed


def test_every_tier_is_told_in_words() -> None:
    """Amounts, signatures, times and evidence stand in the text."""
    text = policy_text(default_policy().to_json())
    assert "0 paper (paper): capital unbounded" in text
    assert "begins 1 day later, lasts at most 90 days; demands an evidence pack and 30 days in force" in text


def test_a_tier_that_names_no_isolation_demands_a_jail() -> None:
    """Silence is strict, in a file and for whoever reads the signed policy; a level that is named is told in words."""
    written = [{"name": name, "kind": "paper", **more} for name, more in (("a", {}), ("b", {"isolation": "filtered"}))]
    signed = read_policy({"tiers": written}).to_json()
    assert [tier["isolation"] for tier in signed["tiers"]] == ["jail", "filtered"]
    lines = policy_text(signed).splitlines()
    assert lines[2].endswith("; isolation jail is demanded")
    assert lines[4].endswith("; isolation filtered or stronger is demanded")
    assert [tier.isolation for tier in default_policy().tiers] == ["none", "jail", "jail"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tiers": []}, "not a list of at least one tier"),
        ({"tiers": [{"name": "paper"}]}, "has no kind"),
        ({"tiers": ["paper"]}, "not a table of fields"),
        ({"surprise": 1}, "unknown field 'surprise'"),
        ({"tiers": [{"name": "a", "kind": "paper", "capitol": 1}]}, "did you mean 'capital'"),
        ({"tiers": [{"name": "a", "kind": "paper", "cool_down": "3 moons"}]}, "not a span"),
        ({"tiers": [{"name": "a", "kind": "paper", "capital": "much"}]}, "decimal"),
        ({"tiers": [{"name": "a", "kind": "paper", "evidence": 3}]}, "not pack, live_ns and live_from"),
        ({"change": "all(risk"}, "expression"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_field(change: dict[str, Any], why: str) -> None:
    """The message names the field and the value."""
    with pytest.raises(GovernanceError, match="GOV-010") as caught:
        read_policy({"tiers": [{"name": "paper", "kind": "paper"}], **change}).to_json()
    assert why in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    """TOML and JSON; nothing else."""
    for name, data in (("a.toml", b"\xff\xfe"), ("b.json", b"[1]"), ("c.json", b"{")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(GovernanceError, match=name):
            read_policy(tmp_path / name)
    with pytest.raises(GovernanceError, match="No such file"):
        read_policy(tmp_path / "none.toml")


def test_spans_are_whole_numbers_of_a_unit() -> None:
    """Days, hours, minutes, seconds, nanoseconds."""
    assert [span_ns(text, "x") for text in ("1 day", "2 hours", 5, "7 ns")] == [86_400 * 10**9, 7_200 * 10**9, 5, 7]
