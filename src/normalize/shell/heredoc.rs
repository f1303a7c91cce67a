//! Here-documents: the body starts on the line after the operator, wherever in the line that stands.

use super::parser::Parser;
use super::token::Cursor;

/// A here-document whose body has not been reached.
pub(super) struct Pending {
    pub(super) command: usize,
    pub(super) redirect: usize,
    pub(super) delimiter: String,
    /// A quoted delimiter turns expansion off.
    pub(super) literal: bool,
    /// `<<-`
    pub(super) strip: bool,
}

/// A body that still has to be searched for expansions, after the script.
pub(super) struct Job {
    pub(super) command: usize,
    pub(super) redirect: usize,
    pub(super) body: String,
    pub(super) nesting: u32,
}

impl Parser<'_> {
    /// Reads the bodies that start here, at the beginning of a line.
    pub(super) fn read_bodies(&mut self, cur: &mut Cursor<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while let Some(first) = cur.rest().split_inclusive('\n').next() {
                cur.skip(first.len());
                let line = if pending.strip { first.trim_start_matches('\t') } else { first };
                let bare = line.strip_suffix('\n').unwrap_or(line);
                if bare.strip_suffix('\r').unwrap_or(bare) == pending.delimiter {
                    break;
                }
                body.push_str(line);
            }
            self.body(&pending, body);
        }
    }

    fn body(&mut self, pending: &Pending, body: String) {
        let expands = !pending.literal && body.contains(['$', '`', '\\']);
        if expands {
            let nesting = u32::try_from(self.stack.len() + 1).unwrap_or(u32::MAX).saturating_add(self.base);
            if usize::try_from(nesting).is_ok_and(|n| n < self.limits.max_nesting) {
                let job =
                    Job { command: pending.command, redirect: pending.redirect, body: body.clone(), nesting };
                self.jobs.push_back(job);
            } else {
                self.truncated = true;
            }
        }
        if !expands {
            self.read_into_variable(pending.command, &body);
        }
        self.set_target(pending.command, pending.redirect, |word| {
            word.text = body;
            word.dynamic = expands;
            word.quoted = pending.literal;
        });
    }
}
