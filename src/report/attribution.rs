//! Who made a workload what it is, as a report says it.

use std::num::NonZeroU64;

use sha2::{Digest as _, Sha256};

use crate::api::report::{Actor, Attribution};
use crate::assess::Assessment;
use crate::text::SafeText;
use crate::workload::stamps::Stamp;

/// The longest text about a user, in characters.
const MAX_TEXT: usize = 256;

/// What an object says of who made and who changed it; nothing if it says nothing. **Not verified**: that is not for
/// the object to say.
pub fn attribution(assessment: &Assessment) -> Option<Attribution> {
    let stamps = &assessment.stamps;
    let latest = stamps.latest();
    let change = assessment.last_change.as_ref();
    if latest.is_none() && change.is_none() {
        return None;
    }
    let hint = |text: Option<&String>, limit| text.map(|text| SafeText::new(text, limit)).unwrap_or_default();
    Some(Attribution {
        verified: false,
        actor: latest.map(actor).unwrap_or_default(),
        created_by: stamps.changed.as_ref().and(stamps.created.as_ref()).map(actor),
        manager: hint(change.map(|change| &change.manager), 128),
        operation: hint(change.map(|change| &change.operation), 16),
        time: hint(change.map(|change| &change.time), 40),
    })
}

fn actor(stamp: &Stamp) -> Actor {
    let safe = |text: &Option<String>| text.as_deref().map(|text| SafeText::new(text, MAX_TEXT));
    Actor {
        user: Some(SafeText::new(&stamp.user, MAX_TEXT)),
        pod: safe(&stamp.pod),
        node: safe(&stamp.node),
        credential: stamp
            .credential
            .as_deref()
            .and_then(SafeText::credential_id)
            .or_else(|| safe(&stamp.credential)),
        arn: safe(&stamp.arn),
        canonical_arn: safe(&stamp.canonical_arn),
        session: safe(&stamp.session),
    }
}

/// Tells by whom one workload was made from by whom another was, in 8 bytes, since there is one for each in memory.
pub type Mark = NonZeroU64;

/// The mark of the users of an attribution. What clients choose is not part of it, nor whether it is verified.
pub fn mark(attribution: &Attribution) -> Mark {
    // To serialise plain structs to memory cannot fail; an empty text would be the mark of nobody.
    let text = serde_json::to_vec(&(&attribution.actor, &attribution.created_by)).unwrap_or_default();
    let mark = Sha256::digest(text).iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte));
    NonZeroU64::new(mark).unwrap_or(NonZeroU64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn of(metadata: &str) -> Option<Attribution> {
        let json = format!(r#"{{"metadata":{metadata}}}"#);
        attribution(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap()))
    }

    #[test]
    fn the_last_author_stands_first_and_the_creator_beside() {
        let created =
            of(r#"{"annotations":{"jobrisk.io/created-by":"ann","jobrisk.io/created-by-pod":"p"}}"#).unwrap();
        assert_eq!(created.actor.user.as_ref().unwrap().as_str(), "ann");
        assert_eq!(created.actor.pod.as_ref().unwrap().as_str(), "p");
        assert_eq!((created.created_by.as_ref(), created.verified), (None, false));
        let changed =
            of(r#"{"annotations":{"jobrisk.io/created-by":"ann","jobrisk.io/changed-by":"bob"}}"#).unwrap();
        assert_eq!(changed.actor.user.as_ref().unwrap().as_str(), "bob");
        assert_eq!(changed.created_by.as_ref().unwrap().user.as_ref().unwrap().as_str(), "ann");
        assert_ne!(mark(&created), mark(&changed));
        assert_eq!(of("{}"), None);
    }

    #[test]
    fn hostile_names_are_safe_and_short() {
        let name = format!("a\\n\\u001b[2J\\u202e{}", "x".repeat(2000));
        let said = of(&format!(r#"{{"annotations":{{"jobrisk.io/created-by":"{name}"}}}}"#)).unwrap();
        let user = said.actor.user.unwrap();
        assert!(user.as_str().chars().count() <= MAX_TEXT, "{user}");
        assert!(user.as_str().starts_with("a\\n\\u{1b}[2J\\u{202e}x"), "{user}");
    }

    #[test]
    fn the_id_of_a_credential_is_shown_and_what_passes_for_one_is_not() {
        let credential = |text: &str| {
            let metadata = format!(
                r#"{{"annotations":{{"jobrisk.io/created-by":"a","jobrisk.io/created-by-credential":"{text}"}}}}"#
            );
            of(&metadata).unwrap().actor.credential.unwrap().as_str().to_owned()
        };
        let id = "JTI=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        assert_eq!(credential(id), id);
        assert!(!credential("JTI=my-token=hunter2hunter2").contains("hunter2"));
        assert!(!credential("TOKEN=hunter2hunter2").contains("hunter2"));
    }

    #[test]
    fn what_is_behind_thousands_of_annotations_is_read() {
        let many: Vec<String> = (0..20_000).map(|number| format!(r#""a.b/{number}":"""#)).collect();
        let said = of(&format!(r#"{{"annotations":{{{},"jobrisk.io/created-by":"ann"}}}}"#, many.join(",")))
            .unwrap();
        assert_eq!(said.actor.user.unwrap().as_str(), "ann");
    }

    #[test]
    fn templates_claim_nothing() {
        let json = r#"{"spec":{"jobTemplate":{"metadata":{"annotations":{"jobrisk.io/created-by":"a"}},"spec":{
            "template":{"metadata":{"annotations":{"jobrisk.io/created-by":"a"}}}}}}}"#;
        assert_eq!(attribution(&assess(Kind::CronJob, &from_json(json.as_bytes()).unwrap())), None);
    }
}
