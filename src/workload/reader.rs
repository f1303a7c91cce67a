//! From the thin types to the view, with a note of every place that could not be read.

use super::at::At;
use super::decode::{self, ExecAction, ManagedFields, Object, ObjectMeta, OwnsSpec, PodSpec, PodTemplate};
use super::lenient::{Field, Lenient, List};
use super::{
    Argument, Container, Exec, FieldManager, HostPathVolume, JobSettings, Kind, Mount, OwnerClaim,
    PodSettings, Role, Stamps, Trigger, Unreadable, UnreadablePlace, Workload,
};

mod settings;

/// Collects the unreadable places while the view is built.
#[derive(Default)]
pub(super) struct Reader {
    unreadable: Unreadable,
}

impl Reader {
    pub(super) fn workload(mut self, kind: Kind, object: &Object) -> Workload {
        let no_meta = ObjectMeta::default();
        let meta = self.read(&object.metadata, &At::top("metadata")).map_or(&no_meta, AsRef::as_ref);
        let mut workload = Workload {
            kind,
            namespace: self.text(&meta.namespace, &At::top("metadata.namespace")),
            name: self.text(&meta.name, &At::top("metadata.name")),
            uid: self.text(&meta.uid, &At::top("metadata.uid")),
            generation: self.read(&meta.generation, &At::top("metadata.generation")).copied().unwrap_or(0),
            last_change: last_change(meta),
            stamps: meta.annotations.get().map(|own| Stamps::of(&own.entries)).unwrap_or_default(),
            owner: if kind == Kind::Job { owner(meta) } else { None },
            host_network: false,
            host_paths: Vec::new(),
            config_volumes: Vec::new(),
            token_files: Vec::new(),
            containers: Vec::new(),
            metadata: Vec::new(),
            finalizers: Vec::new(),
            job: JobSettings::default(),
            cron: None,
            pod: PodSettings::default(),
            unreadable: Unreadable::default(),
        };
        if let Some(pod) = self.template(kind, object).and_then(|template| self.template_spec(kind, template))
        {
            self.pod(pod, &At::top(kind.pod_spec_path()), &mut workload);
        }
        self.settings(object, meta, &mut workload);
        workload.unreadable = self.unreadable;
        workload
    }

