//! The engine is pure: from the decoded object to the report there is no client, no clock and no I/O. What is pure can
//! be tested by values alone, runs over files as it runs in a cluster, and gives the same verdict twice.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

use std::fs;
use std::path::{Path, PathBuf};

/// The pure part of `src`: folders and files.
const PURE: [&str; 13] = [
    "workload",
    "normalize",
    "manifest",
    "detect",
    "score",
    "report",
    "finding_log",
    "assess.rs",
    "fingerprint.rs",
    "rollup.rs",
    "search.rs",
    "severity.rs",
    "text.rs",
];
/// What stands in these folders and is not: it finds the files that the rest reads.
const BUT: &str = "manifest/walk.rs";

/// What must not be named there. `k8s_openapi` has plain types only, and may be.
const FORBIDDEN: [&[&str]; 18] = [
    &["kube"],
    &["tokio"],
    &["futures"],
    &["axum"],
    &["tracing"],
    &["std", "fs"],
    &["std", "io"],
    // An address is a plain value; these four open connections or ask for names.
    &["std", "net", "TcpStream"],
    &["std", "net", "TcpListener"],
    &["std", "net", "UdpSocket"],
    &["std", "net", "ToSocketAddrs"],
    &["std", "env"],
    // A duration is a plain value; these two are clocks.
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["std", "process"],
    &["std", "thread"],
    &["SystemTime"],
    &["Instant"],
];

/// Rust source without comments and without what stands in string literals.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            end_of_block_comment(rest)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if character == '"' {
            end_of_string(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').unwrap() + 2
        } else {
            code.push(character);
            rest = &rest[character.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

fn end_of_block_comment(text: &str) -> usize {
    let (mut depth, mut position) = (0, 0);
    while position < text.len() {
        let rest = &text.as_bytes()[position..];
        if rest.starts_with(b"/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            position += 2;
        } else {
            position += 1;
        }
        if depth == 0 {
            break;
        }
    }
    position
}

/// The length of the raw string literal that `text` begins with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    let content = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + content.find(&end)? + end.len())
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// The words and braces of a piece of code.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for character in code.chars() {
        let is_word = character.is_alphanumeric() || character == '_';
        match tokens.last_mut() {
            Some(last) if is_word && word => last.push(character),
            _ if character.is_whitespace() => {}
            _ => tokens.push(character.to_string()),
        }
        word = is_word;
    }
    tokens
}

/// All paths that a piece of code names, with `{…}` of imports taken apart: `std::{fs, net::TcpStream}` names `std::fs`
/// and `std::net::TcpStream`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let token = tokens[index].as_str();
        let joins = tokens.get(index + 1).is_some_and(|next| next == ":")
            && tokens.get(index + 2).is_some_and(|next| next == ":");
        match token {
            "{" if index > 1 && tokens[index - 1] == ":" => open.push(path.clone()),
            "}" => {
                path = Vec::new();
                open.pop();
            }
            // Before a path that begins with `::`.
            "use" | "return" | "in" | "as" | "mut" | "dyn" | "impl" | "else" | "if" | "match" => path.clear(),
            "," => path = open.last().cloned().unwrap_or_default(),
            _ if token.starts_with(|first: char| first.is_alphanumeric() || first == '_') => {
                path.push(token.to_owned());
                if joins {
                    index += 2;
                } else {
                    found.push(std::mem::take(&mut path));
                }
            }
            _ => path = Vec::new(),
        }
        index += 1;
    }
    found
}

/// A source without its tests, which stand at the end and may measure time.
fn without_tests(source: &str) -> &str {
    source.split_once("\n#[cfg(test)]\nmod tests {\n").map_or(source, |(code, _)| code)
}

/// The first forbidden path that a source names outside of comments, strings and tests.
fn impurity(source: &str) -> Option<String> {
    paths(&code_of(without_tests(source))).into_iter().find_map(|path| {
        let begins_with =
            |start: &[&str]| path.len() >= start.len() && path.iter().zip(start).all(|(a, b)| a == b);
        FORBIDDEN.iter().any(|forbidden| begins_with(forbidden)).then(|| path.join("::"))
    })
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut files: Vec<PathBuf> = entries.flat_map(|entry| rust_files(&entry.unwrap().path())).collect();
    let is_code = |file: &PathBuf| {
        file.extension().is_some_and(|extension| extension == "rs") && !file.ends_with("tests.rs")
    };
    files.retain(is_code);
    files
}

#[test]
fn the_engine_is_pure() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in PURE {
        let files = rust_files(&source.join(part));
        assert!(!files.is_empty(), "src/{part} is gone: the list above has to follow");
        for file in files.into_iter().filter(|file| !file.ends_with(BUT)) {
            let impurity = impurity(&fs::read_to_string(&file).unwrap());
            assert_eq!(impurity, None, "{} is not pure any more", file.display());
        }
    }
}

#[test]
fn the_shell_of_the_program_is_not_pure() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in ["controller", "server.rs", "cli"] {
        let mut sources =
            rust_files(&source.join(part)).into_iter().map(|file| fs::read_to_string(file).unwrap());
        assert!(sources.any(|source| impurity(&source).is_some()), "the check sees nothing in src/{part}");
    }
}

#[test]
fn an_impure_source_is_noticed() {
    for (source, expected) in [
        ("use kube::Client;", "kube::Client"),
        ("use ::tokio::time;", "tokio::time"),
        ("pub use std::{fmt, fs};", "std::fs"),
        ("use std::{fmt, net::{IpAddr, TcpStream}};", "std::net::TcpStream"),
        ("fn f() { std :: env :: var(\"X\"); }", "std::env::var"),
        ("fn f() -> std::time::Instant { loop {} }", "std::time::Instant"),
        ("/* a /* b */ */ use std::process;", "std::process"),
        ("const A: char = '\"'; use std::thread; const B: char = '\"';", "std::thread"),
        ("const A: &str = r#\"\"\"#; use futures::Stream;", "futures::Stream"),
        ("fn f() { Instant::now() }", "Instant::now"),
    ] {
        assert_eq!(impurity(source).as_deref(), Some(expected), "{source}");
    }
}

#[test]
fn words_in_comments_and_strings_are_no_impurity() {
    for source in [
        "// use kube::Client;",
        "/// Not like std::fs.\nfn f() {}",
        "/* std::env /* tokio::x */ std::net */ fn f() {}",
        "const A: &str = \"std::fs \\\" kube::Client\";",
        "const A: &str = r#\"std::process \" kube::Client\"#;",
        "use std::fmt; use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;",
        "use crate::workload::kube; fn f(kubectl: u8) {}",
        "fn f() {}\n#[cfg(test)]\nmod tests {\nuse std::fs;\n}",
    ] {
        assert_eq!(impurity(source), None, "{source}");
    }
}
