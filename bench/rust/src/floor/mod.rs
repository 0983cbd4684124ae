//! The floors: the least work that does each job at all, written for speed alone, so that a goal can be a ratio.
//!
//! They use what the processor has (found at run time), while the figures are built as the wheel is built.

pub mod book;
pub mod fix;
pub mod gate;
pub mod itch;
pub mod jail;
pub mod journal;
pub mod log;
pub mod ring;
pub mod state;
pub mod tick;
pub mod trip;

/// Whether the processor has what the fast variants of the floors need.
#[cfg(target_arch = "x86_64")]
pub fn has_v3() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2")
}
