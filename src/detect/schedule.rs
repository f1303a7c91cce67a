//! When and how often it runs, and how many of it.

use super::catalog::{RULE, Rule, Sample};
use super::cron;
use super::findings::Findings;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;

const SCHEDULE: Rule = Rule { family: Family::Schedule, ..RULE };

/// Pods at a time from which a Job without a deadline is a mass of them.
const MANY_PODS: i64 = 50;
/// Retries from which a Job in effect never gives up. k3s uses 1000 for its Helm Jobs.
const MANY_RETRIES: i64 = 10_000;
/// The points from which a finding is a payload worth hiding behind `suspend`.
const PAYLOAD: i32 = 30;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "scale-mass-parallelism",
        title: "Mass parallelism without a deadline",
        message: "runs many pods at a time, without a deadline",
        meaning: "As many pods as the cluster can take, for as long as they like: so mining and attacks on others \
                  are spread over all nodes.",
        false_positives: "Rendering, training and other batch work, which mostly sets a deadline.",
        confirm: &[
            Step::Fields("..parallelism", "How many pods at a time."),
            Step::Run(
                "kubectl -n NAMESPACE get resourcequotas,limitranges",
                "Whether anything limits the namespace.",
            ),
            Step::Object("What each of them runs."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Set parallelism to 0 at once: the pods end, the object stays. Then see what they ran: \
                     mining, or a flood against somebody.",
            benign: "Set activeDeadlineSeconds, limits for CPU and memory, and a ResourceQuota for the \
                     namespace.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1496"],
        references: &[links::JOB, links::QUOTA],
        check: |facts, found| {
            let job = &facts.workload.job;
            if let Some(pods) = job.parallelism.filter(|pods| *pods >= MANY_PODS)
                && job.active_deadline.is_none()
            {
                found.hit(None, &format!("{}.parallelism", job.path), &format!("parallelism: {pods}"));
            }
        },
        samples: &[
            Sample::HitObject(8, "kind: Job\nspec: {parallelism: 50}"),
            Sample::HitObject(8, "kind: CronJob\nspec: {jobTemplate: {spec: {parallelism: 500}}}"),
            Sample::MissObject("kind: Job\nspec: {parallelism: 500, activeDeadlineSeconds: 3600}"),
            Sample::MissObject("kind: Job\nspec: {parallelism: 49}"),
        ],
        ..SCHEDULE
    },
    Rule {
        id: "scale-unbounded-retries",
        title: "Practically unlimited retries",
        message: "never gives up",
        meaning: "So many retries are no limit at all: whatever stops the pod, the Job brings it back, as a \
                  Deployment would.",
        false_positives: "A limit that was meant as “many”; a few hundred do as well.",
        confirm: &[
            Step::Fields("..backoffLimit", "How often it is tried again."),
            Step::Run(
                "kubectl -n NAMESPACE get jobs -o \
                 custom-columns=NAME:.metadata.name,FAILED:.status.failed,ACTIVE:.status.active,START:.status.startTime",
                "How often it has failed already, and since when.",
            ),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Ending its pods brings new ones: suspend the Job.",
            benign: "Leave backoffLimit at its default (6) or at some hundred, and set \
                     activeDeadlineSeconds. Something that must always run is a Deployment.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1496", "T1053.007"],
        references: &[links::JOB],
        check: |facts, found| {
            let job = &facts.workload.job;
            if let Some(retries) = job.backoff_limit.filter(|retries| *retries >= MANY_RETRIES) {
                found.hit(None, &format!("{}.backoffLimit", job.path), &format!("backoffLimit: {retries}"));
            }
        },
        samples: &[
            Sample::HitObject(6, "kind: Job\nspec: {backoffLimit: 2147483647}"),
            Sample::MissObject("kind: Job\nspec: {backoffLimit: 1000}"),
        ],
        ..SCHEDULE
    },
    Rule {
        id: "sched-high-frequency",
        title: "Very frequent schedule",
        message: "runs every few minutes",
        meaning: "A schedule of five minutes or less keeps something running for ever, and brings it back soon \
                  after it was stopped. Of little weight alone.",
        false_positives: "Health checks, queues, schedulers of web frameworks.",
        confirm: &[Step::Run(
            "kubectl -n NAMESPACE get cronjob NAME --ignore-not-found",
            "SCHEDULE, SUSPEND and LAST SCHEDULE.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Suspend it: ending single runs does not help, the next comes within minutes.",
            benign: "Usual for checks and queues. Set concurrencyPolicy: Forbid and \
                     startingDeadlineSeconds; what must always run is a Deployment.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1053.007"],
        references: &[links::CRONJOB],
        check: |facts, found| {
            if let Some(cron) = &facts.workload.cron
                && cron::Schedule::parse(&cron.schedule).is_some_and(|schedule| schedule.is_frequent())
            {
                found.hit(None, "spec.schedule", &cron.schedule);
            }
        },
        samples: &[
            Sample::HitObject(3, "kind: CronJob\nspec: {schedule: '*/5 * * * *'}"),
            Sample::HitObject(3, "kind: CronJob\nspec: {schedule: '@every 4m'}"),
            Sample::HitObject(3, "kind: CronJob\nspec: {schedule: '0-59/1 * * * SUN-SAT'}"),
            Sample::MissObject("kind: CronJob\nspec: {schedule: '*/10 * * * *'}"),
            Sample::MissObject("kind: CronJob\nspec: {schedule: '@hourly'}"),
            Sample::MissObject("kind: Job\nspec: {schedule: '* * * * *'}"),
        ],
        ..SCHEDULE
    },
    Rule {
        id: "sched-never-fires",
        title: "Schedule that never fires",
        message: "has a schedule that never comes",
        meaning: "There is no such date. The CronJob lies ready to be started by hand, with \
                  `kubectl create job --from`, by somebody who may do no more than that.",
        false_positives: "Templates for runs by hand, which are usually suspended as well; those count less.",
        confirm: &[
            Step::Run(
                "kubectl -n NAMESPACE get cronjob NAME --ignore-not-found",
                "SCHEDULE, and LAST SCHEDULE: none.",
            ),
            Step::Run(
                "kubectl -n NAMESPACE get jobs -o \
                 custom-columns=NAME:.metadata.name,OWNER:.metadata.ownerReferences[*].name,START:.status.startTime",
                "Jobs whose OWNER is this CronJob were started by hand.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "See what it would run, and who may create jobs in this namespace: they may start it. \
                     Delete it once the evidence is saved.",
            benign: "For a template of runs by hand set suspend: true and an ordinary schedule, which says \
                     the same and is understood by everybody.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1564"],
        references: &[links::CRONJOB],
        check: |facts, found| {
            if let Some(cron) = &facts.workload.cron
                && cron::Schedule::parse(&cron.schedule).is_some_and(|schedule| schedule.never_fires())
            {
                let (severity, points) = if cron.suspend { (Severity::None, 2) } else { (Severity::Low, 8) };
                found.hit_as(severity, points, None, "spec.schedule", &cron.schedule);
            }
        },
        samples: &[
            Sample::HitObject(8, "kind: CronJob\nspec: {schedule: '0 0 31 2 *'}"),
            Sample::HitObject(2, "kind: CronJob\nspec: {schedule: '0 0 30 FEB ?', suspend: true}"),
            Sample::MissObject("kind: CronJob\nspec: {schedule: '0 0 29 2 *'}"),
            Sample::MissObject("kind: CronJob\nspec: {schedule: '0 0 31 2 1'}"),
            Sample::MissObject("kind: CronJob\nspec: {schedule: 'no schedule'}"),
        ],
        ..SCHEDULE
    },
    // Stands after the rules that it looks at: see the order of the catalogue.
    Rule {
        id: "sched-suspended-payload",
        title: "Suspended payload",
        message: "is suspended, with something in it that matters when it runs",
        meaning: "Nothing runs until somebody sets `suspend` to false, which is a small change that few look at. \
                  Being suspended never lowers a score.",
        false_positives: "Jobs that were paused for maintenance.",
        confirm: &[
            Step::Fields("..suspend", "true, on the CronJob or the Job."),
            Step::Changes("The last change: when it was suspended or created so."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "It is stopped already: leave it so, save it, and judge it by its other findings. See \
                     whether it has run before.",
            benign: "Remove a CronJob that is not used any more; the repository remembers it.",
        },
        severity: Severity::None,
        points: 2,
        techniques: &["T1053.007"],
        references: &[links::CRONJOB],
        check: |facts, found| {
            let workload = facts.workload;
            let cron = workload.cron.as_ref().is_some_and(|cron| cron.suspend);
            let hits = |found: &Findings| {
                found.by_rule().flat_map(|(_, hits)| hits).any(|hit| hit.points >= PAYLOAD)
            };
            if (cron || workload.job.suspend) && hits(found.so_far()) {
                let path = if cron { "spec" } else { workload.job.path.as_str() };
                found.hit(None, &format!("{path}.suspend"), "suspend: true");
            }
        },
        samples: &[
            Sample::HitObject(
                2,
                "kind: CronJob\nspec: {suspend: true, jobTemplate: {spec: {template: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}}}",
            ),
            Sample::HitObject(
                2,
                "kind: Job\nspec: {suspend: true, template: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}",
            ),
            Sample::MissObject("kind: CronJob\nspec: {suspend: true}"),
            Sample::MissObject(
                "kind: Job\nspec: {suspend: false, template: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}",
            ),
        ],
        ..SCHEDULE
    },
];
