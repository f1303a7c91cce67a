//! String literals in code, and those that are handed to a shell.
//!
//! Not a parser of six languages: it looks for the names of functions that start processes and reads the
//! literals in their arguments. What is computed at run time is not seen.

mod expression;
mod literal;

use super::code::Language;
use expression::{Assigned, arguments};
use literal::{floor, literal};

pub(super) use literal::literals;

/// The most calls that are read in one text.
const MAX_CALLS: usize = 256;
/// How far the arguments of one call are read.
const MAX_ARGUMENTS: usize = 8 * 1024;

/// The literals in the arguments of each call of one of some functions, whatever they are called on.
pub(super) fn calls_of(code: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut known: Option<Assigned> = None;
    for name in names {
        for (at, _) in code.match_indices(name) {
            if found.len() >= MAX_CALLS {
                return found;
            }
            let before = code.get(..at).and_then(|text| text.chars().next_back());
            let rest = code.get(at + name.len()..).unwrap_or_default();
            let whole = before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_');
            let opens = rest.trim_start_matches(' ');
            let called =
                opens.starts_with('(') || rest.starts_with(' ') && opens.starts_with(['"', '\'', '-']);
            // Perl's `open F, ">/x"`: the handle comes first.
            let with_handle = *name == "open" && rest.starts_with(' ') && opens.contains(',');
            if whole && (called || with_handle) {
                let known = known.get_or_insert_with(|| Assigned::of(code));
                let literals = arguments(opens, known).0;
                if !literals.is_empty() {
                    found.push(literals);
                }
            }
        }
    }
    found
}

/// Parts of a path that a call puts together, `join("/h", "etc")`.
pub(super) fn joined(parts: &[String]) -> String {
    parts.iter().map(|part| part.trim_end_matches('/')).collect::<Vec<_>>().join("/")
}

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
        Language::Go => &["exec.Command", "exec.CommandContext", "syscall.Exec"],
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
