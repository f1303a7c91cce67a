//! Whose Job it is: an ownerReference is a claim of the Job's author until somebody has looked.

use super::EVIDENCE;
use crate::detect::catalog::{Exposure, Remedy, Rule, Sample, Step, links};
use crate::severity::Severity;

pub(in crate::detect) static RULES: &[Rule] = &[Rule {
    id: "evd-forged-owner",
    title: "Forged owner",
    message: "says that a CronJob made it, and that CronJob did not",
    meaning: "The ownerReference names a CronJob as the Job's controller. There is no CronJob with that name and uid, \
              or the Job runs what its CronJob does not, or the API server vouches that it was created by somebody \
              else (attribution.verified in the report). Tools that look at CronJobs only, or skip Jobs that have an \
              owner, do not see it. jobrisk looks the CronJob up; the claim alone is never believed.",
    false_positives: "A Job that was made by hand from a CronJob (kubectl create job --from) and edited before it was \
                      created; a Job restored from a backup with its old ownerReference.",
    confirm: &[
        Step::Run(
            "kubectl -n NAMESPACE get job NAME --ignore-not-found -o \
             jsonpath='{range .metadata.ownerReferences[*]}{.kind}{\" \"}{.name}{\" \"}{.uid}{\"\\n\"}{end}'",
            "The CronJob and the uid that the Job claims.",
        ),
        Step::Run(
            "kubectl -n NAMESPACE get cronjobs -o custom-columns=NAME:.metadata.name,UID:.metadata.uid",
            "Whether one of that name and uid exists. If it does, compare its template with the Job's.",
        ),
        Step::Run(
            "kubectl -n NAMESPACE get jobriskreport job-NAME --ignore-not-found -o jsonpath='{.status.attribution}'",
            "Where it is verified: who made it. Runs are made by \
             system:serviceaccount:kube-system:cronjob-controller.",
        ),
        Step::Run(
            "kubectl -n NAMESPACE get job NAME --ignore-not-found --show-managed-fields -o \
             jsonpath='{range .metadata.managedFields[*]}{.manager}{\" \"}{.time}{\"\\n\"}{end}'",
            "Jobs of a CronJob are written by kube-controller-manager; a client can choose that name, but \
             seldom does.",
        ),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Token],
        attack: "Somebody who may create Jobs here wanted this one to pass as a run of a CronJob. Judge it by what \
                 it runs, and look for others with the same claim.",
        benign: "Leave ownerReferences out of what you create by hand and of what you restore from a backup.",
    },
    severity: Severity::Medium,
    points: 25,
    techniques: &["T1036.005"],
    references: &[links::OWNERS],
    check: |facts, found| {
        if let Some(owner) = &facts.workload.owner
            && owner.disproved
        {
            found.hit(None, "metadata.ownerReferences", &format!("CronJob {}", owner.name));
        }
    },
    samples: &[
        Sample::HitDisproved(
            25,
            "kind: Job\nmetadata: {ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: backup, uid: '1', controller: true}]}",
        ),
        // A claim that nobody has looked into.
        Sample::MissObject(
            "kind: Job\nmetadata: {ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: backup, uid: '1', controller: true}]}",
        ),
    ],
    ..EVIDENCE
}];
