//! The files in the arguments and redirections of known tools.

use super::{Access, Room};
use crate::normalize::{Invocation, RedirectOp};

pub(super) fn by_redirects(invocation: &Invocation, add: &mut impl FnMut(Access, &str)) {
    for redirect in &invocation.redirects {
        let access = match redirect.op {
            RedirectOp::In | RedirectOp::InOut => Access::Read,
            op if op.writes() => Access::Write,
            _ => continue,
        };
        add(access, &redirect.target.text);
    }
}

/// Tools whose operands are files to read.
const READERS: &[&str] = &[
    "cat", "tac", "head", "tail", "less", "more", "nl", "od", "hexdump", "strings", "base64", "base32",
    "grep", "egrep", "zgrep", "rg", "awk", "gawk", "jq", "yq", "cut", "rev", "zip", "gzip", "bzip2", "xz",
    "read", "diff", "cmp", "split", "wc", "ls", "fold", "tr", "kubectl", "aws", "gsutil", "rclone", "sftp",
    "s3cmd", "mc", "bat", "column", "paste", "uuencode", "gcloud", "az",
];

/// `cwd` is the working directory, if it is known: then a bare name leads somewhere, and an archive is unpacked there.
pub(super) fn by_arguments(
    invocation: &Invocation,
    cwd: Option<&str>,
    space: &Room,
    add: &mut impl FnMut(Access, &str),
) {
    let words = invocation.args.iter().map(|word| word.text.as_str());
    let operands = || words.clone().filter(|text| !text.starts_with('-'));
    let option = |names: &[&str]| value(invocation, names);
    // A name in the working directory is as good as a path, where that is known.
    let is_path = |word: &str| cwd.is_some() || word.contains('/');
    match invocation.program.as_str() {
        "cp" | "mv" | "install" | "ln" | "rsync" | "scp" => copies(invocation, space, add),
        "tee" | "sponge" | "ed" | "ex" | "red" | "chattr" => {
            operands().for_each(|file| add(Access::Write, file));
        }
        "rm" | "unlink" | "shred" | "truncate" | "rmdir" => {
            operands().for_each(|file| add(Access::Remove, file));
        }
        "dd" => {
            for word in words {
                if let Some(file) = word.strip_prefix("of=") {
                    add(Access::Write, file);
                } else if let Some(file) = word.strip_prefix("if=") {
                    add(Access::Read, file);
                }
            }
        }
        "curl" | "wget" => {
            if let Some(folder) = option(&["-P", "--directory-prefix", "--output-dir"]) {
                add(Access::Fill, folder);
            }
            for (flag, value) in words.clone().zip(words.clone().skip(1)) {
                let cluster = flag.starts_with('-') && !flag.starts_with("--") && flag.len() <= 8;
                match flag {
                    "--output" | "--output-document" => add(Access::Write, value),
                    "-T" | "--upload-file" | "--post-file" | "--body-file" | "-K" => add(Access::Read, value),
                    _ if cluster && flag.ends_with('o') && invocation.program == "curl" => {
                        add(Access::Write, value);
                    }
                    _ if cluster && flag.ends_with('O') && invocation.program == "wget" => {
                        add(Access::Write, value);
                    }
                    _ => {}
                }
            }
            for file in words.filter_map(|word| uploaded(word)) {
                add(Access::Read, file);
            }
        }
        "sed" => {
            let in_place = words.clone().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
            let access = if in_place { Access::Write } else { Access::Read };
            operands().skip(1).for_each(|file| add(access, file));
        }
        "perl" | "ruby" => {
            let in_place = words.clone().any(|word| {
                word.starts_with("-i")
                    || word.starts_with("-pi")
                    || word.starts_with("-ni")
                    || word.starts_with("-pli")
            });
            operands().filter(|word| in_place && is_path(word)).for_each(|file| add(Access::Write, file));
        }
        "patch" => {
            let file = operands().next().or(option(&["-o", "--output"]));
            match option(&["-d", "--directory"]).or(cwd) {
                Some(folder) if file.is_none() => add(Access::Fill, folder),
                _ => file.into_iter().for_each(|file| add(Access::Write, file)),
            }
        }
        "openssl" | "gpg" | "xxd" | "uudecode" | "sort" | "age" => {
            if let Some(file) = option(&["-out", "-o", "--output"]) {
                add(Access::Write, file);
            }
            reads(invocation, is_path, add);
        }
        "tar" | "bsdtar" | "unzip" | "7z" | "7za" | "cpio" | "ar" | "git" => unpacks(invocation, cwd, add),
        "socat" => {
            for word in words {
                if let Some((kind, file)) = word.split_once(':')
                    && matches!(kind.to_ascii_uppercase().as_str(), "OPEN" | "CREATE" | "FILE" | "GOPEN")
                {
                    add(Access::Write, file.split(',').next().unwrap_or(file));
                }
            }
        }
        "find" => {
            let places = words.clone().take_while(|word| !word.starts_with(['-', '(', '!']));
            let access = if empties(invocation) { Access::Remove } else { Access::Read };
            places.filter(|word| is_path(word)).for_each(|place| add(access, place));
        }
        program if READERS.contains(&program) => reads(invocation, is_path, add),
        _ => {}
    }
}

