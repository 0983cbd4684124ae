//! Where the separators of a message stand, 64 bytes at a time.
//!
//! Each place is found without knowing the one before, so that a processor looks for several at once: a loop that goes on
//! from where a value ended waits for each.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;
const BLOCK: usize = 64;

/// The places of the separators of some bytes, rising.
#[derive(Clone, Debug)]
pub struct Separators<'a> {
    raw: &'a [u8],
    base: usize,
    /// Separators of the block at `base` that were not given yet, one bit a byte.
    left: u64,
}

impl<'a> Separators<'a> {
    /// The separators of these bytes.
    #[inline]
    pub fn new(raw: &'a [u8]) -> Separators<'a> {
        Separators { raw, base: 0, left: block(raw, 0) }
    }
}

impl Iterator for Separators<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.base += BLOCK;
            if self.base >= self.raw.len() {
                return None;
            }
            self.left = block(self.raw, self.base);
        }
        let at = self.base + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(at)
    }
}

/// A bit for each separator of the 64 bytes from a place on.
#[inline]
fn block(raw: &[u8], base: usize) -> u64 {
    if let Some(whole) = raw[base..].first_chunk::<BLOCK>() {
        return bits(whole);
    }
    let rest = &raw[base..];
    match raw.last_chunk::<BLOCK>() {
        // The last 64 bytes, less those that were looked at before.
        Some(last) if !rest.is_empty() => bits(last) >> (BLOCK - rest.len()),
        _ => rest.iter().enumerate().fold(0, |bits, (at, byte)| bits | u64::from(*byte == 1) << at),
    }
}

#[inline]
fn bits(block: &[u8; BLOCK]) -> u64 {
    let mut mixed = 0;
    for (at, eight) in block.chunks_exact(8).enumerate() {
        let other = u64::from_le_bytes(eight.try_into().expect("eight bytes")) ^ ONES;
        // The high bit of each byte that is zero in `other`, exactly; those of the n-th eight bytes become the n-th bits.
        let zero = !(((other & !HIGH) + !HIGH) | other | !HIGH);
        mixed |= zero >> (7 - at);
    }
    // Bit n of byte m is bit m of byte n.
    let mut swapped = mixed;
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let moved = (swapped ^ (swapped >> shift)) & mask;
        swapped ^= moved ^ (moved << shift);
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_separator_is_found(raw in prop::collection::vec(prop_oneof![Just(1_u8), Just(0), Just(0x81), any::<u8>()], 0..300)) {
            let plain: Vec<usize> = raw.iter().enumerate().filter(|(_, byte)| **byte == 1).map(|(at, _)| at).collect();
            prop_assert_eq!(Separators::new(&raw).collect::<Vec<_>>(), plain);
        }
    }
}
