//! The authors' kit as the package carries it: the crate, the header and the examples, from the files that are tested.

use pyo3::prelude::*;

/// Files of the authors' kit: (place, text).
#[pyfunction]
pub fn authoring_kit() -> Vec<(&'static str, &'static str)> {
    macro_rules! files {
        ($($place:literal = $file:literal,)+) => { vec![$(($place, include_str!(concat!("../../../", $file)))),+] };
    }
    files! {
        "hedgerow-strategy/Cargo.toml" = "crates/hedgerow-strategy/Cargo.toml",
        "hedgerow-strategy/src/lib.rs" = "crates/hedgerow-strategy/src/lib.rs",
        "hedgerow-strategy/src/frame.rs" = "crates/hedgerow-strategy/src/frame.rs",
        "hedgerow-strategy/src/orders.rs" = "crates/hedgerow-strategy/src/orders.rs",
        "hedgerow-strategy/src/place.rs" = "crates/hedgerow-strategy/src/place.rs",
        "hedgerow-strategy/src/rows.rs" = "crates/hedgerow-strategy/src/rows.rs",
        "hedgerow_strategy.h" = "crates/hedgerow-strategy/hedgerow_strategy.h",
        "example.rs" = "examples/strategies/rust/cross.rs",
        "example.c" = "examples/strategies/c/cross.c",
        "example.py" = "examples/strategies/python/cross/strategy.py",
    }
}
