"""Portfolio: from forecasts to the weights and whole lots we want, within limits that are named and priced.

The public words: `covariance.estimate`; the constraints; `Optimiser`, `optimise`, `TargetPortfolio`; `to_lots`.
"""
