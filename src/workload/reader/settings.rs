//! Reads the settings of Jobs, pods and containers into the view.

use super::super::decode::{self, Handler, JobTemplateSpec, Object, ObjectMeta, PodSpec, Spec, StringMap};
use super::super::lenient::{Field, List};
use super::super::settings::{
    ContainerSettings, CronSettings, JobSettings, Metadata, PodSettings, Security, Toleration, Volume,
    VolumeSource,
};
use super::super::{Kind, Workload};
use super::Reader;

/// Operators of node affinity that ask for a label, as opposed to its absence.
const ASKING_OPERATORS: [&str; 4] = ["In", "Exists", "Gt", "Lt"];

impl Reader {
    /// Everything around the containers: the Job's fields, labels and annotations, the pod's settings.
    pub(super) fn settings(&mut self, object: &Object, meta: &ObjectMeta, workload: &mut Workload) {
        let own = self.metadata(&meta.labels, &meta.annotations, "metadata");
        workload.metadata.push(own);
        workload.finalizers = self.texts(&meta.finalizers, "metadata.finalizers");
        let Some(spec) = object.spec.get() else { return };
        match workload.kind {
            Kind::Job => {
                workload.job = self.job(&JobFields::from(spec.as_ref()), "spec");
            }
            Kind::CronJob => {
                workload.cron = Some(self.cron(spec));
                let Some(template) = spec.job_template.get() else { return };
                let path = "spec.jobTemplate.metadata";
                if let Some(meta) = self.read(&template.metadata, path) {
                    let metadata = self.metadata(&meta.labels, &meta.annotations, path);
                    workload.metadata.push(metadata);
                }
                if let Some(spec) = template.spec.get() {
                    workload.job = self.job(&JobFields::from(spec.as_ref()), "spec.jobTemplate.spec");
                }
            }
        }
        let Some(template) = super::pod_template(workload.kind, object) else { return };
        let path = workload.kind.pod_spec_path();
        let path = format!("{}.metadata", path.strip_suffix(".spec").unwrap_or(path));
        if let Some(meta) = self.read(&template.metadata, &path) {
            let metadata = self.metadata(&meta.labels, &meta.annotations, &path);
            workload.metadata.push(metadata);
        }
        if let Some(pod) = template.spec.get() {
            workload.pod = self.pod_settings(pod, workload.kind.pod_spec_path());
            if let Some(deadline) = pod.active_deadline.get() {
                workload.job.active_deadline.get_or_insert(*deadline);
            }
        }
    }

    fn metadata(
        &mut self,
        labels: &Field<StringMap>,
        annotations: &Field<StringMap>,
        path: &str,
    ) -> Metadata {
        let labels = self.map(labels, &format!("{path}.labels"));
        let annotations = self.map(annotations, &format!("{path}.annotations"));
        Metadata { path: path.to_owned(), labels, annotations }
    }

    fn map(&mut self, map: &Field<StringMap>, path: &str) -> Vec<(String, String)> {
        let Some(map) = self.read(map, path) else { return Vec::new() };
        if map.unread > 0 {
            let read = map.entries.len();
            self.note(path, || format!("too long: only the first {read} entries were read"));
        }
        map.entries.clone()
    }

    fn texts(&mut self, list: &Field<List<String>>, path: &str) -> Vec<String> {
        let mut texts = Vec::new();
        self.each(list, path, |_, text, _| texts.push(text.clone()));
        texts
    }

    fn integer(&mut self, field: &Field<i64>, path: &str) -> Option<i64> {
        self.read(field, path).copied()
    }

    fn job(&mut self, fields: &JobFields<'_>, path: &str) -> JobSettings {
        JobSettings {
            suspend: self.flag(fields.suspend, &format!("{path}.suspend")),
            parallelism: self.integer(fields.parallelism, &format!("{path}.parallelism")),
            backoff_limit: self.integer(fields.backoff_limit, &format!("{path}.backoffLimit")),
            active_deadline: self.integer(fields.active_deadline, &format!("{path}.activeDeadlineSeconds")),
            ttl: self.integer(fields.ttl, &format!("{path}.ttlSecondsAfterFinished")),
            path: path.to_owned(),
        }
    }

