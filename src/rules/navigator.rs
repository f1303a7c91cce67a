//! The techniques of all rules as a layer for the ATT&CK Navigator, layer format 4.5.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::detect::Rule;
use crate::detect::catalog::attack;
use crate::detect::catalog::rules;

/// The oldest Navigator that reads layer format 4.5.
const NAVIGATOR: &str = "4.9.0";
/// The layer format.
const LAYER: &str = "4.5";
/// Pale to dark, for the least to the most points.
const COLORS: [&str; 3] = ["#fff2cc", "#f4a259", "#b8001f"];

/// The layer.
pub(super) fn layer() -> Value {
    let mut by_technique: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules() {
        for id in rule.techniques {
            by_technique.entry(id).or_default().push(rule);
        }
    }
    let most = by_technique.values().map(|rules| score(rules)).max().unwrap_or(0);
    let mut techniques: Vec<Value> =
        by_technique.iter().map(|(id, rules)| technique(id, rules, &by_technique)).collect();
    techniques.extend(parents(&by_technique));
    json!({
        "name": "jobrisk",
        "versions": {"attack": attack::VERSION, "navigator": NAVIGATOR, "layer": LAYER},
        "domain": "enterprise-attack",
        "description": format!(
            "What jobrisk {} finds in Kubernetes Jobs and CronJobs. The score of a technique is the most points that \
             one of its rules gives; its comment names the rules. A technique without a score has no rule of its \
             own, only sub-techniques that have.",
            env!("CARGO_PKG_VERSION")
        ),
        "sorting": 3,
        "layout": {"layout": "side", "showID": true, "showName": true, "expandedSubtechniques": "annotated"},
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {"colors": COLORS, "minValue": 0, "maxValue": most.max(1)},
        "legendItems": [
            {"label": "context: few points", "color": COLORS.first()},
            {"label": format!("up to {most} points: alone enough for High"), "color": COLORS.last()},
        ],
        "metadata": [{"name": "rules", "value": rules().count().to_string()}],
    })
}

/// The most points that one of the rules gives.
fn score(rules: &[&Rule]) -> i32 {
    rules.iter().map(|rule| rule.points).max().unwrap_or(0)
}

fn technique(id: &str, rules: &[&Rule], all: &BTreeMap<&str, Vec<&Rule>>) -> Value {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.points), rule.id));
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    let metadata: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"name": rule.id, "value": format!("{} ({}, {} points)", rule.title, rule.severity, rule.points)}))
        .collect();
    let prefix = format!("{id}.");
    json!({
        "techniqueID": id,
        "score": score(&rules),
        "comment": ids.join(", "),
        "enabled": true,
        "metadata": metadata,
        "links": attack::technique(id).map(|known| vec![json!({"label": known.name, "url": known.url()})])
            .unwrap_or_default(),
        "showSubtechniques": all.keys().any(|other| other.starts_with(&prefix)),
    })
}

/// Techniques that have no rule, opened to show their sub-techniques that have one.
fn parents(all: &BTreeMap<&str, Vec<&Rule>>) -> Vec<Value> {
    let mut parents: Vec<&str> =
        all.keys().filter_map(|id| id.split_once('.')).map(|(parent, _)| parent).collect();
    parents.dedup();
    parents.retain(|parent| !all.contains_key(parent));
    parents.into_iter().map(|id| json!({"techniqueID": id, "showSubtechniques": true})).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What the description of layer format 4.5 demands of each object.
    #[test]
    fn the_layer_has_what_its_format_demands() {
        let layer = layer();
        assert!(layer["name"].is_string());
        assert_eq!(layer["domain"], "enterprise-attack");
        assert_eq!(layer["versions"]["layer"], "4.5");
        let navigator: Vec<u32> = layer["versions"]["navigator"]
            .as_str()
            .unwrap()
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        assert!(navigator >= vec![4, 9, 0]);
        let gradient = &layer["gradient"];
        assert!(gradient["colors"].as_array().unwrap().len() >= 2);
        assert!(gradient["maxValue"].as_i64() > gradient["minValue"].as_i64());
        for item in layer["legendItems"].as_array().unwrap() {
            assert!(item["label"].is_string() && item["color"].as_str().unwrap().starts_with('#'));
        }
        let mut ids = BTreeSet::new();
        for technique in layer["techniques"].as_array().unwrap() {
            let id = technique["techniqueID"].as_str().unwrap();
            assert!(ids.insert(id), "{id} twice");
            for link in technique["links"].as_array().into_iter().flatten() {
                assert!(link["label"].is_string() && link["url"].as_str().unwrap().starts_with("https://"));
            }
            for entry in technique["metadata"].as_array().into_iter().flatten() {
                assert!(entry["name"].is_string() && entry["value"].is_string());
            }
        }
        for known in attack::TECHNIQUES {
            let parent = known.id.split_once('.').map_or(known.id, |(parent, _)| parent);
            assert!(ids.contains(known.id) && ids.contains(parent), "{}", known.id);
        }
    }
}
