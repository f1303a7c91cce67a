//! What is thought of an object, to be compared.

use std::collections::BTreeMap;

use jobrisk::assess::{Assessment, assess};
use jobrisk::manifest::{Item, read};
use jobrisk::severity::Severity;
use jobrisk::workload::decode::from_json;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::samples::kind;

/// Everything of an assessment but places and excerpts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) score: i32,
    pub(super) severity: Severity,
    /// Each rule that hits, with its highest points.
    pub(super) rules: BTreeMap<&'static str, i32>,
}

impl Verdict {
    fn from(assessment: &Assessment) -> Self {
        let rules = assessment.findings.by_rule();
        Self {
            score: assessment.score.total,
            severity: assessment.score.severity,
            rules: rules
                .map(|(rule, hits)| (rule.id, hits.iter().map(|hit| hit.points).max().unwrap_or(0)))
                .collect(),
        }
    }

    /// The verdict on an object as an API server sends it.
    pub(super) fn of(object: &Value) -> Self {
        Self::of_json(object, &serde_json::to_vec(object).unwrap())
    }

    /// The verdict on an object whose JSON is written in another way.
    pub(super) fn of_json(object: &Value, json: &[u8]) -> Self {
        Self::from(&assess(kind(object), &from_json(json).unwrap()))
    }

    /// The verdict on the only object of a file.
    pub(super) fn of_file(text: &str) -> Result<Self, TestCaseError> {
        let mut found = Vec::new();
        read(text.as_bytes(), &mut |item| {
            found.push(match item {
                Item::Workload(manifest) => Ok(Self::from(&assess(manifest.kind, &manifest.object))),
                Item::Other(kind) => Err(format!("{kind:?}")),
                Item::Unreadable(problem) => Err(problem.message),
            });
        });
        match found.pop() {
            Some(Ok(verdict)) if found.is_empty() => Ok(verdict),
            other => Err(TestCaseError::fail(format!("{other:?}, {found:?}:\n{text}"))),
        }
    }

    /// Without the rules that `is_about` names, and without the sum that they are part of.
    pub(super) fn rules_but(&self, is_about: impl Fn(&str) -> bool) -> BTreeMap<&'static str, i32> {
        self.rules.iter().filter(|(id, _)| !is_about(id)).map(|(id, points)| (*id, *points)).collect()
    }

    /// Fails unless both are the same.
    pub(super) fn must_equal(&self, other: &Self, how: &dyn std::fmt::Display) -> Result<(), TestCaseError> {
        if self == other {
            return Ok(());
        }
        Err(TestCaseError::fail(format!("{self:?} became {other:?}:\n{how}")))
    }

    /// Fails if the other one is lower in anything.
    pub(super) fn must_not_exceed(
        &self,
        other: &Self,
        how: &dyn std::fmt::Display,
    ) -> Result<(), TestCaseError> {
        let lost = self.rules.iter().find(|(id, points)| other.rules.get(*id).is_none_or(|new| new < points));
        if self.score <= other.score && self.severity <= other.severity && lost.is_none() {
            return Ok(());
        }
        Err(TestCaseError::fail(format!("lost {lost:?}: {self:?} became {other:?}:\n{how}")))
    }
}
