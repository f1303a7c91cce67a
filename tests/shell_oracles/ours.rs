//! This project's reader.

use jobrisk::normalize::{Command, Context, Limits, RedirectOp, parse};

use super::model::{Numbers, Ours, Place};

pub fn read(script: &str) -> Vec<Ours> {
    let mut commands = parse(script, &Limits::default()).commands;
    take_back_redirects(&mut commands);
    let mut numbers = Numbers::default();
    let mut all: Vec<Ours> = commands.iter().map(|command| convert(command, &mut numbers)).collect();
    all.retain(|command| {
        !(command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty())
    });
    all
}

/// The redirections of a group are added to its members, behind their own; a parser has them on the group only.
fn take_back_redirects(commands: &mut [Command]) {
    for at in (0..commands.len()).rev() {
        let Some(group) = commands[at].group else { continue };
        let added = commands[at].redirects.clone();
        for member in &mut commands[group.start..group.end] {
            let own = member.redirects.len().saturating_sub(added.len());
            if member.redirects[own..] == added {
                member.redirects.truncate(own);
            }
        }
    }
}

fn convert(command: &Command, numbers: &mut Numbers) -> Ours {
    let mut words: Vec<String> = command.words.iter().map(|word| word.text.clone()).collect();
    let unquoted = |at: usize| command.words.get(at).is_some_and(|word| !word.quoted);
    if words.first().is_some_and(|word| word == "[[") && unquoted(0) {
        let operands = command.words.iter().filter(|word| word.quoted || !is_test_operator(&word.text));
        words = operands.map(|word| word.text.clone()).collect();
    }
    if let [name, ..] = words.as_slice()
        && name == "time"
    {
        // A keyword for one parser, a word for the other, a prefix that is taken off later here.
        words.remove(0);
        if words.first().is_some_and(|word| word == "-p") {
            words.remove(0);
        }
    }
    let arithmetic: Option<String> = words.iter().find(|word| word.starts_with("((")).cloned();
    if let Some(text) = arithmetic
        && (words.len() == 1 || words[0] == "for")
    {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        words = vec![if words[0] == "for" { "for".to_owned() } else { plain }];
    }
    Ours {
        place: match command.context {
            Context::Top => Place::Top,
            Context::Substitution(_) => Place::Substitution,
            Context::ProcessSubstitution(_) => Place::Process,
            Context::Function => Place::Function,
        },
        pipeline: (
            numbers.of(usize::try_from(command.pipeline).unwrap()),
            usize::try_from(command.stage).unwrap(),
        ),
        assignments: command.assignments.clone(),
        words,
        redirects: command
            .redirects
            .iter()
            .map(|redirect| {
                let fd = redirect.fd.map(|fd| fd.to_string()).unwrap_or_default();
                let here = redirect.op == RedirectOp::HereDoc;
                let target = if here { String::new() } else { redirect.target.text.clone() };
                (format!("{fd}{}", redirect.op.as_str()), target)
            })
            .collect(),
    }
}

/// What is not an operand in `[[ … ]]`; the parsers have it in the shape of their trees.
pub fn is_test_operator(word: &str) -> bool {
    let unary = word.len() == 2 && word.starts_with('-') && word.as_bytes()[1].is_ascii_alphabetic();
    let binary = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"].contains(&word);
    unary || binary || ["!", "(", ")", "&&", "||", "==", "=", "!=", "=~", "<", ">"].contains(&word)
}