fn reads(invocation: &Invocation, is_path: impl Fn(&str) -> bool, add: &mut impl FnMut(Access, &str)) {
    let operands =
        invocation.args.iter().map(|word| word.text.as_str()).filter(|text| !text.starts_with('-'));
    operands.filter(|word| is_path(word)).for_each(|word| add(Access::Read, word));
}

/// Whether `find` removes all that it finds, and what it finds is not chosen by name, age or size.
fn empties(find: &Invocation) -> bool {
    let removes = find.args.iter().zip(find.args.iter().skip(1)).any(|(option, program)| {
        matches!(option.text.as_str(), "-exec" | "-execdir")
            && matches!(program.text.as_str(), "rm" | "shred" | "unlink" | "/bin/rm")
    }) || find.args.iter().any(|word| word.text == "-delete");
    let chooses = |word: &str| {
        let by = [
            "-name", "-iname", "-path", "-regex", "-size", "-empty", "-user", "-group", "-perm", "-not", "!",
        ];
        let by_time = ["-mtime", "-mmin", "-atime", "-amin", "-ctime", "-cmin", "-newer"];
        by.contains(&word) || by_time.iter().any(|test| word.starts_with(test))
    };
    removes && !find.args.iter().any(|word| chooses(&word.text))
}

/// `cp`, `mv`, `install`, `ln`, `rsync` and their kin: sources, and what becomes of them.
fn copies(invocation: &Invocation, space: &Room, add: &mut impl FnMut(Access, &str)) {
    let words = invocation.args.iter().map(|word| word.text.as_str());
    let operands = || words.clone().filter(|text| !text.starts_with('-'));
    let into = value(invocation, &["-t", "--target-directory"]);
    let target = into.or(operands().next_back()).unwrap_or_default();
    for source in operands().filter(|text| *text != target) {
        if space.is_full() {
            return;
        }
        space.take(target.len());
        add(Access::Read, source);
        match source.rsplit('/').next() {
            // The content of a folder, whatever it is: `cp -r /payload/. /etc`, `rsync -a /payload/ /etc`.
            Some("." | "" | "*") => add(Access::Fill, target),
            // A copy into a directory keeps its name.
            Some(name) => add(Access::Write, &format!("{target}/{name}")),
            None => {}
        }
    }
    add(Access::Write, target);
}

