//! A list of commands, and a command, while they are being read.

use super::super::Span;
use super::builder::WordBuf;
use super::redirect::Opened;
use super::vars::Positionals;
use super::{Command, Context};

/// What opened a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Top,
    Subst,
    Backtick,
    ProcIn,
    ProcOut,
    Paren,
    Brace,
    If,
    Loop,
    Case,
}

/// How the words of a command are read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Head {
    #[default]
    Simple,
    For,
    Case,
    /// `[[`: the operators inside are words.
    Test,
    /// `function`: the next word is a name.
    Function,
}

/// A simple command under construction.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) id: usize,
    pub(super) command: Command,
    pub(super) head: Head,
    pub(super) reads: Vec<Span>,
    pub(super) opened: Option<Opened>,
}

impl Draft {
    pub(super) fn is_blank(&self) -> bool {
        let c = &self.command;
        c.words.is_empty() && c.assignments.is_empty() && c.redirects.is_empty() && self.opened.is_none()
    }
}

/// A list of commands that is being read.
#[allow(clippy::struct_excessive_bools, reason = "what has been seen so far, each on its own")]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Index that the first command in it gets.
    pub(super) start: usize,
    /// The command whose word holds it, for substitutions.
    pub(super) owner: Option<usize>,
    pub(super) context: Context,
    /// Name, for the body of a function.
    pub(super) function: Option<String>,
    /// The words of the script around it, for the body of a function.
    pub(super) positionals: Positionals,
    /// Offset of what opened it.
    pub(super) at: usize,
    pub(super) draft: Option<Draft>,
    pub(super) word: Option<WordBuf>,
    pub(super) fresh: bool,
    pub(super) pipeline: u32,
    pub(super) stage: u32,
    pub(super) pipeline_start: usize,
    pub(super) stage_start: usize,
    pub(super) feed: Option<Span>,
    /// What flows in from the pipelines around it.
    pub(super) outer: Vec<Span>,
    pub(super) outer_feed: Option<Span>,
    /// In `case`: a pattern is being read.
    pub(super) pattern: bool,
    /// A function was named; the next group is its body.
    pub(super) named: Option<String>,
    /// After `coproc`: the first word may be a name in front of a group.
    pub(super) coproc: bool,
    /// A group has just been closed: redirections here are its own.
    pub(super) group: Option<Span>,
}

impl Frame {
    pub(super) fn new(kind: Kind, start: usize, owner: Option<usize>, context: Context) -> Self {
        Self {
            kind,
            start,
            owner,
            context,
            function: None,
            positionals: Positionals::default(),
            at: 0,
            draft: None,
            word: None,
            fresh: true,
            pipeline: 0,
            stage: 0,
            pipeline_start: start,
            stage_start: start,
            feed: None,
            outer: Vec::new(),
            outer_feed: None,
            pattern: false,
            named: None,
            coproc: false,
            group: None,
        }
    }

    /// The stage before the one that is being read.
    pub(super) fn source(&self) -> Option<Span> {
        if self.stage > 0 && !self.fresh {
            self.feed
        } else {
            // All that stand in a group have one standard input; the first that reads it takes it.
            self.outer_feed
        }
    }

    pub(super) fn inputs(&self) -> Vec<Span> {
        let mut inputs = self.outer.clone();
        if self.stage > 0 && !self.fresh {
            Span::add(&mut inputs, Span::new(self.pipeline_start, self.stage_start));
        }
        inputs
    }

    pub(super) fn in_test(&self) -> bool {
        self.draft.as_ref().is_some_and(|d| d.head == Head::Test)
    }
}
