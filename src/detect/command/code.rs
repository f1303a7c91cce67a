//! Code of interpreters that is given on the command line.

use crate::normalize::Invocation;

/// The inline code of an interpreter: `python -c CODE`, `perl -e CODE` and their kin.
pub(super) fn inline(invocation: &Invocation) -> Option<&str> {
    let flags: &[char] = match interpreter(&invocation.program)? {
        "python" => &['c'],
        "perl" => &['e', 'E'],
        "ruby" | "lua" => &['e'],
        "node" => &['e', 'p'],
        "php" => &['r'],
        _ => return None,
    };
    let mut words = invocation.args.iter();
    // Options end at the first operand: what follows a script's name are its own arguments.
    while let Some(word) = words.next().filter(|word| word.text.starts_with('-')) {
        if word.text == "--eval" {
            return words.next().map(|code| code.text.as_str());
        }
        let cluster = word.text.trim_start_matches('-');
        if let Some(position) = cluster.find(|letter| flags.contains(&letter)).filter(|at| *at < 4) {
            let rest = cluster.get(position + 1..).unwrap_or_default();
            return if rest.is_empty() { words.next().map(|code| code.text.as_str()) } else { Some(rest) };
        }
    }
    None
}

/// The language of an interpreter's program name, versions aside: `python3.12` is `python`.
pub(super) fn interpreter(program: &str) -> Option<&'static str> {
    let name = program.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    ["python", "pypy", "perl", "ruby", "node", "nodejs", "php", "lua"]
        .into_iter()
        .find(|known| *known == name)
        .map(|known| match known {
            "pypy" => "python",
            "nodejs" => "node",
            other => other,
        })
}

/// Whether code connects to the network and hands the connection to a process.
pub(super) fn is_reverse_shell(code: &str) -> bool {
    let any = |needles: &[&str]| needles.iter().any(|needle| code.contains(needle));
    let connects = any(&[
        "socket",
        "Socket",
        "fsockopen",
        "net.connect",
        "net.Socket",
        "create_connection",
        "/inet/tcp/",
    ]);
    let spawns = any(&[
        "dup2",
        "pty.spawn",
        "subprocess",
        "os.system",
        "popen",
        "exec",
        "spawn",
        "fdopen",
        "STDIN->",
        "child_process",
        "proc_open",
        "shell_exec",
        "io.popen",
    ]);
    let shell = any(&["/sh", "bash", "cmd.exe", "\"sh\"", "'sh'"]);
    connects && spawns && shell
}
