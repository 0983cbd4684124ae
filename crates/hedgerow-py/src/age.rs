//! Encryption to people's devices, for Python; opening is the age library's business.

use crate::words::raise;
use hedgerow_core::{Problem, code};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

fn secret(bytes: &[u8], what: &str) -> PyResult<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| raise(Problem::new(code::GOV_KEY_FILE, format!("{what} is 32 bytes, these are {}", bytes.len()))))
}

/// The age recipient (`age1...`) and identity (`AGE-SECRET-KEY-1...`) of a 32-byte X25519 secret.
#[pyfunction]
pub fn age_identity(private_secret: &[u8]) -> PyResult<(String, String)> {
    Ok(hedgerow_log::age_identity(&secret(private_secret, "an age secret")?))
}

/// Encrypts to age recipients (X25519): equal arguments give equal bytes, so `entropy` (32 bytes) must be unpredictable.
#[pyfunction]
pub fn age_encrypt<'py>(
    py: Python<'py>,
    plaintext: &[u8],
    recipients: Vec<String>,
    entropy: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let file = hedgerow_log::age_encrypt(plaintext, &recipients, &secret(entropy, "entropy")?).map_err(raise)?;
    Ok(PyBytes::new(py, &file))
}
