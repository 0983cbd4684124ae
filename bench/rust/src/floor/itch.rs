//! A seeded day of ITCH messages. The least that can be done with its bytes is to copy them.

use crate::random::Random;

/// The price that no order reaches, in 10^-4.
const MIDDLE: u32 = 1_000_000;

/// Messages of a day: a directory, then orders in, reduced, executed and out in the proportions of a real day
/// (four of nine come, most others go, some change), near a middle that stands still.
pub fn day(messages: usize, stocks: u16) -> Vec<u8> {
    let mut random = Random(31);
    let mut out = Vec::new();
    for locate in 1..=stocks {
        put(&mut out, b'R', locate, 0, &[b"BENCH   N ", &100_u32.to_be_bytes(), &[0; 14]]);
        put(&mut out, b'H', locate, 0, &[b"BENCH   T     "]);
    }
    let mut live: Vec<(u64, u16, u32)> = Vec::new();
    let mut last = 0_u64;
    for n in 0..messages as u64 {
        let what = if live.len() < 20_000 { 0 } else { random.below(9) };
        let time = 34_200_000_000_000 + n * 1_000;
        if what < 4 {
            let locate = 1 + random.below(stocks.into()) as u16;
            last += 1 + random.below(3);
            let away = 1 + (random.bits() | 1 << 40).trailing_zeros() * 2 + random.below(3) as u32;
            let buys = random.below(2) == 0;
            let price = if buys { MIDDLE - away * 100 } else { MIDDLE + away * 100 };
            let (side, shares) = (if buys { b'B' } else { b'S' }, 100_u32);
            let parts: [&[u8]; 5] =
                [&last.to_be_bytes(), &[side], &shares.to_be_bytes(), b"BENCH   ", &price.to_be_bytes()];
            put(&mut out, b'A', locate, time, &parts);
            live.push((last, locate, shares));
            continue;
        }
        let at = random.below(live.len() as u64) as usize;
        let (id, locate, shares) = live[at];
        let id_bytes = id.to_be_bytes();
        match what {
            4 if shares > 10 => {
                live[at].2 -= 10;
                put(&mut out, b'X', locate, time, &[&id_bytes, &10_u32.to_be_bytes()]);
            }
            5 => {
                live.swap_remove(at);
                put(&mut out, b'E', locate, time, &[&id_bytes, &shares.to_be_bytes(), &[0; 8]]);
            }
            _ => {
                live.swap_remove(at);
                put(&mut out, b'D', locate, time, &[&id_bytes]);
            }
        }
    }
    out
}

fn put(out: &mut Vec<u8>, kind: u8, locate: u16, time: u64, parts: &[&[u8]]) {
    let length = 11 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.extend((length as u16).to_be_bytes());
    out.push(kind);
    out.extend(locate.to_be_bytes());
    out.extend([0; 2]);
    out.extend(&time.to_be_bytes()[2..]);
    parts.iter().for_each(|part| out.extend(*part));
}
