//! Names that belong to Kubernetes itself, and who publishes them.

use crate::normalize::ImageRef;

/// Namespaces of the control plane.
pub(crate) const NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Components that nobody but a Kubernetes distribution runs.
const OWN: [&str; 10] = [
    "kube-proxy",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-dns",
    "kube-addon-manager",
    "kubelet",
    "hyperkube",
    "cloud-controller-manager",
    "konnectivity-agent",
];

/// Components that are software in their own right: others publish and run them too.
const SHARED: [&str; 4] = ["etcd", "coredns", "pause", "metrics-server"];

/// Registries, with the beginning of the path, from which distributions publish components.
const PUBLISHERS: [(&str, &str); 17] = [
    ("registry.k8s.io", ""),
    ("k8s.gcr.io", ""),
    ("gcr.io", "google_containers/"),
    ("gcr.io", "google-containers/"),
    ("gcr.io", "gke-release/"),
    ("gke.gcr.io", ""),
    ("mcr.microsoft.com", ""),
    ("public.ecr.aws", "eks/"),
    ("public.ecr.aws", "eks-distro/"),
    ("602401143452.dkr.ecr.", ""),
    ("registry.redhat.io", ""),
    ("quay.io", "coreos/"),
    ("quay.io", "openshift/"),
    ("docker.io", "rancher/"),
    ("docker.io", "coredns/"),
    ("docker.io", "bitnami/"),
    ("registry.aliyuncs.com", "google_containers/"),
];

/// Registries in which anyone may publish under a name of their own.
const OPEN_REGISTRIES: [&str; 7] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "quay.io",
    "ghcr.io",
    "registry.gitlab.com",
    "public.ecr.aws",
];

/// The letters and digits from which Kubernetes makes the ends of generated names.
const GENERATED: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Whose name a component's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    /// Only Kubernetes itself runs something of this name.
    Own,
    /// Others run it too.
    Shared,
}

/// The component of exactly this name.
pub(super) fn component(name: &str) -> Option<Component> {
    if OWN.contains(&name) {
        Some(Component::Own)
    } else {
        SHARED.contains(&name).then_some(Component::Shared)
    }
}

/// The component that an object is named after: `kube-proxy`, or `kube-proxy-x7k2m` as its pods are named.
pub(super) fn component_of_object(name: &str) -> Option<Component> {
    component(name).or_else(|| {
        OWN.iter().chain(&SHARED).find_map(|known| {
            let suffix = name.strip_prefix(known)?.strip_prefix('-')?;
            looks_generated(suffix).then(|| component(known)).flatten()
        })
    })
}

/// Whether the end of a name looks like those of pods: five characters, perhaps after the hash of a template;
/// or like those of the Jobs of a CronJob: the minute in digits. Imitations are not exact, so neither is this.
fn looks_generated(suffix: &str) -> bool {
    let last = match suffix.rsplit_once('-') {
        Some((hash, last)) if (8..=10).contains(&hash.len()) && is_generated(hash) => last,
        Some(_) => return false,
        None => suffix,
    };
    (last.len() == 5 && is_generated(last)) || (last.len() >= 8 && last.bytes().all(|b| b.is_ascii_digit()))
}

fn is_generated(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && (text.bytes().any(|b| b.is_ascii_digit()) || text.chars().all(|letter| GENERATED.contains(letter)))
}

/// Whether an image comes from where distributions publish.
pub(super) fn is_official(image: &ImageRef) -> bool {
    let registry = registry(image);
    PUBLISHERS.iter().any(|(publisher, beginning)| {
        let from =
            if publisher.ends_with('.') { registry.starts_with(publisher) } else { registry == *publisher };
        from && image.repository.starts_with(beginning)
    })
}

/// Whether anyone may publish in the image's registry. Elsewhere it may be a mirror of the owner's.
pub(super) fn is_from_open_registry(image: &ImageRef) -> bool {
    OPEN_REGISTRIES.contains(&registry(image).as_str())
}

/// The registry in small letters; none means Docker Hub.
fn registry(image: &ImageRef) -> String {
    image.registry.as_deref().unwrap_or("docker.io").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects() {
        for (name, expected) in [
            ("kube-proxy", Some(Component::Own)),
            ("kube-proxy-bv61v", Some(Component::Own)),
            ("kube-proxy-bcdfg", Some(Component::Own)),
            ("coredns-5d78c9869d-x7k2m", Some(Component::Shared)),
            ("kube-scheduler-28391823", Some(Component::Own)),
            ("etcd-backup", None),
            ("kube-proxy-check", None),
            ("kube-proxy-", None),
            ("my-kube-proxy", None),
            ("etcd-defrag-28391823", None),
            ("", None),
        ] {
            assert_eq!(component_of_object(name), expected, "{name}");
        }
    }

    #[test]
    fn publishers() {
        for (image, official, open) in [
            ("registry.k8s.io/kube-proxy:v1.30.0", true, false),
            ("REGISTRY.k8s.io/kube-proxy", true, false),
            ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/kube-proxy:v1", true, false),
            ("rancher/hyperkube", true, true),
            ("docker.io/someone/kube-proxy", false, true),
            ("someone/kube-proxy", false, true),
            ("mirror.example.test/kube-proxy", false, false),
            ("registry.k8s.io.example.test/kube-proxy", false, false),
        ] {
            let reference = ImageRef::parse(image);
            assert_eq!(
                (is_official(&reference), is_from_open_registry(&reference)),
                (official, open),
                "{image}"
            );
        }
    }
}