    fn cron(&mut self, spec: &Spec) -> CronSettings {
        CronSettings {
            schedule: self.text(&spec.schedule, "spec.schedule"),
            suspend: self.flag(&spec.suspend, "spec.suspend"),
            successful_history: self.integer(&spec.successful_history, "spec.successfulJobsHistoryLimit"),
            failed_history: self.integer(&spec.failed_history, "spec.failedJobsHistoryLimit"),
        }
    }

    fn pod_settings(&mut self, pod: &PodSpec, path: &str) -> PodSettings {
        let at = |field: &str| format!("{path}.{field}");
        let mut settings = PodSettings {
            host_pid: self.flag(&pod.host_pid, &at("hostPID")),
            host_ipc: self.flag(&pod.host_ipc, &at("hostIPC")),
            own_users: self.read(&pod.host_users, &at("hostUsers")) == Some(&false),
            share_process_namespace: self.flag(&pod.share_process_namespace, &at("shareProcessNamespace")),
            security: self.security(&pod.security_context, path),
            service_account: self.text(&pod.service_account_name, &at("serviceAccountName")),
            no_token: self.read(&pod.automount_token, &at("automountServiceAccountToken")) == Some(&false),
            node_name: self.text(&pod.node_name, &at("nodeName")),
            priority_class: self.text(&pod.priority_class, &at("priorityClassName")),
            ..PodSettings::default()
        };
        self.read(&pod.active_deadline, &at("activeDeadlineSeconds"));
        let old_name = self.text(&pod.service_account, &at("serviceAccount"));
        if settings.service_account.is_empty() {
            settings.service_account = old_name;
        }
        if let Some(security) = pod.security_context.get() {
            self.each(&security.sysctls, &at("securityContext.sysctls"), |reader, sysctl, path| {
                let name = reader.text(&sysctl.name, &format!("{path}.name"));
                let value = reader.text(&sysctl.value, &format!("{path}.value"));
                settings.sysctls.push((name, value, path));
            });
        }
        self.placement(pod, path, &mut settings);
        if let Some(dns) = self.read(&pod.dns_config, &at("dnsConfig")) {
            self.each(&dns.nameservers, &at("dnsConfig.nameservers"), |_, server, path| {
                settings.nameservers.push((server.clone(), path));
            });
        }
        self.each(&pod.host_aliases, &at("hostAliases"), |reader, alias, path| {
            let ip = reader.text(&alias.ip, &format!("{path}.ip"));
            reader.each(&alias.hostnames, &format!("{path}.hostnames"), |_, name, path| {
                settings.host_aliases.push((name.clone(), ip.clone(), path));
            });
        });
        for (index, volume) in read_before(&pod.volumes) {
            self.volume(volume, &format!("{path}.volumes[{index}]"), &mut settings.volumes);
        }
        settings
    }

    fn placement(&mut self, pod: &PodSpec, path: &str, settings: &mut PodSettings) {
        let selector = format!("{path}.nodeSelector");
        for (key, _) in self.map(&pod.node_selector, &selector) {
            settings.node_labels.push((key, selector.clone()));
        }
        self.each(&pod.tolerations, &format!("{path}.tolerations"), |reader, toleration, path| {
            settings.tolerations.push(Toleration {
                key: reader.text(&toleration.key, &format!("{path}.key")),
                operator: reader.text(&toleration.operator, &format!("{path}.operator")),
                path,
            });
        });
        let path = format!("{path}.affinity");
        let Some(affinity) = self.read(&pod.affinity, &path) else { return };
        let path = format!("{path}.nodeAffinity");
        let Some(nodes) = self.read(&affinity.node, &path) else { return };
        let labels = &mut settings.node_labels;
        let required = format!("{path}.requiredDuringSchedulingIgnoredDuringExecution");
        if let Some(terms) = self.read(&nodes.required, &required) {
            let path = format!("{required}.nodeSelectorTerms");
            self.each(&terms.terms, &path, |reader, term, path| reader.node_term(term, &path, labels));
        }
        let preferred = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution");
        self.each(&nodes.preferred, &preferred, |reader, preferred, path| {
            let path = format!("{path}.preference");
            if let Some(term) = reader.read(&preferred.preference, &path) {
                reader.node_term(term, &path, labels);
            }
        });
    }

