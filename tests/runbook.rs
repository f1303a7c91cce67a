//! The commands on the pages of the rules, run as they stand by a shell and the real kubectl: each of them works for a
//! Job, for a CronJob and where both have the name, and each field that a page asks for is one that can be there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::collections::BTreeSet;

use jobrisk::detect::Rule;
use jobrisk::detect::catalog::guide::{RAN, REPORT, STOP, Step};
use jobrisk::detect::catalog::rules;
use support::{ControlPlane, Jobrisk, Output, wait_for_report};

const NAMESPACE: &str = "runbook";
/// A Job and a CronJob of this name exist, with all fields that a page asks for between them.
const BOTH: &str = "both";
const ONLY_JOB: &str = "only-job";
const ONLY_CRON_JOB: &str = "only-cronjob";

const SECURITY: &str = "{privileged: true, runAsUser: 0, procMount: Default, capabilities: {add: [SYS_PTRACE]}, \
                        windowsOptions: {runAsUserName: ContainerUser}}";

/// The fields of pods that exclude each other are spread over the two.
fn objects() -> String {
    let probe = "{exec: {command: [sh, -c, 'true']}}";
    let container = |more: &str| {
        format!(
            "{{name: main, image: 'registry.example.test/tool:1', workingDir: /srv, tty: true, stdin: true, \
             terminationMessagePath: /dev/termination-log, ports: [{{containerPort: 80}}], livenessProbe: {probe}, \
             securityContext: {SECURITY}, \
             env: [{{name: LD_PRELOAD, value: /a.so}}, \
                   {{name: K, valueFrom: {{secretKeyRef: {{name: s, key: k}}}}}}], \
             envFrom: [{{configMapRef: {{name: c}}}}], volumeMounts: [{{name: v, mountPath: /v}}]{more}}}"
        )
    };
    let first = format!(
        "{{hostPID: true, hostIPC: true, hostNetwork: true, hostUsers: true, restartPolicy: Never, nodeName: node-1, \
          serviceAccountName: default, automountServiceAccountToken: true, \
          priorityClassName: system-cluster-critical, \
          tolerations: [{{operator: Exists}}], nodeSelector: {{a: b}}, dnsPolicy: None, \
          dnsConfig: {{nameservers: [192.0.2.1]}}, hostAliases: [{{ip: 192.0.2.1, hostnames: [a.test]}}], \
          volumes: [{{name: v, hostPath: {{path: /etc}}}}, \
                    {{name: f, flexVolume: {{driver: example.test/d}}}}, \
                    {{name: t, projected: {{sources: [{{serviceAccountToken: {{path: t}}}}]}}}}, \
                    {{name: p, persistentVolumeClaim: {{claimName: p}}}}], \
          containers: [{}]}}",
        container(", volumeDevices: [{name: p, devicePath: /dev/x}]")
    );
    let second = format!(
        "{{shareProcessNamespace: true, restartPolicy: Never, \
          securityContext: {{sysctls: [{{name: kernel.shm_rmid_forced, value: '1'}}]}}, \
          volumes: [{{name: v, gitRepo: {{repository: 'https://git.example.test/r'}}}}], containers: [{}]}}",
        container("")
    );
    let job = |name: &str, pod: &str| {
        format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, namespace: {NAMESPACE}, \
              labels: {{a: b}}, annotations: {{a: b}}, finalizers: [example.test/keep]}}, \
              spec: {{parallelism: 1, backoffLimit: 1, ttlSecondsAfterFinished: 100, suspend: false, \
              template: {{spec: {pod}}}}}}}"
        )
    };
    let cron_job = |name: &str, pod: &str| {
        format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: {name}, namespace: {NAMESPACE}}}, \
              spec: {{schedule: '0 0 1 1 *', jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}}}"
        )
    };
    [
        format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}"),
        job(BOTH, &first),
        cron_job(BOTH, &second),
        job(ONLY_JOB, &second),
        cron_job(ONLY_CRON_JOB, &first),
    ]
    .join("\n---\n")
}

/// The cluster with the objects and their reports.
fn cluster() -> &'static ControlPlane {
    let plane = ControlPlane::shared();
    Jobrisk::shared();
    plane.kubectl_ok_stdin(&["apply", "-f", "-"], &objects());
    for report in ["job-both", "cronjob-both", "job-only-job", "cronjob-only-cronjob"] {
        wait_for_report(plane, NAMESPACE, report, |_| true);
    }
    plane
}

/// Runs a command of a page as somebody would who put the names in.
fn run(plane: &ControlPlane, command: &str, name: &str) -> Output {
    let line = command.replace("NAMESPACE", NAMESPACE).replace("NAME", name);
    plane.shell(&line)
}

/// Steps of all rules that want the same command, once.
fn steps() -> Vec<(&'static Rule, Step)> {
    let mut seen = BTreeSet::new();
    let all = rules().flat_map(|rule| rule.confirm.iter().map(move |step| (rule, *step)));
    all.filter(|(_, step)| seen.insert(step.command())).collect()
}

/// What this cluster cannot have: nothing runs in it, so there are no logs and no measurements.
fn cannot_be_here(output: &Output) -> bool {
    [
        "Metrics API not available",
        "is waiting to start",
        // The node that a pod is bound to, in kubectl's words.
        "pods \"node-1\" not found",
    ]
    .iter()
    .any(|known| output.stderr.contains(known))
}

#[test]
fn every_command_of_every_page_works() {
    let plane = cluster();
    for (rule, step) in steps() {
        let command = step.command();
        let by_name = command.contains("NAME ") || command.ends_with("NAME");
        let names: &[&str] = match (step, by_name) {
            // The page says to put in a Job's name; and waiting for a pod that never runs is only done once.
            (Step::Logs(_), _) | (_, false) => &[BOTH],
            (_, true) => &[BOTH, ONLY_JOB, ONLY_CRON_JOB],
        };
        for name in names {
            let output = run(plane, &command, name);
            // grep ends with 1 where it finds nothing, which is an answer.
            let answered = output.success() || (matches!(step, Step::Search(..)) && output.stderr.is_empty());
            assert!(answered || cannot_be_here(&output), "{} for {name}: {command}\n{output:?}", rule.id);
            if *name == BOTH && matches!(step, Step::Fields(..) | Step::Search(..) | Step::Changes(_)) {
                assert!(!output.stdout.trim().is_empty(), "{}: finds no such field: {command}", rule.id);
            }
        }
    }
    for action in [REPORT].iter().chain(&RAN) {
        for name in [BOTH, ONLY_JOB, ONLY_CRON_JOB] {
            let output = run(plane, action.command, name);
            assert!(output.success() && !output.stdout.is_empty(), "{}\n{output:?}", action.command);
        }
    }
    stop(plane);
}

/// The steps against an attack do what they say.
fn stop(plane: &ControlPlane) {
    for action in &STOP {
        let output = run(plane, action.command, BOTH);
        assert!(output.success(), "{}\n{output:?}", action.command);
    }
    let evidence = std::fs::read_to_string(plane.dir().join("evidence.yaml")).unwrap();
    for expected in ["kind: CronJob", "kind: Job\n", "kind: JobRiskReport", "managedFields"] {
        assert!(evidence.contains(expected), "{expected}");
    }
    for kind in ["job", "cronjob"] {
        let path = "jsonpath={.spec.suspend}";
        let suspended = plane.kubectl_ok(&["-n", NAMESPACE, "get", kind, BOTH, "-o", path]);
        assert_eq!(suspended, "true", "{kind}");
    }
}
