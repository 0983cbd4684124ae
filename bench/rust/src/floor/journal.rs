//! A journal without a journal: 64 bytes and their checksum into memory; groups of them written and synced.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A record: eight words, the last one a checksum of the others.
pub type Record = [u64; 8];

/// Writes one record after the other into a buffer that stays in the cache.
pub fn append_all(buffer: &mut [Record]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor was just found to have the instruction.
        unsafe { append_all_sse(buffer) };
        return;
    }
    append_each(buffer, |record| record.iter().fold(0, |sum: u64, word| sum.rotate_left(5) ^ word));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn append_all_sse(buffer: &mut [Record]) {
    append_each(buffer, |record| record.iter().fold(0, |crc, word| core::arch::x86_64::_mm_crc32_u64(crc, *word)));
}

#[inline(always)]
fn append_each(buffer: &mut [Record], checksum: impl Fn(&Record) -> u64) {
    for (i, place) in buffer.iter_mut().enumerate() {
        let mut record = [i as u64, 1, 2, 3, 4, 5, 6, 0];
        record[7] = checksum(&record);
        *place = black_box(record);
    }
}

/// The largest group that is measured.
pub const RECORDS_MAX: usize = 2048;

/// A file of `bytes` written zeros, so that writing into it changes no metadata.
pub fn prepared_file(path: &Path, bytes: usize) -> Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    for start in (0..bytes).step_by(zeros.len()) {
        file.write_all_at(&zeros, start as u64)?;
    }
    file.sync_all()?;
    Ok(file)
}

/// Writes group number `group` of so many bytes with one write and one sync.
pub fn commit_group(file: &File, group: usize, bytes: usize) -> Result<()> {
    static BYTES: [u8; 256 * RECORDS_MAX] = [7; 256 * RECORDS_MAX];
    file.write_all_at(black_box(&BYTES[..bytes]), (group * bytes) as u64)?;
    file.sync_data()
}
