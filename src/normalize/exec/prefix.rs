//! Wrappers: programs whose arguments end in another command line.

use super::super::argv::program;
use super::Word;
use super::names::is_multicall;

/// How a wrapper's own arguments are told from the command line it runs.
struct Wrapper {
    /// Base names.
    names: &'static [&'static str],
    /// Options that take the next word, separated by blanks.
    valued: &'static str,
    /// Words before the command line that are not options.
    operands: usize,
    /// `NAME=value` words may stand in front.
    assigns: bool,
    /// Kept as an invocation of its own.
    keep: bool,
}

const fn plain(names: &'static [&'static str], valued: &'static str) -> Wrapper {
    Wrapper { names, valued, operands: 0, assigns: false, keep: false }
}

const WRAPPERS: [Wrapper; 28] = [
    Wrapper { assigns: true, ..plain(&["env"], "-u --unset -C --chdir") },
    Wrapper {
        assigns: true,
        ..plain(
            &["sudo", "doas"],
            "-u -U -g -h -p -C -D -R -r -t -T --user --group --host --prompt --chdir --chroot",
        )
    },
    plain(&["exec"], "-a"),
    plain(
        &[
            "command",
            "builtin",
            "nohup",
            "setsid",
            "unbuffer",
            "torsocks",
            "torify",
            "eatmydata",
            "fakeroot",
            "linux32",
            "linux64",
            "noglob",
            "nocorrect",
        ],
        "",
    ),
    plain(&["time"], "-o -f --output --format"),
    plain(&["nice"], "-n --adjustment"),
    plain(&["ionice"], "-c -n -p -P -u --class --classdata"),
    Wrapper { operands: 1, ..plain(&["timeout"], "-s -k --signal --kill-after") },
    plain(&["stdbuf"], "-i -o -e --input --output --error"),
    plain(
        &["xargs"],
        "-I -i -n -P -L -d -E -s -a --replace --max-args --max-procs --delimiter --arg-file --max-lines",
    ),
    plain(&["busybox", "toybox"], ""),
    plain(&["tini", "tini-static", "catatonit"], "-e -p"),
    plain(&["dumb-init"], "-r --rewrite"),
    plain(&["proxychains", "proxychains4"], "-f"),
    plain(&["strace", "ltrace"], "-e -o -p -s -u -E -P -a -I"),
    plain(&["setpriv"], "--reuid --regid --groups --inh-caps --ambient-caps --bounding-set"),
    plain(&["prlimit"], ""),
    Wrapper {
        operands: 1,
        ..plain(&["gosu", "su-exec", "s6-setuidgid", "setuidgid", "chrt", "taskset"], "")
    },
    Wrapper { operands: 1, ..plain(&["flock"], "-w --timeout -E --conflict-exit-code") },
    Wrapper { operands: 1, keep: true, ..plain(&["chroot"], "") },
    Wrapper { keep: true, ..plain(&["nsenter"], "-t --target -S --setuid -G --setgid -W --wdns") },
    Wrapper {
        keep: true,
        ..plain(&["unshare"], "-S --setuid -G --setgid -R --root -w --wd --propagation --setgroups")
    },
    Wrapper {
        keep: true,
        ..plain(&["systemd-run"], "-p --property -u --unit -M --machine -E --setenv -t --uid --gid -H")
    },
    // The dynamic loader runs the program that it is given.
    plain(&["ld.so"], "--library-path --preload --argv0 --inhibit-rpath --audit --glibc-hwcaps-prepend"),
    // A root directory, and a view of the file system, put together in front of the command.
    Wrapper {
        keep: true,
        ..plain(
            &["proot"],
            "-r -R -S -b -m -w -q -k -0 --rootfs --bind --mount --cwd --qemu --kernel-release",
        )
    },
    Wrapper { keep: true, ..plain(&["bwrap"], "") },
    Wrapper { keep: true, ..plain(&["runuser"], "-u --user -g --group -G") },
    Wrapper { keep: true, ..plain(&["parallel"], "-j --jobs -a -S --delay --timeout -N -n") },
];

