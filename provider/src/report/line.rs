// SPDX-License-Identifier: MPL-2.0
//! Lines of a file, one at a time, none longer than fits in memory.

use std::io::{BufRead, Read as _};

/// Most bytes of one line. The CLI's own lines have a few hundred; one with a large diagnostic has thousands.
pub const LINE_BYTES: u64 = 16 * 1024 * 1024;

/// What comes next of a file.
pub enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// The file ends within a line.
    Cut,
    /// A line is longer than [`LINE_BYTES`].
    TooLong,
    /// The file is over.
    End,
}

/// Reads the next line.
pub fn next(from: &mut impl BufRead) -> std::io::Result<Line> {
    let mut line = Vec::new();
    let read = from.take(LINE_BYTES + 1).read_until(b'\n', &mut line)?;
    Ok(match line.pop() {
        _ if read == 0 => Line::End,
        Some(b'\n') => Line::Whole(line),
        _ if line.len() as u64 >= LINE_BYTES => Line::TooLong,
        _ => Line::Cut,
    })
}
