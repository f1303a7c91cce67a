//! POSIX sh and bash text to the simple commands in it.
//!
//! One pass with an explicit stack: a frame per list of commands (script, group, keyword, substitution),
//! and per word a stack of open quotes and expansions. Not an interpreter: both arms of an `if` are read,
//! a loop once, a function where it is defined. Only what is certain without running anything is
//! substituted: literal variables assigned earlier, and the output of `echo`/`printf` and plain decoders.

mod ansi;
mod apply;
mod brace;
mod builder;
mod frame;
mod heredoc;
mod output;
mod param;
mod parser;
mod quotes;
mod redirect;
mod reserved;
mod token;
mod vars;

#[cfg(test)]
mod tests;

pub use output::{of_span, static_output, stdin_text};
pub use vars::Environment;

use super::{Limits, Span};

/// What a shell script runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The simple commands in the order in which they start. A substitution's commands follow the command
    /// whose word contains it.
    pub commands: Vec<Command>,
    /// A cap of [`Limits`] was reached; some of the text was not read or not expanded.
    pub truncated: bool,
    /// Variables whose value is certain at the end of the script, in the order of their names, but for those of the
    /// [`Environment`] that it left alone. Empty where they are longer than 64 KiB together.
    pub variables: Vec<(String, String)>,
    /// The functions that it defines, in the order of the text.
    pub functions: Vec<Function>,
}

/// A function that a script defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The commands of its body.
    pub body: Span,
    /// The bytes of the script between its braces or parentheses.
    pub text: std::ops::Range<usize>,
}

/// One simple command. `for`, `case`, `[[` and `((` heads are kept as commands of that name, so that the
/// words in them can be seen; their bodies are commands of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// Assignments before the first word, or the whole command: name and value after quote removal.
    pub assignments: Vec<(String, String)>,
    /// Name and arguments; empty for a bare assignment, a bare redirection or a group's redirections.
    pub words: Vec<Word>,
    /// Redirections in order. Those of an enclosing group of up to 64 commands are appended to each member.
    pub redirects: Vec<Redirect>,
    /// Commands with the same number are joined by `|`.
    pub pipeline: u32,
    /// Position in the pipeline, from 0. A group takes one position; its members have pipelines of their own.
    pub stage: u32,
    /// Nothing follows it in its own pipeline.
    pub last_stage: bool,
    /// Open lists around it: 0 at the top of the script.
    pub nesting: u32,
    /// Where it stands.
    pub context: Context,
    /// Byte offset of its first word in the text given to [`parse`]; for commands inside a here-document, the
    /// offset within the body.
    pub offset: usize,
    /// Commands whose output it may read: earlier stages of every pipeline around it, substitutions in its
    /// words and redirections, substitutions a variable it uses was assigned from, and the body of a
    /// function it calls.
    pub inputs: Vec<Span>,
    /// The stage directly before it, the source of its standard input; empty where there is none.
    pub feed: Option<Span>,
    /// For the redirections behind a group (`(…) >f`, `done <f`): the members of the group.
    pub group: Option<Span>,
}

/// Where a command stands; the innermost of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Context {
    /// In the script itself, groups and keywords included.
    #[default]
    Top,
    /// In `$(…)` or backticks of the command with this index (none: in a `case` pattern).
    Substitution(Option<usize>),
    /// In `<(…)` or `>(…)` of the command with this index.
    ProcessSubstitution(Option<usize>),
    /// In a function body.
    Function,
}

/// A word after expansion and quote removal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The text. What could not be resolved stays in a plain form: `$name`, `$()` for a substitution.
    pub text: String,
    /// Some of it was quoted or escaped.
    pub quoted: bool,
    /// An unresolved expansion is left in it.
    pub dynamic: bool,
    /// The raw spelling hid the text: `$IFS`, quotes or backslashes between letters, `$'\x63'`, glued
    /// variables, a glob or brace list for a program name, decoded output.
    pub disguised: bool,
}

impl Word {
    /// A plain word, as an exec-form argument list has them.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), quoted: true, ..Self::default() }
    }
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The descriptor written before the operator, if any.
    pub fd: Option<u32>,
    /// The operator.
    pub op: RedirectOp,
    /// File name, descriptor (`2>&1` has `1`), here-string, or the body of a here-document.
    pub target: Word,
}

/// Operator of a [`Redirect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectOp {
    /// `<`
    In,
    /// `>`
    Out,
    /// `>>`
    Append,
    /// `<>`
    InOut,
    /// `<&`
    DupIn,
    /// `>&` (with a file name as target it is [`RedirectOp::OutErr`] in effect)
    DupOut,
    /// `<<`, `<<-`
    HereDoc,
    /// `<<<`
    HereString,
    /// `>|`
    Clobber,
    /// `&>` and `&>>`
    OutErr,
}

impl RedirectOp {
    /// As it is written; the plainest of several spellings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "<",
            Self::Out => ">",
            Self::Append => ">>",
            Self::InOut => "<>",
            Self::DupIn => "<&",
            Self::DupOut => ">&",
            Self::HereDoc => "<<",
            Self::HereString => "<<<",
            Self::Clobber => ">|",
            Self::OutErr => "&>",
        }
    }

    /// Whether output goes to a file.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Out | Self::Append | Self::Clobber | Self::OutErr)
    }
}

impl Redirect {
    /// Whether standard output, and nothing else, goes to a file.
    #[must_use]
    pub fn takes_stdout(&self) -> bool {
        self.fd.unwrap_or(1) == 1 && self.op.writes() && self.op != RedirectOp::OutErr
    }
}

/// Reads `script` with no variable known beforehand. Total, linear, see [`Limits`].
#[must_use]
pub fn parse(script: &str, limits: &Limits) -> Script {
    parse_with(script, &[], limits)
}

/// Reads `script` with variables known beforehand: environment, and `0`, `1`, … for positional parameters.
#[must_use]
pub fn parse_with(script: &str, variables: &[(String, String)], limits: &Limits) -> Script {
    parse_in(script, &Environment::default(), variables, limits)
}

/// As [`parse_with`], with an environment of which there is no copy.
#[must_use]
pub fn parse_in(
    script: &str,
    environment: &Environment,
    variables: &[(String, String)],
    limits: &Limits,
) -> Script {
    parser::Parser::new(limits, script.len(), environment, variables).run(script)
}
