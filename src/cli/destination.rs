//! Where output goes: to a file, or to standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Lets `write` write to the file, or to standard output if there is none.
///
/// # Errors
/// When it cannot be written, in words for the user. A reader of standard output that has seen enough is no error.
pub(super) fn write(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), String> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(&mut out).and_then(|()| out.flush()) {
            // `jobrisk scan … | head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| format!("cannot print: {error}")),
        };
    };
    let failed = |error: io::Error| format!("cannot write {}: {error}", path.display());
    let mut out = File::create(path).map(BufWriter::new).map_err(failed)?;
    write(&mut out).and_then(|()| out.flush()).map_err(failed)
}
