//! Windows: credentials of those who are logged in.

use super::words::words;
use crate::detect::code;
use crate::normalize::Invocation;

/// Whether an invocation dumps the memory of the logon process or the stored password hashes of a Windows node.
pub(super) fn dumps_credentials(invocation: &Invocation) -> bool {
    let has = |text: &str, all: &[&str]| all.iter().all(|part| text.contains(part));
    let dumps = |text: &str| {
        let text = text.to_ascii_lowercase();
        has(&text, &["comsvcs", "minidump"])
            || has(&text, &["procdump", "lsass"])
            || has(&text, &["reg", "save", "hklm\\sam"])
            || ["sekurlsa::", "lsadump::", "invoke-mimikatz", "out-minidump"]
                .iter()
                .any(|name| text.contains(name))
    };
    let windows = ["powershell", "pwsh", "cmd", "rundll32", "procdump", "procdump64", "reg", "mimikatz"];
    let program = invocation.program.to_ascii_lowercase();
    if !windows.contains(&program.as_str()) {
        return false;
    }
    let line: Vec<&str> = words(invocation).take(64).collect();
    dumps(&format!("{program} {}", line.join(" "))) || code::text(invocation).is_some_and(dumps)
}