    fn template<'a>(&mut self, kind: Kind, object: &'a Object) -> Option<&'a PodTemplate> {
        let spec = self.read(&object.spec, &At::top("spec"))?;
        match kind {
            Kind::Job => self.read(&spec.template, &At::top("spec.template")).map(AsRef::as_ref),
            Kind::CronJob => {
                let job = self.read(&spec.job_template, &At::top("spec.jobTemplate"))?;
                let job_spec = self.read(&job.spec, &At::top("spec.jobTemplate.spec"))?;
                self.read(&job_spec.template, &At::top("spec.jobTemplate.spec.template")).map(AsRef::as_ref)
            }
        }
    }

    fn template_spec<'a>(&mut self, kind: Kind, template: &'a PodTemplate) -> Option<&'a PodSpec> {
        self.read(&template.spec, &At::top(kind.pod_spec_path())).map(AsRef::as_ref)
    }

    fn pod(&mut self, pod: &PodSpec, at: &At<'_>, workload: &mut Workload) {
        workload.host_network = self.flag(&pod.host_network, &at.field("hostNetwork"));
        self.read(&pod.security_context, &at.field("securityContext"));
        self.each(&pod.volumes, &at.field("volumes"), |reader, volume, at| {
            if let Some(host) = reader.read(&volume.host_path, &at.field("hostPath")) {
                let name = reader.text(&volume.name, &at.field("name"));
                let kind = reader.text(&host.kind, &at.field("hostPath.type"));
                let at = at.field("hostPath.path");
                let host_path = reader.text(&host.path, &at);
                workload.host_paths.push(HostPathVolume { name, host_path, kind, path: at.path() });
            }
            reader.data_volume(volume, at, workload);
        });
        let containers = &mut workload.containers;
        self.each(&pod.init_containers, &at.field("initContainers"), |reader, container, at| {
            let restart = reader.text(&container.restart_policy, &at.field("restartPolicy"));
            let role = if restart == "Always" { Role::Sidecar } else { Role::Init };
            containers.push(reader.container(container, role, at));
        });
        self.each(&pod.containers, &at.field("containers"), |reader, container, at| {
            containers.push(reader.container(container, Role::Main, at));
        });
        self.each(&pod.ephemeral_containers, &at.field("ephemeralContainers"), |reader, container, at| {
            containers.push(reader.container(container, Role::Ephemeral, at));
        });
    }

    /// Volumes of a `ConfigMap` or `Secret`, and those that hold tokens.
    fn data_volume(&mut self, volume: &decode::Volume, at: &At<'_>, workload: &mut Workload) {
        // What is of a wrong type here is noted where the settings are read.
        let mut config = self.read(&volume.config_map, &at.field("configMap")).is_some();
        config |= volume.secret.get().is_some();
        let at = at.field("projected");
        let name = volume.name.get().cloned().unwrap_or_default();
        if let Some(projected) = volume.projected.get() {
            self.each(&projected.sources, &at.field("sources"), |reader, source, at| {
                config |= source.config_map.get().is_some() || source.secret.get().is_some();
                let token = reader
                    .read(&source.service_account_token, &at.field("serviceAccountToken"))
                    .map(|token| reader.text(&token.path, &at.field("serviceAccountToken.path")));
                workload.token_files.extend(token.map(|file| (name.clone(), file)));
            });
        }
        if config {
            workload.config_volumes.push(name);
        }
    }

    fn container(&mut self, container: &decode::Container, role: Role, at: &At<'_>) -> Container {
        let security = self.read(&container.security_context, &at.field("securityContext"));
        let privileged = security
            .is_some_and(|security| self.flag(&security.privileged, &at.field("securityContext.privileged")));
        let mut env = Vec::new();
        self.each(&container.env, &at.field("env"), |reader, variable, at| {
            let name = reader.text(&variable.name, &at.field("name"));
            let value = reader.text(&variable.value, &at.field("value"));
            // A value from elsewhere is unknown, not empty. One that is absent is empty: the API server stores
            // `value: ""` without it.
            if variable.value_from.get().is_none() {
                env.push((name, value));
            }
        });
        let mut mounts = Vec::new();
        self.each(&container.volume_mounts, &at.field("volumeMounts"), |reader, mount, at| {
            let sub_path = reader.text(&mount.sub_path, &at.field("subPath"));
            let expression = reader.text(&mount.sub_path_expr, &at.field("subPathExpr"));
            mounts.push(Mount {
                volume: reader.text(&mount.name, &at.field("name")),
                mount_path: reader.text(&mount.mount_path, &at.field("mountPath")),
                sub_path_expands: sub_path.is_empty(),
                sub_path: if sub_path.is_empty() { expression } else { sub_path },
                read_only: reader.flag(&mount.read_only, &at.field("readOnly")),
                propagation: reader.text(&mount.mount_propagation, &at.field("mountPropagation")),
                path: at.path(),
            });
        });
        Container {
            role,
            name: self.text(&container.name, &at.field("name")),
            image: self.text(&container.image, &at.field("image")),
            privileged,
            terminal: self.flag(&container.tty, &at.field("tty")),
            env,
            executes: self.executes(container, at),
            settings: self.container_settings(container, at),
            mounts,
            path: at.path(),
        }
    }

    fn executes(&mut self, container: &decode::Container, at: &At<'_>) -> Vec<Exec> {
        let mut argv = self.arguments(&container.command, &at.field("command"));
        let args_only = argv.is_empty();
        argv.extend(self.arguments(&container.args, &at.field("args")));
        let mut executes = Vec::new();
        if !argv.is_empty() {
            executes.push(Exec { trigger: Trigger::EntryPoint, argv, args_only });
        }
        let lifecycle_at = at.field("lifecycle");
        if let Some(lifecycle) = self.read(&container.lifecycle, &lifecycle_at) {
            for (hook, name) in [(&lifecycle.post_start, "postStart"), (&lifecycle.pre_stop, "preStop")] {
                let at = lifecycle_at.field(name);
                if let Some(handler) = self.read(hook, &at) {
                    executes.extend(self.exec_action(&handler.exec, &at));
                }
            }
        }
        let probes = [
            (&container.liveness_probe, "livenessProbe"),
            (&container.readiness_probe, "readinessProbe"),
            (&container.startup_probe, "startupProbe"),
        ];
        for (probe, name) in probes {
            let at = at.field(name);
            if let Some(handler) = self.read(probe, &at) {
                executes.extend(self.exec_action(&handler.exec, &at));
            }
        }
        executes
    }

    fn exec_action(&mut self, action: &Field<ExecAction>, at: &At<'_>) -> Option<Exec> {
        let at = at.field("exec");
        let action = self.read(action, &at)?;
        let argv = self.arguments(&action.command, &at.field("command"));
        (!argv.is_empty()).then_some(Exec { trigger: Trigger::HookOrProbe, argv, args_only: false })
    }

    fn arguments(&mut self, list: &Field<List<String>>, at: &At<'_>) -> Vec<Argument> {
        let mut argv = Vec::new();
        self.each(list, at, |_, text, at| argv.push(Argument { text: text.clone(), path: at.path() }));
        argv
    }

    // === leaves ===

    fn read<'a, T: Lenient>(&mut self, field: &'a Field<T>, at: &At<'_>) -> Option<&'a T> {
        if let Field::Wrong(found) = field {
            self.note(at, || format!("expected {}, found {found}", T::EXPECTED));
        }
        field.get()
    }

    fn text(&mut self, field: &Field<String>, at: &At<'_>) -> String {
        self.read(field, at).cloned().unwrap_or_default()
    }

    fn flag(&mut self, field: &Field<bool>, at: &At<'_>) -> bool {
        self.read(field, at).copied().unwrap_or(false)
    }

    fn each<T: Lenient>(
        &mut self,
        list: &Field<List<T>>,
        at: &At<'_>,
        mut visit: impl FnMut(&mut Self, &T, &At<'_>),
    ) {
        let Some(list) = self.read(list, at) else { return };
        for (index, element) in list.elements.iter().enumerate() {
            let at = at.element(index);
            if let Some(element) = self.read(element, &at) {
                visit(self, element, &at);
            }
        }
        if list.unread > 0 {
            let read = list.elements.len();
            self.note(at, || format!("too long: only the first {read} elements were read"));
        }
    }

    fn note(&mut self, at: &At<'_>, problem: impl FnOnce() -> String) {
        self.unreadable.total += 1;
        if self.unreadable.places.len() < Unreadable::MAX_KEPT {
            self.unreadable.places.push(UnreadablePlace { path: at.path(), problem: problem() });
        }
    }
}

