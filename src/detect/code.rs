//! Code of interpreters that is given on the command line.

use crate::normalize::Invocation;

/// A language whose interpreter takes code on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Perl,
    Ruby,
    Node,
    Php,
    Lua,
    Awk,
    PowerShell,
    Go,
}

impl Language {
    /// The flag that takes code; none where it is an operand.
    pub(super) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Python => Some("-c"),
            Self::Perl | Self::Ruby | Self::Node | Self::Lua => Some("-e"),
            Self::Php => Some("-r"),
            Self::PowerShell => Some("-Command"),
            // Not as the tool takes it: so a program's text stands in place of its file.
            Self::Go => Some("run"),
            Self::Awk => None,
        }
    }

    /// The usual program name.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Perl => "perl",
            Self::Ruby => "ruby",
            Self::Node => "node",
            Self::Php => "php",
            Self::Lua => "lua",
            Self::Awk => "awk",
            Self::PowerShell => "pwsh",
            Self::Go => "go",
        }
    }
}

/// The language of a program, versions aside: `python3.12` is Python.
pub(super) fn language(program: &str) -> Option<Language> {
    let name = program.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    Some(match name {
        "python" | "pypy" => Language::Python,
        "perl" => Language::Perl,
        "ruby" => Language::Ruby,
        "node" | "nodejs" | "bun" => Language::Node,
        "php" | "php-cli" => Language::Php,
        "lua" | "luajit" => Language::Lua,
        "awk" | "gawk" | "mawk" | "nawk" => Language::Awk,
        "go" => Language::Go,
        _ if program.eq_ignore_ascii_case("powershell") || name == "pwsh" => Language::PowerShell,
        _ => return None,
    })
}

/// The language of a script's first line.
pub(super) fn shebang(script: &str) -> Option<Language> {
    let line = script.strip_prefix("#!")?.lines().next()?;
    line.split([' ', '/']).find_map(language)
}

/// The inline code of an interpreter: `python -c CODE`, `perl -e CODE` and their kin. Not of awk, whose
/// everyday use has its code there.
pub(super) fn inline(invocation: &Invocation) -> Option<&str> {
    let flags: &[char] = match language(&invocation.program)? {
        Language::Python => &['c'],
        Language::Perl => &['e', 'E'],
        Language::Ruby | Language::Lua => &['e'],
        Language::Node => &['e', 'p'],
        Language::Php => &['r'],
        Language::Awk => return None,
        Language::PowerShell => return powershell(invocation),
        Language::Go => {
            let text = invocation.args.get(1).map(|word| word.text.as_str());
            return text.filter(|text| text.contains("package main"));
        }
    };
    let (loads, ..) = language(&invocation.program).map(loaders).unwrap_or_default();
    let mut words = invocation.args.iter();
    // Options end at the first operand: what follows a script's name are its own arguments.
    while let Some(word) = words.next().filter(|word| word.text.starts_with('-')) {
        if matches!(word.text.as_str(), "--eval" | "--print" | "--run") {
            return words.next().map(|code| code.text.as_str());
        }
        // `-ropen-uri` is no cluster with an `e` in it.
        if let Some(rest) = loads.iter().find_map(|flag| word.text.strip_prefix(flag)) {
            if rest.is_empty() {
                words.next();
            }
            continue;
        }
        let cluster = word.text.trim_start_matches('-');
        if let Some(position) = cluster.find(|letter| flags.contains(&letter)).filter(|at| *at < 4) {
            let rest = cluster.get(position + 1..).unwrap_or_default();
            return if rest.is_empty() { words.next().map(|code| code.text.as_str()) } else { Some(rest) };
        }
    }
    None
}

/// The options of an interpreter that load a module, and what its code would say instead.
fn loaders(language: Language) -> (&'static [&'static str], &'static str, &'static str) {
    match language {
        Language::Perl => (&["-M", "-m"], "use ", "; "),
        Language::Ruby => (&["-r"], "require '", "'; "),
        Language::Node => (&["--require", "--import", "-r"], "require('", "'); "),
        Language::Lua => (&["-l"], "require '", "'; "),
        _ => (&[], "", ""),
    }
}

/// What the options of an interpreter put before its code: `perl -MLWP::Simple`, `ruby -rsocket`.
pub(super) fn loaded(invocation: &Invocation) -> String {
    let Some((flags, before, after)) = language(&invocation.program).map(loaders) else {
        return String::new();
    };
    let mut found = String::new();
    let mut words = invocation.args.iter().map(|word| word.text.as_str()).take(64);
    while let Some(word) = words.next().filter(|word| word.starts_with('-')) {
        let Some(rest) = flags.iter().find_map(|flag| word.strip_prefix(flag)) else { continue };
        let name =
            if rest.is_empty() { words.next().unwrap_or_default() } else { rest.trim_start_matches('=') };
        for part in [before, name, after] {
            found.push_str(part);
        }
    }
    found
}

