//! The kubelet's `$(NAME)` expansion, and program names.

use std::collections::HashMap;

/// Bytes of all expanded text of one container together. Values may refer to earlier ones, so a chain of
/// doubling entries grows without bound otherwise.
const MAX_EXPANDED: usize = 256 * 1024;

/// One argument after expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text the container sees.
    pub text: String,
    /// Names of the environment entries that went into it, in order of use, each once.
    pub used: Vec<String>,
    /// The cap of 256 KiB over all arguments was reached: references from there on stand unexpanded.
    pub truncated: bool,
}

/// Expands `$(NAME)` in `args` as the kubelet does: names from `env`, whose values may refer to earlier
/// entries; `$$` stands for `$`, so `$$(NAME)` stays a literal `$(NAME)`; an unknown name and an unclosed
/// `$(` stay as written. Output is capped at 256 KiB in total, see [`Expanded::truncated`].
#[must_use]
pub fn expand(args: &[String], env: &[(String, String)]) -> Vec<Expanded> {
    let mut known: HashMap<&str, Value> = HashMap::new();
    let mut left = MAX_EXPANDED;
    // Most arguments refer to nothing: an environment of any size then costs nothing.
    let referred = if args.iter().any(|arg| arg.contains("$(")) { env } else { &[] };
    for (name, value) in referred {
        let mut made = expand_one(value, &known, &mut left);
        made.uses.push(name.clone());
        known.insert(name, made);
    }
    // The arguments get a fresh allowance: a flood of unused entries must not hide the ones that are used.
    let mut left = MAX_EXPANDED;
    args.iter()
        .map(|arg| {
            let made = expand_one(arg, &known, &mut left);
            Expanded { text: made.text, used: made.uses, truncated: made.truncated }
        })
        .collect()
}

/// `env` itself after expansion: each value may use the entries before it. Same cap as [`expand`].
#[must_use]
pub fn expand_env(env: &[(String, String)]) -> Vec<(String, String)> {
    let mut known: HashMap<&str, Value> = HashMap::new();
    let mut left = MAX_EXPANDED;
    let refers = env.iter().any(|(_, value)| value.contains("$("));
    let mut out = Vec::with_capacity(env.len());
    for (name, value) in env {
        let mut made = expand_one(value, &known, &mut left);
        made.uses.clear();
        if refers {
            out.push((name.clone(), made.text.clone()));
            known.insert(name, made);
        } else {
            out.push((name.clone(), made.text));
        }
    }
    out
}

#[derive(Default)]
struct Value {
    text: String,
    uses: Vec<String>,
    truncated: bool,
}

fn expand_one(input: &str, known: &HashMap<&str, Value>, left: &mut usize) -> Value {
    let mut out = Value::default();
    let mut rest = input;
    // After the first missing `)` no later one can exist either: keeps `$($($(…` linear.
    let mut may_close = true;
    while let Some(at) = rest.find('$') {
        let (before, dollar) = rest.split_at(at);
        out.text.push_str(before);
        let after = dollar.get(1..).unwrap_or_default();
        if let Some(tail) = after.strip_prefix('$') {
            out.text.push('$');
            rest = tail;
        } else if let Some(body) = after.strip_prefix('(') {
            let closed = if may_close { body.split_once(')') } else { None };
            if let Some((name, tail)) = closed {
                reference(&mut out, name, known, left);
                rest = tail;
            } else {
                may_close = false;
                out.text.push_str("$(");
                rest = body;
            }
        } else {
            out.text.push('$');
            rest = after;
        }
    }
    out.text.push_str(rest);
    out
}

fn reference(out: &mut Value, name: &str, known: &HashMap<&str, Value>, left: &mut usize) {
    match known.get(name) {
        Some(value) if value.text.len() <= *left => {
            *left -= value.text.len();
            out.text.push_str(&value.text);
            out.truncated |= value.truncated;
            for used in &value.uses {
                if out.uses.len() < 64 && !out.uses.contains(used) {
                    out.uses.push(used.clone());
                }
            }
        }
        other => {
            out.truncated |= other.is_some();
            out.text.push_str("$(");
            out.text.push_str(name);
            out.text.push(')');
        }
    }
}

/// The base name of a program: `/usr/bin/curl` is `curl`, `C:\x\curl.exe` is `curl`. Never fails; an empty
/// string, or a path that ends in a slash, gives an empty name.
#[must_use]
pub fn program(argv0: &str) -> &str {
    // By bytes: it is asked of every word, and words may be long.
    let folders = argv0.bytes().rposition(|byte| matches!(byte, b'/' | b'\\'));
    let base = folders.and_then(|at| argv0.get(at + 1..)).unwrap_or(argv0);
    match base.len().checked_sub(4).map(|at| (base.get(..at), base.get(at..))) {
        Some((Some(stem), Some(end))) if !stem.is_empty() && end.eq_ignore_ascii_case(".exe") => stem,
        _ => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(arg: &str, env: &[(&str, &str)]) -> Expanded {
        let env: Vec<_> = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        expand(&[arg.to_owned()], &env).remove(0)
    }

    #[test]
    fn follows_the_kubelet() {
        let env = [("A", "a"), ("B", "<$(A)>"), ("C", "$(D)"), ("D", "d"), ("E", "$$(A)"), ("F", "")];
        for (arg, want) in [
            ("$(A)", "a"),
            ("x$(A)$(B)y", "xa<a>y"),
            ("$(C)", "$(D)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$a"),
            ("$$$$(A)", "$$(A)"),
            ("$$", "$"),
            ("$", "$"),
            ("a$b", "a$b"),
            ("$(NO)", "$(NO)"),
            ("$(A", "$(A"),
            ("$(A$(B)", "$(A$(B)"),
            ("$()", "$()"),
            ("$(E)", "$(A)"),
            ("[$(F)]", "[]"),
            ("${A} $A", "${A} $A"),
            ("é$(A)é", "éaé"),
        ] {
            assert_eq!(one(arg, &env).text, want, "{arg}");
        }
        assert_eq!(one("$(B)$(B)", &env).used, ["A", "B"]);
    }

    #[test]
    fn later_entries_win_and_self_reference_is_the_old_value() {
        assert_eq!(one("$(P)", &[("P", "/bin"), ("P", "/x:$(P)")]).text, "/x:/bin");
    }

    #[test]
    fn doubling_is_capped() {
        let mut env = vec![("A0".to_owned(), "0123456789".to_owned())];
        for i in 1..200 {
            env.push((format!("A{i}"), format!("$(A{})$(A{})", i - 1, i - 1)));
        }
        let out = expand(&["$(A199)".to_owned(), "$(A3)".to_owned()], &env);
        let sum: usize = out.iter().map(|e| e.text.len()).sum();
        assert!(sum < 2 * MAX_EXPANDED);
        assert_eq!(out.get(1).map(|e| e.text.len()), Some(80));
        let many: Vec<String> = (0..1000).map(|_| "$($($(".repeat(100)).collect();
        assert!(expand(&many, &env).len() == 1000);
    }

    #[test]
    fn names() {
        for (path, want) in [
            ("/usr/bin/curl", "curl"),
            ("curl.exe", "curl"),
            ("C:\\w\\Curl.EXE", "Curl"),
            ("", ""),
            ("/", ""),
            (".exe", ".exe"),
            ("./a/../sh", "sh"),
            ("日本", "日本"),
        ] {
            assert_eq!(program(path), want, "{path}");
        }
    }
}
