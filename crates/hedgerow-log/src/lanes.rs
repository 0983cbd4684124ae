//! Sixteen SHA-256 states that take blocks at the same time, one in each lane of AVX-512 registers.
//!
//! Promises: each state becomes what FIPS 180-4 says, as `compress256` makes it, its obvious twin. Where the processor
//! lacks the instructions it says so and nothing was done.

/// Messages that are compressed together.
pub(crate) const LANES: usize = 16;

/// Compresses the first `used` (1 or 2) blocks of each message into the state `start`; gives word by word that word of
/// all states, or `None` where the processor cannot.
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(unsafe_code)]
pub(crate) fn compress_together(
    start: [u32; 8],
    messages: &[[[u8; 64]; 2]; LANES],
    used: &[u8; LANES],
) -> Option<[[u32; LANES]; 8]> {
    if !is_x86_feature_detected!("avx512f") || !is_x86_feature_detected!("avx512bw") {
        return None;
    }
    // SAFETY: the processor was just found to have the instructions, which is all that the function asks for.
    Some(unsafe { wide::compress_all(start, messages, used) })
}

/// See the function of the same name for x86-64.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn compress_together(_: [u32; 8], _: &[[[u8; 64]; 2]; LANES], _: &[u8; LANES]) -> Option<[[u32; LANES]; 8]> {
    None
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::LANES;
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_mask_blend_epi32, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_shuffle_epi8,
        _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32,
        _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };

    /// FIPS 180-4, section 4.2.2.
    const ROUNDS: [u32; 64] = [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ];

    /// Truth tables of three inputs, as `vpternlogd` numbers them.
    const XOR: i32 = 0x96;
    const CHOICE: i32 = 0xCA;
    const MAJORITY: i32 = 0xE8;

    /// See [`super::compress_together`].
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn compress_all(
        start: [u32; 8],
        messages: &[[[u8; 64]; 2]; LANES],
        used: &[u8; LANES],
    ) -> [[u32; LANES]; 8] {
        let mut state = start.map(|word| _mm512_set1_epi32(word.cast_signed()));
        for block in 0..2 {
            let taken = used.iter().rfold(0, |taken, used| taken << 1 | u16::from(usize::from(*used) > block));
            if taken != 0 {
                compress(&mut state, messages.each_ref().map(|message| bytemuck::cast(message[block])), taken);
            }
        }
        bytemuck::cast(state)
    }

    /// Compresses one block into the state of each lane whose bit is set in `taken`; the others stay as they are.
    ///
    /// `state[word]` holds that word of all sixteen lanes.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn compress(state: &mut [__m512i; 8], blocks: [__m512i; LANES], taken: u16) {
        let mut words = by_word(blocks);
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
        // Written out sixteen rounds at a time, so that each word has a register of its own.
        macro_rules! rounds {
            ($start:expr, $($i:literal)*) => { $(
                if $start > 0 {
                    words[$i] = scheduled(words[$i], words[($i + 1) % 16], words[($i + 9) % 16], words[($i + 14) % 16]);
                }
                let constant = _mm512_set1_epi32(ROUNDS[$start + $i].cast_signed());
                let big1 = xor(_mm512_ror_epi32::<6>(e), _mm512_ror_epi32::<11>(e), _mm512_ror_epi32::<25>(e));
                let choice = _mm512_ternarylogic_epi32::<CHOICE>(e, f, g);
                let first = add(add(h, add(words[$i], constant)), add(big1, choice));
                let big0 = xor(_mm512_ror_epi32::<2>(a), _mm512_ror_epi32::<13>(a), _mm512_ror_epi32::<22>(a));
                let second = add(big0, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
                (h, g, f, e, d, c, b, a) = (g, f, e, add(d, first), c, b, a, add(first, second));
            )* };
        }
        rounds!(0, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for start in [16, 32, 48] {
            rounds!(start, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        }
        for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = _mm512_mask_blend_epi32(taken, *word, add(*word, new));
        }
    }

    /// The next word of the schedule in the place of the one sixteen before it.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn scheduled(oldest: __m512i, early: __m512i, middle: __m512i, late: __m512i) -> __m512i {
        let small0 = xor(_mm512_ror_epi32::<7>(early), _mm512_ror_epi32::<18>(early), _mm512_srli_epi32::<3>(early));
        let small1 = xor(_mm512_ror_epi32::<17>(late), _mm512_ror_epi32::<19>(late), _mm512_srli_epi32::<10>(late));
        add(add(oldest, small0), add(middle, small1))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn add(a: __m512i, b: __m512i) -> __m512i {
        _mm512_add_epi32(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi32::<XOR>(a, b, c)
    }

    /// From a block in each register to a word of all blocks in each register; words are big-endian in a block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn by_word(blocks: [__m512i; LANES]) -> [__m512i; 16] {
        let reversed: __m512i = bytemuck::cast([[3u8, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]; 4]);
        let rows = blocks.map(|block| _mm512_shuffle_epi8(block, reversed));
        let mut out = rows;
        // Four by four within each quarter of a register.
        for i in (0..16).step_by(4) {
            let (ab0, ab1) = (_mm512_unpacklo_epi32(rows[i], rows[i + 1]), _mm512_unpackhi_epi32(rows[i], rows[i + 1]));
            let (cd0, cd1) =
                (_mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]), _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]));
            out[i] = _mm512_unpacklo_epi64(ab0, cd0);
            out[i + 1] = _mm512_unpackhi_epi64(ab0, cd0);
            out[i + 2] = _mm512_unpacklo_epi64(ab1, cd1);
            out[i + 3] = _mm512_unpackhi_epi64(ab1, cd1);
        }
        // Then the quarters: register `4 * q + word` gets quarter q of the four that hold `word`.
        let mut words = out;
        for word in 0..4 {
            let [a, b, c, d] = [out[word], out[word + 4], out[word + 8], out[word + 12]];
            let (ab_even, ab_odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xDD>(a, b));
            let (cd_even, cd_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xDD>(c, d));
            words[word] = _mm512_shuffle_i32x4::<0x88>(ab_even, cd_even);
            words[word + 8] = _mm512_shuffle_i32x4::<0xDD>(ab_even, cd_even);
            words[word + 4] = _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd);
            words[word + 12] = _mm512_shuffle_i32x4::<0xDD>(ab_odd, cd_odd);
        }
        words
    }
}
