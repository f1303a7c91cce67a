//! The columns of the Splunk search that jobrisk replaces: the one place of their names.
//!
//! Both the table of `jobrisk scan --format spl` and the finding log have them, so that its users find them again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::detect::Indicators;

/// What the search shows of a request and only an audit log has. They stand behind `user`.
pub const ONLY_IN_AUDIT_LOGS: [&str; 2] = ["user_agent", "source_ip"];

/// A row of the search's table, from the names of its columns.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $column:literal $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$attribute])* #[serde(rename = $column)] pub $field: $type,)*
        }

        impl $name {
            /// The names of the columns, in the order of the search.
            pub const COLUMNS: &'static [&'static str] = &[$($column),*];

            /// The values, in the order of the columns; nothing where one is not known.
            pub fn cells(&self) -> Vec<Option<String>> {
                vec![$(text(&self.$field)),*]
            }
        }
    };
}

columns! {
    /// A row of the search's table. What is not known is left out.
    Row {
        /// When: of a verdict, the time at which it was given; RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 40))]
        "_time" time: Option<String>,
        /// The resource of the workload: `jobs` or `cronjobs`.
        #[schemars(length(max = 16))]
        "objectRef.resource" resource: String,
        /// What was done to the workload: `create` for the first verdict on it, then `update`, at its end `delete`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 16))]
        "verb" verb: Option<String>,
        /// Who did it. Only there where the API server vouches for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 256))]
        "user" user: Option<String>,
        /// The namespace of the workload.
        #[schemars(length(max = 253))]
        "namespace" namespace: String,
        /// The name of the workload.
        #[schemars(length(max = 253))]
        "resource_name" name: String,
        /// 1 if an image is named like a general-purpose OS, an interpreter or an attack tool, else 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsSuspiciousImage" suspicious_image: Option<u8>,
        /// 1 if a command is one of the search's list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsSuspiciousCommand" suspicious_command: Option<u8>,
        /// 1 if there is a hostPath volume.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsHostPathMount" host_path_mount: Option<u8>,
        /// 1 if a container is privileged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsPrivileged" privileged: Option<u8>,
        /// 1 if the pod shares the network of its node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsHostNetwork" host_network: Option<u8>,
        /// 1 if a host path is at, under or covers /etc, /proc, /sys or the Docker socket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1))]
        "IsSensitiveMount" sensitive_mount: Option<u8>,
        /// The sum of the six.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 6))]
        "SuspicionScore" score: Option<u8>,
    }
}

impl Row {
    /// The columns of the six answers, and of their sum.
    pub fn signs() -> &'static [&'static str] {
        let first = Self::COLUMNS.len().saturating_sub(7);
        Self::COLUMNS.get(first..).unwrap_or_default()
    }

    /// The six answers, and their sum: the values of [`Self::signs`].
    pub fn answers(&self) -> Vec<Option<String>> {
        self.cells().into_iter().skip(Self::COLUMNS.len() - Self::signs().len()).collect()
    }

    /// The row with these six answers and their sum.
    #[must_use]
    pub fn with_matches(self, matches: [bool; 6]) -> Self {
        let [image, command, mount, privileged, network, sensitive] = matches.map(u8::from);
        Self {
            suspicious_image: Some(image),
            suspicious_command: Some(command),
            host_path_mount: Some(mount),
            privileged: Some(privileged),
            host_network: Some(network),
            sensitive_mount: Some(sensitive),
            score: Some(image + command + mount + privileged + network + sensitive),
            ..self
        }
    }

    /// The row with what parsed fields say.
    #[must_use]
    pub fn with_indicators(self, indicators: Indicators) -> Self {
        self.with_matches([
            indicators.suspicious_image,
            indicators.suspicious_command,
            indicators.host_path_mount,
            indicators.privileged,
            indicators.host_network,
            indicators.sensitive_mount,
        ])
    }
}

/// A value as a cell of a table.
fn text(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value).ok()? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_search() {
        assert_eq!(
            Row::COLUMNS,
            [
                "_time",
                "objectRef.resource",
                "verb",
                "user",
                "namespace",
                "resource_name",
                "IsSuspiciousImage",
                "IsSuspiciousCommand",
                "IsHostPathMount",
                "IsPrivileged",
                "IsHostNetwork",
                "IsSensitiveMount",
                "SuspicionScore",
            ]
        );
    }

    #[test]
    fn the_six_answers_stand_in_their_columns() {
        assert_eq!(Row::signs(), &Row::COLUMNS[6..]);
        for index in 0..6 {
            let mut matches = [false; 6];
            matches[index] = true;
            let row = serde_json::to_value(Row::default().with_matches(matches)).unwrap();
            for (other, column) in Row::COLUMNS[6..12].iter().enumerate() {
                assert_eq!(row[*column], u8::from(other == index), "{column}");
            }
            assert_eq!(row["SuspicionScore"], 1);
        }
    }

    #[test]
    fn cells_are_in_the_order_of_the_columns() {
        let row = Row { resource: "jobs".to_owned(), name: "a".to_owned(), ..Row::default() };
        let cells = row.with_matches([true; 6]).cells();
        assert_eq!(cells.len(), Row::COLUMNS.len());
        assert_eq!(cells[0], None);
        assert_eq!(cells[1].as_deref(), Some("jobs"));
        assert_eq!(cells[5].as_deref(), Some("a"));
        assert_eq!(cells[12].as_deref(), Some("6"));
    }
}
