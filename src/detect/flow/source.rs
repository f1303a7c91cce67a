//! Where data comes into a pod: tools that fetch, over whatever protocol.

use crate::detect::code;
use crate::detect::words::{cluster, has, operands, option, subcommand, words};
use crate::normalize::Invocation;

/// Command-line tools that fetch.
pub(in crate::detect) fn is_downloader(invocation: &Invocation) -> bool {
    matches!(
        invocation.program.as_str(),
        "curl"
            | "wget"
            | "wget2"
            | "aria2c"
            | "axel"
            | "fetch"
            | "lwp-download"
            | "lwp-request"
            | "GET"
            | "lynx"
            | "ftpget"
            | "tftp"
            | "http"
            | "https"
            | "xh"
    )
}

/// Whether an invocation brings something from another host, to its standard output or into files.
pub(in crate::detect) fn fetches(invocation: &Invocation) -> bool {
    if is_downloader(invocation) {
        return !only_head(invocation);
    }
    prints_fetched(invocation)
        || stores_remote(invocation)
        || match invocation.program.as_str() {
            "git" | "hg" | "svn" => {
                subcommand(invocation, &["clone", "checkout", "co", "export"]) && names_remote(invocation)
            }
            "oras" | "crane" | "skopeo" => subcommand(invocation, &["pull", "copy", "export", "blob"]),
            "ftp" | "sftp" | "lftp" | "smbclient" | "bitsadmin" => true,
            "certutil" => words(invocation).any(|word| word.eq_ignore_ascii_case("-urlcache")),
            "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd" | "socat" => {
                invocation.redirects.iter().any(crate::normalize::Redirect::takes_stdout)
            }
            _ => false,
        }
}

/// Whether what an invocation fetches comes out on its standard output.
pub(in crate::detect) fn prints_fetched(invocation: &Invocation) -> bool {
    if is_downloader(invocation) {
        return prints(invocation);
    }
    let to_stdout = || operands_and_dash(invocation).next_back().is_some_and(is_stdout);
    match invocation.program.as_str() {
        // `ssh HOST COMMAND`; without a command it is a terminal.
        "ssh" | "dbclient" | "rsh" => command_for_host(invocation),
        "aws" => has(invocation, &["s3", "s3api"]) && words(invocation).any(is_stdout),
        "gsutil" | "rclone" | "mc" | "hdfs" => {
            subcommand(invocation, &["cat"]) || names_remote(invocation) && to_stdout()
        }
        "gcloud" => has(invocation, &["storage"]) && (has(invocation, &["cat"]) || to_stdout()),
        "s3cmd" => subcommand(invocation, &["get"]) && to_stdout(),
        "az" => has(invocation, &["download"]) && words(invocation).any(is_stdout),
        "git" => {
            subcommand(invocation, &["archive"]) && words(invocation).any(|word| word.starts_with("--remote"))
        }
        "oras" | "crane" => words(invocation).any(is_stdout),
        // A record of free text is a place to keep a script.
        "dig" | "host" | "nslookup" | "drill" | "kdig" | "delv" | "dog" => words(invocation).any(|word| {
            let kind = word.rsplit('=').next().unwrap_or(word);
            kind.eq_ignore_ascii_case("txt")
        }),
        "websocat" | "wscat" => names_remote(invocation),
        // What the server answers is its owner's choice, where it is not one of the registries.
        "whois" => option(invocation, &["-h", "--host"]).is_some(),
        "finger" => words(invocation).any(|word| word.contains('@')),
        _ => code::text(invocation).is_some_and(code::fetches),
    }
}

fn is_stdout(word: &str) -> bool {
    matches!(word, "-" | "/dev/stdout" | "/proc/self/fd/1" | "/dev/fd/1")
}

fn operands_and_dash(invocation: &Invocation) -> impl DoubleEndedIterator<Item = &str> + Clone {
    words(invocation).filter(|word| *word == "-" || !word.starts_with('-'))
}

/// Whether `ssh` is given a command to run there. Only the first options are read: the rest is the command's.
fn command_for_host(invocation: &Invocation) -> bool {
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        let Some(flags) = word.strip_prefix('-') else { return all.next().is_some() };
        if flags.len() == 1 && "BbcDEeFIiJLlmOopQRSWw".contains(flags) {
            all.next();
        }
    }
    false
}

