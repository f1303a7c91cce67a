//! The demo: a real control plane on this machine, the controller with the permissions that are shipped, nine
//! samples, and what `kubectl` shows of them. Run it by `make demo`.
//!
//! Everything it starts and writes is gone when it ends, however it ends. It talks to no cluster but its own.
//! With `DEMO_ONCE` set (to anything but 0) it ends by itself.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a demo is there to be read")]

#[path = "demo/controller.rs"]
mod controller;
#[path = "demo/interrupt.rs"]
mod interrupt;
#[path = "demo/support.rs"]
mod support;

use std::any::Any;
use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use controller::Controller;
use interrupt::{Interrupt, Stop};
use support::ControlPlane;

const SAMPLES: &str = "tests/samples";
/// Longer than any of these takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);
/// Two slow cores and an empty module cache need ten minutes.
const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);
/// What the line of the finding log has in it that is shown.
const LOGGED: &str = "\"resource_name\":\"reverse-shell\"";
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    // The harness panics when it is broken. Its message is shown below, without the place.
    std::panic::set_hook(Box::new(|_| {}));
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => return failed(&format!("cannot handle signals: {error}")),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| demo(&interrupt)));
    let stop = match outcome {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(stop)) => stop,
        Err(panic) => Stop::Failed(panic_message(panic.as_ref())),
    };
    match stop {
        // A Ctrl-C at a terminal goes to kubectl too, which then fails: that is not what went wrong.
        Stop::Failed(message) if interrupt.check().is_ok() => failed(&message),
        Stop::Interrupted | Stop::Failed(_) => {
            eprintln!("\ndemo: interrupted; everything it started is stopped and removed");
            ExitCode::from(INTERRUPTED)
        }
    }
}

fn failed(message: &str) -> ExitCode {
    eprintln!("\ndemo: {message}");
    ExitCode::FAILURE
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it failed without a word").to_owned()
}

fn demo(interrupt: &Interrupt) -> Result<(), Stop> {
    // The paths below are written as one types them at the top of the repository.
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR"))?;
    let program = Controller::program()?;

    let programs = build_control_plane(interrupt)?;
    let plane = start_control_plane(interrupt, &programs)?;
    let folder = plane.dir().to_owned();
    let show = Show { plane: &plane, interrupt };
    show.install()?;
    let mut controller = show.start_controller(&program)?;
    show.apply_samples(&mut controller)?;
    show.reports()?;
    show.one_report()?;
    show.events_and_log(&controller)?;
    let outcome = if once() { Ok(()) } else { show.stay(&mut controller, &programs) };

    heading("Stop");
    drop(controller);
    drop(plane);
    outcome?;
    if folder.exists() {
        return Err(Stop::Failed(format!("{} could not be removed", folder.display())));
    }
    say(&format!("The controller and the control plane have ended, and {} is gone.", folder.display()));
    Ok(())
}

fn once() -> bool {
    std::env::var_os("DEMO_ONCE").is_some_and(|value| !value.is_empty() && value != "0")
}

fn heading(text: &str) {
    println!("\n==> {text}");
}

fn say(text: &str) {
    for line in text.lines() {
        println!("    {line}");
    }
}

fn took(begin: Instant) -> String {
    format!("{:.1} s", begin.elapsed().as_secs_f64())
}

fn build_control_plane(interrupt: &Interrupt) -> Result<PathBuf, Stop> {
    heading("1. Start a Kubernetes control plane on this machine");
    say("What is missing is built first: minutes the first time, nothing after that.");
    let begin = Instant::now();
    let mut build = Command::new("scripts/controlplane/build")
        // So that all of it can be ended, the compilers too.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("scripts/controlplane/build does not start: {error}"))?;
    let ended = interrupt.wait(BUILD_LIMIT, || Ok(build.try_wait()?));
    if !matches!(ended, Ok(Some(_))) {
        let _ = Command::new("sh").args(["-c", &format!("kill -s TERM -- -{}", build.id())]).status();
    }
    let output = build.wait_with_output()?;
    match ended? {
        Some(status) if status.success() => {
            let programs = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
            say(&format!("The programs are in {} (after {}).", programs.display(), took(begin)));
            Ok(programs)
        }
        Some(status) => {
            Err(Stop::Failed(format!("scripts/controlplane/build failed ({status}); see what it says above")))
        }
        None => Err(Stop::Failed(format!("scripts/controlplane/build did not end within {BUILD_LIMIT:?}"))),
    }
}