/// The pod template, as far as it could be read. [`Reader::template`] notes what could not.
fn pod_template(kind: Kind, object: &Object) -> Option<&PodTemplate> {
    let spec = object.spec.get()?;
    match kind {
        Kind::Job => spec.template.get(),
        Kind::CronJob => spec.job_template.get()?.spec.get()?.template.get(),
    }
    .map(AsRef::as_ref)
}

/// The CronJob that controls the object, by its own word.
fn owner(meta: &ObjectMeta) -> Option<OwnerClaim> {
    let references = meta.owner_references.get()?.elements.iter().filter_map(Field::get);
    let is_cron_job = |reference: &&decode::OwnerReference| {
        reference.controller.get() == Some(&true)
            && reference.kind.get().is_some_and(|kind| kind == Kind::CronJob.as_str())
            && reference.api_version.get().is_some_and(|version| version.starts_with("batch/"))
    };
    let reference = references.into_iter().find(is_cron_job)?;
    Some(OwnerClaim {
        name: reference.name.get().cloned().unwrap_or_default(),
        uid: reference.uid.get().cloned().unwrap_or_default(),
        by_hand: is_by_hand(meta),
        disproved: false,
    })
}

/// Whether it says that it was made by hand from a CronJob.
fn is_by_hand(meta: &ObjectMeta) -> bool {
    let annotations = meta.annotations.get().map_or(&[][..], |own| own.entries.as_slice());
    annotations.iter().any(|(key, value)| key == "cronjob.kubernetes.io/instantiate" && value == "manual")
}

/// The last entry that owns the spec. Not read through [`Reader::read`]: these are hints, and a client that
/// garbles them must not be able to turn every object it touches into an unreadable one.
fn last_change(meta: &ObjectMeta) -> Option<FieldManager> {
    let entries = meta.managed_fields.get()?;
    let text = |field: &Field<String>| field.get().cloned().unwrap_or_default();
    entries
        .elements
        .iter()
        .filter_map(Field::get)
        .filter(|entry| is_about_spec(entry))
        .map(|entry| FieldManager {
            manager: text(&entry.manager),
            operation: text(&entry.operation),
            time: text(&entry.time),
        })
        .max_by(|a, b| a.time.cmp(&b.time))
}

fn is_about_spec(entry: &ManagedFields) -> bool {
    entry.subresource.get().is_none_or(String::is_empty)
        && entry.fields.get().is_some_and(|OwnsSpec(owns)| *owns)
}
