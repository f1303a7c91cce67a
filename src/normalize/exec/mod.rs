//! From an exec-form argument list to every program it leads to.
//!
//! A shell's script is read and entered, a wrapper (`env`, `sudo`, `chroot` …) is peeled off, text fed to a
//! shell on its standard input is read where it is written out in the spec. Any other program is one
//! invocation whose arguments are data: a program that is merely given `curl x | sh` as text runs nothing.

mod arguments;
mod directory;
mod flow;
mod follow;
mod functions;
mod input;
mod line;
mod names;
mod prefix;
mod shells;
mod walk;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use super::Limits;
pub use super::Span;
use super::shell::{Context, Environment, Redirect, Word};
pub use directory::Directory;
pub use input::filters;
pub use shells::is_shell;

/// Everything an argument list runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// The invocations in the order of the text; a script's commands follow the shell that runs it.
    pub commands: Vec<Invocation>,
    /// A cap of [`Limits`] was reached; there may be more.
    pub truncated: bool,
}

/// One program with its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one invocation, not states")]
pub struct Invocation {
    /// Base name of the program after expansion and quote removal. Empty for a bare assignment, a bare
    /// redirection or the redirections of a group.
    pub program: String,
    /// The program as written after expansion and quote removal, with its path.
    pub path: String,
    /// Arguments, the program not included. For a wrapper kept as its own invocation: only its own ones.
    pub args: Vec<Word>,
    /// Wrappers peeled off in front, outermost first (`sudo`, `env`); at most 32 are kept.
    pub prefixes: Vec<String>,
    /// Assignments in front of it, by the shell, `env` or `sudo`.
    pub assignments: Vec<(String, String)>,
    /// Redirections, those of a small enclosing group included.
    pub redirects: Vec<Redirect>,
    /// Number of the pipeline, unique over the whole [`Execution`].
    pub pipeline: u32,
    /// Position in the pipeline, from 0.
    pub stage: u32,
    /// Nothing follows it in its pipeline.
    pub last_stage: bool,
    /// Lists and scripts around it; 0 is the argument list itself.
    pub nesting: u32,
    /// Invocations whose output it may read, by pipe, substitution, process substitution, or a variable
    /// assigned from one. See [`Execution::sources`].
    pub inputs: Vec<Span>,
    /// The invocation that runs the script it stands in.
    pub parent: Option<usize>,
    /// Where it stands in its script; the indices in it are those of the script, use [`Invocation::inputs`].
    pub context: Context,
    /// It comes from shell text, not directly from the argument list.
    pub from_shell: bool,
    /// A word of it (program or argument) was spelled to hide its text.
    pub disguised: bool,
    /// The name of the program itself was spelled to hide it.
    pub program_disguised: bool,
    /// It is a wrapper (`chroot`, `nsenter`) in front of the invocation that follows.
    pub wrapper: bool,
    /// For the redirections of a group: the members.
    pub group: Option<Span>,
    /// Text on its standard input, where the script says it and it is no shell.
    pub stdin: Option<Rc<str>>,
    /// Scripts it was given as text and that were entered (`-c`, `eval`, standard input), after expansion.
    pub scripts: Vec<String>,
}

/// What `argv` runs, with nothing known of the environment. Total, linear, see [`Limits`].
#[must_use]
pub fn executed(argv: &[String], limits: &Limits) -> Execution {
    executed_with(argv, &[], limits)
}

/// What `argv` runs, with the literal environment of the container known to its shells.
#[must_use]
pub fn executed_with(argv: &[String], env: &[(String, String)], limits: &Limits) -> Execution {
    executed_in(argv, &Environment::of(env), limits)
}

/// As [`executed_with`], with an environment that was made for all argument lists of a container.
#[must_use]
pub fn executed_in(argv: &[String], env: &Environment, limits: &Limits) -> Execution {
    walk::Walk::new(env, limits).run(argv)
}
