//! Inputs as large as an API server stores, each made to be as expensive as possible in one way.

mod fields;
mod files;
mod pods;
mod scripts;

use super::records::whole;
use jobrisk::workload::Kind;
use serde_json::{Value, json};

/// What etcd stores of one object by default, in bytes.
pub const SIZE: usize = 1_500_000;

/// How to make one kind of input.
pub struct Shape {
    /// What is much in it.
    pub name: &'static str,
    /// Makes it about this long.
    make: fn(usize) -> String,
}

/// Text of about `size` bytes: `before`, then each of `pieces` as often as its equal share of the rest allows. `#` in a
/// piece is its number.
fn fill(size: usize, before: &str, pieces: &[&str]) -> String {
    let share = size.saturating_sub(before.len()) / pieces.len();
    let mut text = before.to_owned();
    for piece in pieces {
        let end = text.len() + share;
        let mut number = 0_usize;
        loop {
            let next = if piece.contains('#') {
                piece.replace('#', &number.to_string())
            } else {
                (*piece).to_owned()
            };
            if text.len() + next.len() > end {
                break;
            }
            text.push_str(&next);
            number += 1;
        }
    }
    text
}

/// Files with one object or with text that is no object, by name.
pub fn all(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = pods(size);
    all.extend(files::FILES.iter().map(|shape| (shape.name, (shape.make)(size).into_bytes())));
    all
}

/// Files with one object each.
pub fn pods(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<_> = scripts::SCRIPTS.iter().map(|shape| (shape.name, script(shape, size))).collect();
    all.extend(pods::all(size));
    all.extend(fields::all(size));
    all
}

/// For the target `object`.
pub fn objects() -> Vec<Vec<u8>> {
    pods(SIZE).into_iter().map(|(_, file)| file).collect()
}

/// For the target `manifest`.
pub fn manifests() -> Vec<Vec<u8>> {
    files::FILES.iter().map(|shape| (shape.make)(SIZE).into_bytes()).collect()
}

/// For the target `shell`.
pub fn scripts() -> Vec<Vec<u8>> {
    scripts::SCRIPTS.iter().map(|shape| (shape.make)(SIZE).into_bytes()).collect()
}

/// An object whose only container runs a script of this shape.
fn script(shape: &Shape, size: usize) -> Vec<u8> {
    let object = |size: usize| {
        let command = json!(["/bin/bash", "-c", (shape.make)(size)]);
        file(&json!({"containers": [{"name": "c", "command": command}]}))
    };
    // JSON is longer than the script in it, by its escapes.
    let length = object(size).len();
    object((size * size / length).saturating_sub(1000))
}

/// An object with this pod.
fn file(pod: &Value) -> Vec<u8> {
    serde_json::to_vec(&whole(Kind::Job, "n", pod)).unwrap()
}

/// As many values as fit.
fn many(size: usize, each: impl Fn(usize) -> Value) -> Vec<Value> {
    let mut left = size.saturating_sub(1000);
    let mut values = Vec::new();
    loop {
        let value = each(values.len());
        let Some(rest) = left.checked_sub(value.to_string().len() + 1) else { return values };
        left = rest;
        values.push(value);
    }
}
