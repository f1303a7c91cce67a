//! brush-parser: a tree of commands, whose words are text that its word parser takes apart.

use std::collections::VecDeque;

use brush_parser::ast::{
    self, AndOr, Assignment, AssignmentName, AssignmentValue, Command, CommandPrefixOrSuffixItem as Item,
    CompoundCommand, CompoundList, ExtendedTestExpr, IoFileRedirectKind, IoFileRedirectTarget, IoRedirect,
    Pipeline,
};
use brush_parser::word::{self, ParameterExpr, TildeExpr, WordPiece, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions};

use super::model::{Parsed, Pattern, Place, ansi, has_braces};

/// The commands of a script; nothing where the parser refuses it.
pub fn read(script: &str) -> Option<Vec<Parsed>> {
    let mut reader = Reader::default();
    reader.script(script, Place::Top);
    while let Some(body) = reader.documents.pop_front() {
        let mut pattern = Pattern::default();
        let mut inner = Vec::new();
        match word::parse_heredoc(&body, &ParserOptions::default()) {
            Ok(pieces) => pieces.iter().for_each(|p| reader.piece(&p.piece, true, &mut pattern, &mut inner)),
            Err(_) => reader.failed = true,
        }
        reader.inner(inner);
    }
    (!reader.failed).then(|| super::compare::renumber(reader.out))
}

/// A substitution whose commands follow those of its word.
enum Inner {
    Script(String, Place),
    List(CompoundList, Place),
}

#[derive(Default)]
struct Reader {
    out: Vec<Parsed>,
    pipelines: usize,
    /// Bodies of here-documents: what they run comes last.
    documents: VecDeque<String>,
    failed: bool,
}

impl Reader {
    fn script(&mut self, text: &str, place: Place) {
        let options = ParserOptions::default();
        match Parser::new(text.as_bytes(), &options).parse_program() {
            Ok(program) => program.complete_commands.iter().for_each(|list| self.list(list, place)),
            Err(_) => self.failed = true,
        }
    }

