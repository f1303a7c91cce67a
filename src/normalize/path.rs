//! File paths, read lexically: nothing is looked up, links are not followed.

/// A longer path is none that a kernel takes.
pub const MAX_PATH: usize = 4096;

/// The path in one spelling: `//`, `/./` and a trailing `/` go, `..` is resolved lexically (not above `/`),
/// `/proc/{1,self,thread-self}/root/X` is `X` as often as it occurs, and `/var/run` is `/run`. A relative
/// path stays relative, without `..` at its start being dropped; an empty one stays empty. Linear.
#[must_use]
pub fn canonical(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                None if absolute => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
        // After every part, so that what `..` leaves behind is looked at as well.
        if absolute {
            match parts.as_slice() {
                ["proc", "1" | "self" | "thread-self", "root"] => parts.clear(),
                ["var", "run"] => parts = vec!["run"],
                _ => {}
            }
        }
    }
    let body = parts.join("/");
    if absolute { format!("/{body}") } else { body }
}

/// [`canonical`] for many paths of which nearly all are canonical: those are not copied. Only a `./` in front of a
/// relative path stays.
#[must_use]
pub fn canonical_cow(path: &str) -> std::borrow::Cow<'_, str> {
    let crooked =
        path.contains("/.") || path.contains("//") || path.starts_with("/proc/") || path.ends_with('/');
    if crooked || path.starts_with("/var/run") { canonical(path).into() } else { path.into() }
}

/// An absolute path without its detours, where it has some: `//`, `/./`, `/x/../`, and `/proc/self/root` in front.
/// Nothing for all other text, also for paths that are merely not [`canonical`]: what a word says otherwise stays.
#[must_use]
pub fn straightened(word: &str) -> Option<String> {
    let detour = ["//", "/./", "/../", "/proc/self/root/", "/proc/thread-self/root/"];
    let crooked =
        detour.iter().any(|part| word.contains(part)) || word.ends_with("/.") || word.ends_with("/..");
    // What is above an open directory is not what is above its name.
    let crooked = crooked && !(word.starts_with("/proc/") && word.contains("/fd/"));
    if !word.starts_with('/') || !crooked || word.len() > MAX_PATH || word.contains(char::is_whitespace) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in word.split('/') {
        match (part, parts.as_slice()) {
            ("" | ".", _) | ("..", [] | ["proc", _, "root"]) => {}
            ("..", _) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
        if let ["proc", "self" | "thread-self", "root"] = parts.as_slice() {
            parts.clear();
        }
    }
    let end = if word.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    Some(format!("/{}{end}", parts.join("/")))
}

/// The process, and the path as that process sees it, of a path through `/proc`: `/proc/4711/root/etc` is `/etc` of
/// 4711, and `cwd` is the same, as the working directory of most daemons is `/`. The process may be anything that a
/// shell makes a number of.
#[must_use]
pub fn of_process(path: &str) -> Option<(&str, String)> {
    let rest = path.strip_prefix("/proc/")?;
    let at = rest.find("/root").into_iter().chain(rest.find("/cwd")).min()?;
    let process = rest.get(..at)?;
    let below = rest.get(at + 1..)?;
    let below = below.strip_prefix("root").or_else(|| below.strip_prefix("cwd"))?;
    // A substitution may stand there with its own slashes; a plain name with one is another path.
    let is_process = matches!(process, "self" | "thread-self")
        || !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit())
        || process.starts_with('$')
        || !process.contains('/') && process.contains(['*', '?', '[', '$']);
    (is_process && (below.is_empty() || below.starts_with('/')))
        .then(|| (process, format!("/{}", below.trim_start_matches('/'))))
}

/// The canonical path of `sub_path` inside `base`. A leading `/` of `sub_path` has no meaning, and `..`
/// cannot leave `base`: the kubelet refuses both.
#[must_use]
pub fn join(base: &str, sub_path: &str) -> String {
    let inner = canonical(&format!("/{sub_path}"));
    canonical(&format!("{base}{inner}"))
}

/// The canonical form of `path`, taken from `directory` where it is relative; nothing where that is not known.
#[must_use]
pub fn absolute(path: &str, directory: Option<&str>) -> Option<String> {
    if path.starts_with('/') {
        return Some(canonical(path));
    }
    directory.map(|directory| canonical(&format!("{directory}/{path}")))
}

/// Whether `path` is `base` or lies below it, on whole components, after [`canonical`].
#[must_use]
pub fn within(path: &str, base: &str) -> bool {
    let (path, base) = (canonical(path), canonical(base));
    if base.is_empty() {
        return path.is_empty();
    }
    match path.strip_prefix(base.as_str()) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || base == "/",
        None => false,
    }
}

/// Whether mounting `path` gives access to `target`: `path` is `target` or a parent of it.
#[must_use]
pub fn covers(path: &str, target: &str) -> bool {
    within(target, path)
}

/// Whether a file name fits a shell's pattern of `*` and `?`. Work: the product of their lengths, at most.
#[must_use]
pub fn fits(pattern: &str, file: &str) -> bool {
    let (pattern, file) = (pattern.as_bytes(), file.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where the last `*` stands, and what was read when it was met.
    let mut star: Option<(usize, usize)> = None;
    while read < file.len() {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(sign), _) if *sign == b'?' || file.get(read) == Some(sign) => {
                at += 1;
                read += 1;
            }
            (_, Some((mark, before))) => {
                star = Some((mark, before + 1));
                at = mark + 1;
                read = before + 1;
            }
            _ => return false,
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|sign| *sign == b'*')
}

