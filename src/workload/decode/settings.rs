//! The thin types of everything around what is run: security, placement, identity, volumes, labels.

use serde::de::{IgnoredAny, MapAccess};

use super::super::lenient::{Field, KnownKey, Lenient, List, objects};
use super::super::stamps;

objects! {
    /// `securityContext` of a pod and of a container in one: the fields do not clash.
    Security {
        /// `privileged`, of a container.
        privileged: bool = "privileged",
        /// `procMount`, of a container.
        proc_mount: String = "procMount",
        /// `capabilities`, of a container.
        capabilities: Capabilities = "capabilities",
        /// `sysctls`, of a pod.
        sysctls: List<Sysctl> = "sysctls",
        /// `runAsUser`.
        run_as_user: i64 = "runAsUser",
        /// `seccompProfile`.
        seccomp: Profile = "seccompProfile",
        /// `appArmorProfile`.
        app_armor: Profile = "appArmorProfile",
        /// `seLinuxOptions`.
        se_linux: Profile = "seLinuxOptions",
        /// `windowsOptions`.
        windows: WindowsOptions = "windowsOptions",
    }

    /// `capabilities`.
    Capabilities {
        /// `add`.
        add: List<String> = "add",
    }

    /// One entry of `sysctls`.
    Sysctl {
        /// `name`.
        name: String = "name",
        /// `value`.
        value: String = "value",
    }

    /// A profile of seccomp or `AppArmor`, or `seLinuxOptions`: all have a `type`.
    Profile {
        /// `type`.
        kind: String = "type",
    }

    /// `windowsOptions`.
    WindowsOptions {
        /// `hostProcess`.
        host_process: bool = "hostProcess",
    }

    /// One entry of `ports`.
    Port {
        /// `hostPort`.
        host_port: i64 = "hostPort",
    }

    /// One entry of `volumeDevices`.
    VolumeDevice {
        /// `devicePath` in the container.
        device_path: String = "devicePath",
    }

    /// `httpGet` or `tcpSocket`.
    NetworkAction {
        /// `host`: the kubelet connects there instead of to the pod.
        host: String = "host",
    }

    /// `secretRef`, `secretKeyRef`, or a projected `secret`.
    Reference {
        /// `name`.
        name: String = "name",
    }

    /// One entry of `envFrom`.
    EnvFrom {
        /// `secretRef`.
        secret: Reference = "secretRef",
    }

    /// `valueFrom` of an environment variable.
    ValueFrom {
        /// `secretKeyRef`.
        secret: Reference = "secretKeyRef",
    }

    /// A volume's `gitRepo`.
    GitRepo {
        /// `repository`.
        repository: String = "repository",
    }

    /// A volume's `flexVolume`.
    FlexVolume {
        /// `driver`.
        driver: String = "driver",
    }

    /// A volume's `image`.
    ImageVolume {
        /// `reference`.
        reference: String = "reference",
    }

    /// A volume's `secret`.
    SecretVolume {
        /// `secretName`.
        name: String = "secretName",
    }

    /// A volume's `projected`.
    Projected {
        /// `sources`.
        sources: List<ProjectedSource> = "sources",
    }

    /// One entry of a projected volume's `sources`.
    ProjectedSource {
        /// `configMap`: only that it is there.
        config_map: Reference = "configMap",
        /// `secret`.
        secret: Reference = "secret",
        /// `serviceAccountToken`.
        service_account_token: ServiceAccountToken = "serviceAccountToken",
    }

    /// A projected service account token.
    ServiceAccountToken {
        /// `path` of the token within the volume.
        path: String = "path",
        /// `audience`; absent means the API server.
        audience: String = "audience",
        /// `expirationSeconds`.
        expiration_seconds: i64 = "expirationSeconds",
    }

    /// One entry of `tolerations`.
    Toleration {
        /// `key`; absent with `operator: Exists` means every taint.
        key: String = "key",
        /// `operator`.
        operator: String = "operator",
    }

    /// `affinity`.
    Affinity {
        /// `nodeAffinity`.
        node: NodeAffinity = "nodeAffinity",
    }

    /// `nodeAffinity`.
    NodeAffinity {
        /// `requiredDuringSchedulingIgnoredDuringExecution`.
        required: RequiredNodes = "requiredDuringSchedulingIgnoredDuringExecution",
        /// `preferredDuringSchedulingIgnoredDuringExecution`.
        preferred: List<PreferredNodes> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// The terms that a node has to fit.
    RequiredNodes {
        /// `nodeSelectorTerms`.
        terms: List<NodeTerm> = "nodeSelectorTerms",
    }

    /// A term that a node should fit.
    PreferredNodes {
        /// `preference`.
        preference: NodeTerm = "preference",
    }

    /// One term of node affinity.
    NodeTerm {
        /// `matchExpressions`.
        expressions: List<NodeExpression> = "matchExpressions",
        /// `matchFields`: `metadata.name` chooses a node.
        fields: List<NodeExpression> = "matchFields",
    }

    /// One expression of a term.
    NodeExpression {
        /// `key`.
        key: String = "key",
        /// `operator`.
        operator: String = "operator",
    }

    /// `dnsConfig`.
    DnsConfig {
        /// `nameservers`.
        nameservers: List<String> = "nameservers",
    }

    /// One entry of `hostAliases`.
    HostAlias {
        /// `ip`.
        ip: String = "ip",
        /// `hostnames`.
        hostnames: List<String> = "hostnames",
    }

    /// `metadata` of a template.
    TemplateMeta {
        /// `labels`.
        labels: StringMap = "labels",
        /// `annotations`.
        annotations: StringMap = "annotations",
    }
}

/// Labels, annotations or a node selector: the entries in order, with every value cut to a few hundred bytes.
///
/// Nothing that is judged is longer, and an annotation may hold a whole manifest. A value that is no string is
/// kept as an empty one: an API server refuses it, and what counts here is the key. The annotations that say who made
/// the object are kept whatever stands before them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StringMap {
    /// Keys and values, at most [`StringMap::MAX_ENTRIES`] and those of [`stamps`].
    pub entries: Vec<(String, String)>,
    /// How many entries followed and were not read.
    pub unread: usize,
}

