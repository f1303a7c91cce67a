//! From what a pod spec says to what the pod would run: pure text work, no input or output, no clock.
//!
//! * [`decode`]: base64 and hexadecimal,
//! * [`argv`]: the kubelet's `$(NAME)` expansion and the base name of a program,
//! * [`shell`]: POSIX sh and bash text to simple commands, with quoting and the usual disguises undone,
//! * [`exec`]: an exec-form argument list to every program it leads to, through shells and wrappers,
//! * [`image`]: image references,
//! * [`path`]: file paths, lexically.
//!
//! Everything here reads text written by a possible attacker. Every function is total: no input makes it
//! fail, work and memory are linear in the input, nothing recurses on the input, and where a cap of
//! [`Limits`] cuts something off the result says so with `truncated`.

pub mod argv;
#[cfg(test)]
#[path = "../../benches/cpu_time/mod.rs"]
mod cpu_time;
pub mod decode;
pub mod exec;
pub mod image;
pub mod path;
pub mod shell;

pub use exec::{Execution, Invocation, executed, executed_in, executed_with};
pub use image::ImageRef;
pub use shell::{Command, Context, Environment, Redirect, RedirectOp, Script, Word, parse};

/// Caps on the work done for one script or argument list.
///
/// A cap never turns into an error: what was read up to it is kept and the result is marked `truncated`.
/// The defaults lie far above what a script in a pod spec needs, so reaching one is worth reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one script that are looked at; the rest is left unread. Default 1 MiB.
    pub max_input: usize,
    /// Simple commands kept per script, and invocations kept per execution. Default 20 000.
    pub max_commands: usize,
    /// Open constructs at one time (groups, keywords, quotes, expansions, substitutions), and scripts inside
    /// scripts. Reading stops where it is exceeded. Default 32.
    pub max_nesting: usize,
    /// Scripts started by other scripts (`sh -c`, `eval`, text fed to a shell) per execution. Default 64.
    pub max_reentries: usize,
    /// Text made by expansion (variables, braces, static output, re-entered scripts), as a multiple of the
    /// input, on top of a fixed 64 KiB. Keeps `a=$a$a` from doubling without end. Default 4.
    pub growth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_input: 1 << 20, max_commands: 20_000, max_nesting: 32, max_reentries: 64, growth: 4 }
    }
}

impl Limits {
    /// Bytes that expansion may add for an input of `len` bytes.
    #[must_use]
    pub fn budget(&self, len: usize) -> usize {
        len.min(self.max_input).saturating_mul(self.growth).saturating_add(64 * 1024)
    }
}

/// A run of consecutive indices, `start` included, `end` excluded.
///
/// Indices are given out when a command starts, so everything inside a group, a pipeline stage or a
/// substitution is one run; a list of runs stays small where a list of members would grow with the square
/// of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// First index.
    pub start: usize,
    /// One past the last index.
    pub end: usize,
}

impl Span {
    /// The run from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Whether `index` is in it.
    #[must_use]
    pub const fn contains(self, index: usize) -> bool {
        self.start <= index && index < self.end
    }

    /// The indices in it, in order.
    pub fn indices(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// Adds `span` to `list`, joined to the last entry where they touch; empty and known runs are dropped.
    pub(crate) fn add(list: &mut Vec<Self>, span: Self) {
        if span.is_empty() || list.len() >= 64 || list.contains(&span) {
            return;
        }
        if let Some(last) = list.last_mut()
            && last.end == span.start
        {
            last.end = span.end;
            return;
        }
        list.push(span);
    }
}
