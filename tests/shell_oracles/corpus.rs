//! Shell scripts in the Jobs and CronJobs of a folder of manifests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jobrisk::manifest::{Item, read};
use jobrisk::normalize::{Limits, argv, exec, executed_with};
use jobrisk::workload::Workload;

/// Each script once, with the file that has it.
pub fn scripts(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        read(&fs::read(file).unwrap(), &mut |item| {
            let Item::Workload(manifest) = item else { return };
            let workload = Workload::from_object(manifest.kind, &manifest.object);
            for container in &workload.containers {
                for exec in &container.executes {
                    let raw: Vec<String> = exec.argv.iter().map(|argument| argument.text.clone()).collect();
                    let argv: Vec<String> = argv::expand(&raw, &container.env)
                        .into_iter()
                        .map(|argument| argument.text)
                        .collect();
                    for script in of_argv(&argv) {
                        if known.insert(script.clone()) {
                            all.push((name.clone(), script));
                        }
                    }
                }
            }
        });
    }
    all
}

/// The scripts that an argument vector hands to shells.
fn of_argv(argv: &[String]) -> Vec<String> {
    let execution = executed_with(argv, &[], &Limits::default());
    let shells = execution.commands.into_iter().filter(|invocation| exec::is_shell(&invocation.program));
    shells.flat_map(|invocation| invocation.scripts).collect()
}
