//! Commands that do nothing hide none of the others.

use serde_json::Value;

use super::choices::{Choices, of_each_sample};
use super::samples::pod;
use super::verdict::Verdict;

/// What may stand in front of a script.
const BEFORE: [&str; 8] =
    [":;", ": ; ", "true\n", "set -e\n", "# nothing\n", "cd .; ", "test -z \"\"; ", "\n\n"];
/// What may stand behind it, in a line of its own: the last one may be a comment or a here-document.
const AFTER: [&str; 4] = ["\n:", "\ntrue\n", "\n# nothing", "\nexit 0\n"];

const SHELLS: [&str; 10] =
    ["sh", "bash", "ash", "dash", "zsh", "/bin/sh", "/bin/bash", "/bin/ash", "/usr/bin/bash", "/bin/dash"];

/// Puts something around the scripts of `SHELL -c SCRIPT`, as far as the vector says it plainly.
fn padded(object: &Value, choices: &mut Choices<'_>) -> Option<Value> {
    let mut object = object.clone();
    let mut any = false;
    for list in ["initContainers", "containers"] {
        let Some(list) = pod(&mut object)?.get_mut(list).and_then(Value::as_array_mut) else { continue };
        for container in list {
            let Some(words) = container.get_mut("command").and_then(Value::as_array_mut) else { continue };
            let [shell, options, script, ..] = &mut words[..] else { continue };
            let is_script = shell.as_str().is_some_and(|shell| SHELLS.contains(&shell)) && options == "-c";
            if let Some(text) = script.as_str().filter(|text| is_script && !text.starts_with('-')) {
                let text = format!("{}{text}{}", choices.of(&BEFORE), choices.of(&AFTER));
                *script = text.into();
                any = true;
            }
        }
    }
    any.then_some(object)
}

#[test]
fn commands_that_do_nothing_hide_nothing() {
    let judged = of_each_sample(|sample, choices| {
        let Some(other) = padded(&sample.object, choices) else { return Ok(false) };
        sample.verdict().must_not_exceed(&Verdict::of(&other), &other)?;
        Ok(true)
    });
    assert!(judged > 300, "{judged}");
}