/// A wrapper that was recognised.
pub(super) struct Peeled {
    /// Where the command line it runs starts; the length of the words where there is none.
    pub(super) at: usize,
    /// It is an invocation of its own.
    pub(super) keep: bool,
    /// Environment it sets.
    pub(super) assigns: Vec<(String, String)>,
    /// A command line given as one string (`env -S`).
    pub(super) text: Option<String>,
}

/// Reads `words`, name first, as a wrapper. Nothing where it is none, or runs nothing.
pub(super) fn peel(words: &[Word]) -> Option<Peeled> {
    let (first, args) = words.split_first()?;
    let name = match program(&first.text) {
        name if name.starts_with("ld-linux") || name.starts_with("ld-musl-") => "ld.so",
        name => name,
    };
    if is_multicall(words) {
        return Some(Peeled { at: 1, keep: true, assigns: Vec::new(), text: None });
    }
    let wrapper = WRAPPERS.iter().find(|w| w.names.contains(&name))?;
    let mut operands = wrapper.operands;
    let mut assigns = Vec::new();
    let mut options = true;
    let mut rest = args.iter().enumerate();
    while let Some((at, word)) = rest.next() {
        let arg = word.text.as_str();
        if options && arg == "--" {
            options = false;
        } else if options && arg.len() > 1 && arg.starts_with('-') {
            if name == "command" && matches!(arg, "-v" | "-V") {
                return None;
            }
            // `flock FILE -c TEXT` has a script, not a command line.
            if name == "flock" && matches!(arg, "-c" | "--command") {
                return None;
            }
            if name == "env"
                && let Some(text) = split_string(arg, args.get(at + 1..))
            {
                return Some(Peeled { at: words.len(), keep: wrapper.keep, assigns, text: Some(text) });
            }
            let taken = if name == "bwrap" {
                taken_by_bwrap(arg)
            } else {
                usize::from(takes_next(wrapper, name, arg))
            };
            for _ in 0..taken {
                rest.next();
            }
        } else if wrapper.assigns
            && let Some((name, value)) = arg.split_once('=')
        {
            options = false;
            assigns.push((name.to_owned(), value.to_owned()));
        } else if options && name == "env" && arg == "-" {
            // The old spelling of `-i`.
        } else if operands > 0 {
            operands -= 1;
        } else {
            return Some(Peeled { at: at + 1, keep: wrapper.keep, assigns, text: None });
        }
    }
    None
}

/// The words without the first few wrappers in front.
pub(super) fn unwrapped(words: &[Word]) -> &[Word] {
    let mut rest = words;
    for _ in 0..8 {
        match peel(rest) {
            Some(peeled) if peeled.text.is_none() => rest = rest.get(peeled.at..).unwrap_or_default(),
            _ => break,
        }
    }
    rest
}

/// How many words follow an option of bubblewrap that are its own.
fn taken_by_bwrap(option: &str) -> usize {
    match option {
        "--bind" | "--bind-try" | "--dev-bind" | "--dev-bind-try" | "--ro-bind" | "--ro-bind-try"
        | "--symlink" | "--setenv" | "--file" | "--bind-data" | "--ro-bind-data" | "--chmod"
        | "--bind-fd" | "--ro-bind-fd" => 2,
        "--proc" | "--dev" | "--tmpfs" | "--mqueue" | "--dir" | "--chdir" | "--unsetenv" | "--uid"
        | "--gid" | "--hostname" | "--cap-add" | "--cap-drop" | "--args" | "--userns" | "--pidns"
        | "--lock-file" | "--sync-fd" | "--seccomp" | "--exec-label" | "--perms" | "--size"
        | "--remount-ro" | "--argv0" => 1,
        _ => 0,
    }
}

