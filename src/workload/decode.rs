//! The thin types that Jobs and CronJobs are decoded into: only what is judged, every leaf lenient.
//!
//! `k8s_openapi`'s types are not used, because objects exist that an API server stores and that they refuse:
//! a timestamp in the year 9999 with a negative offset, `fieldsV1` nested more than 120 deep. Times stay
//! text here, and unknown content is skipped without recursion.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess};

use super::lenient::{Field, KnownKey, Lenient, List, objects};

mod settings;

pub use settings::*;

objects! {
    /// A Job or CronJob as it was served. Which of the two it is, is known from where it came.
    Object {
        /// `apiVersion`; absent in the items of a list.
        api_version: String = "apiVersion",
        /// `kind`; absent in the items of a list.
        kind: String = "kind",
        /// `metadata`.
        metadata: Box<ObjectMeta> = "metadata",
        /// `spec`: of a Job or of a CronJob.
        spec: Box<Spec> = "spec",
    }

    /// `metadata`, as far as it is needed.
    ObjectMeta {
        /// `name`.
        name: String = "name",
        /// `namespace`.
        namespace: String = "namespace",
        /// `uid`.
        uid: String = "uid",
        /// `resourceVersion`, to resume a watch.
        resource_version: String = "resourceVersion",
        /// `generation`.
        generation: i64 = "generation",
        /// `labels`.
        labels: StringMap = "labels",
        /// `annotations`, each value cut short.
        annotations: StringMap = "annotations",
        /// `finalizers`.
        finalizers: List<String> = "finalizers",
        /// `ownerReferences`.
        owner_references: List<OwnerReference> = "ownerReferences",
        /// `creationTimestamp`, kept as text. Set by the API server alone.
        creation_timestamp: String = "creationTimestamp",
        /// `deletionTimestamp`, kept as text. Set by the API server alone.
        deletion_timestamp: String = "deletionTimestamp",
        /// `managedFields`.
        managed_fields: List<ManagedFields> = "managedFields",
    }

    /// One entry of `metadata.ownerReferences`.
    OwnerReference {
        /// `apiVersion`.
        api_version: String = "apiVersion",
        /// `kind`.
        kind: String = "kind",
        /// `name`.
        name: String = "name",
        /// `uid`.
        uid: String = "uid",
        /// `controller`.
        controller: bool = "controller",
    }

    /// One entry of `metadata.managedFields`.
    ManagedFields {
        /// `manager`: chosen by the client.
        manager: String = "manager",
        /// `operation`: `Apply` or `Update`.
        operation: String = "operation",
        /// `time`, kept as text.
        time: String = "time",
        /// `subresource`: `status` when the entry is not about the spec.
        subresource: String = "subresource",
        /// `fieldsV1`, of which only one thing is read.
        fields: OwnsSpec = "fieldsV1",
    }

    /// The spec of a Job and of a CronJob in one: the fields do not clash.
    Spec {
        /// Job: `template`.
        template: Box<PodTemplate> = "template",
        /// CronJob: `jobTemplate`.
        job_template: Box<JobTemplate> = "jobTemplate",
        /// CronJob: `schedule`.
        schedule: String = "schedule",
        /// CronJob: `successfulJobsHistoryLimit`.
        successful_history: i64 = "successfulJobsHistoryLimit",
        /// CronJob: `failedJobsHistoryLimit`.
        failed_history: i64 = "failedJobsHistoryLimit",
        /// Job and CronJob: `suspend`.
        suspend: bool = "suspend",
        /// Job: `parallelism`.
        parallelism: i64 = "parallelism",
        /// Job: `backoffLimit`.
        backoff_limit: i64 = "backoffLimit",
        /// Job: `activeDeadlineSeconds`.
        active_deadline: i64 = "activeDeadlineSeconds",
        /// Job: `ttlSecondsAfterFinished`.
        ttl: i64 = "ttlSecondsAfterFinished",
    }

    /// CronJob: `spec.jobTemplate`.
    JobTemplate {
        /// `metadata` of the Jobs to make.
        metadata: TemplateMeta = "metadata",
        /// `spec` of the Jobs to make.
        spec: Box<JobTemplateSpec> = "spec",
    }

    /// CronJob: `spec.jobTemplate.spec`.
    JobTemplateSpec {
        /// `template`.
        template: Box<PodTemplate> = "template",
        /// Job: `suspend`.
        suspend: bool = "suspend",
        /// Job: `parallelism`.
        parallelism: i64 = "parallelism",
        /// Job: `backoffLimit`.
        backoff_limit: i64 = "backoffLimit",
        /// Job: `activeDeadlineSeconds`.
        active_deadline: i64 = "activeDeadlineSeconds",
        /// Job: `ttlSecondsAfterFinished`.
        ttl: i64 = "ttlSecondsAfterFinished",
    }

    /// The pod template.
    PodTemplate {
        /// `metadata`.
        metadata: TemplateMeta = "metadata",
        /// `spec`.
        spec: Box<PodSpec> = "spec",
    }

    /// The pod's spec.
    PodSpec {
        /// `hostNetwork`.
        host_network: bool = "hostNetwork",
        /// `hostPID`.
        host_pid: bool = "hostPID",
        /// `hostIPC`.
        host_ipc: bool = "hostIPC",
        /// `hostUsers`; absent means true.
        host_users: bool = "hostUsers",
        /// `shareProcessNamespace`.
        share_process_namespace: bool = "shareProcessNamespace",
        /// `securityContext`.
        security_context: Box<Security> = "securityContext",
        /// `serviceAccountName`.
        service_account_name: String = "serviceAccountName",
        /// `serviceAccount`, the old name of the same.
        service_account: String = "serviceAccount",
        /// `automountServiceAccountToken`.
        automount_token: bool = "automountServiceAccountToken",
        /// `activeDeadlineSeconds`.
        active_deadline: i64 = "activeDeadlineSeconds",
        /// `nodeName`.
        node_name: String = "nodeName",
        /// `nodeSelector`.
        node_selector: StringMap = "nodeSelector",
        /// `affinity`.
        affinity: Box<Affinity> = "affinity",
        /// `tolerations`.
        tolerations: List<Toleration> = "tolerations",
        /// `priorityClassName`.
        priority_class: String = "priorityClassName",
        /// `dnsConfig`.
        dns_config: DnsConfig = "dnsConfig",
        /// `hostAliases`.
        host_aliases: List<HostAlias> = "hostAliases",
        /// `initContainers`, sidecars among them.
        init_containers: List<Container> = "initContainers",
        /// `containers`.
        containers: List<Container> = "containers",
        /// `ephemeralContainers`: refused in templates by today's API server, read all the same.
        ephemeral_containers: List<Container> = "ephemeralContainers",
        /// `volumes`.
        volumes: List<Volume> = "volumes",
    }

    /// A container of any kind.
    Container {
        /// `name`.
        name: String = "name",
        /// `image`.
        image: String = "image",
        /// `command`.
        command: List<String> = "command",
        /// `args`.
        args: List<String> = "args",
        /// `env`: literal values are needed for `$(NAME)` in command and args; they are never reported.
        env: List<EnvVar> = "env",
        /// `restartPolicy`: `Always` on an init container makes it a sidecar.
        restart_policy: String = "restartPolicy",
        /// `securityContext`.
        security_context: Box<Security> = "securityContext",
        /// `workingDir`.
        working_dir: String = "workingDir",
        /// `terminationMessagePath`.
        termination_message_path: String = "terminationMessagePath",
        /// `ports`.
        ports: List<Port> = "ports",
        /// `envFrom`.
        env_from: List<EnvFrom> = "envFrom",
        /// `volumeDevices`.
        volume_devices: List<VolumeDevice> = "volumeDevices",
        /// `volumeMounts`.
        volume_mounts: List<VolumeMount> = "volumeMounts",
        /// `lifecycle`.
        lifecycle: Box<Lifecycle> = "lifecycle",
        /// `livenessProbe`.
        liveness_probe: Box<Handler> = "livenessProbe",
        /// `readinessProbe`.
        readiness_probe: Box<Handler> = "readinessProbe",
        /// `startupProbe`.
        startup_probe: Box<Handler> = "startupProbe",
        /// `tty`.
        tty: bool = "tty",
    }

    /// One entry of `env`.
    EnvVar {
        /// `name`.
        name: String = "name",
        /// `value`.
        value: String = "value",
        /// `valueFrom`, of which only the name of a secret is read.
        value_from: ValueFrom = "valueFrom",
    }

    /// One entry of `volumeMounts`.
    VolumeMount {
        /// `name` of the volume.
        name: String = "name",
        /// `mountPath` in the container.
        mount_path: String = "mountPath",
        /// `subPath` within the volume.
        sub_path: String = "subPath",
        /// `subPathExpr`: a `subPath` in which the kubelet expands `$(NAME)`.
        sub_path_expr: String = "subPathExpr",
        /// `readOnly`.
        read_only: bool = "readOnly",
        /// `mountPropagation`.
        mount_propagation: String = "mountPropagation",
    }

    /// `lifecycle`.
    Lifecycle {
        /// `postStart`.
        post_start: Handler = "postStart",
        /// `preStop`.
        pre_stop: Handler = "preStop",
    }

    /// A hook or a probe.
    Handler {
        /// `exec`.
        exec: ExecAction = "exec",
        /// `httpGet`.
        http_get: NetworkAction = "httpGet",
        /// `tcpSocket`.
        tcp_socket: NetworkAction = "tcpSocket",
    }

    /// `exec` of a hook or probe.
    ExecAction {
        /// `command`.
        command: List<String> = "command",
    }

    /// One entry of `volumes`.
    Volume {
        /// `name`.
        name: String = "name",
        /// `hostPath`.
        host_path: HostPath = "hostPath",
        /// `gitRepo`.
        git_repo: GitRepo = "gitRepo",
        /// `flexVolume`.
        flex_volume: FlexVolume = "flexVolume",
        /// `image`.
        image: ImageVolume = "image",
        /// `configMap`: only that it is there.
        config_map: Reference = "configMap",
        /// `secret`.
        secret: SecretVolume = "secret",
        /// `projected`.
        projected: Projected = "projected",
    }

    /// A volume's `hostPath`.
    HostPath {
        /// `path`.
        path: String = "path",
        /// `type`.
        kind: String = "type",
    }
}

/// Whether a `fieldsV1` says that the manager owns fields of the spec. Nothing else of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnsSpec(pub bool);

impl Lenient for OwnsSpec {
    const EXPECTED: &'static str = "an object";
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut owns = false;
        while let Some(key) = object.next_key_seed(KnownKey(&["f:spec"]))? {
            owns |= key.is_some();
            object.next_value::<IgnoredAny>()?;
        }
        Ok(Field::Present(Self(owns)))
    }
}

impl<'de> Deserialize<'de> for Object {
    /// Fails only on malformed JSON: anything well-formed becomes an `Object`, perhaps an empty one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Field::<Self>::deserialize(deserializer)? {
            Field::Present(object) => object,
            // Something that is not even an object: its parts are as wrong as the whole.
            Field::Wrong(found) => {
                Self { metadata: Field::Wrong(found), spec: Field::Wrong(found), ..Self::default() }
            }
            Field::Absent => Self::default(),
        })
    }
}

/// Decodes one object from JSON bytes.
///
/// # Errors
/// When the bytes are not JSON, with the parser's line and column.
pub fn from_json(bytes: &[u8]) -> Result<Object, serde_json::Error> {
    serde_json::from_slice(bytes)
}
