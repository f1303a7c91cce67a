//! The rewrites change nothing: harmless scripts, as they are and rewritten, run by the real programs of this
//! machine, print the same and succeed or fail alike. No sample of an attack is ever run.
//!
//! A rewrite whose programs are missing here is left out, and so are those that cannot be run ([`Proof::None`]).
//! bash and sh are always there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test, its helpers included")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::dice::Dice;
use crate::harness::measure::rewritten;
use crate::harness::rewrite::{self, Change, Context, Proof, Rewrite, in_order, to_run};
use crate::harness::subject::{Run, Subject, expand};

/// Harmless scripts in plain sh. None prints a path that it names: another spelling is another text. Every command but the last of each succeeds, so that `-e` changes nothing.
const SCRIPTS: &[&str] = &[
    "echo one two three",
    "printf '%s-%s\\n' a b; echo 'it''s' \"done\"",
    "echo apple pear plum | tr a-z A-Z | sort",
    "cat /etc/passwd | head -n 1 | wc -l",
    "for i in 1 2 3; do echo item $i; done; test -d /usr/bin && echo there",
    "x=5; y=$((x + 2)); echo \"$x and $y\" | cat",
    "if test -d /usr; then echo yes; else echo no; fi",
    "(echo left; echo right) | sort -r && basename /usr/bin/env",
    "cat <<EOF\nline $((1 + 1))\nEOF\necho after",
    "f() { echo \"<$1>\"; }; f word; cat /etc/passwd | wc -l",
    "echo 'a;b|c&d' \"$HOME\" | cut -c 1-7; sort /dev/null; false",
    "v=value; echo ${v%ue} ${v#va} ${none:-default}; exit 3",
    "echo back`echo tick`s $(echo sub | tr s S); uname > /dev/null; sleep 0",
    "head -n 1 /etc/passwd > /dev/null && echo read 2>&1",
    "seq 1 3 | while read -r n; do echo n=$n; done",
];

/// Harmless vectors without a shell.
const VECTORS: &[&[&str]] = &[
    &["echo", "one", "two three"],
    &["printf", "%s|", "a", "b c", "d'e"],
    &["sh", "-c", "echo $1 $0", "zero", "first"],
    &["basename", "/usr/bin/env"],
    &["head", "-n", "1", "/etc/passwd"],
];

/// Each rewrite is run on every how many-th script, another one for each: all on all takes half a minute.
const EVERY: usize = 4;

fn exists(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap();
    path.split(':').any(|folder| Path::new(folder).join(program).is_file())
}

/// What a vector prints and whether it succeeds, its environment put in as the kubelet does.
fn outcome(run: &Run, folder: &Path) -> (String, bool) {
    let argv: Vec<String> = run.argv.iter().map(|word| expand(word, &run.env)).collect();
    let mut command = Command::new(&argv[0]);
    command
        .args(&argv[1..])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", "/root-less");
    command.envs(run.env.iter().map(|(name, value)| (name, expand(value, &[]))));
    let child =
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let output = match child {
        Ok(child) => child.wait_with_output().unwrap(),
        Err(error) => return (format!("does not start: {error}"), false),
    };
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
}

fn workload(argv: &[&str]) -> Value {
    json!({"kind": "Job", "metadata": {"name": "proof", "namespace": "shop"}, "spec": {"template": {"spec": {
        "containers": [{"name": "main", "image": "alpine:3.20", "command": argv}]}}}})
}

fn scripts() -> Vec<Vec<&'static str>> {
    let scripts = SCRIPTS.iter().map(|script| vec!["sh", "-c", script]);
    scripts.chain(VECTORS.iter().map(|vector| vector.to_vec())).collect()
}

