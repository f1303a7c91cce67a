//! String literals in code, and those that are handed to a shell.
//!
//! Not a parser of six languages: it looks for the names of functions that start processes and reads the
//! literals in their arguments. What is computed at run time is not seen.

use std::collections::HashMap;

use super::code::Language;

/// The most calls that are read in one text.
const MAX_CALLS: usize = 256;
/// The most literals that are read in the arguments of one call.
const MAX_LITERALS: usize = 32;
/// The most assignments that are read in one text.
const MAX_VALUES: usize = 256;
/// How far the arguments of one call are read.
const MAX_ARGUMENTS: usize = 8 * 1024;

/// The argument vectors that code starts.
pub(super) fn commands(language: Language, code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let known = Assigned::of(code);
    let modules: &[&str] = if language == Language::Python && code.contains("subprocess") {
        // Under whatever name the module or the function was imported.
        &["call", "run", "check_call", "getoutput"]
    } else {
        &[]
    };
    for name in functions(language).iter().chain(modules) {
        for (at, _) in code.match_indices(name) {
            if found.len() >= MAX_CALLS {
                return found;
            }
            let before = code.get(..at).and_then(|text| text.chars().next_back());
            let rest = code.get(at + name.len()..).unwrap_or_default();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                continue;
            }
            found.extend(call(name, rest, &known));
        }
    }
    if matches!(language, Language::Perl | Language::Ruby | Language::Php) {
        found.extend(backticks(code).into_iter().take(MAX_CALLS));
    }
    if language == Language::Awk {
        found.extend(awk_pipes(code).into_iter().take(MAX_CALLS));
    }
    found
}

/// Variables that code sets to literals, for calls that name them.
#[derive(Default)]
struct Assigned {
    values: HashMap<String, Vec<String>>,
}

