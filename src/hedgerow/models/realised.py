"""Volatility that was: from squared returns, from neighbouring returns, and from the range of bars.

Promises: as `hedgerow.models.rolling`. Volatilities are roots of a mean variance per step times `annualise`: 1 = per
step, 252 = per year of daily bars, `window` = over the window. A bar that cannot be (a price that is not positive, a
low above the high, an open or close outside) is a gap. Never: a mean taken off, where the definition takes none.
"""

from __future__ import annotations

from hedgerow.models.features import Prices, columns


def realised_variance(price: Prices, window: int) -> Prices:
    """Realised variance: the sum of the squared log returns of the last `window` steps.

    Source: Andersen, Bollerslev, Diebold and Labys, Modeling and Forecasting Realized Volatility, Econometrica 71(2),
    2003.

    >>> import numpy as np
    >>> realised_variance(np.exp([0.0, 0.1, 0.0]), 2).round(9).tolist()
    [nan, nan, 0.02]
    """
    return columns("realised_variance", price, window=window)


def realised_volatility(price: Prices, window: int, *, annualise: float = 1.0) -> Prices:
    """Realised volatility: the root of the mean squared log return of the last `window` steps, times `sqrt(annualise)`.

    >>> import numpy as np
    >>> realised_volatility(np.exp([0.0, 0.1, 0.0]), 2).round(9).tolist()
    [nan, nan, 0.1]
    """
    return columns("realised_volatility", price, window=window, annualise=annualise)


def bipower_variance(price: Prices, window: int) -> Prices:
    """Realised variance that a jump does not move: `pi/2 * n/(n-1)` times the sum of `|r_i| |r_(i-1)|` over n returns.

    Realised less bipower variance is what jumps added. Source: Barndorff-Nielsen and Shephard, Power and Bipower
    Variation with Stochastic Volatility and Jumps, Journal of Financial Econometrics 2(1), 2004; `n/(n-1)` stands for
    the product that is missing at the start.

    >>> import numpy as np
    >>> bipower_variance(np.exp([0.0, 0.1, 0.0]), 2).round(6).tolist()
    [nan, nan, 0.031416]
    """
    return columns("bipower_variance", price, window=window)


def parkinson(high: Prices, low: Prices, window: int, *, annualise: float = 1.0) -> Prices:
    """Parkinson's volatility: variance `ln(H/L)^2 / (4 ln 2)` a bar; for prices without drift or gaps between bars.

    Source: Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return, Journal of Business
    53(1), 1980.

    >>> import numpy as np
    >>> parkinson(np.array([110.0]), np.array([100.0]), 1).round(6).tolist()
    [0.05724]
    """
    return columns("parkinson", high, low, window=window, annualise=annualise)


def garman_klass(
    open_: Prices, high: Prices, low: Prices, close: Prices, window: int, *, annualise: float = 1.0
) -> Prices:
    """Garman-Klass volatility: variance `ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2` a bar; no drift, no gaps between bars.

    Source: Garman and Klass, On the Estimation of Security Price Volatilities from Historical Data, Journal of Business
    53(1), 1980, eq. 20.

    >>> import numpy as np
    >>> garman_klass(*np.array([[100.0], [110.0], [95.0], [105.0]]), 1).round(6).tolist()
    [0.09913]
    """
    return columns("garman_klass", open_, high, low, close, window=window, annualise=annualise)


def rogers_satchell(
    open_: Prices, high: Prices, low: Prices, close: Prices, window: int, *, annualise: float = 1.0
) -> Prices:
    """Rogers-Satchell volatility: variance `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)` a bar, whatever the drift; no gaps.

    Source: Rogers and Satchell, Estimating Variance from High, Low and Closing Prices, Annals of Applied Probability
    1(4), 1991.

    >>> import numpy as np
    >>> rogers_satchell(*np.array([[100.0], [110.0], [95.0], [105.0]]), 1).round(6).tolist()
    [0.097813]
    """
    return columns("rogers_satchell", open_, high, low, close, window=window, annualise=annualise)


def yang_zhang(
    open_: Prices, high: Prices, low: Prices, close: Prices, window: int, *, annualise: float = 1.0
) -> Prices:
    """Yang-Zhang volatility: the variance of `ln(O/C')` from the close before, plus `k` times that of `ln(C/O)`, plus
    `1 - k` times Rogers and Satchell's, with `k = 0.34 / (1.34 + (n+1)/(n-1))`; whatever drift and gaps.

    Source: Yang and Zhang, Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices, Journal
    of Business 73(3), 2000.

    >>> import numpy as np
    >>> bars = np.array([[100.0, 102.0, 99.0], [104.0, 103.0, 105.0], [97.0, 99.0, 98.0], [101.0, 100.0, 104.0]])
    >>> yang_zhang(*bars, 2).round(6).tolist()
    [nan, nan, 0.034548]
    """
    return columns("yang_zhang", open_, high, low, close, window=window, annualise=annualise)