/// Archives: what is packed, or where it is unpacked.
fn unpacks(invocation: &Invocation, cwd: Option<&str>, add: &mut impl FnMut(Access, &str)) {
    let words: Vec<&str> = invocation.args.iter().map(|word| word.text.as_str()).collect();
    let first = words.first().copied().unwrap_or_default();
    let cluster = |letter: char| {
        let is_cluster = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.len() <= 8;
        words.iter().filter(|word| is_cluster(word)).any(|word| word.contains(letter))
    };
    let has = |long: &[&str]| words.iter().any(|word| long.contains(word));
    let tar = matches!(invocation.program.as_str(), "tar" | "bsdtar");
    let old_style =
        tar && !first.starts_with('-') && first.chars().all(|letter| letter.is_ascii_alphabetic());
    let (extracts, to) = match invocation.program.as_str() {
        "tar" | "bsdtar" => {
            let extracts = old_style && first.contains('x') || cluster('x') || has(&["--extract", "--get"]);
            // `tar xzCf DIRECTORY FILE` is rare; the option of its own is what is written.
            (extracts, value(invocation, &["-C", "--directory", "--cd", "--one-top-level"]))
        }
        "unzip" => (!cluster('l') && !cluster('p'), value(invocation, &["-d"])),
        "7z" | "7za" => (matches!(first, "x" | "e"), words.iter().find_map(|word| word.strip_prefix("-o"))),
        "cpio" => (cluster('i') || has(&["--extract"]), value(invocation, &["-D", "--directory"])),
        "ar" => (first.contains('x'), value(invocation, &["--output"])),
        // `git clone SOURCE DIRECTORY`, `git -C DIRECTORY pull`.
        _ => {
            let mut operands = words.iter().filter(|word| !word.starts_with('-'));
            let clones = operands.next() == Some(&"clone");
            let target = operands.next_back().copied().filter(|word| clones && word.starts_with('/'));
            (target.is_some(), target)
        }
    };
    if extracts {
        to.or(cwd).into_iter().for_each(|to| add(Access::Fill, to));
    }
    let from = words.iter().skip(usize::from(old_style)).filter(|word| !word.starts_with('-'));
    for word in from.filter(|word| Some(**word) != to && (cwd.is_some() || word.contains('/'))) {
        add(Access::Read, word);
    }
    // What is packed from there.
    if let Some(from) = to.filter(|_| !extracts) {
        add(Access::Read, from);
    }
}

/// The value of an option: the word after it, what follows `=`, or what is attached to a capital letter.
fn value<'a>(invocation: &'a Invocation, names: &[&str]) -> Option<&'a str> {
    let mut all = invocation.args.iter().map(|word| word.text.as_str());
    while let Some(word) = all.next() {
        for name in names {
            match word.strip_prefix(name) {
                Some("") => return all.next(),
                Some(rest) if name.starts_with("--") => {
                    if let Some(value) = rest.strip_prefix('=') {
                        return Some(value);
                    }
                }
                Some(rest) if rest.starts_with('/') => return Some(rest),
                _ => {}
            }
        }
        // A cluster whose last letter takes the value: `tar -xzC DIRECTORY`.
        let cluster = word.starts_with('-') && !word.starts_with("--") && (3..=8).contains(&word.len());
        if cluster && names.iter().any(|name| *name == "-C" && word.ends_with('C')) {
            return all.next();
        }
    }
    None
}

/// The file in `@FILE`, `name=@FILE`, `--data-binary=@FILE`, `--upload-file=FILE`.
pub(in crate::detect) fn uploaded(word: &str) -> Option<&str> {
    let long =
        ["--upload-file=", "--post-file=", "--body-file="].iter().find_map(|flag| word.strip_prefix(flag));
    if long.is_some() {
        return long;
    }
    let (before, file) = word.split_once('@')?;
    let attached = before.is_empty() || before.ends_with('=') || matches!(before, "-d" | "-F");
    let file = file.split(';').next().unwrap_or(file);
    (attached && !file.is_empty() && file != "-" && !before.contains("://")).then_some(file)
}
