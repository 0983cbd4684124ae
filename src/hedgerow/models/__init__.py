"""Models: from features and prices to forecasts with an honest error, chosen and measured out of sample.

The public words: `LabelConfig`, `build_panel`; `BoostingConfig`, `train`, `validate`, `ModelVersion`;
`WalkForwardConfig`, `walk_forward`, `run_walk_forward`, `leak_audit`; `PurgedKFold`, `CombinatorialPurgedFolds`,
`WalkForwardFolds`; `TrialLedger`; and the coefficients in `diagnostics`. Signals: `features`,
`rolling`, `realised`, `microstructure`, `microprice`, `hawkes`, `pin`, `cross_section`.
"""