/// Whether a word names something on another host: a URL, or `host:path`.
pub(super) fn is_remote(word: &str) -> bool {
    if word.starts_with(['-', '/', '.']) {
        return false;
    }
    word.contains("://")
        || word.split_once(':').is_some_and(|(host, _)| host.len() > 1 && !host.contains('/'))
}

fn names_remote(invocation: &Invocation) -> bool {
    words(invocation).any(is_remote)
}

/// Whether a tool for remote files copies from there to here.
pub(super) fn stores_remote(invocation: &Invocation) -> bool {
    let copies = match invocation.program.as_str() {
        "scp" | "rsync" | "sftp" => true,
        "aws" => has(invocation, &["s3"]) && subcommand(invocation, &["cp", "sync", "mv"]),
        "gcloud" => has(invocation, &["storage"]) && subcommand(invocation, &["cp", "rsync", "mv"]),
        "gsutil" => subcommand(invocation, &["cp", "rsync", "mv"]),
        "rclone" => subcommand(invocation, &["copy", "copyto", "sync", "move", "moveto", "copyurl"]),
        "s3cmd" => subcommand(invocation, &["get", "sync"]),
        "mc" => subcommand(invocation, &["cp", "mirror", "get"]),
        "azcopy" => subcommand(invocation, &["copy", "cp", "sync"]),
        "az" => has(invocation, &["download"]),
        _ => false,
    };
    // `rclone copy remote:x /y` is a fetch, `rclone copy /y remote:x` is none.
    copies
        && (invocation.program == "az"
            || names_remote(invocation) && operands(invocation).next_back().is_some_and(|to| !is_remote(to)))
}

/// Whether what is fetched comes out on standard output. `until $(curl -o /dev/null --head …)` is an idiom.
fn prints(invocation: &Invocation) -> bool {
    let to_file = |file: &str| !matches!(file, "-" | "/dev/stdout");
    let named = option(invocation, &["-o", "--output", "-O", "--output-document"])
        .filter(|_| invocation.program != "curl" || !has(invocation, &["-O"]));
    !only_head(invocation) && !named.is_some_and(to_file)
}

fn only_head(invocation: &Invocation) -> bool {
    let head = |word: &str| word == "--head" || cluster(word).is_some_and(|flags| flags.contains('I'));
    invocation.program == "curl" && words(invocation).any(head)
}

/// The names of the files that a tool writes.
pub(in crate::detect) fn written_files(invocation: &Invocation) -> Vec<&str> {
    let all: Vec<&str> = words(invocation).collect();
    let mut files = Vec::new();
    let program = invocation.program.as_str();
    let is_curl = program == "curl";
    for (index, word) in all.iter().enumerate() {
        let next = || all.get(index + 1).copied();
        let value = match *word {
            "-O" if is_curl => None,
            "-o" | "--output" | "--output-document" | "-O" | "--out" => next(),
            _ if word.starts_with("--output=") || word.starts_with("--output-document=") => {
                word.split_once('=').map(|(_, file)| file)
            }
            // Clusters with the flag last: -sSLo FILE, -qO FILE; or with the value attached: -oFILE.
            flags if is_curl && cluster(flags).is_some() && flags.ends_with('o') => next(),
            flags if program == "wget" && cluster(flags).is_some() && flags.ends_with('O') => next(),
            flags if is_curl && flags.starts_with("-o") && flags.len() > 2 => flags.get(2..),
            flags if program == "wget" && flags.starts_with("-O") && flags.len() > 2 => flags.get(2..),
            _ => None,
        };
        files.extend(value);
    }
    let redirects = invocation.redirects.iter().filter(|redirect| redirect.takes_stdout());
    files.extend(redirects.map(|redirect| redirect.target.text.as_str()));
    // wget FILE-URL and curl -O name the file after the URL.
    let by_url = is_downloader(invocation)
        && (!is_curl
            || all.iter().any(|word| {
                *word == "--remote-name" || cluster(word).is_some_and(|flags| flags.contains('O'))
            }));
    if files.is_empty() && by_url {
        files.extend(
            all.iter()
                .filter(|word| word.contains("://") || word.contains('.') && word.contains('/'))
                .filter_map(|url| {
                    let path = url.split(['?', '#']).next().unwrap_or(url);
                    path.rsplit('/').next().filter(|name| !name.is_empty())
                }),
        );
    }
    files.retain(|file| !matches!(*file, "-" | "" | "/dev/null" | "/dev/stdout" | "/dev/stderr"));
    files
}