impl Assigned {
    /// Reads `name = LITERAL`, `$name='…'`, `const name = […]`; the first [`MAX_VALUES`].
    fn of(code: &str) -> Self {
        let mut known = Self::default();
        // Reading a value costs up to MAX_ARGUMENTS.
        let mut left = MAX_VALUES;
        for (at, _) in code.match_indices('=') {
            let after = code.get(at + 1..).unwrap_or_default();
            let value = after.trim_start();
            if !value.starts_with(['"', '\'', '[', '(', '`']) {
                continue;
            }
            let before = code.get(..at).unwrap_or_default().trim_end();
            let start = before.rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
            let name = before.get(start..).unwrap_or_default();
            // `a == "b"`, `{"a"="b"}`, and keyword arguments of calls are no assignments.
            let opens = before.get(..start).unwrap_or_default().trim_end().ends_with(['(', ',']);
            if name.is_empty() || opens {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            let literals = arguments(value, &Self::default()).0;
            if !literals.is_empty() {
                known.values.insert(name.to_owned(), literals);
            }
        }
        known
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn functions(language: Language) -> &'static [&'static str] {
    match language {
        Language::Python => &[
            "os.system",
            "os.popen",
            "subprocess.call",
            "subprocess.run",
            "subprocess.Popen",
            "subprocess.check_output",
            "subprocess.check_call",
            "subprocess.getoutput",
            "subprocess.getstatusoutput",
            "commands.getoutput",
            "pty.spawn",
            "os.execl",
            "os.execv",
            "os.execvp",
            "os.execlp",
            "os.execve",
            "Popen",
            "check_output",
            "system",
        ],
        Language::Perl => &["system", "exec", "qx"],
        Language::Ruby => {
            &["system", "exec", "spawn", "IO.popen", "Open3.capture2", "Open3.capture3", "Open3.popen3", "%x"]
        }
        Language::Node => &["exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync"],
        Language::Php => &["system", "exec", "shell_exec", "passthru", "popen", "proc_open"],
        Language::Lua => &["os.execute", "io.popen"],
        Language::Awk => &["system"],
        Language::PowerShell => &[],
    }
}

/// The argument vector of one call, from the text after the function's name.
fn call(name: &str, rest: &str, known: &Assigned) -> Option<Vec<String>> {
    let trimmed = rest.trim_start();
    if let Some(open) = trimmed.chars().next().filter(|_| matches!(name, "qx" | "%x")) {
        let close = match open {
            '(' => ')',
            '{' => '}',
            '[' => ']',
            '/' | '|' | '!' => open,
            _ => return None,
        };
        let (text, _) = trimmed.get(1..)?.split_once(close)?;
        return Some(shell(text));
    }
    if !trimmed.starts_with(['(', '"', '\'', '`', '$']) {
        return None;
    }
    let (mut literals, list) = arguments(trimmed, known);
    // The path, and the name that the program is given: the path says what runs.
    if literals.len() > 1 && name.starts_with("os.exec") {
        literals.remove(1);
    }
    match literals.as_slice() {
        [] => None,
        [one] if !list => Some(shell(one)),
        _ => Some(literals),
    }
}

/// The literals of an expression or an argument list, as far as it goes on, and whether there is a list in it.
/// Literals that are joined, `"a" + "b"`, `"a" "b"`, `'a'.'b'`, `"".join(["a", "b"])`, are one.
fn arguments(text: &str, known: &Assigned) -> (Vec<String>, bool) {
    let text = text.get(..floor(text, MAX_ARGUMENTS)).unwrap_or_default();
    let mut literals: Vec<String> = Vec::new();
    let (mut depth, mut list) = (0_i32, false);
    // The depth at which a `join` is open, and what it puts in between.
    let mut join: Option<(i32, String)> = None;
    let mut joins_next = false;
    let mut at = 0;
    while let Some(letter) = text.get(at..).and_then(|text| text.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        match letter {
            '"' | '\'' | '`' => {
                let (piece, end) = literal(text, at);
                at = end;
                let glue = join.as_ref().map(|(_, glue)| glue.as_str());
                match (literals.last_mut(), glue) {
                    (Some(before), _) if joins_next => before.push_str(&piece),
                    (Some(before), Some(glue)) => {
                        if !before.is_empty() {
                            before.push_str(glue);
                        }
                        before.push_str(&piece);
                    }
                    _ => literals.push(piece),
                }
                joins_next = true;
                if literals.len() >= MAX_LITERALS {
                    break;
                }
                continue;
            }
            '.' if rest.starts_with(".join(") && joins_next => {
                join = Some((depth, literals.pop().unwrap_or_default()));
                literals.push(String::new());
                joins_next = false;
                at += 5;
                continue;
            }
            '+' | '.' | ' ' | '\t' | '\n' if joins_next && depth > 0 || matches!(letter, '+' | ' ') => {}
            '(' => depth += 1,
            '[' => {
                list |= join.is_none();
                depth += 1;
                joins_next = false;
            }
            ')' | ']' => {
                depth -= 1;
                joins_next = false;
                if join.as_ref().is_some_and(|(open, _)| depth <= *open) {
                    join = None;
                }
                if depth <= 0 {
                    break;
                }
            }
            // Callbacks and the next statement.
            '{' | ';' | '\n' | '=' if depth <= 1 && !literals.is_empty() => break,
            _ if is_name(letter) => {
                let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or_default();
                at += end;
                // A prefix of a literal: `b"…"`, `r'…'`.
                if text.get(at..).is_some_and(|next| next.starts_with(['"', '\''])) && end <= 2 {
                    continue;
                }
                joins_next = false;
                if let Some(values) = known.values.get(name) {
                    let element = text.get(at..).is_some_and(|next| next.starts_with('['));
                    list |= values.len() > 1 && !element;
                    literals.extend(values.iter().take(if element { 1 } else { MAX_LITERALS }).cloned());
                }
                if literals.is_empty() && at > 256 {
                    break;
                }
                continue;
            }
            _ => joins_next = false,
        }
        at += letter.len_utf8();
        // A call whose arguments are computed has no literal soon, and text that only looks like calls none at all.
        if depth > 16 || literals.is_empty() && at > 256 {
            break;
        }
    }
    (literals, list)
}

/// `print "…" | "sh"` of awk, and the same with `printf`.
fn awk_pipes(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("print").take(MAX_CALLS) {
        let rest = code.get(at + 5..).unwrap_or_default();
        let rest = rest.get(..floor(rest, MAX_ARGUMENTS)).unwrap_or_default();
        let rest = rest.trim_start_matches('f').trim_start();
        if !rest.starts_with('"') {
            continue;
        }
        let (text, end) = literal(rest, 0);
        let Some(pipe) = rest.get(end..).and_then(|rest| rest.trim_start().strip_prefix('|')) else {
            continue;
        };
        let (program, _) = literal(pipe.trim_start(), 0);
        let name = program.split_whitespace().next().map(crate::normalize::argv::program);
        if name.is_some_and(crate::normalize::exec::is_shell) {
            found.push(shell(&text));
        }
    }
    found
}

fn shell(text: &str) -> Vec<String> {
    vec!["sh".to_owned(), "-c".to_owned(), text.to_owned()]
}

/// Commands between backticks.
fn backticks(code: &str) -> Vec<Vec<String>> {
    let mut parts = code.split('`');
    parts.next();
    let mut found = Vec::new();
    while let (Some(inside), Some(_)) = (parts.next(), parts.next()) {
        found.push(shell(inside));
    }
    found
}

/// The string literals of a text, quotes and escapes undone; the first 256.
pub(super) fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = code.get(at..).and_then(|text| text.find(['"', '\'', '`'])) {
        let (text, end) = literal(code, at + next);
        if !text.is_empty() {
            found.push(text);
        }
        at = end;
        if found.len() >= 256 {
            break;
        }
    }
    found
}

/// The literal whose quote stands at `start`, and where it ends.
fn literal(code: &str, start: usize) -> (String, usize) {
    let from = code.get(start..).unwrap_or_default();
    let Some(quote) = from.chars().next() else { return (String::new(), code.len()) };
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let long = from.starts_with(&triple);
    let mut at = start + if long { 3 } else { 1 };
    let mut text = String::new();
    while let Some(letter) = code.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = code.get(at..).unwrap_or_default();
        if letter == quote && (!long || rest.starts_with(&triple)) {
            return (text, at + if long { 3 } else { 1 });
        }
        at += letter.len_utf8();
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let Some(escaped) = code.get(at..).and_then(|rest| rest.chars().next()) else { break };
        at += escaped.len_utf8();
        match escaped {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'x' => {
                let digits = code.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match digits {
                    Some(byte) => {
                        text.push(char::from(byte));
                        at += 2;
                    }
                    None => text.push_str("\\x"),
                }
            }
            '\n' => {}
            other => text.push(other),
        }
    }
    (text, code.len())
}

