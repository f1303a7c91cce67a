//! How a sample is changed, drawn by proptest.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::samples::{Sample, all};

/// How often each sample is drawn, where `PROPTEST_CASES` says nothing else.
const CASES: u32 = 2;
/// More choices than most samples need.
const LENGTH: usize = 600;

/// A list of choices. Where it ends, the first alternative is taken, which is always the one that changes nothing: so
/// what proptest makes shorter is changed less.
pub(super) struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    /// A number below `end`, which is not zero.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % end
    }

    /// Heads or tails; tails changes nothing.
    pub(super) fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of `list`, which is not empty.
    pub(super) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Puts a list into another order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            let distance = self.below(place + 1);
            list.swap(place, place - distance);
        }
    }
}

/// Tries `check` on every sample; what it says that is wrong ends the test. Returns how many samples it has judged
/// at least once: it says `Ok(false)` of what it does not apply to.
pub(super) fn of_each_sample(
    check: impl Fn(&Sample, &mut Choices<'_>) -> Result<bool, TestCaseError>,
) -> usize {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let mut judged = 0;
    for (number, sample) in all().iter().enumerate() {
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            max_shrink_iters: 500,
            ..ProptestConfig::default()
        };
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let applies = std::cell::Cell::new(false);
        let result = runner.run(&vec(any::<u8>(), LENGTH), |bytes| {
            applies.set(check(sample, &mut Choices(bytes.iter()))? | applies.get());
            Ok(())
        });
        judged += usize::from(applies.get());
        if let Err(error) = result {
            let text = error.to_string();
            // Without the list of choices.
            let text = text.split("minimal failing input").next().unwrap_or(&text);
            panic!("{}: {text}", sample.name);
        }
    }
    judged
}