/// The code of an interpreter's command line, awk's program included.
pub(super) fn text(invocation: &Invocation) -> Option<&str> {
    if language(&invocation.program) != Some(Language::Awk) {
        return inline(invocation);
    }
    let mut words = invocation.args.iter();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-f" | "--file" => return None,
            "-F" | "-v" => {
                words.next();
            }
            text if text.starts_with('-') => {}
            text => return Some(text),
        }
    }
    None
}

/// Whether an interpreter without inline code and without a script file takes code from its standard input.
pub(super) fn reads_stdin(invocation: &Invocation) -> bool {
    if language(&invocation.program).is_none_or(|language| matches!(language, Language::Awk | Language::Go)) {
        return false;
    }
    let operand = invocation
        .args
        .iter()
        .map(|word| word.text.as_str())
        .find(|text| *text == "-" || !text.starts_with('-'));
    let module = invocation.args.iter().any(|word| word.text == "-m");
    !module && operand.is_none_or(|text| matches!(text, "-" | "/dev/stdin" | "/proc/self/fd/0"))
}

/// `-Command TEXT`, `-c TEXT`; every option may be cut short. What follows is one text.
fn powershell(invocation: &Invocation) -> Option<&str> {
    let mut words = invocation.args.iter();
    while let Some(word) = words.next() {
        let option = word.text.trim_start_matches(['-', '/']).to_ascii_lowercase();
        if option.len() < word.text.len() && !option.is_empty() && "command".starts_with(&option) {
            return words.next().map(|code| code.text.as_str());
        }
    }
    None
}

/// The text of `PowerShell`'s `-EncodedCommand`, which may be cut short to `-e`.
pub(super) fn encoded_command(invocation: &Invocation) -> Option<&str> {
    if language(&invocation.program) != Some(Language::PowerShell) {
        return None;
    }
    let mut words = invocation.args.iter();
    while let Some(word) = words.next() {
        let option = word.text.trim_start_matches(['-', '/']).to_ascii_lowercase();
        let is_short = option == "ec" || !option.is_empty() && "encodedcommand".starts_with(&option);
        if option.len() < word.text.len() && is_short {
            return words.next().map(|text| text.text.as_str());
        }
    }
    None
}

/// Whether one of `needles` is in `code`.
pub(super) fn any(code: &str, needles: &[&str]) -> bool {
    needles.iter().any(|needle| code.contains(needle))
}

/// Whether code calls the plain function `name`: `exec(` and not `cursor.exec(` or `my_exec(`.
pub(super) fn calls(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + name.len()..).unwrap_or_default();
        // PHP's and Perl's `$object->exec(…)` calls something else; JavaScript's `t=>eval(t)` does not.
        let is_whole = before
            .chars()
            .next_back()
            .is_none_or(|letter| !letter.is_alphanumeric() && !matches!(letter, '_' | '.' | '$'));
        // Handed over to be called: `.then(eval)`, `map(exec, …)`.
        let given = before.trim_end().ends_with(['(', ',']) && after.trim_start().starts_with([')', ',']);
        is_whole && !before.ends_with("->") && (given || after.starts_with(['(', ' ', '"', '\'']))
    })
}

/// Whether one of `needles`, in lower case, is in `code` in any case: `PowerShell` knows none.
fn any_case(code: &str, needles: &[&str]) -> bool {
    any(&code.to_ascii_lowercase(), needles)
}

/// Whether code decodes text.
pub(super) fn decodes(code: &str) -> bool {
    any(
        code,
        &[
            "b64decode",
            "b85decode",
            "a85decode",
            "b32decode",
            "unhexlify",
            "fromhex",
            "codecs.decode",
            "atob(",
            "'base64')",
            "\"base64\")",
            "'hex')",
            "base64_decode",
            "decode_base64",
            "hex2bin",
            "gzinflate",
            "str_rot13",
            "decode64(",
            "unpack(\"m",
            "unpack('m",
            "FromBase64String",
            "zlib.decompress",
            "marshal.loads",
            "pack(\"H*\"",
            "pack('H*'",
        ],
    )
}

/// Whether code runs text as code of its own language.
pub(super) fn evaluates(code: &str) -> bool {
    calls(code, "exec")
        || calls(code, "eval")
        || any(code, &["instance_eval", "new Function(", "runInThisContext", "loadstring("])
        || any_case(code, &["iex ", "iex(", "|iex", "| iex", "invoke-expression"])
}

/// Whether code runs text that it decodes.
pub(super) fn runs_decoded(code: &str) -> bool {
    decodes(code)
        && (evaluates(code)
            || any(
                code,
                &[
                    "os.system",
                    "subprocess",
                    "popen",
                    "child_process",
                    "shell_exec",
                    "passthru(",
                    "pty.spawn",
                    "marshal.loads",
                ],
            )
            || calls(code, "system"))
}

