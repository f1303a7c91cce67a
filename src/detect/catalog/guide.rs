//! What to do about a finding: how to see whether it is true, and how to mend it.
//!
//! Commands name the namespace and the workload as `NAMESPACE` and `NAME`, and work for a Job as for a CronJob:
//! `get cronjob,job NAME --ignore-not-found` shows whichever is there. They only read, but for those that stop it.

/// A step by which a finding is confirmed: what to look at, and what to look for in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The whole object.
    Object(&'static str),
    /// Fields of the object, by a `JSONPath` without braces.
    Fields(&'static str, &'static str),
    /// Lines of the object, by an extended regular expression.
    Search(&'static str, &'static str),
    /// Who changed the object, and when, as the clients call themselves.
    Changes(&'static str),
    /// The logs of its pods.
    Logs(&'static str),
    /// What its service account may do.
    Rights(&'static str),
    /// Another command.
    Run(&'static str, &'static str),
}

impl Step {
    /// The command.
    pub fn command(self) -> String {
        let object = "kubectl -n NAMESPACE get cronjob,job NAME --ignore-not-found";
        match self {
            Self::Object(_) => format!("{object} -o yaml"),
            Self::Fields(path, _) => format!("{object} -o jsonpath='{{{path}}}'"),
            Self::Search(pattern, _) => format!("{object} -o yaml | grep -nE -A6 '{pattern}'"),
            Self::Changes(_) => format!(
                "{object} --show-managed-fields -o jsonpath='{{range ..metadata.managedFields[*]}}{{.manager}}\
                 {{\" \"}}{{.operation}}{{\" \"}}{{.time}}{{\"\\n\"}}{{end}}'"
            ),
            Self::Logs(_) => "kubectl -n NAMESPACE logs job/NAME --all-containers --timestamps".to_owned(),
            Self::Rights(_) => {
                "kubectl auth can-i --list -n NAMESPACE --as=system:serviceaccount:NAMESPACE:default"
                    .to_owned()
            }
            Self::Run(command, _) => command.to_owned(),
        }
    }

    /// What to look for in its output.
    pub const fn look_for(self) -> &'static str {
        match self {
            Self::Object(text)
            | Self::Fields(_, text)
            | Self::Search(_, text)
            | Self::Changes(text)
            | Self::Logs(text)
            | Self::Rights(text)
            | Self::Run(_, text) => text,
        }
    }

    /// What has to be put in by hand besides namespace and name.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Logs(_) => Some("For a CronJob put in the name of one of its Jobs."),
            Self::Rights(_) => Some("Put its serviceAccountName in place of default."),
            _ => None,
        }
    }
}

/// How a finding is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// What an attack with it lays open, beyond the workload itself.
    pub exposes: &'static [Exposure],
    /// What to do if it is an attack, besides [`STOP`] and what [`Exposure`] says.
    pub attack: &'static str,
    /// How the same need is met more safely.
    pub benign: &'static str,
}

/// What an attack lays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// The token of the pod's service account.
    Token,
    /// Secrets that the pod has, by mount, by variable or by reading.
    Secrets,
    /// Data that left, or was destroyed.
    Data,
    /// Every node on which it ran.
    Node,
    /// The keys of the control plane.
    ControlPlane,
    /// The credentials that the cloud gives to the node.
    Cloud,
    /// What its account may change in the cluster.
    Cluster,
}

