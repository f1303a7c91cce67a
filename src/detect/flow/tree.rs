//! The files of a pod by where they are kept: in a container's own file system, or in a volume that several share.

use std::collections::HashMap;

use crate::normalize::path::canonical;
use crate::workload::{Container, Workload};

/// The number of a path.
pub(super) type Node = usize;

/// Paths that are remembered, their folders included.
const MAX_NODES: usize = 16 * 1024;
/// Folders deep.
const MAX_DEPTH: usize = 32;
/// Mounts of one container that are followed.
const MAX_MOUNTS: usize = 256;

/// Where a path leads in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// The path itself, if something was ever written there or below it.
    pub exact: Option<Node>,
    /// The last folder on the way that is known.
    pub within: Node,
    /// The same name, written where the working directory was not known.
    pub floating: Option<Node>,
}

/// A container's places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Roots {
    absolute: Node,
    relative: Node,
}

/// Whether a path begins with a variable, a substitution or the home folder, all of which stand for a folder.
pub(super) fn is_anchored(path: &str) -> bool {
    path.starts_with(['$', '~']) && path.contains('/')
}

/// All paths of a pod, by component.
#[derive(Debug, Default)]
pub(super) struct Tree {
    children: HashMap<(Node, String), Node>,
    parents: Vec<Option<Node>>,
    /// Where a mount leads.
    mounts: HashMap<Node, Node>,
}

impl Tree {
    fn node(&mut self, parent: Option<Node>) -> Node {
        self.parents.push(parent);
        self.parents.len() - 1
    }

    /// The places of each container, in their order.
    pub(super) fn places(&mut self, workload: &Workload) -> Vec<Roots> {
        let mut volumes: HashMap<&str, Node> = HashMap::new();
        let mut places = Vec::with_capacity(workload.containers.len());
        for container in &workload.containers {
            let roots = Roots { absolute: self.node(None), relative: self.node(None) };
            self.mount(container, roots.absolute, &mut volumes);
            places.push(roots);
        }
        places
    }

    fn mount<'a>(&mut self, container: &'a Container, root: Node, volumes: &mut HashMap<&'a str, Node>) {
        for mount in container.mounts.iter().take(MAX_MOUNTS) {
            let volume = match volumes.get(mount.volume.as_str()) {
                Some(node) => *node,
                None => self.node(None),
            };
            volumes.insert(&mount.volume, volume);
            let inner = self.add_below(volume, &canonical(&format!("/{}", mount.sub_path)));
            let at = self.add_below(root, &canonical(&mount.mount_path));
            if let (Some(at), Some(inner)) = (at, inner) {
                self.mounts.insert(at, inner);
            }
        }
    }

    /// The number of a path that something is written to; nothing where there are too many.
    pub(super) fn add(&mut self, roots: Roots, path: &str) -> Option<Node> {
        self.add_below(if path.starts_with('/') { roots.absolute } else { roots.relative }, path)
    }

    fn add_below(&mut self, root: Node, path: &str) -> Option<Node> {
        let mut at = self.mounts.get(&root).copied().unwrap_or(root);
        for (depth, part) in path.split('/').filter(|part| !part.is_empty()).enumerate() {
            let key = (at, part.to_owned());
            let next = match self.children.get(&key) {
                Some(next) => *next,
                None if depth >= MAX_DEPTH || self.parents.len() >= MAX_NODES => return None,
                None => {
                    let next = self.node(Some(at));
                    self.children.insert(key, next);
                    next
                }
            };
            at = self.mounts.get(&next).copied().unwrap_or(next);
        }
        Some(at)
    }

    /// Where a path leads that something is read from.
    pub(super) fn find(&self, roots: Roots, path: &str) -> Found {
        let root = if path.starts_with('/') { roots.absolute } else { roots.relative };
        let mut within = self.mounts.get(&root).copied().unwrap_or(root);
        let mut exact = true;
        for part in path.split('/').filter(|part| !part.is_empty()).take(MAX_DEPTH + 1) {
            let Some(next) = self.children.get(&(within, part.to_owned())) else {
                exact = false;
                break;
            };
            within = self.mounts.get(next).copied().unwrap_or(*next);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let floating = path.starts_with('/').then(|| (roots.relative, name.to_owned()));
        Found {
            exact: exact.then_some(within),
            within,
            floating: floating.and_then(|key| self.children.get(&key)).copied(),
        }
    }

    /// Where a program without a folder leads, if something was written to a folder of `PATH` under its name.
    pub(super) fn in_path(&self, roots: Roots, name: &str) -> Option<Found> {
        const PATH: [&str; 6] =
            ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
        let places = PATH.iter().map(|folder| self.find(roots, &format!("{folder}/{name}")));
        places.into_iter().find(|place| place.exact.is_some())
    }

    /// A node and the folders around it.
    pub(super) fn upwards(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        std::iter::successors(Some(node), |at| self.parents.get(*at).copied().flatten())
    }

    /// How many paths there are.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }
}