/// Whether code fetches over HTTP.
pub(super) fn fetches(code: &str) -> bool {
    any(
        code,
        &[
            "urlopen(",
            "urlretrieve(",
            "requests.get",
            "requests.post",
            "http.client",
            "https.get",
            "http.get",
            "fetch(",
            "LWP::",
            "HTTP::Tiny",
            "open-uri",
            "Net::HTTP",
            "file_get_contents('http",
            "file_get_contents(\"http",
            "curl_exec",
            "httpx.get",
            "axios.get",
            "axios(",
        ],
    ) || any(code, &["require(\"http", "require('http", "require(\"node:http", "require('node:http"])
        && any(code, &[".get(", ".request("])
        || any_case(
            code,
            &[
                "downloadstring",
                "downloadfile",
                "downloaddata",
                "invoke-webrequest",
                "invoke-restmethod",
                "start-bitstransfer",
                "iwr ",
                "irm ",
            ],
        )
}

/// Whether code runs what it fetches.
pub(super) fn runs_fetched(code: &str) -> bool {
    fetches(code)
        && (evaluates(code)
            || any(code, &["memfd_create", "os.exec", "fexecve", "/proc/self/fd"])
            || any(code, &["chmod"]) && any(code, &["os.system", "subprocess", "popen", "exec", "system"])
            || any_case(code, &["start-process", "invoke-item", ";& ", "; & "]))
}

/// Whether code connects to the network and hands the connection to a process.
pub(super) fn is_reverse_shell(code: &str) -> bool {
    hands_over_socket(code) && !listens(code)
}

/// Whether code listens and hands the connection to a process.
pub(super) fn is_bind_shell(code: &str) -> bool {
    hands_over_socket(code) && listens(code)
}

fn listens(code: &str) -> bool {
    any(
        code,
        &[
            ".listen(",
            "TCPServer",
            "Listen=>",
            "Listen =>",
            "createServer",
            "socket_listen",
            "stream_socket_server",
        ],
    )
}

fn hands_over_socket(code: &str) -> bool {
    let connects = any(
        code,
        &[
            "socket",
            "Socket",
            "TCPServer",
            "fsockopen",
            "net.connect",
            "net.createServer",
            "create_connection",
            "/inet/tcp/",
            "TCPClient",
            "net.Dial",
            "require(\"net\")",
            "require('net')",
            "require(\"tls\")",
            "require('tls')",
            "node:net",
        ],
    );
    // The descriptor becomes that of a process, or what arrives on it is run.
    let hands_over = any(
        code,
        &[
            "dup2",
            "pty.spawn",
            "fdopen",
            "STDIN->",
            ">&S",
            "<&3",
            ">&3",
            "<&%d",
            "<&4",
            "<&5",
            ".stdin)",
            "stdin:",
            "proc_open",
            "STDIN,",
            "f.fileno()",
            "s.fileno()",
            "[:in,",
            ":in=>",
            ":in =>",
            ".Stdin=",
            ".Stdin =",
        ],
    ) || reads_from_socket(code);
    let spawns = any(
        code,
        &[
            "subprocess",
            "os.system",
            "popen",
            "proc_open",
            "exec",
            "spawn",
            "child_process",
            "shell_exec",
            "system",
            "iex",
            "Invoke-Expression",
        ],
    );
    let shell = any(code, &["/sh", "bash", "cmd.exe", "\"sh\"", "'sh'", "powershell"]);
    let receives = any(code, &[".recv(", ".gets", "getline", ":receive(", "GetStream", "fgets(", ".read("]);
    let runs_received = receives
        && any(code, &["shell=True", "popen(", "IO.popen", "io.popen", "iex", "shell_exec(", "system("]);
    // `recv` is asked of nothing but a socket.
    let answers = code.contains(".recv(") && any(code, &["getoutput(", "check_output(", "subprocess.run("]);
    connects
        && spawns
        && (hands_over && (shell || any(code, &["pty.spawn", "STDIN->fdopen"]))
            || (runs_received || answers) && any(code, &["while", "loop", "for"]))
}

/// Whether a process is given as its input what the code connects: `call(["sh"], stdin=x)` beside `x.connect(…)`.
fn reads_from_socket(code: &str) -> bool {
    code.match_indices("stdin=").take(8).any(|(at, option)| {
        let value = code.get(at + option.len()..).unwrap_or_default();
        let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(value.len());
        let name = value.get(..end).unwrap_or_default();
        !name.is_empty()
            && [".connect(", ".fileno(", ".makefile("]
                .iter()
                .any(|use_| code.contains(&format!("{name}{use_}")))
    })
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn an_arrow_function_calls_and_a_method_is_another() {
        assert!(calls("fetch(u).then(t=>eval(t))", "eval"));
        assert!(calls("eval(x)", "eval"));
        assert!(!calls("$db->exec('SELECT 1')", "exec"));
        assert!(!calls("re.exec(x)", "exec"));
        assert!(calls("fetch(u).then(r=>r.text()).then(eval)", "eval"));
        assert!(calls("list(map(exec, [x]))", "exec"));
        assert!(!calls("open(evaluated)", "eval"));
    }
}