fn takes_next(wrapper: &Wrapper, name: &str, arg: &str) -> bool {
    if !wrapper.valued.split(' ').any(|v| v == arg) {
        // A cluster whose last letter takes a value: `sudo -nu root`, `nsenter -at 1`.
        let cluster =
            !arg.starts_with("--") && arg.len() > 2 && arg.chars().skip(1).all(|c| c.is_ascii_alphabetic());
        let last = arg.chars().next_back().unwrap_or('-');
        let first = arg.chars().nth(1).unwrap_or('-');
        let valued = |c: char| wrapper.valued.split(' ').any(|v| v.len() == 2 && v.ends_with(c));
        return cluster
            && valued(last)
            && !valued(first)
            && matches!(name, "sudo" | "doas" | "nsenter" | "xargs");
    }
    // `xargs -i` has its value attached or none.
    !(name == "xargs" && matches!(arg, "-i" | "--replace"))
}

fn split_string(arg: &str, after: Option<&[Word]>) -> Option<String> {
    let tail = |from: usize| {
        let words = after.unwrap_or_default().get(from..).unwrap_or_default();
        words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
    };
    if arg == "--split-string" || (arg.ends_with('S') && !arg.starts_with("--")) {
        return Some(tail(0));
    }
    let attached = arg.strip_prefix("--split-string=").or_else(|| arg.strip_prefix("-S"));
    attached.map(|text| format!("{text} {}", tail(0)))
}

/// Command text that a program hands to a shell: `su -c`, `script -c`, `watch`, `trap`, `eval`.
pub(super) fn script_of(name: &str, args: &[Word]) -> Option<String> {
    let join = |list: &[Word]| list.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    match name {
        "eval" => {
            let args = if args.first().is_some_and(|w| w.text == "--") { args.get(1..)? } else { args };
            Some(join(args))
        }
        "trap" => {
            // `trap - SIG` resets, `trap -p` and `trap -l` print, `trap '' SIG` ignores.
            let first = args.iter().find(|w| w.text != "--")?;
            let runs = args.len() > 1 && !first.text.is_empty() && !first.text.starts_with('-');
            runs.then(|| first.text.clone())
        }
        "su" | "script" | "runuser" | "flock" | "ssh-agent" => {
            let at = args.iter().position(|w| {
                let cluster = w.text.starts_with('-') && !w.text.starts_with("--") && w.text.ends_with('c');
                cluster || matches!(w.text.as_str(), "--command" | "--session-command")
            });
            match at {
                Some(at) => args.get(at + 1).map(|w| w.text.clone()),
                None => args.iter().find_map(|w| w.text.strip_prefix("--command=").map(str::to_owned)),
            }
        }
        // The command line of Windows' shell.
        "cmd" | "CMD" => {
            let at = args.iter().position(|word| {
                word.text.eq_ignore_ascii_case("/c") || word.text.eq_ignore_ascii_case("/k")
            })?;
            args.get(at + 1..).map(join)
        }
        "watch" => {
            let mut rest = args.iter().enumerate();
            while let Some((at, word)) = rest.next() {
                match word.text.as_str() {
                    "-n" | "--interval" | "-s" => {
                        rest.next();
                    }
                    text if text.starts_with('-') => {}
                    _ => return args.get(at..).map(join),
                }
            }
            None
        }
        _ => None,
    }
}

/// Command lines inside the arguments of `find` (`-exec … ;`); each as a range of `args`.
pub(super) fn nested(name: &str, args: &[Word]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if name != "find" {
        return found;
    }
    let mut start = None;
    for (at, word) in args.iter().enumerate() {
        match (word.text.as_str(), start) {
            ("-exec" | "-execdir" | "-ok" | "-okdir", None) => start = Some(at + 1),
            (";" | "+", Some(from)) => {
                found.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    found.extend(start.map(|from| (from, args.len())));
    found
}
