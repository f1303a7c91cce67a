//! The JSON Schema of the lines, made from their type.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{Action, Line, SCHEMA_VERSION};
use crate::search::Row;

/// What stands in every line that has a verdict, beside what stands in all and [the signs of the search](Row::signs).
const OF_VERDICTS: [&str; 5] = ["generation", "techniques", "rules", "findingsTotal", "findings"];

/// The schema (draft 2020-12) of exactly the lines that this version writes: a field that is not named in it is none.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Line>().to_value();
    strict(&mut schema);
    let verdicts: Vec<&str> =
        Action::ALL.into_iter().filter(|action| action.has_verdict()).map(Action::as_str).collect();
    let of_verdicts = [Row::signs(), OF_VERDICTS.as_slice()].concat();
    let each: Vec<Value> = of_verdicts.iter().map(|field| json!({"required": [field]})).collect();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!(format!("urn:jobrisk:finding-log:{SCHEMA_VERSION}")));
        root.insert("title".to_owned(), json!("A line of jobrisk's finding log"));
        if let Some(required) = root.get_mut("required").and_then(Value::as_array_mut) {
            required.push(json!("_time"));
        }
        root.insert("if".to_owned(), json!({"properties": {"action": {"enum": verdicts}}}));
        root.insert("then".to_owned(), json!({"required": of_verdicts}));
        root.insert("else".to_owned(), json!({"not": {"anyOf": each}}));
    }
    schema
}

/// The schema as text, as it stands in docs/siem.
pub fn text() -> String {
    // A value without any map that has keys of another type than text cannot fail.
    serde_json::to_string_pretty(&schema()).unwrap_or_default() + "\n"
}

/// Allows no field in any object but those that are named.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(strict);
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("type") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}
