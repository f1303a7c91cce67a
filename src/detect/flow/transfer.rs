//! What tools do with files: which they read, which they write, which they run.

use super::source::{is_downloader, is_remote, stores_remote, written_files};
use crate::detect::files::uploaded;
use crate::detect::words::{cluster, has, operands, option, subcommand, words};
use crate::detect::{code, derive};
use crate::normalize::exec::is_shell;
use crate::normalize::shell::stdin_text;
use crate::normalize::{Execution, Invocation, RedirectOp};

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// What is in it, or below it, goes in.
    Read,
    /// What comes out goes into it.
    Write,
    /// It becomes another name of what is read.
    Link,
    /// What comes out are files below it.
    Fill,
    /// It is run.
    Run,
    /// A program without a folder is run, found in `PATH`.
    Command,
}

impl Target {
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Link | Self::Fill)
    }
}

/// What the data is, that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Kind {
    /// A program: it stays one only where it comes first.
    Program,
    /// A secret: it stays one wherever it is put in.
    Secret,
}

/// Whether what comes in goes out again, to the standard output or a file. Not through tools that talk to somebody:
/// what they give is the answer.
pub(super) fn passes(invocation: &Invocation, kind: Kind) -> bool {
    let begins = |text: &str| text.trim_start().starts_with(['$', '`']);
    if kind == Kind::Program && stdin_text(&invocation.redirects).is_some_and(|word| !begins(&word.text)) {
        return false;
    }
    match invocation.program.as_str() {
        "echo" | "printf" => {
            let mut texts = operands(invocation).skip_while(|word| word.starts_with('%'));
            kind == Kind::Secret || texts.next().is_some_and(begins)
        }
        program => PASSING.contains(&program) || packer(program).is_some() || stores_remote(invocation),
    }
}

/// Tools that give what they are given, changed or not.
const PASSING: &[&str] = &[
    "",
    "cat",
    "tac",
    "head",
    "tail",
    "nl",
    "tee",
    "cp",
    "mv",
    "ln",
    "link",
    "install",
    "rsync",
    "scp",
    "dd",
    "tar",
    "bsdtar",
    "unzip",
    "zip",
    "7z",
    "7za",
    "7zr",
    "cpio",
    "ar",
    "dpkg-deb",
    "base64",
    "base32",
    "basenc",
    "xxd",
    "od",
    "hexdump",
    "openssl",
    "gpg",
    "gpg2",
    "age",
    "sops",
    "tr",
    "sed",
    "awk",
    "gawk",
    "mawk",
    "cut",
    "grep",
    "egrep",
    "zgrep",
    "sort",
    "uniq",
    "rev",
    "fold",
    "paste",
    "column",
    "split",
    "strings",
    "jq",
    "yq",
    "uudecode",
    "uuencode",
    "envsubst",
    "read",
    "mapfile",
    "readarray",
    "find",
    "ls",
    "fmt",
    "iconv",
    "dos2unix",
    "sponge",
    "pv",
    "patch",
];

/// Endings of what packers of single files make, and whether the program unpacks by its name.
fn packer(program: &str) -> Option<(&'static [&'static str], bool)> {
    Some(match program {
        "gzip" | "pigz" => (&[".gz", ".tgz", ".z"], false),
        "gunzip" | "zcat" | "gzcat" | "unpigz" | "uncompress" => (&[".gz", ".tgz", ".Z"], true),
        "bzip2" => (&[".bz2"], false),
        "bunzip2" | "bzcat" => (&[".bz2"], true),
        "xz" | "lzma" => (&[".xz", ".lzma"], false),
        "unxz" | "unlzma" | "xzcat" => (&[".xz", ".lzma"], true),
        "zstd" => (&[".zst"], false),
        "unzstd" | "zstdcat" => (&[".zst"], true),
        "lz4" => (&[".lz4"], false),
        "compress" => (&[".Z"], false),
        _ => return None,
    })
}

/// The files of one invocation, as they are written there.
pub(super) fn transfer(execution: &Execution, invocation: &Invocation) -> Vec<(Target, String)> {
    let mut found = Uses(Vec::new());
    for redirect in &invocation.redirects {
        let path = redirect.target.text.as_str();
        match redirect.op {
            RedirectOp::In | RedirectOp::InOut => found.add(Target::Read, path),
            _ if redirect.takes_stdout() || redirect.op == RedirectOp::OutErr => {
                found.add(Target::Write, path);
            }
            _ => {}
        }
    }
    found.runs(invocation);
    found.fetches(execution, invocation);
    found.by_tool(invocation);
    found.0
}

struct Uses(Vec<(Target, String)>);

impl Uses {
    fn add(&mut self, target: Target, path: &str) {
        self.0.push((target, path.to_owned()));
    }

