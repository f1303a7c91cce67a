use super::{Results, Settings};
use std::io::{self, Write};
pub(super) fn write(_: &Results, _: &Settings, _: &mut dyn Write) -> io::Result<()> {
    Ok(())
}
