//! Containers that are started or entered on the node, past the API server.

use super::escape::{FULL, REDUCED};
use super::words::{has, operands, option, short, subcommand, words};
use super::{Weight, shells};
use crate::detect::code;
use crate::detect::host::Class;
use crate::detect::runs::Run;
use crate::normalize::Invocation;
use crate::normalize::path::canonical;

/// What an invocation weighs that speaks to a container runtime.
pub(super) fn weigh(run: &Run<'_>, invocation: &Invocation) -> Option<Weight> {
    match invocation.program.as_str() {
        "docker" | "podman" | "nerdctl" | "ctr" | "crictl" | "runc" | "crun" => by_client(run, invocation),
        "curl" | "wget" | "http" => {
            let socket = option(invocation, &["--unix-socket", "--abstract-unix-socket"])?;
            let runtimes = socket.contains("sock") || run.host.is_runtime_socket(socket);
            (runtimes && words(invocation).any(asks_to_run)).then_some(FULL)
        }
        program if program == "socat" || shells::is_netcat(program) => {
            // Whoever speaks to it by hand, or makes it a port, does not look at a list of images.
            let socket = |word: &str| {
                let path = word.split_once(':').map_or(word, |(_, path)| path);
                path.starts_with('/') && run.host.is_runtime_socket(path.split(',').next().unwrap_or(path))
            };
            words(invocation).any(socket).then_some(FULL)
        }
        _ => {
            let code = code::text(invocation).filter(|_| run.host.reaches_runtime())?;
            speaks_to_runtime(code).then_some(FULL)
        }
    }
}

/// Whether a request of the Docker or Podman API starts, enters or makes a container or an image. Lists, logs and
/// removal are what monitoring and clean-up do.
fn asks_to_run(url: &str) -> bool {
    let made = ["/containers/create", "/images/create", "/build", "/commit", "/plugins/", "/exec/"];
    let path = url.split('?').next().unwrap_or(url);
    let on_container = path.contains("/containers/")
        && ["/start", "/exec", "/attach", "/archive", "/update", "/restart"]
            .iter()
            .any(|end| path.ends_with(end));
    on_container || made.iter().any(|part| path.contains(part))
}

/// Whether code uses a client of a runtime to run something.
fn speaks_to_runtime(code: &str) -> bool {
    let clients = [
        "docker",
        "podman",
        "containerd",
        "AF_UNIX",
        "UNIXSocket",
        "UnixSocket",
        "http+unix",
        "socketPath",
        ".sock",
    ];
    let runs = [
        "containers.run(",
        "containers.create(",
        "create_container",
        "createContainer",
        "exec_run(",
        "exec_create(",
        "containers/create",
        "create_exec",
        ".run(",
        "/exec",
    ];
    code::any(code, &clients) && code::any(code, &runs)
}

fn by_client(run: &Run<'_>, invocation: &Invocation) -> Option<Weight> {
    let enters = subcommand(invocation, &["exec", "attach"]);
    let starts = subcommand(invocation, &["run", "create", "runp", "tasks", "task", "start"]);
    // The runtimes of a node have no other use; docker and podman may be those of a sidecar.
    if matches!(invocation.program.as_str(), "crictl" | "ctr") {
        return (enters || starts).then_some(FULL);
    }
    let on_node = run.host.reaches_runtime();
    let dangerous = |source: &str| match Class::of_path(&canonical(source), "", true) {
        Class::Root => true,
        Class::Other | Class::Log => false,
        _ => on_node,
    };
    let sources = sources(invocation);
    if starts && (shares(invocation) || sources.into_iter().any(dangerous))
        || enters && on_node && !short(invocation, 'h')
    {
        return Some(FULL);
    }
    (starts && on_node).then_some(REDUCED)
}

/// The paths of the node that the new container gets.
fn sources(invocation: &Invocation) -> Vec<&str> {
    let mut found = Vec::new();
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        let value = match word {
            "-v" | "--volume" | "--mount" | "--opt" | "-o" | "--device" => all.next(),
            _ => ["--volume=", "--mount=", "--opt=", "--device=", "-v"]
                .iter()
                .find_map(|flag| word.strip_prefix(flag)),
        };
        let Some(value) = value else { continue };
        let named = value
            .split(',')
            .find_map(|part| ["source=", "src=", "device="].iter().find_map(|key| part.strip_prefix(key)));
        let letter = value.starts_with(|letter: char| letter.is_ascii_alphabetic());
        let drive = letter && value.get(1..3).is_some_and(|start| matches!(start, ":\\" | ":/"));
        let end = if drive {
            value.get(3..).and_then(|rest| rest.find(':')).map(|at| at + 3)
        } else {
            value.find(':')
        };
        let attached =
            value.get(..end.unwrap_or(value.len())).filter(|source| source.starts_with('/') || drive);
        found.extend(named.or(attached));
    }
    found
}

/// Options that give a container more of the node than its files.
fn shares(invocation: &Invocation) -> bool {
    let namespaces =
        ["--pid", "--userns", "--ipc"].iter().any(|name| option(invocation, &[name]) == Some("host"));
    let capability = option(invocation, &["--cap-add"]).is_some_and(|capability| {
        let name = capability.trim_start_matches("CAP_");
        matches!(name, "ALL" | "SYS_ADMIN" | "SYS_MODULE" | "SYS_PTRACE" | "SYS_RAWIO" | "DAC_READ_SEARCH")
    });
    namespaces
        || capability
        || has(invocation, &["--privileged", "--privileged=true"])
        || operands(invocation).any(|word| word == "host")
}
