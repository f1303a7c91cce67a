//! The files that code of interpreters names in calls of its library.

use super::Access;
use crate::detect::code::{self, Language};
use crate::detect::code_strings::{calls_of, joined};
use crate::normalize::Invocation;

/// Functions that write a file; the last literal is its path where there are several.
const COPIES: &[&str] = &[
    "copyfile",
    "copy",
    "copy2",
    "copytree",
    "move",
    "rename",
    "replace",
    "symlink",
    "link",
    "copyFileSync",
    "renameSync",
    "symlinkSync",
    "linkSync",
    "ln_s",
    "cp",
    "cp_r",
    "mv",
];
/// Functions whose first literal is the path of a file that they write.
const WRITES: &[&str] = &[
    "writeFileSync",
    "appendFileSync",
    "writeFile",
    "appendFile",
    "createWriteStream",
    "file_put_contents",
    "File.write",
    "IO.write",
    "File.binwrite",
    "WriteAllText",
    "AppendAllText",
    "WriteAllBytes",
    "Set-Content",
    "Add-Content",
    "Out-File",
    "mknod",
    "mkfifo",
];
/// Functions that take a path and a mode in which it is opened.
const OPENS: &[&str] = &["open", "fopen", "File.open", "File.new", "sysopen", "openSync", "file"];
/// Methods that write to the path of the object they belong to.
const METHODS: &[&str] = &[".write_text(", ".write_bytes(", ".symlink_to(", ".hardlink_to(", ".touch("];
/// Functions that unpack an archive; the last literal is the folder.
const UNPACKS: &[&str] = &["unpack_archive", "extractall", "extract", "extractTo"];

/// Adds the files that inline code names. Literals only: what is computed is not seen.
pub(super) fn by_code(invocation: &Invocation, add: &mut impl FnMut(Access, &str)) {
    let Some(language) = code::language(&invocation.program).filter(|language| *language != Language::Awk)
    else {
        return;
    };
    let Some(text) = code::text(invocation) else { return };
    for literals in calls_of(text, COPIES) {
        if let Some((to, from)) = literals.split_last() {
            add(Access::Write, to);
            for from in from {
                add(Access::Read, from);
            }
        }
    }
    for literals in calls_of(text, WRITES) {
        literals.iter().find(|text| text.contains('/')).into_iter().for_each(|path| add(Access::Write, path));
    }
    for literals in calls_of(text, UNPACKS) {
        literals.last().into_iter().for_each(|folder| add(Access::Fill, folder));
    }
    for literals in calls_of(text, OPENS) {
        if let Some((access, path)) = opened(language, &literals) {
            add(access, &path);
        }
    }
    if METHODS.iter().any(|method| text.contains(method)) {
        for literals in calls_of(text, &["Path", "PosixPath"]) {
            add(Access::Write, &joined(&literals));
        }
    }
}

/// The paths in the calls of some functions.
pub(super) fn paths_of(language: Language, text: &str, names: &[&str]) -> Vec<String> {
    if language == Language::Awk {
        return Vec::new();
    }
    calls_of(text, names).into_iter().filter_map(|literals| literals.into_iter().next()).collect()
}

/// What `open` does, and to which file: `open("/x", "w")`, `open(F, ">>", "/x")`, `open(F, ">/x")`.
fn opened(language: Language, literals: &[String]) -> Option<(Access, String)> {
    if language == Language::Perl {
        let first = literals.first()?;
        let writes = first.trim_start().starts_with(['>', '+']);
        let path = match literals.get(1) {
            Some(path) => path.as_str(),
            None => first.trim_start_matches(['>', '<', '+', ' ']),
        };
        return Some((if writes { Access::Write } else { Access::Read }, path.to_owned()));
    }
    let is_mode = |text: &str| {
        (1..=4).contains(&text.len())
            && text.starts_with(['r', 'w', 'a', 'x', '+'])
            && text.chars().all(|letter| "rwaxbt+UN".contains(letter))
    };
    let (modes, parts): (Vec<&String>, Vec<&String>) = literals.iter().partition(|text| is_mode(text));
    let writes = modes.iter().any(|mode| mode.contains(['w', 'a', 'x', '+']));
    let parts: Vec<String> = parts.into_iter().take(4).cloned().collect();
    parts.first()?;
    Some((if writes { Access::Write } else { Access::Read }, joined(&parts)))
}
