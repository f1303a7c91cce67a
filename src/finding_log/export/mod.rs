//! Lines of the finding log in the words of others: OCSF and the Elastic Common Schema.

mod ecs;
mod ocsf;
mod words;

pub use ecs::VERSION as ECS_VERSION;
pub use ocsf::VERSION as OCSF_VERSION;

use clap::ValueEnum;
use serde_json::Value;
use thiserror::Error;

use super::json::in_one_line;
use super::{Line, SCHEMA, SCHEMA_VERSION};
use crate::text::SafeText;

/// What a line becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A Detection Finding of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// A document of the Elastic Common Schema.
    Ecs,
}

/// Why something is no line that can be exported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoLine {
    /// It is not JSON, or a field has the wrong type or is missing.
    #[error("no line of the finding log: {0}")]
    Unreadable(SafeText),
    /// It is JSON of something else.
    #[error(
        "no line of the finding log: `schema` is not {SCHEMA:?}; the program's own log goes to standard error"
    )]
    Other,
    /// Another first number of the version: fields may mean something else.
    #[error("schemaVersion {0} cannot be read: this is for {major}.x", major = major(SCHEMA_VERSION))]
    Version(SafeText),
    /// A field of it has no meaning.
    #[error("no line of the finding log: {0}")]
    Meaning(&'static str),
}

/// What an export says that could not be made from a line.
const NO_VERDICT: &str = "the verdict that its `action` speaks of is missing";
const NO_TIME: &str = "`_time` is no time in RFC 3339";

/// A line in another format, in one line without its end.
///
/// # Errors
/// When it is no line of the finding log, or of a version that is not known here.
pub fn convert(text: &str, format: Format) -> Result<String, NoLine> {
    let line = read(text)?;
    let value = match format {
        Format::Ocsf => ocsf::finding(&line)?,
        Format::Ecs => ecs::document(&line),
    };
    in_one_line(&value).ok_or(NoLine::Meaning(NO_VERDICT))
}

/// Reads a line. Fields that are not known are passed over: a later version may have them.
fn read(text: &str) -> Result<Line, NoLine> {
    let unreadable = |error: serde_json::Error| {
        // Without the place in the line, of which there is only one.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        NoLine::Unreadable(SafeText::new(message, 200))
    };
    let value: Value = serde_json::from_str(text).map_err(unreadable)?;
    if value.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
        return Err(NoLine::Other);
    }
    let version = value.get("schemaVersion").and_then(Value::as_str).unwrap_or_default();
    if major(version) != major(SCHEMA_VERSION) {
        return Err(NoLine::Version(SafeText::new(&format!("{version:?}"), 32)));
    }
    let line: Line = serde_json::from_value(value).map_err(unreadable)?;
    if line.action.has_verdict() != line.details.is_some() {
        return Err(NoLine::Meaning(NO_VERDICT));
    }
    if line.time().is_none() {
        return Err(NoLine::Meaning(NO_TIME));
    }
    Ok(line)
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// A map without the fields that have no value.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
