//! Reads the settings of Jobs, pods and containers into the view.

use super::super::at::At;
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
        let own = self.metadata(&meta.labels, &meta.annotations, &At::top("metadata"));
        workload.metadata.push(own);
        workload.finalizers = self.texts(&meta.finalizers, &At::top("metadata.finalizers"));
        let Some(spec) = object.spec.get() else { return };
        match workload.kind {
            Kind::Job => {
                workload.job = self.job(&JobFields::from(spec.as_ref()), &At::top("spec"));
            }
            Kind::CronJob => {
                workload.cron = Some(self.cron(spec));
                let Some(template) = spec.job_template.get() else { return };
                let at = At::top("spec.jobTemplate");
                let meta_at = at.field("metadata");
                if let Some(meta) = self.read(&template.metadata, &meta_at) {
                    let metadata = self.metadata(&meta.labels, &meta.annotations, &meta_at);
                    workload.metadata.push(metadata);
                }
                if let Some(spec) = template.spec.get() {
                    workload.job = self.job(&JobFields::from(spec.as_ref()), &at.field("spec"));
                }
            }
        }
        let Some(template) = super::pod_template(workload.kind, object) else { return };
        let path = workload.kind.pod_spec_path();
        let above = At::top(path.strip_suffix(".spec").unwrap_or(path));
        let at = above.field("metadata");
        if let Some(meta) = self.read(&template.metadata, &at) {
            let metadata = self.metadata(&meta.labels, &meta.annotations, &at);
            workload.metadata.push(metadata);
        }
        if let Some(pod) = template.spec.get() {
            workload.pod = self.pod_settings(pod, &above.field("spec"));
            if let Some(deadline) = pod.active_deadline.get() {
                workload.job.active_deadline.get_or_insert(*deadline);
            }
        }
    }

    fn metadata(
        &mut self,
        labels: &Field<StringMap>,
        annotations: &Field<StringMap>,
        at: &At<'_>,
    ) -> Metadata {
        let labels = self.map(labels, &at.field("labels"));
        let annotations = self.map(annotations, &at.field("annotations"));
        Metadata { path: at.path(), labels, annotations }
    }

    fn map(&mut self, map: &Field<StringMap>, at: &At<'_>) -> Vec<(String, String)> {
        let Some(map) = self.read(map, at) else { return Vec::new() };
        if map.unread > 0 {
            let read = map.entries.len();
            self.note(at, || format!("too long: only the first {read} entries were read"));
        }
        map.entries.clone()
    }

    fn texts(&mut self, list: &Field<List<String>>, at: &At<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        self.each(list, at, |_, text, _| texts.push(text.clone()));
        texts
    }

    fn integer(&mut self, field: &Field<i64>, at: &At<'_>) -> Option<i64> {
        self.read(field, at).copied()
    }

    fn job(&mut self, fields: &JobFields<'_>, at: &At<'_>) -> JobSettings {
        JobSettings {
            suspend: self.flag(fields.suspend, &at.field("suspend")),
            parallelism: self.integer(fields.parallelism, &at.field("parallelism")),
            backoff_limit: self.integer(fields.backoff_limit, &at.field("backoffLimit")),
            active_deadline: self.integer(fields.active_deadline, &at.field("activeDeadlineSeconds")),
            ttl: self.integer(fields.ttl, &at.field("ttlSecondsAfterFinished")),
            path: at.path(),
        }
    }

    fn cron(&mut self, spec: &Spec) -> CronSettings {
        CronSettings {
            schedule: self.text(&spec.schedule, &At::top("spec.schedule")),
            suspend: self.flag(&spec.suspend, &At::top("spec.suspend")),
            successful_history: self
                .integer(&spec.successful_history, &At::top("spec.successfulJobsHistoryLimit")),
            failed_history: self.integer(&spec.failed_history, &At::top("spec.failedJobsHistoryLimit")),
        }
    }

    fn pod_settings(&mut self, pod: &PodSpec, at: &At<'_>) -> PodSettings {
        let mut settings = PodSettings {
            host_pid: self.flag(&pod.host_pid, &at.field("hostPID")),
            host_ipc: self.flag(&pod.host_ipc, &at.field("hostIPC")),
            own_users: self.read(&pod.host_users, &at.field("hostUsers")) == Some(&false),
            share_process_namespace: self
                .flag(&pod.share_process_namespace, &at.field("shareProcessNamespace")),
            security: self.security(&pod.security_context, at),
            service_account: self.text(&pod.service_account_name, &at.field("serviceAccountName")),
            no_token: self.read(&pod.automount_token, &at.field("automountServiceAccountToken"))
                == Some(&false),
            node_name: self.text(&pod.node_name, &at.field("nodeName")),
            priority_class: self.text(&pod.priority_class, &at.field("priorityClassName")),
            ..PodSettings::default()
        };
        self.read(&pod.active_deadline, &at.field("activeDeadlineSeconds"));
        let old_name = self.text(&pod.service_account, &at.field("serviceAccount"));
        if settings.service_account.is_empty() {
            settings.service_account = old_name;
        }
        if let Some(security) = pod.security_context.get() {
            self.each(&security.sysctls, &at.field("securityContext.sysctls"), |reader, sysctl, at| {
                let name = reader.text(&sysctl.name, &at.field("name"));
                let value = reader.text(&sysctl.value, &at.field("value"));
                settings.sysctls.push((name, value, at.path()));
            });
        }
        self.placement(pod, at, &mut settings);
        if let Some(dns) = self.read(&pod.dns_config, &at.field("dnsConfig")) {
            self.each(&dns.nameservers, &at.field("dnsConfig.nameservers"), |_, server, at| {
                settings.nameservers.push((server.clone(), at.path()));
            });
        }
        self.each(&pod.host_aliases, &at.field("hostAliases"), |reader, alias, at| {
            let ip = reader.text(&alias.ip, &at.field("ip"));
            reader.each(&alias.hostnames, &at.field("hostnames"), |_, name, at| {
                settings.host_aliases.push((name.clone(), ip.clone(), at.path()));
            });
        });
        let at = at.field("volumes");
        for (index, volume) in read_before(&pod.volumes) {
            self.volume(volume, &at.element(index), &mut settings.volumes);
        }
        settings
    }

    fn placement(&mut self, pod: &PodSpec, at: &At<'_>, settings: &mut PodSettings) {
        let selector = at.field("nodeSelector");
        for (key, _) in self.map(&pod.node_selector, &selector) {
            settings.node_labels.push((key, selector.path()));
        }
        self.each(&pod.tolerations, &at.field("tolerations"), |reader, toleration, at| {
            settings.tolerations.push(Toleration {
                key: reader.text(&toleration.key, &at.field("key")),
                operator: reader.text(&toleration.operator, &at.field("operator")),
                path: at.path(),
            });
        });
        let at = at.field("affinity");
        let Some(affinity) = self.read(&pod.affinity, &at) else { return };
        let at = at.field("nodeAffinity");
        let Some(nodes) = self.read(&affinity.node, &at) else { return };
        let labels = &mut settings.node_labels;
        let required = at.field("requiredDuringSchedulingIgnoredDuringExecution");
        if let Some(terms) = self.read(&nodes.required, &required) {
            let at = required.field("nodeSelectorTerms");
            self.each(&terms.terms, &at, |reader, term, at| reader.node_term(term, at, labels));
        }
        let preferred = at.field("preferredDuringSchedulingIgnoredDuringExecution");
        self.each(&nodes.preferred, &preferred, |reader, preferred, at| {
            let at = at.field("preference");
            if let Some(term) = reader.read(&preferred.preference, &at) {
                reader.node_term(term, &at, labels);
            }
        });
    }

    fn node_term(&mut self, term: &decode::NodeTerm, at: &At<'_>, labels: &mut Vec<(String, String)>) {
        for (list, name) in [(&term.expressions, "matchExpressions"), (&term.fields, "matchFields")] {
            self.each(list, &at.field(name), |reader, expression, at| {
                let key = reader.text(&expression.key, &at.field("key"));
                let operator = reader.text(&expression.operator, &at.field("operator"));
                if ASKING_OPERATORS.contains(&operator.as_str()) {
                    labels.push((key, at.path()));
                }
            });
        }
    }

    fn volume(&mut self, volume: &decode::Volume, at: &At<'_>, volumes: &mut Vec<Volume>) {
        let mut add = |field, source| volumes.push(Volume { path: at.field(field).path(), source });
        if let Some(git) = self.read(&volume.git_repo, &at.field("gitRepo")) {
            let repository = self.text(&git.repository, &at.field("gitRepo.repository"));
            add("gitRepo", VolumeSource::GitRepo(repository));
        }
        if let Some(flex) = self.read(&volume.flex_volume, &at.field("flexVolume")) {
            let driver = self.text(&flex.driver, &at.field("flexVolume.driver"));
            add("flexVolume", VolumeSource::FlexVolume(driver));
        }
        if let Some(image) = self.read(&volume.image, &at.field("image")) {
            let reference = self.text(&image.reference, &at.field("image.reference"));
            add("image.reference", VolumeSource::Image(reference));
        }
        if let Some(secret) = self.read(&volume.secret, &at.field("secret")) {
            let name = self.text(&secret.name, &at.field("secret.secretName"));
            add("secret.secretName", VolumeSource::Secret(name));
        }
        let Some(projected) = self.read(&volume.projected, &at.field("projected")) else { return };
        self.each(&projected.sources, &at.field("projected.sources"), |reader, source, at| {
            if let Some(secret) = reader.read(&source.secret, &at.field("secret")) {
                let at = at.field("secret.name");
                let source = VolumeSource::Secret(reader.text(&secret.name, &at));
                volumes.push(Volume { path: at.path(), source });
            }
            let at = at.field("serviceAccountToken");
            if let Some(token) = reader.read(&source.service_account_token, &at) {
                let audience = reader.text(&token.audience, &at.field("audience"));
                let seconds = reader.integer(&token.expiration_seconds, &at.field("expirationSeconds"));
                volumes.push(Volume { path: at.path(), source: VolumeSource::Token { audience, seconds } });
            }
        });
    }

    fn security(&mut self, context: &Field<Box<decode::Security>>, owner: &At<'_>) -> Security {
        let at = owner.field("securityContext");
        let Some(context) = context.get() else { return Security { path: at.path(), ..Security::default() } };
        let mut security = Security {
            proc_mount: self.text(&context.proc_mount, &at.field("procMount")),
            run_as_user: self.integer(&context.run_as_user, &at.field("runAsUser")),
            path: at.path(),
            ..Security::default()
        };
        for (profile, name, kind) in [
            (&context.seccomp, "seccompProfile", &mut security.seccomp),
            (&context.app_armor, "appArmorProfile", &mut security.app_armor),
            (&context.se_linux, "seLinuxOptions", &mut security.se_linux),
        ] {
            let at = at.field(name);
            if let Some(profile) = self.read(profile, &at) {
                *kind = self.text(&profile.kind, &at.field("type"));
            }
        }
        if let Some(windows) = self.read(&context.windows, &at.field("windowsOptions")) {
            security.host_process = self.flag(&windows.host_process, &at.field("windowsOptions.hostProcess"));
        }
        if let Some(capabilities) = self.read(&context.capabilities, &at.field("capabilities")) {
            self.each(&capabilities.add, &at.field("capabilities.add"), |_, name, at| {
                security.added_capabilities.push((name.clone(), at.path()));
            });
        }
        security
    }

    pub(super) fn container_settings(
        &mut self,
        container: &decode::Container,
        at: &At<'_>,
    ) -> ContainerSettings {
        let mut settings = ContainerSettings {
            security: self.security(&container.security_context, at),
            working_dir: self.text(&container.working_dir, &at.field("workingDir")),
            termination_message_path: self
                .text(&container.termination_message_path, &at.field("terminationMessagePath")),
            ..ContainerSettings::default()
        };
        self.each(&container.ports, &at.field("ports"), |reader, port, at| {
            let at = at.field("hostPort");
            if let Some(port) = reader.integer(&port.host_port, &at).filter(|port| *port != 0) {
                settings.host_ports.push((port, at.path()));
            }
        });
        self.each(&container.volume_devices, &at.field("volumeDevices"), |reader, device, at| {
            let at = at.field("devicePath");
            settings.volume_devices.push((reader.text(&device.device_path, &at), at.path()));
        });
        let env = at.field("env");
        for (index, variable) in read_before(&container.env) {
            let element = env.element(index);
            let at = element.field("valueFrom");
            let secret = self.read(&variable.value_from, &at).map(|from| &from.secret);
            let at = at.field("secretKeyRef");
            if let Some(secret) = secret.and_then(|secret| self.read(secret, &at)) {
                let at = at.field("name");
                settings.secrets.push((self.text(&secret.name, &at), at.path()));
            }
        }
        self.each(&container.env_from, &at.field("envFrom"), |reader, from, at| {
            let at = at.field("secretRef");
            if let Some(secret) = reader.read(&from.secret, &at) {
                let at = at.field("name");
                settings.secrets.push((reader.text(&secret.name, &at), at.path()));
            }
        });
        if let Some(lifecycle) = container.lifecycle.get() {
            self.probed_hosts(lifecycle.post_start.get(), &at.field("lifecycle.postStart"), &mut settings);
            self.probed_hosts(lifecycle.pre_stop.get(), &at.field("lifecycle.preStop"), &mut settings);
        }
        for (probe, name) in [
            (&container.liveness_probe, "livenessProbe"),
            (&container.readiness_probe, "readinessProbe"),
            (&container.startup_probe, "startupProbe"),
        ] {
            self.probed_hosts(probe.get().map(AsRef::as_ref), &at.field(name), &mut settings);
        }
        settings
    }

    fn probed_hosts(&mut self, handler: Option<&Handler>, at: &At<'_>, settings: &mut ContainerSettings) {
        let Some(handler) = handler else { return };
        for (action, name) in [(&handler.http_get, "httpGet"), (&handler.tcp_socket, "tcpSocket")] {
            let at = at.field(name);
            if let Some(action) = self.read(action, &at) {
                let at = at.field("host");
                let host = self.text(&action.host, &at);
                if !host.is_empty() {
                    settings.probed_hosts.push((host, at.path()));
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
