//! A small mutator without feedback, the same every time: for the smoke run, where no fuzzer is at hand.

/// Changes inputs. The same seed gives the same changes.
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `limit`, which is not 0. `SplitMix64`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % limit
    }

    /// One of the list, which is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// The input with one to four changes; `words` and `others` are what may be put into it.
    pub fn change(&mut self, input: &[u8], words: &[String], others: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = at + self.below((bytes.len() - at).min(32) + 1);
            match self.below(7) {
                0 | 1 => insert(&mut bytes, at, at, self.pick(words).as_bytes()),
                2 => insert(&mut bytes, at, end, self.pick(words).as_bytes()),
                3 => insert(&mut bytes, at, end, &[]),
                4 => {
                    let piece = bytes[at..end].repeat(1 + self.below(8));
                    insert(&mut bytes, at, at, &piece);
                }
                5 => {
                    let other = self.pick(others);
                    let from = self.below(other.len() + 1);
                    let piece = &other[from..(from + 64).min(other.len())];
                    insert(&mut bytes, at, at, piece);
                }
                _ => {
                    let byte = u8::try_from(self.below(256)).unwrap();
                    insert(&mut bytes, at, (at + 1).min(end.max(at)), &[byte]);
                }
            }
        }
        bytes
    }
}

fn insert(bytes: &mut Vec<u8>, from: usize, to: usize, piece: &[u8]) {
    bytes.splice(from..to, piece.iter().copied());
}
