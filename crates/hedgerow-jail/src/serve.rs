//! Inside the jail: questions from one descriptor, the module's answers to another, until nothing more comes.

use crate::host::WasmHost;
use hedgerow_core::Problem;
use hedgerow_strategy::{ABI, FRAME_BYTES_MAX, HEAD_BYTES, Kind};
use std::io::{Read, Write};

/// Serves a module, or what made it impossible, until the questions end. A module that failed once only says so from
/// then on.
///
/// # Errors
/// If the pipes fail.
pub fn serve(
    mut host: Result<WasmHost, Problem>,
    mut questions: impl Read,
    mut answers: impl Write,
) -> std::io::Result<()> {
    let mut question = vec![0; FRAME_BYTES_MAX];
    loop {
        match questions.read_exact(&mut question[..4]) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let bytes = u32::from_le_bytes([question[0], question[1], question[2], question[3]]) as usize + 4;
        if !(HEAD_BYTES..=FRAME_BYTES_MAX).contains(&bytes) {
            return Err(std::io::Error::other(format!("a question of {bytes} bytes")));
        }
        questions.read_exact(&mut question[4..bytes])?;
        let told = match &mut host {
            Ok(host) => host.call(&question[..bytes]).map_err(|problem| problem.clone()),
            Err(problem) => Err(problem.clone()),
        };
        match told {
            Ok(answer) => answers.write_all(answer)?,
            Err(problem) => {
                answers.write_all(&failed(&question[4..8], &problem))?;
                host = Err(problem);
            }
        }
        answers.flush()?;
    }
}

/// The frame that says that the strategy cannot go on.
fn failed(sequence: &[u8], problem: &Problem) -> Vec<u8> {
    let mut says = problem.detail.clone();
    says.truncate((0..=512.min(says.len())).rev().find(|at| says.is_char_boundary(*at)).unwrap_or(0));
    let mut frame = ((HEAD_BYTES - 4 + says.len()) as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(sequence);
    frame.extend_from_slice(&(Kind::Failed as u16).to_le_bytes());
    frame.extend_from_slice(&ABI.to_le_bytes());
    frame.extend_from_slice(&0_u32.to_le_bytes());
    frame.extend_from_slice(says.as_bytes());
    frame
}