fn start_control_plane(interrupt: &Interrupt, programs: &std::path::Path) -> Result<ControlPlane, Stop> {
    interrupt.check()?;
    let begin = Instant::now();
    let plane = ControlPlane::try_start(Some(programs))
        .map_err(|error| format!("the control plane does not start: {error}"))?;
    interrupt.check()?;
    say(&format!(
        "etcd, kube-apiserver and kube-controller-manager run at {}, started in {}.\n\
         There is no node, so Pods stay pending: nothing that is applied below ever runs.",
        plane.url(),
        took(begin)
    ));
    Ok(plane)
}

/// Shows commands and what they say, on the demo's own control plane only.
struct Show<'a> {
    plane: &'a ControlPlane,
    interrupt: &'a Interrupt,
}

impl Show<'_> {
    /// Runs kubectl the way a person types it; the arguments have no spaces in them.
    fn kubectl(&self, command: &str) -> Result<String, Stop> {
        self.interrupt.check()?;
        println!("\n$ kubectl {command}");
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = self.plane.kubectl(&arguments);
        print!("{}{}", output.stdout, output.stderr);
        if output.success() {
            Ok(output.stdout)
        } else {
            Err(Stop::Failed(format!("`kubectl {command}` failed ({}); it says why above", output.status)))
        }
    }

    /// What kubectl says, without showing it.
    fn ask(&self, command: &str) -> String {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        self.plane.kubectl(&arguments).stdout
    }

    fn install(&self) -> Result<(), Stop> {
        heading("2. Install jobrisk: definition, namespace, permissions, Deployment");
        self.kubectl("apply -k manifests/base")?;
        self.kubectl("wait --for=condition=Established crd/jobriskreports.jobrisk.io")?;
        let pod = self.interrupt.wait(LIMIT, || {
            Ok(Some(self.ask("get pods -n jobrisk-system -o name")).filter(|pods| !pods.is_empty()))
        })?;
        pod.ok_or_else(|| "the Deployment got no Pod".to_owned())?;
        self.kubectl("get pods -n jobrisk-system")?;
        println!();
        say(
            "The Pod is pending: there is no node. The controller runs as a process of this machine instead.",
        );
        Ok(())
    }

    fn start_controller(&self, program: &std::path::Path) -> Result<Controller, Stop> {
        heading("3. Start the controller, with the permissions that are shipped and no others");
        self.interrupt.check()?;
        let kubeconfig = self.plane.service_account_kubeconfig("jobrisk-system", "jobrisk");
        self.kubectl(&format!("--kubeconfig={} auth whoami", kubeconfig.display()))?;
        let begin = Instant::now();
        let mut controller = Controller::start(program, &kubeconfig, self.plane.dir())?;
        println!("\n$ jobrisk run --kubeconfig {} --listen {}", kubeconfig.display(), controller.address());
        controller.wait_ready(self.interrupt)?;
        say(&format!("Ready after {}: http://{}/readyz says ok.", took(begin), controller.address()));
        Ok(controller)
    }

    fn apply_samples(&self, controller: &mut Controller) -> Result<(), Stop> {
        heading("4. Apply Jobs and CronJobs: ordinary ones and attacks");
        let applied = self.kubectl(&format!("apply -f {SAMPLES}"))?;
        let begin = Instant::now();
        let expected: BTreeSet<String> = applied.lines().filter_map(workload).collect();
        if expected.is_empty() {
            return Err(Stop::Failed(format!("there are no samples in {SAMPLES}")));
        }
        let missing = || {
            let subject = "{range .items[*]}{.spec.subject.kind}/{.spec.subject.name}{\"\\n\"}{end}";
            let arguments = ["get", "jobriskreports", "-A", "-o", &format!("jsonpath={subject}")];
            let reported = self.plane.kubectl(&arguments).stdout.to_lowercase();
            let reported: BTreeSet<String> = reported.lines().map(str::to_owned).collect();
            expected.difference(&reported).cloned().collect::<Vec<_>>()
        };
        let all = self.interrupt.wait(LIMIT, || {
            controller.check()?;
            Ok(missing().is_empty().then_some(()))
        })?;
        println!();
        if all.is_none() {
            return Err(controller.failure(&format!("wrote no report on {}", missing().join(", "))));
        }
        say(&format!("All {} have a report, {} after kubectl came back.", expected.len(), took(begin)));
        Ok(())
    }

    fn reports(&self) -> Result<(), Stop> {
        heading("5. The reports");
        self.kubectl("get jobriskreports -A")?;
        println!();
        say("A CronJob whose time has come has a Job by now: it has a report of its own. Worst last:");
        self.kubectl("get jobriskreports -A --sort-by=.status.riskScore")?;
        self.kubectl("get jobriskreports -A --field-selector=status.severity=High -o wide").map(drop)
    }

    fn one_report(&self) -> Result<(), Stop> {
        heading("6. One report in full");
        self.kubectl("get jobriskreport cronjob-reverse-shell -o yaml").map(drop)
    }

    fn events_and_log(&self, controller: &Controller) -> Result<(), Stop> {
        heading("7. The Event on the workload, and the finding log");
        let events = "events --for cronjob/reverse-shell";
        let there =
            self.interrupt.wait(LIMIT, || Ok(self.ask(events).contains("RiskDetected").then_some(())))?;
        if there.is_none() {
            return Err(controller.failure("wrote no Event on cronjob/reverse-shell"));
        }
        self.kubectl(events)?;
        let line = self.interrupt.wait(LIMIT, || {
            let log = std::fs::read_to_string(controller.findings())?;
            Ok(log.lines().find(|line| line.contains(LOGGED)).map(str::to_owned))
        })?;
        let line = line.ok_or_else(|| controller.failure("logged no finding on cronjob/reverse-shell"))?;
        println!("\n$ grep '{LOGGED}' {}\n{line}", controller.findings().display());
        Ok(())
    }

    fn stay(&self, controller: &mut Controller, programs: &std::path::Path) -> Result<(), Stop> {
        heading("8. Your turn");
        say("Everything stays up until you press Ctrl-C here. In another terminal:");
        println!(
            "
export KUBECONFIG={kubeconfig}
export PATH={programs}:$PATH

kubectl get jobriskreports -A --watch
kubectl apply -f my-job.yaml                    # one of your own: nothing in it will run
kubectl edit cronjob reverse-shell              # take the nc out, and look at its Events
kubectl events --for cronjob/reverse-shell
kubectl delete cronjob miner                    # its report goes too, after some seconds
curl http://{address}/metrics
tail -f {findings}
tail -f {log}
",
            kubeconfig = self.plane.admin_kubeconfig().display(),
            programs = programs.display(),
            address = controller.address(),
            findings = controller.findings().display(),
            log = controller.log().display(),
        );
        loop {
            let waited = self.interrupt.wait(LIMIT, || controller.check().map(|()| None::<()>));
            match waited {
                Ok(_) => {}
                // The end that everybody is told to choose.
                Err(Stop::Interrupted) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
    }
}

/// `cronjob/miner` of kubectl's `cronjob.batch/miner created`.
fn workload(line: &str) -> Option<String> {
    let (kind, rest) = line.split_once(".batch/")?;
    Some(format!("{kind}/{}", rest.split_whitespace().next()?))
}
