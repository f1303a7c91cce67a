//! Paths of Windows nodes, by what they are on others.

/// Names of pipes by which containers are started.
const RUNTIME_PIPES: [&str; 5] =
    ["docker_engine", "docker_engine_windows", "containerd-containerd", "docker_engine_linux", "cri-dockerd"];

/// Folders of a Windows node, and what is the same on others.
const FOLDERS: [(&str, &str); 10] = [
    ("/windows", "/usr"),
    ("/program files", "/usr"),
    ("/programdata/docker", "/var/lib/docker"),
    ("/programdata/containerd", "/var/lib/containerd"),
    ("/users", "/home"),
    ("/k", "/etc/kubernetes"),
    ("/etc", "/etc"),
    ("/var", "/var"),
    ("/run", "/run"),
    ("/opt/cni", "/opt/cni"),
];

/// The path of another node that stands for one of Windows: a drive, a folder of the system, a pipe of a runtime.
/// Nothing where the path is none of Windows.
pub(super) fn counterpart(path: &str) -> Option<String> {
    let plain = path.to_ascii_lowercase().replace('\\', "/");
    if let Some(pipe) = plain.strip_prefix("//./pipe/").or_else(|| plain.strip_prefix("/pipe/")) {
        return RUNTIME_PIPES.contains(&pipe).then(|| "/run/docker.sock".to_owned());
    }
    let (drive, below) = plain.split_once(':')?;
    if drive.len() != 1 || !drive.chars().all(|letter| letter.is_ascii_alphabetic()) {
        return None;
    }
    let below = format!("/{}", below.trim_matches('/'));
    if below == "/" {
        return Some(below);
    }
    let known = FOLDERS.iter().find_map(|(folder, other)| {
        let rest = below.strip_prefix(folder)?;
        let whole = rest.is_empty() || rest.starts_with('/') || folder.contains(' ');
        whole.then(|| format!("{other}{rest}"))
    });
    Some(known.unwrap_or_else(|| format!("/mnt{below}")))
}

#[cfg(test)]
mod tests {
    use super::counterpart;

    #[test]
    fn windows_paths_have_counterparts() {
        for (path, want) in [
            (r"\\.\pipe\docker_engine", Some("/run/docker.sock")),
            ("//./pipe/containerd-containerd", Some("/run/docker.sock")),
            (r"\\.\pipe\csi-proxy-volume-v1", None),
            (r"C:\", Some("/")),
            ("c:/", Some("/")),
            (r"C:\Windows\System32", Some("/usr/system32")),
            (r"C:\var\lib\kubelet\pki", Some("/var/lib/kubelet/pki")),
            (r"C:\k", Some("/etc/kubernetes")),
            (r"D:\data", Some("/mnt/data")),
            ("/etc", None),
            ("data:x", None),
        ] {
            assert_eq!(counterpart(path).as_deref(), want, "{path}");
        }
    }
}
