//! Spellings that several rewrites share.

use super::super::bare::{Bare, words};
use super::super::subject::Run;
use super::{Context, Script};

/// `'text'` for a shell.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `'text'` where it is needed.
fn quote_if_needed(word: &str) -> String {
    let plain = !word.is_empty()
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c))
        && !word.contains('=');
    if plain { word.to_owned() } else { quote(word) }
}

/// A vector as a command line.
pub(crate) fn line(argv: &[String]) -> String {
    argv.iter().map(|word| quote_if_needed(word)).collect::<Vec<_>>().join(" ")
}

const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// The shell, its options and the text, of a vector that is `SHELL -c TEXT` and no more.
pub(crate) fn shell_of(argv: &[String]) -> Option<(&str, &[String], &str)> {
    let (first, rest) = argv.split_first()?;
    let (text, options) = rest.split_last()?;
    let name = first.rsplit('/').next()?;
    let last = options.last()?;
    let is_option = |word: &String| word.starts_with('-') && !word.starts_with("--") && !word.contains('o');
    let is_script = last.ends_with('c') && options.iter().all(is_option);
    (SHELLS.contains(&name) && is_script).then_some((name, options, text))
}

/// The script of a vector; what is no script becomes a line of one.
pub(crate) fn script(run: &Run) -> Script {
    let env = run.env.clone();
    let Some((shell, options, text)) = shell_of(&run.argv) else {
        return Script { text: line(&run.argv), shell: "sh".to_owned(), env };
    };
    // Options that change what the script does go with it.
    let kept: String = options.iter().flat_map(|word| word.chars()).filter(|c| "eux".contains(*c)).collect();
    let set = if kept.is_empty() { String::new() } else { format!("set -{kept}\n") };
    Script { text: format!("{set}{text}"), shell: shell.to_owned(), env }
}

/// How the vector calls its shell: as before where that is the same shell.
pub(crate) fn program_of(script: &Script, before: &Run) -> String {
    match (shell_of(&before.argv), before.argv.first()) {
        (Some((shell, ..)), Some(program)) if shell == script.shell => program.clone(),
        _ => script.shell.clone(),
    }
}

/// Spells some words anew: those that `pick` takes, at least one, each with a chance of one in two.
pub(crate) fn respell(
    script: &mut Script,
    context: &mut Context,
    pick: impl Fn(&Bare, &str) -> bool,
    mut spell: impl FnMut(&str, &mut Context) -> String,
) -> Option<()> {
    let text = script.text.clone();
    let picked: Vec<Bare> =
        words(&text).into_iter().filter(|word| pick(word, &text[word.at.clone()])).collect();
    if picked.is_empty() {
        return None;
    }
    let certain = context.dice.below(picked.len());
    let mut out = String::new();
    let mut from = 0;
    for (index, word) in picked.iter().enumerate() {
        if index == certain || context.dice.coin() {
            out.push_str(&text[from..word.at.start]);
            out.push_str(&spell(&text[word.at.clone()], context));
            from = word.at.end;
        }
    }
    out.push_str(&text[from..]);
    script.text = out;
    Some(())
}

/// Where to cut a word into two parts that both have something in them.
pub(crate) fn cut<'w>(word: &'w str, context: &mut Context) -> (&'w str, &'w str) {
    word.split_at(1 + context.dice.below(word.len() - 1))
}

/// Whether unset variables are errors.
pub(crate) fn refuses_unset(script: &Script) -> bool {
    script.text.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first() == Some(&"set") && words.iter().any(|word| word.starts_with('-') && word.contains('u'))
    })
}

/// Whether the script uses its own positional parameters.
pub(crate) fn uses_positionals(script: &Script) -> bool {
    ["$1", "$2", "$@", "$*", "${1", "$#", "set --", "shift", "$9"]
        .iter()
        .any(|use_| script.text.contains(use_))
}

/// The text as the body of a here-document, and its last line. The delimiter is not a line of it.
pub(crate) fn here(text: &str, context: &mut Context) -> String {
    let end = context.dice.of(&["EOF", "END", "E", "SCRIPT"]);
    let end = if text.lines().any(|line| line == end) { format!("{end}_{end}") } else { end.to_owned() };
    format!("{end}\n{text}\n{end}\n")
}