/// The vector of the only container as the spec has it, references and escapes included.
fn written(object: &Value) -> Run {
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    let strings = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let env = container["env"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Run {
        argv: strings(&container["command"]).into_iter().chain(strings(&container["args"])).collect(),
        // Each value is expanded by the kubelet before it is put anywhere.
        env: env.map(|entry| (text(&entry["name"]), expand(&text(&entry["value"]), &[]))).collect(),
    }
}

/// One folder for a test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jobrisk-evasion-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Empty again: a file of the run before must not help or hinder.
    fn clear(&self) -> String {
        std::fs::remove_dir_all(&self.0).unwrap();
        std::fs::create_dir_all(&self.0).unwrap();
        self.0.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn can_run(rewrite: &Rewrite) -> bool {
    rewrite.proof != Proof::None && rewrite.needs.iter().all(|program| exists(program))
}

fn about_vectors(rewrite: &Rewrite) -> bool {
    matches!(rewrite.change, Change::Script(_) | Change::Vector(_) | Change::Spec(_))
}

/// Runs a workload as it is and rewritten; what differs, if anything.
fn differs(argv: &[&str], rewrites: &[&'static Rewrite], dice: Dice, folder: &Folder) -> Option<String> {
    let before = workload(argv);
    let scratch = folder.clear();
    let (after, applied) = rewritten(&before, rewrites, &mut Context::new(dice, &scratch));
    if applied.is_empty() {
        return None;
    }
    let [(said, succeeded), (says, succeeds)] =
        [&before, &after].map(|object| outcome(&written(object), &folder.0));
    let status = rewrites.iter().all(|rewrite| rewrite.proof == Proof::Run);
    let same = said == says && (!status || succeeded == succeeds);
    let run = written(&after);
    (!same).then(|| {
        format!(
            "{applied:?} on {argv:?}\n  was {said:?} {succeeded}\n  is  {says:?} {succeeds}\n  {:?} {:?}",
            run.argv, run.env
        )
    })
}

#[test]
fn rewritten_scripts_do_the_same() {
    let folder = Folder::new("alone");
    let mut different = Vec::new();
    let mut proven = 0;
    for (turn, rewrite) in rewrite::all().filter(|rewrite| about_vectors(rewrite)).enumerate() {
        if !can_run(rewrite) {
            writeln!(std::io::stderr(), "not run here: {} ({:?})", rewrite.name, rewrite.needs).unwrap();
            continue;
        }
        proven += 1;
        for (at, argv) in scripts().iter().enumerate().filter(|(at, _)| (at + turn) % EVERY == 0) {
            let dice = Dice::for_name(&format!("{}/{at}", rewrite.name), 0);
            different.extend(differs(argv, &[rewrite], dice, &folder));
        }
    }
    assert!(proven > 40, "only {proven} rewrites could be run");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn rewrites_on_top_of_each_other_do_the_same() {
    let folder = Folder::new("together");
    let able: Vec<&'static Rewrite> =
        rewrite::all().filter(|rewrite| about_vectors(rewrite) && can_run(rewrite)).collect();
    let mut different = Vec::new();
    for (at, argv) in scripts().iter().enumerate() {
        for nth in 0..4 {
            let mut dice = Dice::for_name(&format!("together/{at}"), nth);
            let mut chosen = vec![dice.of(&able), dice.of(&able)];
            in_order(&mut chosen);
            different.extend(differs(argv, &chosen, dice, &folder));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn a_vector_that_is_moved_stays_as_it_is() {
    let argv = ["sh", "-c", "echo $(date) > /data/out; cat /data/out"];
    let mut before = workload(&argv);
    let spec = &mut before["spec"]["template"]["spec"];
    spec["volumes"] = json!([{"name": "data", "hostPath": {"path": "/srv/data"}}]);
    spec["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    let moves = |rewrite: &&Rewrite| matches!(rewrite.change, Change::Place(_) | Change::Object(_));
    for rewrite in rewrite::all().filter(moves) {
        let mut after = before.clone();
        let (Change::Place(change) | Change::Object(change)) = rewrite.change else { unreachable!() };
        if change(&mut after, &mut Context::new(Dice::for_name(rewrite.name, 0), "/tmp")).is_none() {
            continue;
        }
        let kept = Subject::of(&after).runs().any(|run| run.argv == argv);
        assert!(kept, "{}: {after}", rewrite.name);
    }
}

#[test]
fn a_proof_would_notice() {
    let mut run = Run { argv: ["sh", "-c", "echo a"].map(str::to_owned).to_vec(), env: Vec::new() };
    let wrong = Rewrite {
        name: "wrong",
        what: "",
        everyday: false,
        needs: &[],
        proof: Proof::Run,
        change: Change::Script(|script, _| {
            script.text.push('b');
            Some(())
        }),
    };
    let folder = Folder::new("notice");
    let before = outcome(&run, &folder.0);
    to_run(&wrong, &mut run, &mut Context::new(Dice::for_name("", 0), "/tmp")).unwrap();
    assert_ne!(before, outcome(&run, &folder.0));
}
