//! Objects of kinds that are not judged themselves, as far as somebody who makes them runs something by it.

use serde::Deserialize as _;

use super::object::Source;
use super::position;
use super::tree::{Budget, NodeId, Tree, Value};
use crate::workload::Kind;
use crate::workload::decode::{Object, ObjectMeta, PodSpec, PodTemplate, Spec};
use crate::workload::lenient::Field;

/// An object of another kind than those that are judged, or something that is no object (with an empty kind).
#[derive(Debug)]
pub struct Other<'a> {
    /// Its kind, as it says.
    pub kind: &'a str,
    pub(super) tree: &'a Tree<'a>,
    pub(super) node: NodeId,
    pub(super) budget: &'a Budget,
}

impl Other<'_> {
    /// The text of the field with this path, if it is there and text. Not escaped.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.tree.text(self.find(path)?)
    }

    /// The pods that the object makes, as the workload that would run the same: a Pod, what has a template for pods
    /// (Deployments and their kin), and parts of these without a kind, such as patches. Nothing for what
    /// makes none.
    pub fn as_workload(&self) -> Option<(Kind, Object)> {
        if self.find("spec.template.spec").is_some() {
            return Some((Kind::Job, Object::deserialize(self.source(self.node)).ok()?));
        }
        if self.find("spec.jobTemplate").is_some() {
            return Some((Kind::CronJob, Object::deserialize(self.source(self.node)).ok()?));
        }
        let spec = self.find("spec").filter(|_| matches!(self.kind, "Pod" | ""))?;
        let is_pod = self.kind == "Pod"
            || ["spec.containers", "spec.hostPID", "spec.nodeName"]
                .iter()
                .any(|field| self.find(field).is_some());
        if !is_pod {
            return None;
        }
        let spec = Field::<Box<PodSpec>>::deserialize(self.source(spec)).ok()?;
        let metadata = match self.find("metadata") {
            Some(node) => Field::<Box<ObjectMeta>>::deserialize(self.source(node)).ok()?,
            None => Field::Absent,
        };
        let template = PodTemplate { spec, ..PodTemplate::default() };
        let spec = Spec { template: Field::Present(Box::new(template)), ..Spec::default() };
        let spec = Field::Present(Box::new(spec));
        Some((Kind::Job, Object { metadata, spec, ..Object::default() }))
    }

    fn source(&self, node: NodeId) -> Source<'_, '_> {
        Source { tree: self.tree, node, budget: self.budget }
    }

    fn find(&self, path: &str) -> Option<NodeId> {
        let node = position::find(self.tree, self.node, path, self.budget)?;
        (*self.tree.value(node) != Value::Null).then_some(node)
    }
}