    fn list(&mut self, list: &CompoundList, place: Place) {
        for item in &list.0 {
            self.pipeline(&item.0.first, place);
            for AndOr::And(pipeline) | AndOr::Or(pipeline) in &item.0.additional {
                self.pipeline(pipeline, place);
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, place: Place) {
        let number = self.pipelines;
        self.pipelines += 1;
        for (stage, command) in pipeline.seq.iter().enumerate() {
            self.command(command, place, (number, stage));
        }
    }

    fn command(&mut self, command: &Command, place: Place, at: (usize, usize)) {
        match command {
            Command::Simple(simple) => self.simple(simple, place, at),
            Command::Compound(compound, redirects) => {
                self.compound(compound, place, at);
                self.group_redirects(redirects.as_ref(), place, at);
            }
            Command::Function(function) => {
                self.compound(&function.body.0, Place::Function, at);
                self.group_redirects(function.body.1.as_ref(), place, at);
            }
            Command::ExtendedTest(test, redirects) => {
                let mut parsed = Parsed::new(place, at);
                let mut inner = Vec::new();
                parsed.words.push(Pattern::text("[["));
                self.test(&test.expr, &mut parsed, &mut inner);
                parsed.words.push(Pattern::text("]]"));
                for redirect in redirects.iter().flat_map(|list| &list.0) {
                    self.redirect(redirect, &mut parsed, &mut inner);
                }
                self.emit(parsed, inner);
            }
        }
    }

    fn test(&mut self, expr: &ExtendedTestExpr, parsed: &mut Parsed, inner: &mut Vec<Inner>) {
        match expr {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left, parsed, inner);
                self.test(right, parsed, inner);
            }
            ExtendedTestExpr::Not(expr) | ExtendedTestExpr::Parenthesized(expr) => {
                self.test(expr, parsed, inner);
            }
            ExtendedTestExpr::UnaryTest(_, word) => {
                let word = self.word(&word.value, inner);
                parsed.words.push(Pattern { splits: false, ..word });
            }
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                for word in [left, right] {
                    let word = self.word(&word.value, inner);
                    parsed.words.push(Pattern { splits: false, ..word });
                }
            }
        }
    }

    fn group_redirects(&mut self, redirects: Option<&ast::RedirectList>, place: Place, at: (usize, usize)) {
        let mut parsed = Parsed::new(place, at);
        let mut inner = Vec::new();
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, &mut parsed, &mut inner);
        }
        self.emit(parsed, inner);
    }

    fn compound(&mut self, compound: &CompoundCommand, place: Place, at: (usize, usize)) {
        match compound {
            CompoundCommand::Arithmetic(command) => {
                let text: String = command.expr.value.chars().filter(|c| !c.is_whitespace()).collect();
                self.emit_arithmetic(place, &format!("(({text}))"));
            }
            CompoundCommand::ArithmeticForClause(command) => {
                self.emit_arithmetic(place, "for");
                self.list(&command.body.list, place);
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list, place),
            CompoundCommand::Subshell(group) => self.list(&group.list, place),
            CompoundCommand::ForClause(clause) => {
                let mut head = self.head(place);
                let mut inner = Vec::new();
                head.words.extend(["for", &clause.variable_name].map(Pattern::text));
                if let Some(values) = &clause.values {
                    head.words.push(Pattern::text("in"));
                    for value in values {
                        head.words.push(self.word(&value.value, &mut inner));
                    }
                }
                self.emit(head, inner);
                self.list(&clause.body.list, place);
            }
            CompoundCommand::CaseClause(clause) => {
                let mut head = self.head(place);
                let mut inner = Vec::new();
                head.words.push(Pattern::text("case"));
                let subject = self.word(&clause.value.value, &mut inner);
                head.words.push(subject);
                self.emit(head, inner);
                for case in &clause.cases {
                    let mut inner = Vec::new();
                    for pattern in &case.patterns {
                        self.word(&pattern.value, &mut inner);
                    }
                    self.inner(inner);
                    case.cmd.iter().for_each(|list| self.list(list, place));
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition, place);
                self.list(&clause.then, place);
                for other in clause.elses.iter().flatten() {
                    other.condition.iter().for_each(|list| self.list(list, place));
                    self.list(&other.body, place);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, place);
                self.list(&clause.1.list, place);
            }
            CompoundCommand::Coprocess(command) => self.command(&command.body, place, at),
        }
    }

    /// The head of a loop is a command of its own, in a list of its own.
    fn head(&mut self, place: Place) -> Parsed {
        let number = self.pipelines;
        self.pipelines += 1;
        Parsed::new(place, (number, 0))
    }

    fn emit_arithmetic(&mut self, place: Place, text: &str) {
        let mut head = self.head(place);
        let mut inner = Vec::new();
        let word = self.word(&format!("\"{}\"", text.replace('"', "")), &mut inner);
        head.words.push(word);
        self.emit(head, inner);
    }

    fn simple(&mut self, simple: &ast::SimpleCommand, place: Place, at: (usize, usize)) {
        let mut parsed = Parsed::new(place, at);
        let mut inner = Vec::new();
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, true, &mut parsed, &mut inner);
        }
        if let Some(name) = &simple.word_or_name {
            let word = self.word(&name.value, &mut inner);
            parsed.words.push(word);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, false, &mut parsed, &mut inner);
        }
        self.emit(parsed, inner);
    }

    fn item(&mut self, item: &Item, front: bool, parsed: &mut Parsed, inner: &mut Vec<Inner>) {
        match item {
            Item::IoRedirect(redirect) => self.redirect(redirect, parsed, inner),
            Item::AssignmentWord(assignment, _) if front => {
                let assignment = self.assignment(assignment, inner);
                parsed.assignments.push(assignment);
            }
            Item::Word(word) | Item::AssignmentWord(_, word) => {
                let word = self.word(&word.value, inner);
                parsed.words.push(word);
            }
            Item::ProcessSubstitution(_, list) => {
                let mut word = Pattern::default();
                word.hole(false);
                parsed.words.push(word);
                inner.push(Inner::List(list.list.clone(), Place::Process));
            }
        }
    }

    fn assignment(&mut self, assignment: &Assignment, inner: &mut Vec<Inner>) -> (String, Pattern) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) | AssignmentName::ArrayElementName(name, _) => name.clone(),
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => self.word(&word.value, inner),
            AssignmentValue::Array(elements) => {
                let mut all = Pattern::default();
                for (at, (key, value)) in elements.iter().enumerate() {
                    if at > 0 {
                        all.push(" ");
                    }
                    if let Some(key) = key {
                        all.push(&format!("[{}]=", key.value));
                    }
                    let value = self.word(&value.value, inner);
                    all.append(value);
                }
                all
            }
        };
        (name, value)
    }

    fn redirect(&mut self, redirect: &IoRedirect, parsed: &mut Parsed, inner: &mut Vec<Inner>) {
        let number = |fd: &Option<i32>| fd.map(|fd| fd.to_string()).unwrap_or_default();
        let (fd, op, target) = match redirect {
            IoRedirect::File(fd, kind, target) => {
                let op = match kind {
                    IoFileRedirectKind::Read => "<",
                    IoFileRedirectKind::Write => ">",
                    IoFileRedirectKind::Append => ">>",
                    IoFileRedirectKind::ReadAndWrite => "<>",
                    IoFileRedirectKind::Clobber => ">|",
                    IoFileRedirectKind::DuplicateInput => "<&",
                    IoFileRedirectKind::DuplicateOutput => ">&",
                };
                let target = match target {
                    IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                        self.word(&word.value, inner)
                    }
                    IoFileRedirectTarget::Fd(fd) => Pattern::text(fd.to_string()),
                    IoFileRedirectTarget::ProcessSubstitution(_, list) => {
                        inner.push(Inner::List(list.list.clone(), Place::Process));
                        let mut word = Pattern::default();
                        word.hole(false);
                        word
                    }
                };
                (number(fd), op, target)
            }
            IoRedirect::HereDocument(fd, document) => {
                if document.requires_expansion {
                    self.documents.push_back(document.doc.value.clone());
                }
                (number(fd), "<<", Pattern::default())
            }
            IoRedirect::HereString(fd, word) => (number(fd), "<<<", self.word(&word.value, inner)),
            IoRedirect::OutputAndError(word, _) => (String::new(), "&>", self.word(&word.value, inner)),
        };
        parsed.redirects.push((format!("{fd}{op}"), target));
    }

    fn emit(&mut self, parsed: Parsed, inner: Vec<Inner>) {
        if !parsed.is_blank() {
            self.out.push(parsed);
        }
        self.inner(inner);
    }

    fn inner(&mut self, inner: Vec<Inner>) {
        for item in inner {
            match item {
                Inner::Script(text, place) => self.script(&text, place),
                Inner::List(list, place) => self.list(&list, place),
            }
        }
    }

    fn word(&mut self, text: &str, inner: &mut Vec<Inner>) -> Pattern {
        let mut pattern = Pattern::default();
        match word::parse(text, &ParserOptions::default()) {
            Ok(pieces) => pieces.iter().for_each(|p| self.piece(&p.piece, false, &mut pattern, inner)),
            Err(_) => self.failed = true,
        }
        pattern
    }

    fn piece(&mut self, piece: &WordPiece, quoted: bool, word: &mut Pattern, inner: &mut Vec<Inner>) {
        match piece {
            WordPiece::Text(text) if !quoted && has_braces(text) => word.hole(true),
            WordPiece::Text(text) | WordPiece::SingleQuotedText(text) => word.push(text),
            WordPiece::AnsiCQuotedText(text) => word.push(&ansi(text)),
            WordPiece::DoubleQuotedSequence(pieces) | WordPiece::GettextDoubleQuotedSequence(pieces) => {
                self.pieces(pieces, word, inner);
            }
            WordPiece::TildeExpansion(tilde) => match tilde {
                TildeExpr::Home => word.push("~"),
                TildeExpr::UserHome(user) => word.push(&format!("~{user}")),
                TildeExpr::WorkingDir => word.push("~+"),
                TildeExpr::OldWorkingDir => word.push("~-"),
                _ => word.hole(false),
            },
            WordPiece::ParameterExpansion(expr) => {
                word.hole(!quoted || is_all(expr));
                for text in operands(expr) {
                    // For the substitutions in it only.
                    self.word(&text, inner);
                }
            }
            WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                word.hole(!quoted);
                inner.push(Inner::Script(text.clone(), Place::Substitution));
            }
            WordPiece::EscapeSequence(text) => {
                let plain = text.strip_prefix('\\').unwrap_or(text);
                word.push(plain.strip_prefix('\n').unwrap_or(plain));
            }
            WordPiece::ArithmeticExpression(expr) => {
                word.hole(false);
                self.word(&format!("\"{}\"", expr.value.replace('"', "")), inner);
            }
        }
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], word: &mut Pattern, inner: &mut Vec<Inner>) {
        for piece in pieces {
            self.piece(&piece.piece, true, word, inner);
        }
    }
}

/// `"$@"` and `"${a[@]}"` become several words although they are quoted.
fn is_all(expr: &ParameterExpr) -> bool {
    format!("{expr:?}").contains("concatenate: false")
}

/// The texts in an expansion that may hold others.
fn operands(expr: &ParameterExpr) -> Vec<String> {
    match expr {
        ParameterExpr::UseDefaultValues { default_value: text, .. }
        | ParameterExpr::AssignDefaultValues { default_value: text, .. }
        | ParameterExpr::IndicateErrorIfNullOrUnset { error_message: text, .. }
        | ParameterExpr::UseAlternativeValue { alternative_value: text, .. }
        | ParameterExpr::RemoveSmallestSuffixPattern { pattern: text, .. }
        | ParameterExpr::RemoveLargestSuffixPattern { pattern: text, .. }
        | ParameterExpr::RemoveSmallestPrefixPattern { pattern: text, .. }
        | ParameterExpr::RemoveLargestPrefixPattern { pattern: text, .. } => text.iter().cloned().collect(),
        ParameterExpr::ReplaceSubstring { pattern, replacement, .. } => {
            std::iter::once(pattern).chain(replacement).cloned().collect()
        }
        _ => Vec::new(),
    }
}