    fn all<'a>(&mut self, target: Target, paths: impl Iterator<Item = &'a str>) {
        self.0.extend(paths.take(64).map(|path| (target, path.to_owned())));
    }

    /// The program, the script, and what is loaded into it.
    fn runs(&mut self, invocation: &Invocation) {
        let program = invocation.program.as_str();
        if !invocation.path.is_empty() {
            let named = if invocation.path.contains('/') { Target::Run } else { Target::Command };
            self.add(named, &invocation.path);
        }
        let takes_script = is_shell(program) || code::language(program).is_some();
        let mut operands = operands(invocation);
        let script = match program {
            "go" | "deno" | "bun" | "cargo" | "dotnet" => operands.nth(1),
            _ if takes_script => operands.next().filter(|_| code::text(invocation).is_none()),
            "." | "source" | "insmod" | "crontab" | "wscript" | "cscript" | "start" => operands.next(),
            "java" => option(invocation, &["-jar"]),
            "at" => option(invocation, &["-f"]),
            // Packages bring scripts that are run.
            "dpkg" | "rpm" | "apk" | "apt" | "apt-get" | "yum" | "dnf" | "pip" | "pip3" | "gem" => {
                operands.next_back().filter(|file| file.contains('/'))
            }
            "regsvr32" | "rundll32" | "msiexec" => operands.next_back(),
            _ => None,
        };
        self.all(Target::Run, script.into_iter());
        let loaded = invocation.assignments.iter().filter(|(name, _)| {
            matches!(name.as_str(), "LD_PRELOAD" | "BASH_ENV" | "ENV" | "PYTHONSTARTUP" | "PERL5DB")
        });
        self.all(Target::Run, loaded.map(|(_, path)| path.as_str()));
    }

    fn fetches(&mut self, execution: &Execution, invocation: &Invocation) {
        let last = operands(invocation).next_back();
        if is_downloader(invocation) {
            let into = option(invocation, &["-P", "--directory-prefix", "--output-dir", "-d", "--dir"]);
            for file in written_files(invocation) {
                self.add(Target::Write, file);
                if let Some(into) = into.filter(|_| !file.starts_with('/')) {
                    self.add(Target::Write, &format!("{into}/{file}"));
                }
            }
            let sent = option(invocation, &["-T", "--upload-file", "--post-file", "--body-file", "-K"]);
            self.all(Target::Read, sent.into_iter().chain(words(invocation).filter_map(uploaded)));
            let configured = option(invocation, &["-K", "--config"]) == Some("-");
            if let Some(text) = configured.then(|| derive::stdin_of(execution, invocation)).flatten() {
                let lines = text.lines().filter_map(|line| line.split_once(['=', ' ']));
                let outputs =
                    lines.filter(|(name, _)| matches!(name.trim().trim_start_matches('-'), "output" | "o"));
                self.all(Target::Write, outputs.map(|(_, file)| file.trim_matches(['"', ' ', '='])));
            }
        }
        match invocation.program.as_str() {
            "tftp" => {
                self.all(Target::Write, option(invocation, &["-l"]).into_iter());
                self.all(Target::Write, option(invocation, &["-r", "get"]).map(name).into_iter());
            }
            "ftpget" => self.all(Target::Write, operands(invocation).nth(1).into_iter()),
            "certutil" | "bitsadmin" => self.all(Target::Write, last.into_iter()),
            "git" | "hg" | "svn" => {
                let mut from = operands(invocation).skip_while(|word| !is_remote(word));
                if let Some(url) = from.next() {
                    let named = name(url.trim_end_matches('/'));
                    self.add(
                        Target::Fill,
                        from.next().unwrap_or(named.strip_suffix(".git").unwrap_or(named)),
                    );
                }
            }
            "oras" | "crane" | "skopeo" => {
                self.add(Target::Fill, option(invocation, &["-o", "--output"]).unwrap_or("."));
            }
            "az" => self
                .all(Target::Write, option(invocation, &["-f", "--file", "-d", "--destination"]).into_iter()),
            _ if stores_remote(invocation) => {
                let Some(last) = last else { return };
                self.add(Target::Write, last);
                for from in operands(invocation).filter(|word| is_remote(word)) {
                    self.add(Target::Write, &format!("{last}/{}", name(from)));
                }
                if subcommand(invocation, &["sync", "mirror", "rsync", "copy"])
                    || words(invocation).any(|word| {
                        word == "--recursive" || cluster(word).is_some_and(|flags| flags.contains(['r', 'a']))
                    })
                {
                    self.add(Target::Fill, last);
                }
            }
            _ => {}
        }
    }

    fn by_tool(&mut self, invocation: &Invocation) {
        let program = invocation.program.as_str();
        if let Some((endings, unpacks)) = packer(program) {
            return self.packs(invocation, endings, unpacks);
        }
        match program {
            "cp" | "mv" | "install" | "ln" | "link" | "rsync" | "scp" if !stores_remote(invocation) => {
                self.copies(invocation);
            }
            "tee" | "sponge" => self.all(Target::Write, operands(invocation)),
            "dd" => {
                self.all(Target::Read, words(invocation).filter_map(|word| word.strip_prefix("if=")));
                self.all(Target::Write, words(invocation).filter_map(|word| word.strip_prefix("of=")));
            }
            "tar" | "bsdtar" => self.tar(invocation),
            "unzip" | "7z" | "7za" | "7zr" => {
                let mut files = operands(invocation).filter(|word| !matches!(*word, "x" | "e"));
                self.all(Target::Read, files.next().into_iter());
                let attached =
                    words(invocation).find_map(|word| word.strip_prefix("-o").filter(|to| !to.is_empty()));
                let to = option(invocation, &["-d"]).or(attached.filter(|_| program != "unzip"));
                self.add(Target::Fill, to.unwrap_or("."));
            }
            "zip" => {
                self.all(Target::Read, operands(invocation).skip(1));
                self.all(Target::Write, operands(invocation).next().into_iter());
            }
            "cpio" | "ar" => self.add(Target::Fill, "."),
            "dpkg-deb" => {
                self.all(Target::Read, operands(invocation));
                self.all(Target::Fill, operands(invocation).nth(1).into_iter());
            }
            // The names of what is sent.
            "aws" | "gsutil" | "gcloud" | "rclone" | "s3cmd" | "mc" | "az" | "azcopy" | "sftp" | "lftp"
            | "kubectl" | "xargs" => self.all(Target::Read, operands(invocation)),
            _ if PASSING.contains(&program) || code::language(program).is_some() => {
                self.all(Target::Read, operands(invocation));
                let out = option(invocation, &["-o", "-out", "--output", "-w"]);
                self.all(Target::Write, out.into_iter());
                let in_place =
                    |word: &str| word == "--in-place" || cluster(word).is_some_and(|f| f.contains('i'));
                if matches!(program, "sed" | "yq") && words(invocation).any(in_place) {
                    self.all(Target::Write, operands(invocation));
                }
            }
            _ => {}
        }
    }

    fn packs(&mut self, invocation: &Invocation, endings: &[&str], unpacks: bool) {
        let unpacks =
            unpacks || has(invocation, &["-d", "--decompress", "--uncompress", "-dk", "-df", "-dc"]);
        for file in operands(invocation).take(64) {
            self.add(Target::Read, file);
            if unpacks {
                let plain = endings.iter().find_map(|ending| file.strip_suffix(ending));
                self.all(Target::Write, plain.into_iter());
            } else {
                for ending in endings {
                    self.add(Target::Write, &format!("{file}{ending}"));
                }
            }
        }
    }

    fn copies(&mut self, invocation: &Invocation) {
        let last = operands(invocation).next_back();
        let into = option(invocation, &["-t", "--target-directory"]);
        let Some(target) = into.or(last) else { return };
        let kind =
            if matches!(invocation.program.as_str(), "ln" | "link") { Target::Link } else { Target::Write };
        for from in operands(invocation).filter(|from| *from != target).take(64) {
            self.add(Target::Read, from);
            self.add(kind, &format!("{target}/{}", name(from)));
        }
        self.add(kind, target);
        let whole = words(invocation).any(|word| {
            word == "--recursive" || cluster(word).is_some_and(|flags| flags.contains(['r', 'R', 'a']))
        });
        // A folder that is moved is moved whole, under its own name or another one.
        if whole || invocation.program == "mv" {
            for from in operands(invocation).filter(|from| *from != target).take(64) {
                self.add(Target::Fill, &format!("{target}/{}", name(from)));
            }
            if !target.ends_with(['/', '.']) && !target.ends_with("bin") {
                self.add(Target::Fill, target);
            }
        }
    }

    fn tar(&mut self, invocation: &Invocation) {
        // The flags may stand without a dash.
        let flags = words(invocation).next().unwrap_or_default();
        let clusters = || words(invocation).filter_map(cluster).chain([flags]);
        let creates = clusters().any(|flags| flags.contains(['c', 'r', 'u']) && !flags.contains(['x', '/']))
            || has(invocation, &["--create", "--append"]);
        let archive = words(invocation).zip(words(invocation).skip(1)).find_map(|(flag, file)| {
            let short = (flag == flags || cluster(flag).is_some()) && flag.ends_with('f');
            (short || flag == "--file").then_some(file)
        });
        let attached = words(invocation).find_map(|word| word.strip_prefix("--file="));
        let archive = archive.or(attached);
        if creates {
            self.all(Target::Read, operands(invocation).filter(|word| Some(*word) != archive));
            self.all(Target::Write, archive.into_iter());
        } else {
            self.all(Target::Read, archive.into_iter());
            let to = option(invocation, &["-C", "--directory", "--one-top-level"]);
            self.add(Target::Fill, to.unwrap_or("."));
        }
    }
}

fn name(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}
