//! The checksums that venues send over the best prices of a book, so that a lost update shows without numbers.
//!
//! CRC-32 as in ISO 3309 (polynomial 0xedb88320), over prices and sizes as the venue writes them.

use crate::book::{Book, Level};
use hedgerow_core::Side;

/// What a venue's checksum is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChecksumRule {
    /// Kraken: ten asks, then ten bids; price and size of each as digits, without point and leading zeros.
    Kraken,
    /// OKX: best bid and best ask, next bid and next ask, 25 of each; price and size as decimals, joined by colons.
    Okx,
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

/// How a venue writes prices or sizes: a tick or lot is `units` of the last of `decimals` decimals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// Units of the last decimal in a tick or lot.
    pub units: i64,
    /// Decimals written; at most 18.
    pub decimals: u32,
}

/// The checksum of a book, from how the venue writes its prices and sizes.
///
/// Sources: Kraken WebSocket API v1, Book Checksum; OKX API v5, Order book channel, Checksum (there a signed number).
#[must_use]
pub fn checksum<B: Book>(book: &B, rule: ChecksumRule, price: Written, size: Written) -> u32 {
    let units = |level: &Level| {
        let (ticks, lots) = (i128::from(level.price_ticks), i128::from(level.lots));
        (ticks * i128::from(price.units), lots * i128::from(size.units))
    };
    let mut text = String::new();
    match rule {
        ChecksumRule::Kraken => {
            for side in [Side::Sell, Side::Buy] {
                for level in book.levels(side, 10) {
                    let (price, size) = units(&level);
                    text += &format!("{price}{size}");
                }
            }
        }
        ChecksumRule::Okx => {
            let [bids, asks] = [Side::Buy, Side::Sell].map(|side| book.levels(side, 25));
            for at in 0..bids.len().max(asks.len()) {
                for level in [bids.get(at), asks.get(at)].into_iter().flatten() {
                    let (price_units, size_units) = units(level);
                    text += &decimal(price_units, price.decimals);
                    text.push(':');
                    text += &decimal(size_units, size.decimals);
                    text.push(':');
                }
            }
            text.pop();
        }
    }
    crc32(text.as_bytes())
}

/// A whole number of `10^-decimals` in its shortest form.
fn decimal(units: i128, decimals: u32) -> String {
    let scale = 10_i128.pow(decimals.min(18));
    let (whole, part) = (units / scale, units % scale);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:0width$}", width = decimals.min(18) as usize);
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LevelBook, Rules};
    use hedgerow_core::{BookLevel, LevelAction};

    fn book(bids: &[(i32, i64)], asks: &[(i32, i64)]) -> LevelBook {
        let mut book = LevelBook::new(Rules::default()).unwrap();
        for (side, levels) in [(Side::Buy, bids), (Side::Sell, asks)] {
            for (price_ticks, lots) in levels {
                let (side, action) = (side as u8, LevelAction::Set as u8);
                let set = BookLevel { price_ticks: *price_ticks, lots: *lots, side, action, ..BookLevel::default() };
                book.update(&[set]).unwrap();
            }
        }
        book
    }

    fn written(units: i64, decimals: u32) -> Written {
        Written { units, decimals }
    }

    #[test]
    fn the_check_value_of_crc_32_is_right() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn krakens_own_example_gives_krakens_own_checksum() {
        let asks: Vec<(i32, i64)> = (0..10).map(|n| (5_005 + 5 * n, 500)).collect();
        let bids: Vec<(i32, i64)> = (0..11).filter(|n| *n != 3).map(|n| (5_000 - 5 * n, 500)).collect();
        assert_eq!(checksum(&book(&bids, &asks), ChecksumRule::Kraken, written(1, 5), written(1, 8)), 974_947_235);
    }

    #[test]
    fn a_coarser_tick_than_the_last_decimal_written_is_the_same_book() {
        let (coarse, fine) = (book(&[(7, 3)], &[(8, 2)]), book(&[(3_500, 300)], &[(4_000, 200)]));
        for rule in [ChecksumRule::Kraken, ChecksumRule::Okx] {
            let of_coarse = checksum(&coarse, rule, written(500, 3), written(100, 2));
            assert_eq!(of_coarse, checksum(&fine, rule, written(1, 3), written(1, 2)));
        }
    }

    #[test]
    fn okx_has_both_sides_in_turn_and_the_longer_one_alone_at_the_end() {
        let book = book(&[(33_661, 7), (33_660, 6)], &[(33_668, 9), (33_680, 8), (83_720, 4)]);
        let text = b"3366.1:7:3366.8:9:3366:6:3368:8:8372:4";
        assert_eq!(checksum(&book, ChecksumRule::Okx, written(1, 1), written(1, 0)), crc32(text));
    }
}
