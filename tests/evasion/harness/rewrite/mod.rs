//! The rewrites: ways to write a workload differently that do the same.
//!
//! To add one, write a function beside its kind and an entry into the table of that file:
//!
//! * `name` and `what` stand in the table of `make evasion`;
//! * `change` is what it does, and to which layer of the workload: see [`Change`]. The function answers `None`
//!   where the rewrite does not apply;
//! * `everyday` says that honest people write so too: then benign workloads are rewritten with it as well, and
//!   must stay at or below their ceiling;
//! * `needs` names the programs by which real shells prove it (`tests/evasion/proof.rs`); without them on a machine
//!   the proof leaves it out. Only what cannot be run there, because it says how a network or a node spells
//!   something, has [`Proof::None`].
//!
//! Nothing else has to be changed: `cargo test --test evasion` proves it, `make evasion` measures it.

use super::dice::Dice;
use super::subject::Run;
use serde_json::Value;

mod addresses;
mod compose;
mod encode;
mod files;
mod hops;
mod interpreters;
mod objects;
mod paths;
mod places;
mod prefixes;
mod quoting;
mod shells;
pub(crate) mod spell;
mod variables;
mod words;

/// One way to write a workload differently.
pub(crate) struct Rewrite {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) everyday: bool,
    pub(crate) needs: &'static [&'static str],
    pub(crate) proof: Proof,
    pub(crate) change: Change,
}

/// What a rewrite is given. In this order, whatever the order in which they are drawn.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// The workload, before anything else: where volumes are mounted.
    Mounts(fn(&mut Value, &mut Context) -> Option<()>),
    /// The text of a shell script. An argument vector without a shell is given as text first.
    Script(fn(&mut Script, &mut Context) -> Option<()>),
    /// An argument vector with the environment of its container.
    Vector(fn(&mut Run, &mut Context) -> Option<()>),
    /// The vector as it stands in the spec, with references to the environment.
    Spec(fn(&mut Run, &mut Context) -> Option<()>),
    /// The workload: where the vector stands in the pod.
    Place(fn(&mut Value, &mut Context) -> Option<()>),
    /// The workload: everything else.
    Object(fn(&mut Value, &mut Context) -> Option<()>),
}

/// What of a harmless script must be the same afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Output, and success or failure.
    Run,
    /// Output only: the exit code is that of something else.
    Output,
    /// Cannot be run here.
    None,
}

/// The text of a script and the shell that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) text: String,
    /// `sh`, or what the script was written for.
    pub(crate) shell: String,
    pub(crate) env: Vec<(String, String)>,
}

impl Script {
    /// What follows uses more than POSIX has. Everything written for sh runs in bash too.
    pub(crate) fn for_bash(&mut self) {
        if self.shell != "bash" {
            "bash".clone_into(&mut self.shell);
        }
    }
}

/// Choices, and names that are not taken.
pub(crate) struct Context {
    pub(crate) dice: Dice,
    /// The folder for files that a rewrite makes up.
    scratch: String,
    made: usize,
}

impl Context {
    pub(crate) fn new(dice: Dice, scratch: &str) -> Self {
        Self { dice, scratch: scratch.to_owned(), made: 0 }
    }

    /// A new variable.
    pub(crate) fn variable(&mut self) -> String {
        self.made += 1;
        format!("{}{}", self.dice.of(&["opt", "v", "cfg", "x", "arg"]), self.made)
    }

    /// A new file.
    pub(crate) fn file(&mut self) -> String {
        self.made += 1;
        let name = self.dice.of(&["run", "job", ".cache", "step", "entry"]);
        format!("{}/{name}{}", self.scratch, self.made)
    }
}

/// An entry for everybody: proven by running, no more needed than the shells.
const REWRITE: Rewrite = Rewrite {
    name: "",
    what: "",
    everyday: false,
    needs: &[],
    proof: Proof::Run,
    change: Change::Script(|_, _| None),
};

/// All rewrites.
pub(crate) fn all() -> impl Iterator<Item = &'static Rewrite> {
    [
        paths::REWRITES,
        quoting::REWRITES,
        words::REWRITES,
        variables::REWRITES,
        encode::REWRITES,
        files::REWRITES,
        hops::REWRITES,
        compose::REWRITES,
        prefixes::REWRITES,
        addresses::REWRITES,
        shells::REWRITES,
        interpreters::REWRITES,
        places::REWRITES,
        objects::REWRITES,
    ]
    .into_iter()
    .flatten()
}

impl Change {
    fn layer(&self) -> u8 {
        match self {
            Self::Mounts(_) => 0,
            Self::Script(_) => 1,
            Self::Vector(_) => 2,
            Self::Spec(_) => 3,
            Self::Place(_) => 4,
            Self::Object(_) => 5,
        }
    }
}

/// Puts rewrites into an order in which they can be applied.
pub(crate) fn in_order(rewrites: &mut [&'static Rewrite]) {
    rewrites.sort_by_key(|rewrite| rewrite.change.layer());
}

/// Applies a change to one vector; `None` where it does not apply, or is not about vectors.
pub(crate) fn to_run(rewrite: &Rewrite, run: &mut Run, context: &mut Context) -> Option<()> {
    match rewrite.change {
        Change::Script(change) => on_script(run, context, change),
        Change::Vector(change) | Change::Spec(change) => change(run, context),
        Change::Mounts(_) | Change::Place(_) | Change::Object(_) => None,
    }
}

/// Changes the script of a vector; what is no script becomes one.
fn on_script(
    run: &mut Run,
    context: &mut Context,
    change: impl Fn(&mut Script, &mut Context) -> Option<()>,
) -> Option<()> {
    let mut script = spell::script(run);
    change(&mut script, context)?;
    run.argv = vec![spell::program_of(&script, run), "-c".to_owned(), script.text];
    run.env = script.env;
    Some(())
}
