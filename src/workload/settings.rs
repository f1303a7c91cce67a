//! The part of the view that is about how a workload runs, rather than what.

/// Labels and annotations of the object or of one of its templates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The field path: `metadata`, or that of a template's `metadata`.
    pub path: String,
    /// Labels, in order.
    pub labels: Vec<(String, String)>,
    /// Annotations, in order, with values cut to a few hundred bytes.
    pub annotations: Vec<(String, String)>,
}

/// Fields of the Job's spec, or of the CronJob's template for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobSettings {
    /// The field path of the Job's spec.
    pub path: String,
    /// `suspend`.
    pub suspend: bool,
    /// `parallelism`.
    pub parallelism: Option<i64>,
    /// `backoffLimit`.
    pub backoff_limit: Option<i64>,
    /// `activeDeadlineSeconds` of the Job or of its pods.
    pub active_deadline: Option<i64>,
    /// `ttlSecondsAfterFinished`.
    pub ttl: Option<i64>,
}

/// Fields of a CronJob's own spec.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CronSettings {
    /// `schedule`, as written.
    pub schedule: String,
    /// `suspend`.
    pub suspend: bool,
    /// `successfulJobsHistoryLimit`.
    pub successful_history: Option<i64>,
    /// `failedJobsHistoryLimit`.
    pub failed_history: Option<i64>,
}

/// Fields of the pod's spec that are not about single containers.
#[allow(clippy::struct_excessive_bools, reason = "the API has these switches, and they are independent")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodSettings {
    /// `hostPID`.
    pub host_pid: bool,
    /// `hostIPC`.
    pub host_ipc: bool,
    /// `hostUsers: false`: root and capabilities in the pod are not those of the node.
    pub own_users: bool,
    /// `shareProcessNamespace`.
    pub share_process_namespace: bool,
    /// The pod's `securityContext`.
    pub security: Security,
    /// `sysctls` of it: name, value, field path.
    pub sysctls: Vec<(String, String, String)>,
    /// `serviceAccountName`, or `serviceAccount`; empty means `default`.
    pub service_account: String,
    /// `automountServiceAccountToken` is the boolean `false`.
    pub no_token: bool,
    /// `nodeName`.
    pub node_name: String,
    /// The node labels that are asked for, with the field path of each: `nodeSelector` and the positive
    /// expressions of node affinity.
    pub node_labels: Vec<(String, String)>,
    /// `tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `priorityClassName`.
    pub priority_class: String,
    /// `dnsConfig.nameservers` with the field path of each.
    pub nameservers: Vec<(String, String)>,
    /// `hostAliases`: host name, address, field path.
    pub host_aliases: Vec<(String, String, String)>,
    /// Volumes of the types that are judged, `hostPath` aside.
    pub volumes: Vec<Volume>,
}

/// One toleration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toleration {
    /// `key`.
    pub key: String,
    /// `operator`.
    pub operator: String,
    /// The field path.
    pub path: String,
}

/// `securityContext` of a pod or of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// The field path.
    pub path: String,
    /// `windowsOptions.hostProcess`.
    pub host_process: bool,
    /// `capabilities.add` as written, with the field path of each.
    pub added_capabilities: Vec<(String, String)>,
    /// `procMount`.
    pub proc_mount: String,
    /// `runAsUser`.
    pub run_as_user: Option<i64>,
    /// `seccompProfile.type`.
    pub seccomp: String,
    /// `appArmorProfile.type`.
    pub app_armor: String,
    /// `seLinuxOptions.type`.
    pub se_linux: String,
}

/// Fields of a container that are not about what it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerSettings {
    /// `securityContext`.
    pub security: Security,
    /// `workingDir`.
    pub working_dir: String,
    /// `terminationMessagePath`.
    pub termination_message_path: String,
    /// `ports[].hostPort` with the field path of each.
    pub host_ports: Vec<(i64, String)>,
    /// `volumeDevices[].devicePath` with the field path of each.
    pub volume_devices: Vec<(String, String)>,
    /// Names of secrets in `env` and `envFrom`, with the field path of each. Never a value.
    pub secrets: Vec<(String, String)>,
    /// `httpGet.host` and `tcpSocket.host` of hooks and probes, with the field path of each.
    pub probed_hosts: Vec<(String, String)>,
}

/// A volume of a type that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The field path of what is judged.
    pub path: String,
    /// What it is.
    pub source: VolumeSource,
}

/// What a volume is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeSource {
    /// `gitRepo`, with its repository.
    GitRepo(String),
    /// `flexVolume`, with its driver.
    FlexVolume(String),
    /// `image`, with its reference.
    Image(String),
    /// A secret, alone or projected, by name.
    Secret(String),
    /// A projected service account token.
    Token {
        /// For whom it is; empty means the API server.
        audience: String,
        /// How long it is valid, if given.
        seconds: Option<i64>,
    },
}