    fn node_term(&mut self, term: &decode::NodeTerm, path: &str, labels: &mut Vec<(String, String)>) {
        for (list, name) in [(&term.expressions, "matchExpressions"), (&term.fields, "matchFields")] {
            self.each(list, &format!("{path}.{name}"), |reader, expression, path| {
                let key = reader.text(&expression.key, &format!("{path}.key"));
                let operator = reader.text(&expression.operator, &format!("{path}.operator"));
                if ASKING_OPERATORS.contains(&operator.as_str()) {
                    labels.push((key, path));
                }
            });
        }
    }

    fn volume(&mut self, volume: &decode::Volume, path: &str, volumes: &mut Vec<Volume>) {
        let mut add = |field: &str, source| volumes.push(Volume { path: format!("{path}.{field}"), source });
        if let Some(git) = self.read(&volume.git_repo, &format!("{path}.gitRepo")) {
            let repository = self.text(&git.repository, &format!("{path}.gitRepo.repository"));
            add("gitRepo", VolumeSource::GitRepo(repository));
        }
        if let Some(flex) = self.read(&volume.flex_volume, &format!("{path}.flexVolume")) {
            let driver = self.text(&flex.driver, &format!("{path}.flexVolume.driver"));
            add("flexVolume", VolumeSource::FlexVolume(driver));
        }
        if let Some(image) = self.read(&volume.image, &format!("{path}.image")) {
            let reference = self.text(&image.reference, &format!("{path}.image.reference"));
            add("image.reference", VolumeSource::Image(reference));
        }
        if let Some(secret) = self.read(&volume.secret, &format!("{path}.secret")) {
            let name = self.text(&secret.name, &format!("{path}.secret.secretName"));
            add("secret.secretName", VolumeSource::Secret(name));
        }
        let Some(projected) = self.read(&volume.projected, &format!("{path}.projected")) else { return };
        self.each(&projected.sources, &format!("{path}.projected.sources"), |reader, source, path| {
            if let Some(secret) = reader.read(&source.secret, &format!("{path}.secret")) {
                let path = format!("{path}.secret.name");
                let source = VolumeSource::Secret(reader.text(&secret.name, &path));
                volumes.push(Volume { path, source });
            }
            let path = format!("{path}.serviceAccountToken");
            if let Some(token) = reader.read(&source.service_account_token, &path) {
                let audience = reader.text(&token.audience, &format!("{path}.audience"));
                let seconds = reader.integer(&token.expiration_seconds, &format!("{path}.expirationSeconds"));
                volumes.push(Volume { path, source: VolumeSource::Token { audience, seconds } });
            }
        });
    }

    fn security(&mut self, context: &Field<Box<decode::Security>>, owner: &str) -> Security {
        let path = format!("{owner}.securityContext");
        let Some(context) = context.get() else { return Security { path, ..Security::default() } };
        let at = |field: &str| format!("{path}.{field}");
        let mut security = Security {
            proc_mount: self.text(&context.proc_mount, &at("procMount")),
            run_as_user: self.integer(&context.run_as_user, &at("runAsUser")),
            path: path.clone(),
            ..Security::default()
        };
        for (profile, name, kind) in [
            (&context.seccomp, "seccompProfile", &mut security.seccomp),
            (&context.app_armor, "appArmorProfile", &mut security.app_armor),
            (&context.se_linux, "seLinuxOptions", &mut security.se_linux),
        ] {
            if let Some(profile) = self.read(profile, &at(name)) {
                *kind = self.text(&profile.kind, &format!("{path}.{name}.type"));
            }
        }
        if let Some(windows) = self.read(&context.windows, &at("windowsOptions")) {
            security.host_process = self.flag(&windows.host_process, &at("windowsOptions.hostProcess"));
        }
        if let Some(capabilities) = self.read(&context.capabilities, &at("capabilities")) {
            self.each(&capabilities.add, &at("capabilities.add"), |_, name, path| {
                security.added_capabilities.push((name.clone(), path));
            });
        }
        security
    }