impl Exposure {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Token, Self::Secrets, Self::Data, Self::Node, Self::ControlPlane, Self::Cloud, Self::Cluster];

    /// What was exposed, in a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "The service account",
            Self::Secrets => "Secrets",
            Self::Data => "Data",
            Self::Node => "The node",
            Self::ControlPlane => "The control plane",
            Self::Cloud => "The cloud account",
            Self::Cluster => "The cluster",
        }
    }

    /// What to do about it.
    pub const fn response(self) -> &'static str {
        match self {
            Self::Token => {
                "A token that is bound to a pod ends when the pod is deleted. Take the account's rights away until \
                 you know more (delete its bindings, or bind it to nothing), delete Secrets of type \
                 kubernetes.io/service-account-token that belong to it, and search the API server's audit log for \
                 what it did."
            }
            Self::Secrets => {
                "Rotate every credential that the pod could read, at its source (database, cloud, registry), not \
                 only in the Secret: mounted Secrets, variables, image pull secrets. Then look for its use since \
                 the first run."
            }
            Self::Data => {
                "Find out what was reachable, how much left and when, from flow and proxy logs, and tell the owners \
                 of the data early: notification has deadlines."
            }
            Self::Node => {
                "Treat every node on which it ran as lost: kubectl cordon it, keep a snapshot of its disk, then \
                 replace it instead of cleaning it. The credentials of the kubelet and of all pods on that node \
                 are exposed, those of other workloads too."
            }
            Self::ControlPlane => {
                "If it ran on a control plane node, or read its files, whoever did it can make certificates for any \
                 user. Rotate the certificate authorities, the key that signs service account tokens and etcd's \
                 certificates; rotating single accounts does not help before that."
            }
            Self::Cloud => {
                "Revoke the sessions of the node's role, and search the cloud's audit log for its use from \
                 addresses that are not the node's. Reduce what the role may do."
            }
            Self::Cluster => {
                "Look for what it left behind: bindings, service accounts, workloads, webhooks and certificate \
                 requests that are younger than its first run, in all namespaces."
            }
        }
    }
}

/// An instruction with its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// What to do, and why.
    pub text: &'static str,
    /// The command.
    pub command: &'static str,
}

/// The first step for every finding.
pub const REPORT: Action = Action {
    text: "Read the finding: where it is (path), what stands there (evidence), and what else was found.",
    command: "kubectl -n NAMESPACE get jobriskreport cronjob-NAME job-NAME --ignore-not-found -o yaml",
};

/// The last steps for every finding: whether it ran at all, and whose it is.
pub const RAN: [Action; 2] = [
    Action {
        text: "See whether, when and on which nodes it ran. The Jobs of a CronJob are called NAME-…",
        command: "kubectl -n NAMESPACE get pods -o custom-columns='POD:.metadata.name,\
                  JOB:.metadata.labels.batch\\.kubernetes\\.io/job-name,NODE:.spec.nodeName,\
                  PHASE:.status.phase,START:.status.startTime'",
    },
    Action {
        text: "Ask who made it. The manager is what the client called itself, which anyone can choose; an owner or \
               a label of a chart or GitOps tool leads to a repository, where the change can be looked up.",
        command: "kubectl -n NAMESPACE get cronjob,job NAME --ignore-not-found --show-managed-fields -o yaml",
    },
];

/// What to do at once when it is an attack, in this order.
pub const STOP: [Action; 4] = [
    Action {
        text: "Keep the evidence before anything else: objects, and logs while the pods are there.",
        command: "kubectl -n NAMESPACE get cronjobs,jobs,pods,events,jobriskreports -o yaml --show-managed-fields \
                  > evidence.yaml",
    },
    Action {
        text: "Stop a CronJob. Jobs that it has started go on: stop these as well.",
        command: "kubectl -n NAMESPACE patch cronjob NAME -p '{\"spec\":{\"suspend\":true}}'",
    },
    Action {
        text: "Stop a Job. This ends its pods, with the files in them; to look at these first, cut the pod off with a \
               NetworkPolicy that allows nothing. Do not delete it yet.",
        command: "kubectl -n NAMESPACE patch job NAME -p '{\"spec\":{\"suspend\":true}}'",
    },
    Action {
        text: "Look for others like it, by image, command, account and time. The worst are last.",
        command: "kubectl get jobriskreports -A --sort-by=.status.riskScore",
    },
];
