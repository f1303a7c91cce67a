//! The shell reader alone, and argument lists that start it.

use jobrisk::normalize::shell::parse_with;
use jobrisk::normalize::{Limits, Script, executed_with, parse};

/// Words that are quoted in every way and read back.
const MAX_WORDS: usize = 16;
const MAX_WORD: usize = 200;

/// One script.
pub fn run(input: &[u8]) {
    let script = String::from_utf8_lossy(input);
    let limits = Limits::default();
    let read = parse(&script, &limits);
    check(&script, &read, &limits);
    assert_eq!(read, parse(&script, &limits), "two readings of one script");

    // Limits that are reached by ordinary scripts too.
    let small = Limits { max_input: 256, max_commands: 8, max_nesting: 3, max_reentries: 2, growth: 1 };
    let variables = [("IFS".to_owned(), ":".to_owned()), ("1".to_owned(), script.chars().take(50).collect())];
    check(&script, &parse_with(&script, &variables, &small), &small);

    for limits in [limits, small] {
        let argv = ["bash", "-c", &script, "zero", "one"].map(ToOwned::to_owned);
        let execution = executed_with(&argv, &variables, &limits);
        assert!(execution.commands.len() <= limits.max_commands + 1, "{}", execution.commands.len());
        for (index, command) in execution.commands.iter().enumerate() {
            assert!(
                command.parent.is_none_or(|parent| parent < index),
                "{index} comes from {:?}",
                command.parent
            );
            assert!(command.inputs.iter().all(|span| span.end <= execution.commands.len()));
        }
    }
    check_quoting(&script);
}

fn check(text: &str, script: &Script, limits: &Limits) {
    assert!(script.commands.len() <= limits.max_commands, "{} commands", script.commands.len());
    let all = script.commands.len();
    let mut made = 0;
    for command in &script.commands {
        assert!(command.offset <= text.len(), "offset {} of {}", command.offset, text.len());
        let spans = command.inputs.iter().chain(&command.feed).chain(&command.group);
        assert!(spans.into_iter().all(|span| span.end <= all), "{command:?}");
        made += command.words.iter().map(|word| word.text.len()).sum::<usize>();
        made += command.assignments.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        made += command.redirects.iter().map(|redirect| redirect.target.text.len()).sum::<usize>();
    }
    // A group's redirections are repeated for up to 64 members.
    let most = 64 * (text.len().min(limits.max_input) + limits.budget(text.len()));
    assert!(made <= most, "{made} bytes of words from {}", text.len());
}

/// However a word is quoted, it is read as what it is.
fn check_quoting(text: &str) {
    let is_plain = |character: char| character != '\0' && character != '\r';
    let words: Vec<String> = text
        .lines()
        .take(MAX_WORDS)
        .map(|line| line.chars().filter(|character| is_plain(*character)).take(MAX_WORD).collect())
        .collect();
    for quote in [single, double, escaped, ansi] {
        let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
        let script = format!("program {}", quoted.join(" "));
        let read = parse(&script, &Limits::default());
        let found: Vec<&str> = read.commands[0].words.iter().map(|word| word.text.as_str()).collect();
        let expected: Vec<&str> = ["program"].into_iter().chain(words.iter().map(String::as_str)).collect();
        assert_eq!(found, expected, "{script:?}");
        assert_eq!(read.commands.len(), 1, "{script:?}");
    }
}

fn single(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn double(word: &str) -> String {
    let special = |character| matches!(character, '"' | '$' | '`' | '\\');
    format!("\"{}\"", escape(word, special))
}

/// A backslash before everything; an empty word needs quotes.
fn escaped(word: &str) -> String {
    if word.is_empty() { "''".to_owned() } else { escape(word, |_| true) }
}

fn ansi(word: &str) -> String {
    let bytes: Vec<String> = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("$'{}'", bytes.concat())
}

fn escape(word: &str, special: fn(char) -> bool) -> String {
    let mut out = String::new();
    for character in word.chars() {
        if special(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
