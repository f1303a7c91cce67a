//! 128 bits that stand for a text: long enough that nobody can make another text with the same.

use sha2::{Digest as _, Sha256};

/// The first half of the SHA-256 of some texts. Where one ends and the next begins is part of it.
pub fn fingerprint(parts: &[&str]) -> u128 {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.len().to_le_bytes());
        sha.update(part);
    }
    half(sha)
}

/// The first half of a SHA-256.
pub fn half(sha: Sha256) -> u128 {
    sha.finalize().iter().take(16).fold(0, |half, byte| half << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_split_otherwise_is_something_else() {
        let all =
            [fingerprint(&[]), fingerprint(&["ab"]), fingerprint(&["a", "b"]), fingerprint(&["", "ab"])];
        for (index, one) in all.iter().enumerate() {
            assert!(all.iter().skip(index + 1).all(|other| other != one), "{all:?}");
        }
    }
}
