//! The commands of the runbooks, run as they stand by a shell and the real kubectl.

use std::fs;
use std::path::Path;

use crate::metrics::served;
use crate::support::ControlPlane;

/// The commands with kubectl in a page's blocks of code.
fn commands(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with("kubectl "))
}

/// What this cluster cannot answer: nothing runs in it, so there are no logs; and `jobrisk` is in no folder of commands.
fn cannot_be_here(command: &str) -> bool {
    command.starts_with("kubectl logs ") || command.contains("| jobrisk ")
}

#[test]
fn every_command_of_the_runbooks_works() {
    // It leaves reports of workloads that are gone.
    served();
    let plane = ControlPlane::shared();
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks")).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        for command in commands(&page).filter(|command| !cannot_be_here(command)) {
            count += 1;
            let output =
                plane.shell(&command.replace("NAMESPACE", "metrics").replace("NAME", "cronjob-shell"));
            // grep ends with 1 where it finds nothing, which is an answer.
            let answered = output.success() || (command.contains("| grep ") && output.stderr.is_empty());
            assert!(answered, "{}: {command}\n{output:?}", path.display());
        }
    }
    assert!(count > 10, "only {count} commands were found");
    let unreadable = include_str!("../../docs/runbooks/JobRiskUnreadableWorkloads.md");
    let output = plane.shell(commands(unreadable).next().unwrap());
    assert!(output.stdout.lines().any(|line| line == "metrics job-too-long"), "{output:?}");
    let tampered = include_str!("../../docs/runbooks/JobRiskReportsTampered.md");
    let output = plane.shell(commands(tampered).nth(1).unwrap());
    let roles = ["cluster-admin ", "jobrisk-controller "];
    assert!(roles.iter().all(|role| output.stdout.lines().any(|line| line.starts_with(role))), "{output:?}");
}
