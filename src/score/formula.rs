//! A family's part of the score, written such that it can be redone by hand.

use std::fmt::{self, Write as _};

use super::{Family, Summand, TWENTIETHS, weighted};

/// The sum of a family: its summands, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    /// The summands, highest first.
    pub summands: Vec<Summand>,
    /// The weighted sum, in [`TWENTIETHS`].
    pub exact: i32,
    /// The same, rounded.
    pub rounded: i32,
    /// The same, cut at the cap of the family.
    pub points: i32,
}

impl Formula {
    /// The formula of a family with these summands.
    pub fn new(family: Family, summands: Vec<Summand>) -> Self {
        let exact = summands.iter().map(|summand| summand.points * summand.weight).sum();
        let rounded = weighted(summands.iter().map(|summand| summand.points).collect());
        Self { exact, rounded, points: rounded.min(family.cap()), summands }
    }

    /// What follows the summands: ` = 56.05, rounded 56, at most 35`; nothing for one that stands for itself.
    pub fn result(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        if self.exact % TWENTIETHS != 0 {
            let _ = write!(text, " = {}, rounded {}", decimal(self.exact), self.rounded);
        } else if self.summands.len() > 1 {
            let _ = write!(text, " = {}", self.rounded);
        }
        if self.points < self.rounded {
            let _ = write!(text, ", at most {}", self.points);
        }
        text
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, summand) in self.summands.iter().enumerate() {
            let plus = if index == 0 { "" } else { " + " };
            write!(f, "{plus}{}{}", summand.points, summand.times())?;
        }
        f.write_str(&self.result())
    }
}

impl Summand {
    /// Its weight behind its points: ` × 0.6`; nothing for the whole.
    pub fn times(&self) -> String {
        if self.weight == TWENTIETHS { String::new() } else { format!(" × {}", decimal(self.weight)) }
    }
}

/// A number of twentieths with as many decimals as it needs.
pub fn decimal(twentieths: i32) -> String {
    let mut text = (twentieths / TWENTIETHS).to_string();
    let hundredths = twentieths % TWENTIETHS * (100 / TWENTIETHS);
    if hundredths % 10 != 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ".{hundredths:02}");
    } else if hundredths != 0 {
        let _ = write!(text, ".{}", hundredths / 10);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (twentieths, expected) in
            [(0, "0"), (3, "0.15"), (12, "0.6"), (20, "1"), (1121, "56.05"), (1110, "55.5")]
        {
            assert_eq!(decimal(twentieths), expected);
        }
    }

    #[test]
    fn a_formula_shows_weights_rounding_and_cap() {
        let rule = crate::detect::catalog::rules().next().unwrap();
        let of = |family, points: &[(i32, i32)]| {
            let summands = points.iter().map(|&(points, weight)| Summand { rule, points, weight });
            Formula::new(family, summands.collect()).to_string()
        };
        assert_eq!(of(Family::Host, &[(35, 20)]), "35");
        assert_eq!(of(Family::Host, &[(20, 20), (10, 12)]), "20 + 10 × 0.6 = 26");
        assert_eq!(of(Family::Image, &[(18, 20), (8, 12)]), "18 + 8 × 0.6 = 22.8, rounded 23, at most 20");
    }
}
