//! Uids, small.

use std::fmt;

use crate::fingerprint::fingerprint;

/// A uid in 16 bytes instead of the 36 and more of its text: there are two for each workload in memory.
///
/// API servers make random UUIDs. Any other text, which only a modified server could send, is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 16]);

impl Id {
    /// The id of a uid.
    pub fn of(uid: &str) -> Self {
        let id = uuid(uid).unwrap_or_else(|| fingerprint(&[uid]));
        // As bytes: as a number it would have to stand at a multiple of its size, with gaps around it.
        Self(id.to_be_bytes())
    }
}

impl fmt::Display for Id {
    /// The uid again, if it was a UUID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", u128::from_be_bytes(self.0));
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        let parts: Vec<&str> = parts.iter().filter_map(|(from, to)| hex.get(*from..*to)).collect();
        f.write_str(&parts.join("-"))
    }
}

fn uuid(text: &str) -> Option<u128> {
    let dashes_at = [8, 13, 18, 23];
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if dashes_at.contains(&at) { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
        });
    is_uuid.then(|| {
        let digits = text.chars().filter_map(|digit| digit.to_digit(16));
        digits.fold(0, |id, digit| id << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_uids_are_different() {
        let uid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        assert_eq!(Id::of(uid).to_string(), uid);
        assert_eq!(Id::of(uid), Id(0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0_u128.to_be_bytes()));
        let others =
            ["", "1", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1", "0F1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"];
        assert!(others.iter().all(|other| Id::of(other) != Id::of(uid)));
    }
}
