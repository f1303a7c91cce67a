//! Where to read on. One place for the addresses, so that one that moves is mended once.

pub(in crate::detect) const ASSIGN: &str =
    "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/";
pub(in crate::detect) const CAPABILITIES: &str = "https://man7.org/linux/man-pages/man7/capabilities.7.html";
pub(in crate::detect) const CONFIGMAP: &str = "https://kubernetes.io/docs/concepts/configuration/configmap/";
pub(in crate::detect) const CRONJOB: &str =
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/";
pub(in crate::detect) const CVE_2017_1002101: &str = "https://nvd.nist.gov/vuln/detail/CVE-2017-1002101";
pub(in crate::detect) const CVE_2021_25741: &str = "https://nvd.nist.gov/vuln/detail/CVE-2021-25741";
pub(in crate::detect) const CVE_2022_0811: &str = "https://nvd.nist.gov/vuln/detail/CVE-2022-0811";
pub(in crate::detect) const CVE_2024_10220: &str = "https://nvd.nist.gov/vuln/detail/CVE-2024-10220";
pub(in crate::detect) const CVE_2024_21626: &str = "https://nvd.nist.gov/vuln/detail/CVE-2024-21626";
pub(in crate::detect) const DEBUG: &str =
    "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/";
pub(in crate::detect) const DEBUG_NODE: &str =
    "https://kubernetes.io/docs/tasks/debug/debug-cluster/kubectl-node-debug/";
pub(in crate::detect) const DNS: &str =
    "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/";
pub(in crate::detect) const DOCKER_SOCKET: &str = "https://docs.docker.com/engine/security/";
pub(in crate::detect) const FINALIZERS: &str =
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/";
pub(in crate::detect) const HOOKS: &str =
    "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/";
pub(in crate::detect) const HOST_PROCESS: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/";
pub(in crate::detect) const IMAGES: &str = "https://kubernetes.io/docs/concepts/containers/images/";
pub(in crate::detect) const IMDS: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html";
pub(in crate::detect) const JOB: &str = "https://kubernetes.io/docs/concepts/workloads/controllers/job/";
pub(in crate::detect) const KERNEL_SECURITY: &str =
    "https://kubernetes.io/docs/concepts/security/linux-kernel-security-constraints/";
pub(in crate::detect) const LABELS: &str = "https://kubernetes.io/docs/reference/labels-annotations-taints/";
pub(in crate::detect) const LD_SO: &str = "https://man7.org/linux/man-pages/man8/ld.so.8.html";
pub(in crate::detect) const LOGGING: &str =
    "https://kubernetes.io/docs/concepts/cluster-administration/logging/";
pub(in crate::detect) const NAMESPACES: &str =
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/";
pub(in crate::detect) const NETWORK_POLICY: &str =
    "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
pub(in crate::detect) const POD_SECURITY: &str =
    "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
pub(in crate::detect) const PRIORITY: &str =
    "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/";
pub(in crate::detect) const PROBES: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/";
pub(in crate::detect) const PROJECTED: &str =
    "https://kubernetes.io/docs/concepts/storage/projected-volumes/";
pub(in crate::detect) const QUOTA: &str = "https://kubernetes.io/docs/concepts/policy/resource-quotas/";
pub(in crate::detect) const OWNERS: &str =
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/";
pub(in crate::detect) const RBAC_PRACTICES: &str =
    "https://kubernetes.io/docs/concepts/security/rbac-good-practices/";
pub(in crate::detect) const SECCOMP: &str = "https://kubernetes.io/docs/tutorials/security/seccomp/";
pub(in crate::detect) const SECRET: &str = "https://kubernetes.io/docs/concepts/configuration/secret/";
pub(in crate::detect) const SECRET_PRACTICES: &str =
    "https://kubernetes.io/docs/concepts/security/secrets-good-practices/";
pub(in crate::detect) const SECURITY_CONTEXT: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/";
pub(in crate::detect) const SERVER_SIDE_APPLY: &str =
    "https://kubernetes.io/docs/reference/using-api/server-side-apply/";
pub(in crate::detect) const SERVICE_ACCOUNT: &str =
    "https://kubernetes.io/docs/concepts/security/service-accounts/";
pub(in crate::detect) const SHARE_PROCESS: &str =
    "https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/";
pub(in crate::detect) const SUPPLY_CHAIN: &str = "https://slsa.dev/";
pub(in crate::detect) const SYSCTLS: &str =
    "https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/";
pub(in crate::detect) const TAINTS: &str =
    "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/";
pub(in crate::detect) const TERMINATION: &str =
    "https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/";
pub(in crate::detect) const TTL: &str =
    "https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/";
pub(in crate::detect) const USER_NAMESPACES: &str =
    "https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/";
pub(in crate::detect) const VOLUMES: &str = "https://kubernetes.io/docs/concepts/storage/volumes/";
pub(in crate::detect) const WORKLOAD_IDENTITY: &str =
    "https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity";
