//! Image references.

/// `[registry/]path[:tag][@digest]`, taken apart without judging it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Host and port as written, only where the reference names one; `docker.io` is not filled in.
    pub registry: Option<String>,
    /// Path without registry, tag and digest, as written; `library/` is not filled in.
    pub repository: String,
    /// Last element of the path, in lower case.
    pub name: String,
    /// Text behind the last `:` of the last path element; absent where empty.
    pub tag: Option<String>,
    /// Text behind `@`; absent where empty.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads a reference. Total: whatever is given, every part is either found or absent; text that is no
    /// reference ends up in `repository`. The first path element is the registry where it holds a `.` or
    /// `:`, is `localhost`, is bracketed (IPv6), or has an upper-case letter, as container runtimes do.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, some(digest)),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(host.to_owned()), path),
            _ => (None, rest),
        };
        let last_at = rest.rfind('/').map_or(0, |at| at + 1);
        let (dir, last) = rest.split_at(last_at);
        let (last, tag) = match last.split_once(':') {
            Some((last, tag)) => (last, some(tag)),
            None => (last, None),
        };
        Self { registry, repository: format!("{dir}{last}"), name: last.to_lowercase(), tag, digest }
    }
}

fn is_host(text: &str) -> bool {
    text.contains(['.', ':'])
        || text.eq_ignore_ascii_case("localhost")
        || (text.starts_with('[') && text.ends_with(']'))
        || text.chars().any(|c| c.is_ascii_uppercase())
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (text, registry, repository, name, tag, digest) in [
            ("nginx", "", "nginx", "nginx", "", ""),
            ("nginx:1.2", "", "nginx", "nginx", "1.2", ""),
            ("library/nginx", "", "library/nginx", "nginx", "", ""),
            ("docker.io/library/nginx:x", "docker.io", "library/nginx", "nginx", "x", ""),
            ("localhost/a", "localhost", "a", "a", "", ""),
            ("localhost:5000/a/b:t@sha256:00", "localhost:5000", "a/b", "b", "t", "sha256:00"),
            ("reg:5000/a", "reg:5000", "a", "a", "", ""),
            ("reg:5000", "", "reg", "reg", "5000", ""),
            ("[::1]:5000/a:1", "[::1]:5000", "a", "a", "1", ""),
            ("[fe80::1]/a/B", "[fe80::1]", "a/B", "b", "", ""),
            ("a@sha256:ff", "", "a", "a", "", "sha256:ff"),
            ("Reg/XMRig:Latest", "Reg", "XMRig", "xmrig", "Latest", ""),
            ("", "", "", "", "", ""),
            ("@", "", "", "", "", ""),
            (":", "", "", "", "", ""),
            ("/", "", "/", "", "", ""),
            ("a/b/", "", "a/b/", "", "", ""),
            (" nginx ", "", "nginx", "nginx", "", ""),
            ("a@b@c", "", "a", "a", "", "b@c"),
            ("x.y/", "x.y", "", "", "", ""),
            ("日本/語:é", "", "日本/語", "語", "é", ""),
        ] {
            let got = ImageRef::parse(text);
            let want = ImageRef {
                registry: some(registry),
                repository: repository.into(),
                name: name.into(),
                tag: some(tag),
                digest: some(digest),
            };
            assert_eq!(got, want, "{text}");
        }
    }
}
