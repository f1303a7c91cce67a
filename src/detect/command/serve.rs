//! Files of the node that are offered to whoever asks.

use super::words::{has, operands, option};
use crate::detect::code::{Language, language};
use crate::detect::host::Class;
use crate::detect::runs::Run;
use crate::normalize::Invocation;

/// The first invocation that serves a directory of the node which holds keys, settings or programs.
pub(super) fn serves_node(run: &Run<'_>) -> Option<usize> {
    let tells = |path: &str| {
        let class = run.host.on_host(path).map(|host| Class::of_path(&host, "", true));
        matches!(class, Some(Class::Root | Class::Credential | Class::ExecSurface))
    };
    let served = |(at, call): &(usize, &Invocation)| {
        let folder = folder(call)?;
        tells(&run.at(*at, folder)).then_some(*at)
    };
    run.invocations().find_map(|call| served(&call))
}

/// The directory that a web server is told to serve; `.` where it is the working directory.
fn folder(invocation: &Invocation) -> Option<&str> {
    let program = invocation.program.as_str();
    let last = || operands(invocation).next_back().unwrap_or(".");
    match program {
        "httpd" => Some(option(invocation, &["-h"]).unwrap_or(".")),
        "darkhttpd" | "http-server" | "serve" | "miniserve" | "dufs" | "sfz" => {
            Some(operands(invocation).next().unwrap_or("."))
        }
        "webfsd" => Some(option(invocation, &["-r"]).unwrap_or(".")),
        "caddy" => {
            has(invocation, &["file-server"]).then(|| option(invocation, &["--root", "-r"]).unwrap_or("."))
        }
        "rclone" => has(invocation, &["serve"]).then(last),
        "php" => has(invocation, &["-S"]).then(|| option(invocation, &["-t"]).unwrap_or(".")),
        "ruby" => has(invocation, &["-run"]).then(last),
        _ => {
            let module = has(invocation, &["http.server", "SimpleHTTPServer", "pyftpdlib"]);
            let python = language(program) == Some(Language::Python);
            (python && module).then(|| option(invocation, &["-d", "--directory"]).unwrap_or("."))
        }
    }
}
