//! What a command is certain to write, from its words alone: `echo`, `printf`, and plain decoders.

use super::super::Span;
use super::super::argv::program;
use super::ansi::decode;
use super::token::Cursor;
use super::{Command, Redirect, RedirectOp, Word};
use crate::normalize::decode::{base32, base64_of_any_length, unpacked};

/// Most commands of a substitution that are worked out.
const MAX_COMMANDS: usize = 8;

/// Text on standard input that is written out in the script: a here-string or here-document. The last one
/// counts, as in the shell.
#[must_use]
pub fn stdin_text(redirects: &[Redirect]) -> Option<&Word> {
    let last = redirects.iter().rfind(|r| {
        matches!(r.fd, None | Some(0))
            && matches!(
                r.op,
                RedirectOp::In | RedirectOp::HereDoc | RedirectOp::HereString | RedirectOp::DupIn
            )
    })?;
    matches!(last.op, RedirectOp::HereDoc | RedirectOp::HereString).then_some(&last.target)
}

/// Standard output of a command given its words (name first) and, for a filter, the text on its standard
/// input. Known are `echo`, `printf`, `cat`, `tee`, `rev`, `base64 -d`, `base32 -d`, `openssl base64 -d`, `gunzip`,
/// `xxd -r -p`, `tr SET SET`, `tr -d SET` and `sed s/TEXT/TEXT/g`; nothing for any other. What decodes to something
/// packed is unpacked at once: `gunzip` behind it changes nothing any more. Linear.
#[must_use]
pub fn static_output(words: &[Word], stdin: Option<&str>) -> Option<String> {
    let (name, args) = words.split_first()?;
    let args: Vec<&str> = args.iter().map(|w| w.text.as_str()).collect();
    let flag = |letter: char, long: &str| {
        args.iter().any(|a| *a == long || (a.starts_with('-') && !a.starts_with("--") && a.contains(letter)))
    };
    match program(&name.text) {
        // Where a program lies is not known, but which one it is.
        name @ ("command" | "which" | "type") => looked_up(name, &args),
        "echo" => Some(echo(&args)),
        "printf" => Some(printf(&args)),
        "cat" | "tee" if args.iter().all(|a| *a == "-" || program(name.text.as_str()) == "tee") => {
            stdin.map(str::to_owned)
        }
        "rev" if args.is_empty() => {
            let lines: Vec<String> = stdin?.lines().map(|l| l.chars().rev().collect()).collect();
            Some(lines.join("\n"))
        }
        "base64" if flag('d', "--decode") || flag('D', "--decode") => unbase64(stdin?),
        "base32" if flag('d', "--decode") => plain(base32(stdin?)?),
        "basenc" if flag('d', "--decode") => match args.as_slice() {
            args if args.contains(&"--base32") => plain(base32(stdin?)?),
            args if args.contains(&"--base16") => unhex(stdin?),
            args if args.iter().any(|arg| matches!(*arg, "--base64" | "--base64url")) => unbase64(stdin?),
            _ => None,
        },
        "zcat" | "gunzip" | "zlib-flate" | "pigz" | "gzip" | "uncompress"
            if is_unpacking(&args, program(&name.text)) =>
        {
            stdin.map(str::to_owned)
        }
        "openssl"
            if args.contains(&"-d") && args.iter().any(|a| matches!(*a, "base64" | "-base64" | "-a")) =>
        {
            let plain = args.iter().all(|a| matches!(*a, "base64" | "enc" | "-base64" | "-a" | "-A" | "-d"));
            if plain { unbase64(stdin?) } else { None }
        }
        "xxd" if flag('r', "-revert") && flag('p', "-ps") => unhex(stdin?),
        "tr" => match args.as_slice() {
            ["-d" | "--delete", from] => {
                let gone = set(from);
                Some(stdin?.chars().filter(|c| !gone.contains(c)).collect())
            }
            [from, to] if !from.starts_with('-') => Some(tr(from, to, stdin?)),
            _ => None,
        },
        "sed" => match args.as_slice() {
            [script] | ["-e" | "-E" | "-r", script] => replaced(script, stdin?),
            _ => None,
        },
        _ => None,
    }
}

