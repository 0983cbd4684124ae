"""The tear sheet in a real browser: it draws its charts, says nothing on the console and asks for nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
)


@pytest.fixture
def browser() -> str:
    """A browser of this machine; without one these tests are skipped by name."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("chromium is not installed; tools/prepare_tests.sh installs it when root")
    return found


def loaded(browser: str, page: Path, profile: Path) -> tuple[str, list[str]]:
    """The page's document after its scripts ran, and what they said on the console."""
    # A browser started by root refuses its own sandbox; the page is ours.
    trust = ["--no-sandbox"] if os.geteuid() == 0 else []
    words = [browser, *SWITCHES, *trust, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_charts_are_drawn_and_the_console_stays_empty(browser: str, tmp_path: Path) -> None:
    """Four charts on canvas, their legends filled with the last values, no error, nothing refused by the policy."""
    moves = np.random.default_rng(4).normal(0, 0.01, (200, 3)).cumsum(axis=0)
    frame = pd.DataFrame(100 * np.exp(moves), pd.bdate_range("2021-01-01", periods=200), ["A", "B", "<b>C"]).round(2)
    weights = np.full(frame.shape, np.nan)
    weights[::20] = 0.25
    result = hr.backtest(frame, weights=weights)
    dom, console = loaded(browser, Path(result.report(str(tmp_path / "page.html"))), tmp_path / "profile")
    assert console == []
    assert dom.count("<canvas") == 4
    assert f"{result.final_nav:,.0f}" in dom.split('class="u-legend')[1].split("</table>")[0]


def test_the_smallest_run_is_drawn_too(browser: str, tmp_path: Path) -> None:
    """One bar, no fill, no benchmark: still no error."""
    bars = hr.Bars.from_arrays([86_400 * 10**9], close=[10.0], symbol="A", span=86_400 * 10**9)
    page = Path(hr.backtest(bars, signals=[1]).report(str(tmp_path / "page.html")))
    dom, console = loaded(browser, page, tmp_path / "profile")
    assert console == []
    assert dom.count("<canvas") == 2