    pub(super) fn container_settings(
        &mut self,
        container: &decode::Container,
        path: &str,
    ) -> ContainerSettings {
        let at = |field: &str| format!("{path}.{field}");
        let mut settings = ContainerSettings {
            security: self.security(&container.security_context, path),
            working_dir: self.text(&container.working_dir, &at("workingDir")),
            termination_message_path: self
                .text(&container.termination_message_path, &at("terminationMessagePath")),
            ..ContainerSettings::default()
        };
        self.each(&container.ports, &at("ports"), |reader, port, path| {
            let path = format!("{path}.hostPort");
            if let Some(port) = reader.integer(&port.host_port, &path).filter(|port| *port != 0) {
                settings.host_ports.push((port, path));
            }
        });
        self.each(&container.volume_devices, &at("volumeDevices"), |reader, device, path| {
            let path = format!("{path}.devicePath");
            settings.volume_devices.push((reader.text(&device.device_path, &path), path));
        });
        for (index, variable) in read_before(&container.env) {
            let path = format!("{path}.env[{index}].valueFrom");
            let secret = self.read(&variable.value_from, &path).map(|from| &from.secret);
            let path = format!("{path}.secretKeyRef");
            if let Some(secret) = secret.and_then(|secret| self.read(secret, &path)) {
                let path = format!("{path}.name");
                settings.secrets.push((self.text(&secret.name, &path), path));
            }
        }
        self.each(&container.env_from, &at("envFrom"), |reader, from, path| {
            let path = format!("{path}.secretRef");
            if let Some(secret) = reader.read(&from.secret, &path) {
                let path = format!("{path}.name");
                settings.secrets.push((reader.text(&secret.name, &path), path));
            }
        });
        if let Some(lifecycle) = container.lifecycle.get() {
            self.probed_hosts(lifecycle.post_start.get(), &at("lifecycle.postStart"), &mut settings);
            self.probed_hosts(lifecycle.pre_stop.get(), &at("lifecycle.preStop"), &mut settings);
        }
        for (probe, name) in [
            (&container.liveness_probe, "livenessProbe"),
            (&container.readiness_probe, "readinessProbe"),
            (&container.startup_probe, "startupProbe"),
        ] {
            self.probed_hosts(probe.get().map(AsRef::as_ref), &at(name), &mut settings);
        }
        settings
    }

    fn probed_hosts(&mut self, handler: Option<&Handler>, path: &str, settings: &mut ContainerSettings) {
        let Some(handler) = handler else { return };
        for (action, name) in [(&handler.http_get, "httpGet"), (&handler.tcp_socket, "tcpSocket")] {
            let path = format!("{path}.{name}");
            if let Some(action) = self.read(action, &path) {
                let path = format!("{path}.host");
                let host = self.text(&action.host, &path);
                if !host.is_empty() {
                    settings.probed_hosts.push((host, path));
                }
            }
        }
    }
}

/// The elements of a list that was read before, with their position: what is wrong with it is noted already.
fn read_before<T>(list: &Field<List<T>>) -> impl Iterator<Item = (usize, &T)> {
    let elements = list.get().map(|list| list.elements.as_slice()).unwrap_or_default();
    elements.iter().enumerate().filter_map(|(index, element)| Some((index, element.get()?)))
}

/// The fields of a Job's spec, from wherever they stand.
struct JobFields<'a> {
    suspend: &'a Field<bool>,
    parallelism: &'a Field<i64>,
    backoff_limit: &'a Field<i64>,
    active_deadline: &'a Field<i64>,
    ttl: &'a Field<i64>,
}

impl<'a> From<&'a Spec> for JobFields<'a> {
    fn from(spec: &'a Spec) -> Self {
        let Spec { suspend, parallelism, backoff_limit, active_deadline, ttl, .. } = spec;
        Self { suspend, parallelism, backoff_limit, active_deadline, ttl }
    }
}

impl<'a> From<&'a JobTemplateSpec> for JobFields<'a> {
    fn from(spec: &'a JobTemplateSpec) -> Self {
        let JobTemplateSpec { suspend, parallelism, backoff_limit, active_deadline, ttl, .. } = spec;
        Self { suspend, parallelism, backoff_limit, active_deadline, ttl }
    }
}
