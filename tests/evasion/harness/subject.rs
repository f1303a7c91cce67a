//! A workload with the argument vectors it runs.

use serde_json::{Value, json};

/// Stands before the name of an environment entry that the kubelet is to put in: see [`reference`].
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// `$(NAME)`, live: text that merely looks so is escaped when a vector is written back.
pub(crate) fn reference(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

/// One argument vector, as the container sees it, and the literal environment of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
}

/// A workload and where it runs something.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) object: Value,
    places: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    /// JSON pointer to the container.
    container: String,
    /// Where the vector is below it; `None` for the container's own `command` and `args`.
    exec: Option<&'static str>,
    run: Run,
    changed: bool,
}

/// Where hooks and probes have their vectors.
pub(crate) const EXECS: [&str; 5] = [
    "/lifecycle/postStart/exec",
    "/lifecycle/preStop/exec",
    "/livenessProbe/exec",
    "/readinessProbe/exec",
    "/startupProbe/exec",
];

/// JSON pointer to the pod spec.
pub(crate) fn pod(object: &Value) -> &'static str {
    if object["kind"] == "CronJob" { "/spec/jobTemplate/spec/template/spec" } else { "/spec/template/spec" }
}

impl Subject {
    pub(crate) fn of(object: &Value) -> Self {
        let mut places = Vec::new();
        for list in ["initContainers", "containers"] {
            let at = format!("{}/{list}", pod(object));
            let count = object.pointer(&at).and_then(Value::as_array).map_or(0, Vec::len);
            for container in (0..count).map(|index| format!("{at}/{index}")) {
                let seen = &object.pointer(&container).unwrap();
                let env = env(seen);
                for exec in EXECS.into_iter().map(Some).chain([None]) {
                    let (command, args) = match exec {
                        Some(exec) => (strings(seen.pointer(&format!("{exec}/command"))), Vec::new()),
                        None => (strings(seen.get("command")), strings(seen.get("args"))),
                    };
                    // Arguments to an entry point that only the image knows are left alone.
                    let starts = |word: &String| word.starts_with('/') || SHELLS.contains(&word.as_str());
                    if command.is_empty() && !args.first().is_some_and(starts) {
                        continue;
                    }
                    let words = command.iter().chain(&args).map(|word| expand(word, &env));
                    let run = Run { argv: words.collect(), env: env.clone() };
                    places.push(Place { container: container.clone(), exec, run, changed: false });
                }
            }
        }
        Self { object: object.clone(), places }
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.places.iter().map(|place| &place.run)
    }

    /// Applies a change to every vector. Says whether it applied to one.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&mut Run) -> Option<()>) -> bool {
        let mut any = false;
        for place in &mut self.places {
            let mut run = place.run.clone();
            if change(&mut run).is_some() && run != place.run {
                place.run = run;
                place.changed = true;
                any = true;
            }
        }
        any
    }

    /// The object with what was changed.
    pub(crate) fn write(mut self) -> Value {
        for place in self.places.iter().filter(|place| place.changed) {
            let known = env(self.object.pointer(&place.container).unwrap());
            let container = self.object.pointer_mut(&place.container).unwrap();
            let new = place.run.env.iter().filter(|entry| !known.contains(entry));
            let new: Vec<Value> = new.map(|(name, value)| json!({"name": name, "value": value})).collect();
            let expands = !place.exec.is_some_and(|exec| exec.starts_with("/lifecycle"));
            let words: Vec<String> =
                place.run.argv.iter().map(|word| escape(word, &place.run.env, expands)).collect();
            if !new.is_empty() {
                let list = container.as_object_mut().unwrap().entry("env").or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().extend(new);
            }
            if let Some(exec) = place.exec {
                *container.pointer_mut(exec).unwrap() = json!({"command": words});
            } else {
                container.as_object_mut().unwrap().remove("args");
                container["command"] = json!(words);
            }
        }
        self.object
    }
}

const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "zsh"];

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn env(container: &Value) -> Vec<(String, String)> {
    let list = container["env"].as_array().map(Vec::as_slice).unwrap_or_default();
    let entry =
        |entry: &Value| Some((entry["name"].as_str()?.to_owned(), entry["value"].as_str()?.to_owned()));
    list.iter().filter_map(entry).collect()
}

/// The kubelet's expansion of `$(NAME)` and `$$`, written anew: the engine's own is what is being measured.
pub(crate) fn expand(word: &str, env: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
            continue;
        }
        let name = after.strip_prefix('(').and_then(|body| body.split_once(')'));
        match name.and_then(|(name, tail)| Some((env.iter().rfind(|entry| entry.0 == name)?, tail))) {
            Some(((_, value), tail)) => {
                out.push_str(value);
                rest = tail;
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

/// Undoes [`expand`]: what the kubelet makes of the result is `word`, with its [`reference`]s put in.
fn escape(word: &str, env: &[(String, String)], expands: bool) -> String {
    let mut out = word.to_owned();
    if expands {
        out = out.replace("$$", "$$$$");
        for (name, _) in env {
            out = out.replace(&format!("$({name})"), &format!("$$({name})"));
        }
    }
    out.replace(OPEN, "$(").replace(CLOSE, ")")
}
