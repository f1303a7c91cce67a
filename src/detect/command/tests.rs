use super::*;
use crate::detect::catalog;

/// Rules that describe everyday scripts as much as attacks.
fn weak() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten().filter(|rule| rule.points < 15)
}

#[test]
fn weak_rules_together_stay_below_high() {
    let mut points: Vec<i32> = weak().map(|rule| rule.points).collect();
    points.sort_unstable_by(|a, b| b.cmp(a));
    let sum = crate::score::weighted(points);
    assert!(sum < 45, "{sum}");
    assert!(weak().all(|rule| rule.severity <= Severity::Low), "a weak rule that is not");
}

#[test]
fn rules_of_commands_come_in_the_catalogue() {
    assert!(catalog::rule("cmd-in-hook-or-probe").is_some());
    assert_eq!(
        TABLES.last().and_then(|table| table.last()).map(|rule| rule.id),
        Some("cmd-in-hook-or-probe")
    );
}