/// Whether a path with a pattern may mean `path`, or a folder around it, part by part: `*` stands for no `/`. Where
/// nothing but patterns is left of the path it means everything, and so nothing.
#[must_use]
pub fn may_mean(pattern: &str, path: &str) -> bool {
    if !pattern.starts_with('/') || !pattern.contains(['*', '?']) || pattern.len() > 255 {
        return false;
    }
    let parts = || pattern.split('/').filter(|part| !part.is_empty());
    let named = parts().filter(|part| part.trim_matches(['*', '?']).len() > 1).count();
    let all: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    named > 1 && parts().count() >= all.len() && parts().zip(all).all(|(part, name)| fits(part, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        for (pattern, file, want) in [
            ("*.sh", "a.sh", true),
            ("?", "f", true),
            ("x*", "xaa", true),
            ("*a*b", "xaxbb", true),
            ("*", "", true),
            ("?", "", false),
            ("*.sh", "a.txt", false),
            ("a?c", "abd", false),
        ] {
            assert_eq!(fits(pattern, file), want, "{pattern} {file}");
        }
        assert!(!fits(&"*a".repeat(100), &"b".repeat(255)));
    }

    #[test]
    fn patterns_mean_paths() {
        let token = "/run/secrets/kubernetes.io/serviceaccount";
        for (pattern, want) in [
            ("/run/s*/kub*/serv*/tok*", true),
            ("/run/secrets/*/*/token", true),
            ("/run/secrets/kubernetes.io/serviceaccount/t?ken", true),
            ("/*/*/*/*/*", false),
            ("/run/s*", false),
            ("/run/*/token", false),
            ("/run/secrets/x*/y/token", false),
            ("run/secrets/*/*/token", false),
        ] {
            assert_eq!(may_mean(pattern, token), want, "{pattern}");
        }
    }

    #[test]
    fn one_spelling() {
        for (path, want) in [
            ("", ""),
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/..", "/"),
            ("/../../etc/", "/etc"),
            ("//etc///kubernetes/./", "/etc/kubernetes"),
            ("/etc/x/../y", "/etc/y"),
            ("/proc/1/root", "/"),
            ("/proc/1/root/etc", "/etc"),
            ("/proc/self/root/proc/1/root/etc", "/etc"),
            ("/proc/thread-self//root/./proc/x/../self/root/etc", "/etc"),
            ("/proc/2/root/etc", "/proc/2/root/etc"),
            ("/proc/1/rootfs", "/proc/1/rootfs"),
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/var/x/../run", "/run"),
            ("/proc/1/root/var/run/x", "/run/x"),
            ("/var/runner", "/var/runner"),
            ("/var/run/../lib", "/lib"),
            ("a//b/./c/", "a/b/c"),
            ("a/../../b", "../b"),
            ("./a", "a"),
            ("proc/1/root", "proc/1/root"),
            ("/ä/ö", "/ä/ö"),
        ] {
            assert_eq!(canonical(path), want, "{path}");
        }
    }

    #[test]
    fn words_without_detours() {
        for (word, want) in [
            ("/dev//sda1", Some("/dev/sda1")),
            ("/dev/./sda1", Some("/dev/sda1")),
            ("/etc/../etc/shadow", Some("/etc/shadow")),
            ("/etc/x/..", Some("/etc")),
            ("/a//b/", Some("/a/b/")),
            ("//", Some("/")),
            ("/proc/self/root/etc/shadow", Some("/etc/shadow")),
            ("/proc/1/root/../root//etc", Some("/proc/1/root/root/etc")),
            ("/var/run//x", Some("/var/run/x")),
            ("/var/run/x", None),
            ("/proc/self/fd/8/../../etc/shadow", None),
            ("/proc/1/root/etc", None),
            ("a//b", None),
            ("/x/ && //y", None),
            ("http://a//b", None),
        ] {
            assert_eq!(straightened(word).as_deref(), want, "{word}");
        }
    }

    #[test]
    fn boundaries() {
        assert!(within("/etc/kubernetes/pki", "/etc/kubernetes"));
        assert!(within("/etc/kubernetes/", "/etc/kubernetes"));
        assert!(!within("/etc/kubernetes2", "/etc/kubernetes"));
        assert!(within("/anything", "/"));
        assert!(!within("relative", "/"));
        assert!(within("/var/run/x", "/run"));
        assert!(covers("/var", "/var/lib/kubelet"));
        assert!(covers("/", "/run/docker.sock"));
        assert!(!covers("/run/dock", "/run/docker.sock"));
        assert!(!within("x", "") && within("", ""));
    }

    #[test]
    fn joins() {
        assert_eq!(join("/", "etc"), "/etc");
        assert_eq!(join("/var", "run/docker.sock"), "/run/docker.sock");
        assert_eq!(join("/data", "../etc"), "/data/etc");
        assert_eq!(join("/data", "/a//b"), "/data/a/b");
        assert_eq!(join("/data", ""), "/data");
    }

    #[test]
    fn long_paths_are_linear() {
        for text in ["/", "/..", "/a", "/proc/1/root", "/./", "a/../"] {
            let _ = canonical(&text.repeat(200_000));
        }
    }
}
