//! Who made and who changed an object, as the admission policy in `manifests/attribution` has the API server write it
//! into annotations. **A claim** as long as nobody knows that the policy was in force: see `crate::controller::voucher`.

/// What the annotations that say who created it begin with. The bare key has the user.
pub const CREATED_BY: &str = "jobrisk.io/created-by";
/// The same of who last changed its spec.
pub const CHANGED_BY: &str = "jobrisk.io/changed-by";

/// The bytes of such a value that are read. Far more than any user is shown with.
pub const MAX_VALUE: usize = 1024;

/// Who made a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamp {
    /// The user's name.
    pub user: String,
    /// The pod whose token it was.
    pub pod: Option<String>,
    /// The node of that pod.
    pub node: Option<String>,
    /// The id of the token or certificate.
    pub credential: Option<String>,
    /// EKS: `arn`.
    pub arn: Option<String>,
    /// EKS: `canonicalArn`.
    pub canonical_arn: Option<String>,
    /// EKS: `sessionName`.
    pub session: Option<String>,
}

/// Who made and who changed an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamps {
    /// Who created it.
    pub created: Option<Stamp>,
    /// Who last changed its spec, if that was changed.
    pub changed: Option<Stamp>,
}

impl Stamps {
    /// What stands in an object's own annotations.
    pub fn of(annotations: &[(String, String)]) -> Self {
        Self { created: stamp(annotations, CREATED_BY), changed: stamp(annotations, CHANGED_BY) }
    }

    /// Who is answerable for what it says now.
    pub fn latest(&self) -> Option<&Stamp> {
        self.changed.as_ref().or(self.created.as_ref())
    }
}

/// Whether a key is one of those that the policy writes.
pub fn is_stamp(key: &str) -> bool {
    key.starts_with(CREATED_BY) || key.starts_with(CHANGED_BY)
}

fn stamp(annotations: &[(String, String)], prefix: &str) -> Option<Stamp> {
    let mut stamp = Stamp::default();
    let mut is_there = false;
    let parts = annotations.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)));
    for (part, value) in parts {
        let detail = match part {
            "" => {
                stamp.user.clone_from(value);
                is_there = true;
                continue;
            }
            "-pod" => &mut stamp.pod,
            "-node" => &mut stamp.node,
            "-credential" => &mut stamp.credential,
            "-arn" => &mut stamp.arn,
            "-canonical-arn" => &mut stamp.canonical_arn,
            "-session" => &mut stamp.session,
            _ => continue,
        };
        *detail = Some(value.clone());
    }
    is_there.then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(annotations: &[(&str, &str)]) -> Stamps {
        let owned: Vec<_> =
            annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Stamps::of(&owned)
    }

    #[test]
    fn creator_and_last_author_are_told_apart() {
        let both = stamps(&[
            ("jobrisk.io/changed-by", "bob"),
            ("jobrisk.io/created-by", "ann"),
            ("jobrisk.io/created-by-pod", "web-0"),
            ("jobrisk.io/created-by-else", "x"),
            ("jobrisk.io/created-bypass", "x"),
        ]);
        assert_eq!(both.latest().unwrap().user, "bob");
        let created = both.created.unwrap();
        assert_eq!(
            (created.user.as_str(), created.pod.as_deref(), created.node),
            ("ann", Some("web-0"), None)
        );
        assert_eq!(both.changed.unwrap().pod, None);
    }

    #[test]
    fn without_a_user_there_is_nothing() {
        assert_eq!(stamps(&[("jobrisk.io/created-by-pod", "web-0"), ("other", "x")]), Stamps::default());
    }
}
