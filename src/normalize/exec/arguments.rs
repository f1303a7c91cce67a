//! Words that are put into a command line when it runs: those of `"$@"`, and what `xargs` reads.

use super::Word;
use super::shells::base;

/// A script with the words that `"$@"` stands for, which are words whatever is in them.
pub(super) fn with_arguments(text: &str, arguments: &[&str]) -> String {
    // Each use is a copy: more than a few are left to the shell reader, which joins the words.
    if arguments.is_empty() || text.matches("$@").count() > 4 {
        return text.to_owned();
    }
    let quoted = arguments.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    let line = quoted.collect::<Vec<_>>().join(" ");
    text.replace("\"$@\"", &line).replace("\"${@}\"", &line)
}

/// The words of a command, with what `xargs` adds to them where its input is known.
pub(super) fn with_input(mut words: Vec<Word>, stdin: Option<&str>) -> Vec<Word> {
    let Some(at) = words.iter().position(|word| base(word) == "xargs") else { return words };
    let Some(text) = stdin else { return words };
    if let Some((from, mark)) = placeholder(words.get(at + 1..).unwrap_or_default()) {
        let whole = text.trim_end_matches('\n');
        for word in words.iter_mut().skip(at + 1 + from).take(64).filter(|word| word.text.contains(&mark)) {
            // The longest result: every mark replaced.
            if word.text.matches(&mark).count() <= 4 {
                word.text = word.text.replace(&mark, whole);
            }
        }
        return words;
    }
    // These put it elsewhere, or take it from elsewhere.
    let other = words.iter().skip(at).take(8).any(|word| {
        word.text.starts_with(['-'])
            && !word.text.starts_with("--")
            && word.text.contains(['I', 'i', '0', 'd', 'a'])
    });
    if !other {
        words.extend(text.split_whitespace().take(64).map(Word::literal));
    }
    words
}

/// What `xargs -I MARK` replaces, and how many of its words are options up to there.
fn placeholder(args: &[Word]) -> Option<(usize, String)> {
    for (at, word) in args.iter().enumerate().take(8) {
        if let Some(mark) = word.text.strip_prefix("-I") {
            let next = || args.get(at + 1).map(|word| word.text.clone());
            let mark = if mark.is_empty() { next()? } else { mark.to_owned() };
            return (!mark.is_empty()).then_some((at + 2, mark));
        }
        if word.text == "-i" {
            return Some((at + 1, "{}".to_owned()));
        }
        if !word.text.starts_with('-') && at > 0 && !args.get(at - 1).is_some_and(|w| w.text.starts_with('-'))
        {
            return None;
        }
    }
    None
}
