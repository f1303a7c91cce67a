//! What the rules found, bounded whatever the object is made of.

use super::catalog::Rule;
use crate::severity::Severity;
use crate::text::SafeText;

/// The longest name of a container, in characters: what an API server takes.
const MAX_NAME: usize = 63;

/// One place that a rule hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The severity here: the rule's own or a lower one.
    pub severity: Severity,
    /// The points here: the rule's own or fewer.
    pub points: i32,
    /// The container, if it is about one.
    pub container: Option<SafeText>,
    /// The field path.
    pub path: String,
    /// The excerpt that shows it, safe to print.
    pub evidence: SafeText,
}

/// The hits of each rule, in the order of the catalogue.
///
/// Of each rule [`Findings::MAX_KEPT`] hits are kept, those with the most points first, and all are counted:
/// 5 000 containers with one finding each do not make the report, or the memory it takes, larger.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    rules: Vec<RuleHits>,
    named: Named,
}

/// The container named last and its name made safe: most hits of a pod are about the same one.
#[derive(Debug, Clone, Default)]
struct Named(Option<(String, SafeText)>);

impl Named {
    fn safe(&mut self, name: &str) -> SafeText {
        if let Some((_, safe)) = self.0.as_ref().filter(|(known, _)| known == name) {
            return safe.clone();
        }
        let safe = SafeText::new(name, MAX_NAME);
        self.0 = Some((name.to_owned(), safe.clone()));
        safe
    }
}

#[derive(Debug, Clone)]
struct RuleHits {
    rule: &'static Rule,
    kept: Vec<Hit>,
    total: usize,
}

impl Findings {
    /// How many hits of one rule are kept.
    pub const MAX_KEPT: usize = 32;
    /// The longest excerpt, in characters.
    pub const MAX_EVIDENCE: usize = 120;

    /// Where the hits of one rule go.
    pub(super) fn of<'a>(&'a mut self, rule: &'static Rule) -> Collector<'a> {
        Collector { findings: self, rule }
    }

    /// The rules that hit, with the hits that were kept.
    pub fn by_rule(&self) -> impl Iterator<Item = (&'static Rule, &[Hit])> {
        self.rules.iter().map(|entry| (entry.rule, entry.kept.as_slice()))
    }

    /// How many hits there were, kept or not.
    pub fn total(&self) -> usize {
        self.rules.iter().map(|entry| entry.total).sum()
    }

    /// The rules that hit, with how often they did, kept or not.
    pub fn totals(&self) -> impl Iterator<Item = (&'static Rule, usize)> {
        self.rules.iter().map(|entry| (entry.rule, entry.total))
    }

    /// All kept hits, worst first: by severity, points, then rule and path, so that the order is stable.
    pub fn worst_first(&self) -> Vec<(&'static Rule, &Hit)> {
        let mut all: Vec<_> =
            self.by_rule().flat_map(|(rule, hits)| hits.iter().map(move |hit| (rule, hit))).collect();
        all.sort_by(|(rule_a, a), (rule_b, b)| {
            (b.severity, b.points)
                .cmp(&(a.severity, a.points))
                .then_with(|| rule_a.id.cmp(rule_b.id))
                .then_with(|| a.path.cmp(&b.path))
        });
        all
    }

    fn add(&mut self, rule: &'static Rule, points: i32, make: impl FnOnce(&mut Named) -> Hit) {
        if self.rules.last().is_none_or(|entry| entry.rule.id != rule.id) {
            self.rules.push(RuleHits { rule, kept: Vec::new(), total: 0 });
        }
        let Some(entry) = self.rules.last_mut() else { return };
        entry.total += 1;
        if entry.kept.len() < Self::MAX_KEPT {
            entry.kept.push(make(&mut self.named));
        } else if let Some(least) = entry.kept.iter_mut().min_by_key(|hit| hit.points)
            && least.points < points
        {
            *least = make(&mut self.named);
        }
    }
}

/// Takes the hits of one rule.
pub struct Collector<'a> {
    findings: &'a mut Findings,
    rule: &'static Rule,
}

impl Collector<'_> {
    /// What the rules before this one found.
    pub(super) fn so_far(&self) -> &Findings {
        self.findings
    }

    /// A hit with the rule's own severity and points.
    pub(super) fn hit(&mut self, container: Option<&str>, path: &str, evidence: &str) {
        self.hit_as(self.rule.severity, self.rule.points, container, path, evidence);
    }

    /// A hit that weighs less than the rule's own, for a harmless variant.
    pub(super) fn hit_as(
        &mut self,
        severity: Severity,
        points: i32,
        container: Option<&str>,
        path: &str,
        evidence: &str,
    ) {
        self.findings.add(self.rule, points, |named| Hit {
            severity,
            points,
            container: container.map(|name| named.safe(name)),
            path: path.to_owned(),
            evidence: SafeText::new(evidence, Findings::MAX_EVIDENCE),
        });
    }
}
