//! Paths of the container and of the node.

use serde_json::{Value, json};

use super::super::bare::is_program;
use super::super::subject::pod;
use super::spell::respell;
use super::{Change, Context, Proof, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "mount-elsewhere",
        what: "a volume mounted at another path, in the commands as well",
        proof: Proof::None,
        everyday: true,
        change: Change::Mounts(mount_elsewhere),
        ..REWRITE
    },
    Rewrite {
        name: "path-doubled",
        what: "//a/./b in commands",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| is_deep(word),
                |word, context| {
                    let at = word[1..].find('/').unwrap() + 1;
                    let (left, right) = word.split_at(at);
                    let spelled = context.dice.of(&["/", "/.", "/./", "//."]);
                    format!("{left}{spelled}{right}")
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "path-and-back",
        what: "/a/../a/b in commands",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| is_deep(word),
                |word, _| {
                    let at = word[1..].find('/').unwrap() + 1;
                    let (left, right) = word.split_at(at);
                    format!("{left}/..{left}{right}")
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "path-self-root",
        what: "/proc/self/root/a/b in commands",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| is_deep(word) && !word.starts_with("/proc") && !word.starts_with("/dev"),
                |word, context| {
                    format!(
                        "{}{word}",
                        context.dice.of(&["/proc/self/root", "/proc/self/cwd/../../../../../../../.."])
                    )
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "path-changed-to",
        what: "cd /a; program b",
        change: Change::Script(|script, context| {
            if script.text.contains("./") || script.text.contains(" .") {
                return None;
            }
            // The first path only: the others must not be relative to it.
            let mut folder = None;
            respell(
                script,
                context,
                |word, text| !word.command && is_deep(text),
                |word, _| {
                    if folder.is_some() {
                        return word.to_owned();
                    }
                    let (before, name) = word.rsplit_once('/').unwrap();
                    folder = Some(before.to_owned());
                    if name.is_empty() { ".".to_owned() } else { name.to_owned() }
                },
            )?;
            let folder = folder.filter(|folder| !folder.is_empty() && !folder.starts_with("/dev"))?;
            script.text.insert_str(0, &format!("cd {folder}\n"));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "host-path-crooked",
        what: "//etc, /./etc, /etc/ of the node",
        proof: Proof::None,
        change: Change::Object(|object, context| {
            let spelled = context.dice.below(3);
            host_paths(object, |path| match spelled {
                0 => Some(format!("/{path}")),
                1 => Some(format!("/.{path}")),
                _ => Some(format!("{path}/.")),
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "host-path-slash",
        what: "/etc/ of the node",
        proof: Proof::None,
        everyday: true,
        change: Change::Object(|object, _| {
            host_paths(object, |path| (path != "/").then(|| format!("{path}/")))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "host-path-init-root",
        what: "/proc/1/root/etc of the node",
        proof: Proof::None,
        change: Change::Object(|object, _| host_paths(object, |path| Some(format!("/proc/1/root{path}")))),
        ..REWRITE
    },
    Rewrite {
        name: "host-path-var-run",
        what: "/var/run for /run of the node, and the other way round",
        proof: Proof::None,
        everyday: true,
        change: Change::Object(|object, _| {
            host_paths(object, |path| match path.strip_prefix("/var/run") {
                Some(rest) => Some(format!("/run{rest}")),
                None => path.strip_prefix("/run").map(|rest| format!("/var/run{rest}")),
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "host-path-sub-path",
        what: "the root's parent as volume, the rest as subPath",
        proof: Proof::None,
        change: Change::Object(sub_path),
        ..REWRITE
    },
];

/// An absolute path with more than one element, not of a program. Keys of etcd and of the API only look like it, and
/// a shell knows its network by one spelling.
fn is_deep(word: &str) -> bool {
    let other = ["/api/", "/apis/", "/registry/", "/dev/tcp/", "/dev/udp/"];
    word.starts_with('/')
        && !other.iter().any(|start| word.starts_with(start))
        && word.len() > 2
        && word[1..].contains('/')
        && !word.contains(':')
        && is_program(word)
}

fn volumes(object: &mut Value) -> Option<&mut Vec<Value>> {
    object.pointer_mut(&format!("{}/volumes", pod(object)))?.as_array_mut()
}

fn host_paths(object: &mut Value, spell: impl Fn(&str) -> Option<String>) -> Option<()> {
    let mut any = None;
    for volume in volumes(object)? {
        let path = volume.pointer_mut("/hostPath/path");
        if let Some(path) = path
            // Windows has other ways to write a path.
            && let Some(spelled) = path.as_str().filter(|path| path.starts_with('/')).and_then(&spell)
        {
            *path = json!(spelled);
            any = Some(());
        }
    }
    any
}

fn containers(object: &mut Value) -> Vec<&mut Value> {
    let at = pod(object);
    let Some(spec) = object.pointer_mut(at).and_then(Value::as_object_mut) else { return Vec::new() };
    spec.iter_mut()
        .filter(|(name, _)| matches!(name.as_str(), "containers" | "initContainers"))
        .filter_map(|(_, list)| list.as_array_mut())
        .flatten()
        .collect()
}

fn sub_path(object: &mut Value, _: &mut Context) -> Option<()> {
    let mut moved = Vec::new();
    for volume in volumes(object)? {
        let Some(path) = volume.pointer("/hostPath/path").and_then(Value::as_str) else { continue };
        let Some((parent, name)) = path.trim_end_matches('/').rsplit_once('/') else { continue };
        if name.is_empty() || volume.pointer("/hostPath/type").is_some() {
            continue;
        }
        moved.push((volume["name"].clone(), name.to_owned()));
        volume["hostPath"]["path"] = json!(if parent.is_empty() { "/" } else { parent });
    }
    let mut any = None;
    for container in containers(object) {
        for mount in container["volumeMounts"].as_array_mut().into_iter().flatten() {
            if let Some((_, name)) = moved.iter().find(|(volume, _)| *volume == mount["name"]) {
                // Only one of the two may be set.
                let field = if mount["subPathExpr"].is_string() { "subPathExpr" } else { "subPath" };
                let below = mount[field].as_str().map(|below| format!("/{below}")).unwrap_or_default();
                mount[field] = json!(format!("{name}{below}"));
                any = Some(());
            }
        }
    }
    any
}

fn mount_elsewhere(object: &mut Value, context: &mut Context) -> Option<()> {
    let mut any = None;
    for container in containers(object) {
        let paths: Vec<String> = container["volumeMounts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|mount| mount["mountPath"].as_str())
            .filter(|path| path.len() > 2)
            .map(str::to_owned)
            .collect();
        let Some(path) = paths.first() else { continue };
        // One inside of the other would have to move with it.
        if paths
            .iter()
            .skip(1)
            .any(|other| other.starts_with(path.as_str()) || path.starts_with(other.as_str()))
        {
            continue;
        }
        let new = context.dice.of(&["/opt/data", "/workspace", "/mnt/v", "/srv/app/state"]);
        let text = container.to_string();
        // In the text the path must stand by itself, or what is replaced is something else.
        let stands = |at: usize| {
            let after = text[at + path.len()..].chars().next().unwrap_or(' ');
            let before = text[..at].chars().next_back().unwrap_or(' ');
            !after.is_ascii_alphanumeric()
                && !matches!(after, '-' | '_')
                && !before.is_ascii_alphanumeric()
                && before != '/'
        };
        if !text.match_indices(path.as_str()).all(|(at, _)| stands(at)) {
            continue;
        }
        let image = container["image"].clone();
        *container = serde_json::from_str(&text.replace(path.as_str(), new)).unwrap();
        if !image.is_null() {
            container["image"] = image;
        }
        any = Some(());
    }
    any
}
