//! The place in an object at which the reader stands.

/// One step down from the place above. Lives on the stack while the reader is there: hundreds of fields are read
/// for every one whose path is needed, so the path is only written out when something keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    above: Option<&'a At<'a>>,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A field, or several with dots between them.
    Field(&'static str),
    /// An element of a list.
    Element(usize),
}

impl At<'_> {
    /// A path from the top.
    pub(super) const fn top(path: &'static str) -> Self {
        Self { above: None, step: Step::Field(path) }
    }

    /// A field of what is here, or of something below it, with dots between the names.
    pub(super) const fn field(&self, name: &'static str) -> At<'_> {
        At { above: Some(self), step: Step::Field(name) }
    }

    /// An element of the list that is here.
    pub(super) const fn element(&self, index: usize) -> At<'_> {
        At { above: Some(self), step: Step::Element(index) }
    }

    /// The field path, such as `spec.template.spec.containers[0].image`.
    pub(super) fn path(&self) -> String {
        // Longer than nearly all of them.
        let mut path = String::with_capacity(96);
        self.write(&mut path);
        path
    }

    /// As deep as the reader goes, which its code decides and no object.
    fn write(&self, path: &mut String) {
        if let Some(above) = self.above {
            above.write(path);
        }
        match self.step {
            Step::Field(name) => {
                if self.above.is_some() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Element(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::At;

    #[test]
    fn paths_are_those_of_kubectl() {
        let top = At::top("spec.template.spec");
        assert_eq!(top.path(), "spec.template.spec");
        let list = top.field("containers");
        let element = list.element(12);
        assert_eq!(
            element.field("lifecycle.postStart").path(),
            "spec.template.spec.containers[12].lifecycle.postStart"
        );
    }
}
