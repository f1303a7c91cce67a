//! From the thin types to the view, with a note of every place that could not be read.

use super::decode::{self, ExecAction, ManagedFields, Object, ObjectMeta, OwnsSpec, PodSpec, PodTemplate};
use super::lenient::{Field, Lenient, List};
use super::{
    Argument, Container, Exec, FieldManager, HostPathVolume, JobSettings, Kind, Mount, PodSettings, Role,
    Trigger, Unreadable, UnreadablePlace, Workload,
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
        let meta = self.read(&object.metadata, "metadata").map_or(&no_meta, AsRef::as_ref);
        let mut workload = Workload {
            kind,
            namespace: self.text(&meta.namespace, "metadata.namespace"),
            name: self.text(&meta.name, "metadata.name"),
            uid: self.text(&meta.uid, "metadata.uid"),
            generation: self.read(&meta.generation, "metadata.generation").copied().unwrap_or(0),
            last_change: last_change(meta),
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
            self.pod(pod, kind.pod_spec_path(), &mut workload);
        }
        self.settings(object, meta, &mut workload);
        workload.unreadable = self.unreadable;
        workload
    }

    fn template<'a>(&mut self, kind: Kind, object: &'a Object) -> Option<&'a PodTemplate> {
        let spec = self.read(&object.spec, "spec")?;
        match kind {
            Kind::Job => self.read(&spec.template, "spec.template").map(AsRef::as_ref),
            Kind::CronJob => {
                let job = self.read(&spec.job_template, "spec.jobTemplate")?;
                let job_spec = self.read(&job.spec, "spec.jobTemplate.spec")?;
                self.read(&job_spec.template, "spec.jobTemplate.spec.template").map(AsRef::as_ref)
            }
        }
    }

    fn template_spec<'a>(&mut self, kind: Kind, template: &'a PodTemplate) -> Option<&'a PodSpec> {
        self.read(&template.spec, kind.pod_spec_path()).map(AsRef::as_ref)
    }

    fn pod(&mut self, pod: &PodSpec, path: &str, workload: &mut Workload) {
        workload.host_network = self.flag(&pod.host_network, &format!("{path}.hostNetwork"));
        self.read(&pod.security_context, &format!("{path}.securityContext"));
        self.each(&pod.volumes, &format!("{path}.volumes"), |reader, volume, path| {
            if let Some(host) = reader.read(&volume.host_path, &format!("{path}.hostPath")) {
                let name = reader.text(&volume.name, &format!("{path}.name"));
                let kind = reader.text(&host.kind, &format!("{path}.hostPath.type"));
                let path = format!("{path}.hostPath.path");
                let host_path = reader.text(&host.path, &path);
                workload.host_paths.push(HostPathVolume { name, host_path, kind, path });
            }
            reader.data_volume(volume, &path, workload);
        });
        let containers = &mut workload.containers;
        self.each(&pod.init_containers, &format!("{path}.initContainers"), |reader, container, path| {
            let restart = reader.text(&container.restart_policy, &format!("{path}.restartPolicy"));
            let role = if restart == "Always" { Role::Sidecar } else { Role::Init };
            containers.push(reader.container(container, role, path));
        });
        self.each(&pod.containers, &format!("{path}.containers"), |reader, container, path| {
            containers.push(reader.container(container, Role::Main, path));
        });
        self.each(
            &pod.ephemeral_containers,
            &format!("{path}.ephemeralContainers"),
            |reader, container, path| {
                containers.push(reader.container(container, Role::Ephemeral, path));
            },
        );
    }

    /// Volumes of a `ConfigMap` or `Secret`, and those that hold tokens.
    fn data_volume(&mut self, volume: &decode::Volume, path: &str, workload: &mut Workload) {
        // What is of a wrong type here is noted where the settings are read.
        let mut config = self.read(&volume.config_map, &format!("{path}.configMap")).is_some();
        config |= volume.secret.get().is_some();
        let path = format!("{path}.projected");
        let name = volume.name.get().cloned().unwrap_or_default();
        if let Some(projected) = volume.projected.get() {
            self.each(&projected.sources, &format!("{path}.sources"), |reader, source, path| {
                config |= source.config_map.get().is_some() || source.secret.get().is_some();
                let token = reader
                    .read(&source.service_account_token, &format!("{path}.serviceAccountToken"))
                    .map(|token| reader.text(&token.path, &format!("{path}.serviceAccountToken.path")));
                workload.token_files.extend(token.map(|file| (name.clone(), file)));
            });
        }
        if config {
            workload.config_volumes.push(name);
        }
    }

    fn container(&mut self, container: &decode::Container, role: Role, path: String) -> Container {
        let security = self.read(&container.security_context, &format!("{path}.securityContext"));
        let privileged = security.is_some_and(|security| {
            self.flag(&security.privileged, &format!("{path}.securityContext.privileged"))
        });
        let mut env = Vec::new();
        self.each(&container.env, &format!("{path}.env"), |reader, variable, path| {
            let name = reader.text(&variable.name, &format!("{path}.name"));
            let value = reader.text(&variable.value, &format!("{path}.value"));
            // A value from elsewhere is unknown, not empty. One that is absent is empty: the API server stores
            // `value: ""` without it.
            if variable.value_from.get().is_none() {
                env.push((name, value));
            }
        });
        let mut mounts = Vec::new();
        self.each(&container.volume_mounts, &format!("{path}.volumeMounts"), |reader, mount, path| {
            let sub_path = reader.text(&mount.sub_path, &format!("{path}.subPath"));
            let expression = reader.text(&mount.sub_path_expr, &format!("{path}.subPathExpr"));
            mounts.push(Mount {
                volume: reader.text(&mount.name, &format!("{path}.name")),
                mount_path: reader.text(&mount.mount_path, &format!("{path}.mountPath")),
                sub_path_expands: sub_path.is_empty(),
                sub_path: if sub_path.is_empty() { expression } else { sub_path },
                read_only: reader.flag(&mount.read_only, &format!("{path}.readOnly")),
                propagation: reader.text(&mount.mount_propagation, &format!("{path}.mountPropagation")),
                path,
            });
        });
        Container {
            role,
            name: self.text(&container.name, &format!("{path}.name")),
            image: self.text(&container.image, &format!("{path}.image")),
            privileged,
            terminal: self.flag(&container.tty, &format!("{path}.tty")),
            env,
            executes: self.executes(container, &path),
            settings: self.container_settings(container, &path),
            mounts,
            path,
        }
    }

    fn executes(&mut self, container: &decode::Container, path: &str) -> Vec<Exec> {
        let mut argv = self.arguments(&container.command, &format!("{path}.command"));
        let args_only = argv.is_empty();
        argv.extend(self.arguments(&container.args, &format!("{path}.args")));
        let mut executes = Vec::new();
        if !argv.is_empty() {
            executes.push(Exec { trigger: Trigger::EntryPoint, argv, args_only });
        }
        if let Some(lifecycle) = self.read(&container.lifecycle, &format!("{path}.lifecycle")) {
            for (hook, name) in [(&lifecycle.post_start, "postStart"), (&lifecycle.pre_stop, "preStop")] {
                let path = format!("{path}.lifecycle.{name}");
                if let Some(handler) = self.read(hook, &path) {
                    executes.extend(self.exec_action(&handler.exec, &path));
                }
            }
        }
        let probes = [
            (&container.liveness_probe, "livenessProbe"),
            (&container.readiness_probe, "readinessProbe"),
            (&container.startup_probe, "startupProbe"),
        ];
        for (probe, name) in probes {
            let path = format!("{path}.{name}");
            if let Some(handler) = self.read(probe, &path) {
                executes.extend(self.exec_action(&handler.exec, &path));
            }
        }
        executes
    }

    fn exec_action(&mut self, action: &Field<ExecAction>, path: &str) -> Option<Exec> {
        let path = format!("{path}.exec");
        let action = self.read(action, &path)?;
        let argv = self.arguments(&action.command, &format!("{path}.command"));
        (!argv.is_empty()).then_some(Exec { trigger: Trigger::HookOrProbe, argv, args_only: false })
    }

    fn arguments(&mut self, list: &Field<List<String>>, path: &str) -> Vec<Argument> {
        let mut argv = Vec::new();
        self.each(list, path, |_, text, path| argv.push(Argument { text: text.clone(), path }));
        argv
    }

    // === leaves ===

    fn read<'a, T: Lenient>(&mut self, field: &'a Field<T>, path: &str) -> Option<&'a T> {
        if let Field::Wrong(found) = field {
            self.note(path, || format!("expected {}, found {found}", T::EXPECTED));
        }
        field.get()
    }

    fn text(&mut self, field: &Field<String>, path: &str) -> String {
        self.read(field, path).cloned().unwrap_or_default()
    }

    fn flag(&mut self, field: &Field<bool>, path: &str) -> bool {
        self.read(field, path).copied().unwrap_or(false)
    }

    fn each<T: Lenient>(
        &mut self,
        list: &Field<List<T>>,
        path: &str,
        mut visit: impl FnMut(&mut Self, &T, String),
    ) {
        let Some(list) = self.read(list, path) else { return };
        for (index, element) in list.elements.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(element) = self.read(element, &path) {
                visit(self, element, path);
            }
        }
        if list.unread > 0 {
            let read = list.elements.len();
            self.note(path, || format!("too long: only the first {read} elements were read"));
        }
    }

    fn note(&mut self, path: &str, problem: impl FnOnce() -> String) {
        self.unreadable.total += 1;
        if self.unreadable.places.len() < Unreadable::MAX_KEPT {
            self.unreadable.places.push(UnreadablePlace { path: path.to_owned(), problem: problem() });
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
