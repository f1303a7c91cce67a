//! Sensitive values in a spelling that hides them.

use super::super::catalog::Sample;
use super::super::facts::{Facts, MountAt};
use super::super::findings::Collector;
use super::super::host::{Class, security};
use crate::normalize::path::{canonical, join};
use crate::workload::HostPathVolume;

pub(super) static SAMPLES: &[Sample] = &[
    Sample::Hit(12, "volumes: [{name: v, hostPath: {path: /proc/1/root}}]"),
    Sample::Hit(12, "volumes: [{name: v, hostPath: {path: //etc/./kubernetes}}]"),
    Sample::Hit(12, "volumes: [{name: v, hostPath: {path: /proc/1/cwd}}]"),
    Sample::Hit(
        12,
        "volumes: [{name: v, hostPath: {path: /var}}]\ncontainers: [{name: a, volumeMounts: [{name: v, subPath: run/docker.sock, mountPath: /s}]}]",
    ),
    Sample::Hit(
        12,
        "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, env: [{name: D, value: etc}], volumeMounts: [{name: v, subPathExpr: $(D), mountPath: /s}]}]",
    ),
    Sample::Hit(12, "containers: [{name: a, securityContext: {capabilities: {add: [sys_admin]}}}]"),
    Sample::Miss(
        "volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}, {name: w, hostPath: {path: /etc/}}]",
    ),
    Sample::Miss("volumes: [{name: v, hostPath: {path: /srv//data}}]"),
    Sample::Miss(
        "containers: [{name: a, securityContext: {capabilities: {add: [CAP_SYS_ADMIN, net_bind_service]}}}]",
    ),
    Sample::Miss(
        "volumes: [{name: v, hostPath: {path: /var/log}}]\ncontainers: [{name: a, volumeMounts: [{name: v, subPath: pods, mountPath: /l}]}]",
    ),
];

pub(super) fn check(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for volume in &facts.workload.host_paths {
        let path = canonical(&volume.host_path);
        let class = Class::of_path(&path, &volume.kind, true);
        let leads_elsewhere = class == Class::Root && path != "/";
        if class != Class::Other && (leads_elsewhere || plain(&volume.host_path) != path) {
            found.hit(None, &volume.path, &volume.host_path);
        }
    }
    let volumes = facts.workload.host_paths_by_name();
    for MountAt { container, mount, sub_path } in &facts.mounts {
        if sub_path.is_empty() {
            continue;
        }
        let hides = |volume: &&HostPathVolume| {
            let class = Class::of_path(&join(&volume.host_path, sub_path), &volume.kind, true);
            let is_socket = matches!(class, Class::RuntimeSocket | Class::ControlSocket);
            let hides_in_env = *sub_path != mount.sub_path && class != Class::Other;
            is_socket || hides_in_env
        };
        if volumes.get(mount.volume.as_str()).into_iter().flatten().any(hides) {
            let field = if mount.sub_path_expands { "subPathExpr" } else { "subPath" };
            found.hit(Some(&container.name), &format!("{}.{field}", mount.path), &mount.sub_path);
        }
    }
    security::disguised_capabilities(facts, found);
}

/// The path as an honest author writes it: with a `/` at the end or not, and `/var/run` for `/run`.
fn plain(path: &str) -> String {
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path.to_owned(),
    }
}
