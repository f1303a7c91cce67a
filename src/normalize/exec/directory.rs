//! The working directory of each invocation, as far as the script says it.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Execution, Invocation};
use crate::normalize::path::{MAX_PATH, absolute};

/// A working directory, or nothing where it is not known.
pub type Directory = Option<Rc<str>>;

/// Where one shell is, where it was before `cd`, and what `pushd` put aside.
#[derive(Default, Clone)]
struct Position {
    now: Directory,
    before: Directory,
    stack: Vec<Directory>,
}

impl Execution {
    /// The directory in which each invocation runs: absolute and canonical. `start` is that of the argument list
    /// itself, if it is known. A shell started by another one begins where that one is, and does not move it;
    /// `eval` and `source` do. Linear.
    #[must_use]
    pub fn directories(&self, start: Option<&str>) -> Vec<Directory> {
        let start = Position {
            now: start.and_then(|start| absolute(start, None)).map(Rc::from),
            ..Position::default()
        };
        let mut shells: HashMap<Option<usize>, Position> = HashMap::from([(None, start)]);
        let root: Rc<str> = Rc::from("/");
        // The shell whose directory each invocation changes, by the invocation that runs its script.
        let mut owners: Vec<Option<usize>> = Vec::with_capacity(self.commands.len());
        let mut found: Vec<Directory> = Vec::with_capacity(self.commands.len());
        for invocation in &self.commands {
            let owner = invocation.parent.and_then(|parent| {
                let runner = self.commands.get(parent)?;
                let same_shell = matches!(runner.program.as_str(), "eval" | "." | "source");
                if same_shell { owners.get(parent).copied().flatten() } else { Some(parent) }
            });
            let at_start = || Position {
                now: owner.and_then(|parent| found.get(parent).cloned().flatten()),
                ..Position::default()
            };
            let position = shells.entry(owner).or_insert_with(at_start);
            // What is run with another root starts at that root.
            let moved =
                invocation.prefixes.iter().any(|wrapper| matches!(wrapper.as_str(), "chroot" | "nsenter"));
            found.push(if moved { Some(Rc::clone(&root)) } else { position.now.clone() });
            owners.push(owner);
            position.follow(invocation);
        }
        found
    }
}

impl Position {
    fn follow(&mut self, invocation: &Invocation) {
        let mut operands =
            invocation.args.iter().map(|word| word.text.as_str()).filter(|text| !is_option(text));
        let next = match (invocation.program.as_str(), operands.next()) {
            ("cd" | "chdir", Some("-")) => self.before.clone(),
            ("cd" | "chdir", Some(to)) => self.to(to),
            // Home: whose is not known.
            ("cd", None) => None,
            ("pushd", Some(to)) => {
                if self.stack.len() < 16 {
                    self.stack.push(self.now.clone());
                }
                self.to(to)
            }
            ("popd", _) => self.stack.pop().flatten(),
            _ => return,
        };
        self.before = std::mem::replace(&mut self.now, next);
    }

    /// The directory that a path leads to from here; a variable in its place may lead anywhere.
    fn to(&self, path: &str) -> Directory {
        if path.starts_with('$') || path.is_empty() {
            return None;
        }
        absolute(path, self.now.as_deref()).filter(|path| path.len() <= MAX_PATH).map(Rc::from)
    }
}

/// `-P`, `-L`, `--`; `-` alone is a place.
fn is_option(text: &str) -> bool {
    text.len() > 1 && text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use crate::normalize::{Limits, executed};

    /// The program and its directory, for each program called `x`.
    fn places(start: Option<&str>, script: &str) -> Vec<String> {
        let argv: Vec<String> = ["sh", "-c", script].map(str::to_owned).to_vec();
        let execution = executed(&argv, &Limits::default());
        let directories = execution.directories(start);
        let places = execution.commands.iter().zip(directories).filter(|(call, _)| call.program == "x");
        places.map(|(_, directory)| directory.as_deref().unwrap_or("?").to_owned()).collect()
    }

    #[test]
    fn the_directory_follows_the_script() {
        for (start, script, want) in [
            (None, "x; cd /a/; x; cd b/../c; x", vec!["?", "/a", "/a/c"]),
            (Some("/w"), "x; cd d && x; cd -; x", vec!["/w", "/w/d", "/w"]),
            (None, "cd -P -- /a; x; cd; x", vec!["/a", "?"]),
            (None, "pushd /a; x; pushd /b; x; popd; x", vec!["/a", "/b", "/a"]),
            (None, "cd /a; sh -c 'x; cd /b; x'; x", vec!["/a", "/b", "/a"]),
            (None, "cd /a; eval 'cd b'; x", vec!["/a/b"]),
            (None, "cd /a; chroot /h sh -c 'x; cd etc; x'; x", vec!["/", "/etc", "/a"]),
            (None, "cd /a; cd $WHERE; x", vec!["?"]),
            (None, "cd a; x; cd /b; x", vec!["?", "/b"]),
        ] {
            assert_eq!(places(start, script), want, "{script}");
        }
    }

    #[test]
    fn many_changes_are_linear() {
        assert_eq!(places(None, &"cd /a; cd b; ".repeat(5000)), Vec::<String>::new());
        assert_eq!(places(None, &format!("cd /; {} x", "cd a; ".repeat(5000))), ["?"]);
    }
}
