//! `jobrisk export`.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::destination;
use crate::finding_log::export::{Format, convert};
use crate::text::escaped;

/// Lines that are longer are no lines of the finding log, whose longest have 4 KiB.
const MAX_LINE: u64 = 64 * 1024;

/// Reads the finding log of `jobrisk run` and writes it in the words of others, one line of JSON for each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to write.
    #[arg(long, value_enum)]
    format: Format,
    /// Files of the finding log; - or none for standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Converts all lines. What is no line of the finding log is named on standard error with its place, the rest is
/// converted all the same, and the exit code is 2.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn export(args: &Args) -> Result<ExitCode, String> {
    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() { standard_input.as_slice() } else { &args.files };
    let mut failures = 0_u64;
    destination::write(args.output.as_deref(), |out| {
        for path in files {
            let name = path.display().to_string();
            let name = escaped(&name);
            let mut complain = |place: &str, why: &str| {
                failures += 1;
                // If standard error is gone there is nobody left to tell.
                let _ = writeln!(io::stderr(), "jobrisk: {name}{place}: {why}");
            };
            match open(path) {
                Ok(mut input) => lines(&mut input, args.format, out, &mut complain)?,
                Err(error) => complain("", &format!("cannot read: {error}")),
            }
        }
        Ok(())
    })?;
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

type Input = BufReader<Box<dyn Read>>;

fn open(path: &Path) -> io::Result<Input> {
    let input: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    Ok(BufReader::new(input))
}

/// Converts the lines of one input. An error is one of the output.
fn lines(
    input: &mut Input,
    format: Format,
    out: &mut dyn Write,
    complain: &mut dyn FnMut(&str, &str),
) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        let place = format!(":{number}");
        line.clear();
        let read = input.take(MAX_LINE).read_until(b'\n', &mut line);
        let is_cut = line.len() as u64 == MAX_LINE && !line.ends_with(b"\n");
        let skipped = if is_cut { input.skip_until(b'\n') } else { Ok(0) };
        if let Err(error) = read.and(skipped) {
            complain(&place, &format!("cannot read: {error}"));
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        match text.trim() {
            "" => {}
            _ if is_cut => complain(&place, "longer than any line of the finding log"),
            text => match convert(text, format) {
                Ok(converted) => writeln!(out, "{converted}")?,
                Err(why) => complain(&place, &why.to_string()),
            },
        }
        if input.buffer().is_empty() {
            // Whoever follows a log wants each line at once.
            out.flush()?;
        }
    }
    Ok(())
}
