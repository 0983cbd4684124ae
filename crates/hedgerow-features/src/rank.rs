//! Ranks within one cross-section: where each instrument stands among its peers at one moment.

use std::cmp::Ordering;

/// Writes percentile ranks of `xs` into `out`: the smallest of `n` numbers gets `1 / n`, the largest 1, equals share the
/// mean of their ranks, NaN stays NaN and is not counted (pandas `rank(pct=True)`). `order` is scratch, kept by the caller so
/// that a stream allocates once.
pub fn rank(xs: &[f64], out: &mut [f64], order: &mut Vec<u32>) {
    assert_eq!(xs.len(), out.len(), "a rank needs one output per input");
    order.clear();
    order.extend((0..xs.len() as u32).filter(|i| !xs[*i as usize].is_nan()));
    order.sort_unstable_by(|a, b| xs[*a as usize].partial_cmp(&xs[*b as usize]).unwrap_or(Ordering::Equal));
    out.fill(f64::NAN);
    let count = order.len() as f64;
    let mut below = 0;
    for equals in order.chunk_by(|a, b| xs[*a as usize].partial_cmp(&xs[*b as usize]) == Some(Ordering::Equal)) {
        // Ranks below+1 ..= below+len have the mean below + (len + 1) / 2.
        let mean = below as f64 + (equals.len() as f64 + 1.0) / 2.0;
        for i in equals {
            out[*i as usize] = mean / count;
        }
        below += equals.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_share_the_mean_rank_and_nan_is_not_counted() {
        let xs = [3.0, f64::NAN, 1.0, 3.0, 2.0];
        let mut out = [0.0; 5];
        rank(&xs, &mut out, &mut Vec::new());
        assert_eq!([0, 2, 3, 4].map(|i: usize| out[i].to_bits()), [0.875f64, 0.25, 0.875, 0.5].map(f64::to_bits));
        assert!(out[1].is_nan());
    }

    #[test]
    fn an_empty_or_all_missing_cross_section_has_no_ranks() {
        rank(&[], &mut [], &mut Vec::new());
        let mut out = [0.0; 2];
        rank(&[f64::NAN; 2], &mut out, &mut Vec::new());
        assert!(out.iter().all(|y| y.is_nan()));
    }
}
