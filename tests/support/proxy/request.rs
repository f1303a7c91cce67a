//! What a request means to Kubernetes, read from its method and path.

use hyper::{HeaderMap, Method, Uri};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    List,
    Watch,
    Get,
    Create,
    Update,
    Patch,
    Delete,
}

impl Verb {
    /// Whether it changes something.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Patch | Self::Delete)
    }
}

/// A request of the API, without its body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    /// The resource's plural, such as `jobs`; the whole path of what is no resource.
    pub(crate) resource: String,
    /// Empty for all namespaces and for what is in none.
    pub(crate) namespace: String,
    /// Empty for a list and a creation.
    pub(crate) name: String,
    /// What stands behind the question mark.
    pub(crate) query: String,
    pub(crate) user_agent: String,
    /// The token that the controller shows.
    pub(crate) token: String,
}

impl Request {
    pub(crate) fn read(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = uri.query().unwrap_or_default().to_owned();
        let (resource, namespace, name) = place(uri.path());
        let verb = match *method {
            Method::POST => Verb::Create,
            Method::PUT => Verb::Update,
            Method::PATCH => Verb::Patch,
            Method::DELETE => Verb::Delete,
            _ if parameter(&query, "watch").is_some_and(|value| value != "0" && value != "false") => {
                Verb::Watch
            }
            _ if name.is_empty() => Verb::List,
            _ => Verb::Get,
        };
        let token = header("authorization").trim_start_matches("Bearer ").to_owned();
        Self { verb, resource, namespace, name, query, user_agent: header("user-agent").to_owned(), token }
    }

    /// A parameter of the query, as it stands there.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

/// Resource, namespace and name of a path.
fn place(path: &str) -> (String, String, String) {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let rest = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => &[],
    };
    let (resource, namespace, name) = match rest {
        ["namespaces", namespace, resource, name @ ..] => (*resource, *namespace, name.first()),
        [resource, name @ ..] => (*resource, "", name.first()),
        [] => (path, "", None),
    };
    (resource.to_owned(), namespace.to_owned(), name.copied().unwrap_or_default().to_owned())
}
