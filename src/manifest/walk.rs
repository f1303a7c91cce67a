//! Finds and reads the files of a scan: the only part of reading manifests that does I/O.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Problem;

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// The endings of manifests in folders; the same as kubectl's.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Something to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// Its name as the user knows it. Not safe to print.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.to_string_lossy().into_owned(),
        }
    }

    /// Its content.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than [`MAX_FILE_BYTES`].
    pub fn read(&self) -> Result<Vec<u8>, Problem> {
        let content = match self {
            Self::Stdin => read_limited(io::stdin().lock()),
            Self::File(path) => File::open(path).and_then(read_limited),
        };
        let problem = |message| Problem { position: None, message };
        let content = content.map_err(|error| problem(format!("cannot be read: {error}")))?;
        if content.len() as u64 > MAX_FILE_BYTES {
            return Err(problem(format!("larger than {} MiB", MAX_FILE_BYTES >> 20)));
        }
        Ok(content)
    }
}

fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// What was found, in a stable order, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Found {
    /// What to read.
    pub sources: Vec<Source>,
    /// Names and problems of files and folders.
    pub problems: Vec<(String, Problem)>,
}

/// Finds what there is to scan under `paths`: `-` is standard input, a file counts whatever its name, in folders and
/// below those named `.yaml`, `.yml` and `.json` do.
///
/// The order is that of `paths`, and by name within folders. Symbolic links are followed; a folder that can be
/// reached by two ways is entered once, so loops end.
pub fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    let mut entered = HashSet::new();
    for path in paths {
        if path.as_os_str() == "-" {
            if !found.sources.contains(&Source::Stdin) {
                found.sources.push(Source::Stdin);
            }
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => folder(path, &mut entered, &mut found),
            // Also a pipe: `jobrisk scan <(helm template .)`.
            Ok(_) => found.sources.push(Source::File(path.clone())),
            Err(error) => found.problem(path, &error),
        }
    }
    found
}

impl Found {
    fn problem(&mut self, path: &Path, error: &io::Error) {
        let message = format!("cannot be read: {error}");
        self.problems.push((path.to_string_lossy().into_owned(), Problem { position: None, message }));
    }
}

/// Without recursion: the depth of folders is as hostile as anything else.
fn folder(root: &Path, entered: &mut HashSet<PathBuf>, found: &mut Found) {
    let mut to_visit = vec![root.to_owned()];
    while let Some(path) = to_visit.pop() {
        let meta = match fs::metadata(&path) {
            Ok(meta) => meta,
            Err(error) => {
                // A dangling link of another name is nobody's manifest.
                if is_manifest(&path) {
                    found.problem(&path, &error);
                }
                continue;
            }
        };
        if meta.is_dir() {
            match fs::canonicalize(&path).map(|canonical| entered.insert(canonical)) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    found.problem(&path, &error);
                    continue;
                }
            }
            match entries(&path) {
                // The last one is visited first.
                Ok(entries) => to_visit.extend(entries.into_iter().rev()),
                Err(error) => found.problem(&path, &error),
            }
        } else if is_manifest(&path) {
            if meta.is_file() {
                found.sources.push(Source::File(path));
            } else {
                // Reading a pipe that lies around in a folder could take for ever.
                found.problem(&path, &io::Error::other("not a regular file"));
            }
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}
