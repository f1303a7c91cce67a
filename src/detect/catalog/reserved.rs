//! Ids of rules that need more than the object itself.
//!
//! They are part of the API before they exist, so that nobody has to rename anything later. Such a rule will be an
//! entry of the catalogue as any other; its facts come from caches of the controller, which are named here.

/// An id that is taken, and what its rule waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// The id.
    pub id: &'static str,
    /// What it will find.
    pub title: &'static str,
    /// What it needs to know beyond the Job or CronJob.
    pub needs: &'static str,
}

/// The reserved ids, sorted.
pub static RESERVED: &[Reserved] = &[
    Reserved {
        id: "cmd-script-in-config-map",
        title: "Hostile script in a ConfigMap",
        needs: "the ConfigMaps that the pod mounts or reads as variables: their text is what it runs",
    },
    Reserved {
        id: "hostpath-via-pv",
        title: "Node's files by a PersistentVolume",
        needs: "the PersistentVolumeClaims of the pod and their PersistentVolumes: one of type hostPath or local is \
                a host path by another name",
    },
    Reserved {
        id: "id-privileged-service-account",
        title: "Service account with far-reaching rights",
        needs: "the Roles and ClusterRoles that are bound to the service account",
    },
    Reserved {
        id: "img-untrusted-registry",
        title: "Image from an unknown registry",
        needs: "the list of registries that the cluster's operator trusts, which has to be configured",
    },
];

/// The reserved id of this name.
pub fn reserved(id: &str) -> Option<&'static Reserved> {
    RESERVED.iter().find(|reserved| reserved.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::catalog;

    #[test]
    fn no_rule_has_a_reserved_id() {
        assert!(RESERVED.iter().map(|reserved| reserved.id).is_sorted(), "the table is not in order");
        for reserved in RESERVED {
            assert!(catalog::rule(reserved.id).is_none(), "{}: exists, so it is not reserved", reserved.id);
        }
    }
}