impl StringMap {
    /// The most entries that are kept. An API server takes 256 KiB of annotations, which are fewer than this
    /// with any useful key.
    pub const MAX_ENTRIES: usize = 1 << 14;
    /// The bytes of a value that are kept: more than a label may have.
    pub const MAX_VALUE: usize = 256;
}

impl Lenient for StringMap {
    const EXPECTED: &'static str = "an object";
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut map = Self::default();
        while let Some(key) = object.next_key::<String>()? {
            let value = if stamps::is_stamp(&key) {
                let value = object.next_value::<Field<CutText<{ stamps::MAX_VALUE }>>>()?;
                value.get().map(|CutText(text)| text.clone())
            } else if map.entries.len() < Self::MAX_ENTRIES {
                let value = object.next_value::<Field<CutText<{ Self::MAX_VALUE }>>>()?;
                value.get().map(|CutText(text)| text.clone())
            } else {
                object.next_value::<IgnoredAny>()?;
                map.unread += 1;
                continue;
            };
            map.entries.push((key, value.unwrap_or_default()));
        }
        Ok(Field::Present(map))
    }
}

/// The first `MAX` bytes of a text.
struct CutText<const MAX: usize>(String);

impl<const MAX: usize> Lenient for CutText<MAX> {
    const EXPECTED: &'static str = "a string";
    fn from_text(value: &str) -> Field<Self> {
        // A character has at most four bytes, so one of these ends on a boundary.
        let cut = (0..4).find_map(|less| value.get(..MAX - less));
        Field::Present(Self(if value.len() <= MAX { value } else { cut.unwrap_or_default() }.to_owned()))
    }
}
