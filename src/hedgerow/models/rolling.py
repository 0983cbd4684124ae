"""Statistics of the last observations: moments, quantiles, and how two series move together.

Promises: each number is the Rust operator's, so a stream gives the same bits; NaN until the window is full, and while a
gap is in it; nothing drifts, because nothing that left a window is ever subtracted. Never: it looks ahead.

Every function takes NumPy arrays (T, or T x N), Series or DataFrames, and returns the kind of its first.
"""

from __future__ import annotations

from hedgerow.models.features import Prices, columns


def rolling_var(x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """Variance of the last `window` observations, with `window - ddof` in the denominator.

    >>> import numpy as np
    >>> rolling_var(np.array([1.0, 3.0, 7.0]), 2).tolist()
    [nan, 2.0, 8.0]
    """
    return columns("rolling_var", x, window=window, ddof=ddof)


def rolling_skew(x: Prices, window: int) -> Prices:
    """Skewness of the last `window` observations: `m3 / m2^1.5` from population moments; NaN where all are equal.

    >>> import numpy as np
    >>> rolling_skew(np.array([0.0, 0.0, 3.0]), 3).round(6).tolist()
    [nan, nan, 0.707107]
    """
    return columns("rolling_skew", x, window=window)


def rolling_kurt(x: Prices, window: int) -> Prices:
    """Kurtosis of the last `window` observations: `m4 / m2^2` from population moments, raw, so 3 for the normal law.

    NaN where all are equal. The excess kurtosis is this less 3.

    >>> import numpy as np
    >>> rolling_kurt(np.array([-1.0, 0.0, 0.0, 1.0]), 4).round(9).tolist()
    [nan, nan, nan, 2.0]
    """
    return columns("rolling_kurt", x, window=window)


def rolling_quantile(x: Prices, window: int, q: float = 0.5) -> Prices:
    """Quantile `q` of the last `window` observations, interpolated between neighbours; 0.5 is the median.

    Source: type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, American Statistician 50(4), 1996,
    which NumPy and pandas use.

    >>> import numpy as np
    >>> rolling_quantile(np.array([4.0, 1.0, 2.0, 9.0]), 3).tolist()
    [nan, nan, 2.0, 2.0]
    """
    return columns("rolling_quantile", x, window=window, q=q)


def covariance(y: Prices, x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """Covariance of the last `window` pairs, with `window - ddof` in the denominator.

    >>> import numpy as np
    >>> covariance(np.array([1.0, 3.0]), np.array([2.0, 6.0]), 2).tolist()
    [nan, 4.0]
    """
    return columns("covariance", y, x, window=window, ddof=ddof)


def correlation(y: Prices, x: Prices, window: int) -> Prices:
    """Correlation (Pearson) of the last `window` pairs; NaN where either does not vary.

    >>> import numpy as np
    >>> correlation(np.array([1.0, 3.0, 2.0]), np.array([2.0, 6.0, 4.0]), 3).round(9).tolist()
    [nan, nan, 1.0]
    """
    return columns("correlation", y, x, window=window)


def beta(y: Prices, x: Prices, window: int) -> Prices:
    """Slope of `y` on `x` by least squares with an intercept, over the last `window` pairs; NaN where `x` is constant.

    >>> import numpy as np
    >>> beta(np.array([1.0, 3.0, 2.0]), np.array([2.0, 6.0, 4.0]), 3).round(9).tolist()
    [nan, nan, 0.5]
    """
    return columns("beta", y, x, window=window)