/// The largest boundary of a character up to `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(language: Language, code: &str) -> String {
        commands(language, code).first().map(|argv| argv.join("|")).unwrap_or_default()
    }

    #[test]
    fn calls_that_start_a_process() {
        for (language, code, want) in [
            (Language::Python, "import os; os.system('id; ls')", "sh|-c|id; ls"),
            (Language::Python, "subprocess.call(['sh', '-c', \"a 'b'\"])", "sh|-c|a 'b'"),
            (Language::Python, "subprocess.run(\"ls -l\", shell=True)", "sh|-c|ls -l"),
            (Language::Python, "os.execl('/bin/sh', 'sh', '-c', 'id')", "/bin/sh|-c|id"),
            (Language::Perl, "system(\"sh\", \"-c\", \"id\");", "sh|-c|id"),
            (Language::Perl, "exec \"/bin/sh -i\";", "sh|-c|/bin/sh -i"),
            (Language::Perl, "my $x = qx{uname -a};", "sh|-c|uname -a"),
            (Language::Ruby, "puts `id`", "sh|-c|id"),
            (Language::Ruby, "%x(id)", "sh|-c|id"),
            (
                Language::Node,
                "require('child_process').exec('curl x|sh', (e) => {log('a')})",
                "sh|-c|curl x|sh",
            ),
            (Language::Node, "cp.spawn('sh', ['-c', 'id'])", "sh|-c|id"),
            (Language::Php, "system('id');", "sh|-c|id"),
            (Language::Lua, "os.execute(\"id\")", "sh|-c|id"),
            (Language::Awk, "BEGIN{system(\"id\")}", "sh|-c|id"),
            (Language::Awk, "BEGIN { print \"id\" | \"sh\" }", "sh|-c|id"),
            (Language::Awk, "{ print \"id\" > \"f\" }", ""),
            (Language::Awk, "BEGIN { cmd = \"id\"; system(cmd) }", "sh|-c|id"),
            (Language::Python, "os.system('i' + 'd')", "sh|-c|id"),
            (Language::Python, "os.system('i' \"d\")", "sh|-c|id"),
            (Language::Python, "c = ''.join(['i', 'd'])\nos.system(c)", "sh|-c|id"),
            (Language::Python, "import subprocess as s; s.call(['ls', '-l'])", "ls|-l"),
            (Language::Python, "from subprocess import check_call\ncheck_call('id', shell=True)", "sh|-c|id"),
            (Language::Python, "subprocess.check_call(args='id', shell=True)", "sh|-c|id"),
            (Language::Python, "os.execvp('sh', ['sh', '-c', 'id'])", "sh|-c|id"),
            (Language::Python, "a=['sh','-c','id']\nos.execvp(a[0],a)", "sh|-c|id"),
            (Language::Perl, "my $c='id'; exec $c;", "sh|-c|id"),
            (Language::Php, "$c='id'; passthru($c, $r);", "sh|-c|id"),
            (Language::Python, "app.run('0.0.0.0')", ""),
            (Language::Python, "print('os.system is not called')", ""),
            (Language::Python, "my_system('x')", ""),
            (Language::Node, "regex.exec(line)", ""),
        ] {
            assert_eq!(one(language, code), want, "{code}");
        }
    }

    #[test]
    fn literals_of_all_kinds() {
        assert_eq!(literals(r#"a('b\'c', "d\n", """e"f""", '\x41')"#), ["b'c", "d\n", "e\"f", "A"]);
        assert_eq!(literals("'open"), ["open"]);
    }

    #[test]
    fn hostile_code_is_read_in_linear_time() {
        for piece in ["os.system(", "os.system('", "'''", "\\", "system([\"", "é'"] {
            let _ = commands(Language::Python, &piece.repeat(50_000));
            let _ = literals(&piece.repeat(50_000));
        }
    }
}