/// `command -v NAME`, `which NAME`, `type -P NAME`.
fn looked_up(by: &str, args: &[&str]) -> Option<String> {
    let name = match args {
        [name] if by == "which" => name,
        ["-v", name] if by == "command" => name,
        ["-P" | "-p", name] if by == "type" => name,
        _ => return None,
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    plain.then(|| format!("/usr/bin/{name}\n"))
}

/// `s/TEXT/TEXT/g` of sed, for plain texts: what a pattern matches is not worked out.
fn replaced(script: &str, text: &str) -> Option<String> {
    let rest = script.strip_prefix('s')?;
    let mut parts = rest.split(rest.chars().next()?).skip(1);
    let (from, to, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str| !part.contains(['.', '*', '[', ']', '^', '$', '\\', '&', '+', '?', '(', '|']);
    let fits = plain(from) && plain(to) && !from.is_empty() && flags == "g" && parts.next().is_none();
    // The longest result: one replacement for each occurrence.
    (fits && to.len() <= from.len().max(8)).then(|| text.replace(from, to))
}

/// Output of the commands of a substitution, without the newlines at its end, and whether something was decoded for
/// it. They read `stdin`, where that is known. Nothing unless all is known.
#[must_use]
pub fn of_span(commands: &[Command], span: Span, stdin: Option<&str>) -> Option<(String, bool)> {
    let list = commands.get(span.start..span.end)?;
    let nesting = list.first()?.nesting;
    if list.len() > MAX_COMMANDS || list.iter().any(|c| c.nesting != nesting || c.group.is_some()) {
        return None;
    }
    let mut out = String::new();
    let mut decoded = false;
    let mut piped: Option<(u32, String)> = None;
    let mut rest = list.iter().peekable();
    while let Some(command) = rest.next() {
        if command.words.iter().any(|w| w.dynamic) || command.words.is_empty() {
            return None;
        }
        let own = stdin_text(&command.redirects).filter(|w| !w.dynamic);
        if own.is_none() && !command.redirects.iter().all(|r| r.fd == Some(2)) {
            return None;
        }
        let before = piped.take().filter(|(p, _)| *p == command.pipeline);
        decoded |= own.is_some() || before.is_some();
        let piped_in = before.as_ref().map(|(_, t)| t.as_str());
        let stdin = own.map(|w| w.text.as_str()).or(piped_in).or(stdin.filter(|_| command.stage == 0));
        let text = static_output(&command.words, stdin)?;
        if matches!(command.words.first().map(|word| program(&word.text)), Some("command" | "which" | "type"))
        {
            // `command -v a || command -v b`: one of them.
            out.push_str(&text);
            break;
        }
        if rest.peek().is_some_and(|next| next.pipeline == command.pipeline) {
            piped = Some((command.pipeline, text));
        } else {
            out.push_str(&text);
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    Some((out, decoded))
}

fn echo(args: &[&str]) -> String {
    let flags = args
        .iter()
        .take_while(|a| {
            a.len() > 1 && a.strip_prefix('-').is_some_and(|f| f.chars().all(|c| "neE".contains(c)))
        })
        .count();
    let (flags, words) = args.split_at(flags.min(args.len()));
    let mut text = words.join(" ");
    if flags.iter().any(|f| f.contains('e')) {
        text = decode(&mut Cursor::new(&text), None).0;
    }
    if !flags.iter().any(|f| f.contains('n')) {
        text.push('\n');
    }
    text
}

fn printf(args: &[&str]) -> String {
    let args = args.strip_prefix(&["--"]).unwrap_or(args);
    let Some((format, values)) = args.split_first() else { return String::new() };
    let format = decode(&mut Cursor::new(format), None).0;
    let mut values = values.iter();
    let mut out = String::new();
    loop {
        let left = values.len();
        let mut cur = Cursor::new(&format);
        while let Some(c) = cur.bump() {
            if c != '%' {
                out.push(c);
                continue;
            }
            cur.take_while(|c| "0123456789.-+# ".contains(c));
            match cur.bump() {
                Some('b') => {
                    out.push_str(&decode(&mut Cursor::new(values.next().unwrap_or(&"")), None).0);
                }
                Some('c') => out.extend(values.next().and_then(|v| v.chars().next())),
                Some('%') | None => out.push('%'),
                Some(_) => out.push_str(values.next().unwrap_or(&"")),
            }
        }
        // The format is used again as long as it takes values.
        if values.len() == 0 || values.len() == left {
            return out;
        }
    }
}

/// Only what decodes to text is of use here; the text made by expansion has a budget of its own.
fn unbase64(text: &str) -> Option<String> {
    plain(base64_of_any_length(text)?)
}

fn plain(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(unpacked(bytes)).ok()
}

/// Whether an unpacker reads its standard input: `gzip` and `pigz` only unpack with `-d`.
fn is_unpacking(args: &[&str], name: &str) -> bool {
    let unpacks = !matches!(name, "gzip" | "pigz" | "zlib-flate")
        || args.iter().any(|arg| {
            matches!(*arg, "--decompress" | "--uncompress" | "-uncompress")
                || arg.starts_with('-') && !arg.starts_with("--") && arg.contains('d')
        });
    unpacks && args.iter().all(|arg| arg.starts_with('-'))
}

fn unhex(text: &str) -> Option<String> {
    let digits: Vec<u32> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |v, d| v * 16 + d))
        .map(|v| u8::try_from(v).unwrap_or(0))
        .collect();
    plain(bytes)
}

fn tr(from: &str, to: &str, text: &str) -> String {
    let (from, to) = (set(from), set(to));
    let Some(last) = to.last().copied() else { return text.to_owned() };
    text.chars()
        .map(|c| match from.iter().rposition(|f| *f == c) {
            Some(at) => to.get(at).copied().unwrap_or(last),
            None => c,
        })
        .collect()
}

/// Members of a `tr` set, ranges written out; at most 256, which keeps `tr` linear.
fn set(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().take(256).collect();
    let mut out = Vec::new();
    let mut rest = chars.as_slice();
    loop {
        match rest {
            [a, '-', b, tail @ ..] if a <= b => {
                out.extend((*a..=*b).take(256));
                rest = tail;
            }
            [a, tail @ ..] => {
                out.push(*a);
                rest = tail;
            }
            [] => break,
        }
        if out.len() >= 256 {
            break;
        }
    }
    out.truncate(256);
    out
}
