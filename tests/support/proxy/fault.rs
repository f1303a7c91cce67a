//! A fault: which requests it hits, and what happens to them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::request::{Request, Verb};

type Condition = Arc<dyn Fn(&Request) -> bool + Send + Sync>;
type Change = Arc<dyn Fn(&mut Value) + Send + Sync>;
type Respond = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;
type Events = Arc<dyn Fn(Value) -> Vec<Value> + Send + Sync>;

/// Which requests. What is not said does not matter.
#[derive(Clone, Default)]
pub(crate) struct Match {
    verbs: Vec<Verb>,
    resource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    condition: Option<Condition>,
}

impl Match {
    /// Every request.
    pub(crate) fn any() -> Self {
        Self::default()
    }

    /// Requests with a verb on a resource.
    pub(crate) fn on(verb: Verb, resource: &str) -> Self {
        Self::resource(resource).verbs(&[verb])
    }

    /// Requests on a resource.
    pub(crate) fn resource(resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..Self::default() }
    }

    /// Only those with one of these verbs.
    pub(crate) fn verbs(mut self, verbs: &[Verb]) -> Self {
        verbs.clone_into(&mut self.verbs);
        self
    }

    /// Only those in a namespace.
    pub(crate) fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Only those on one object.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only those for which `condition` holds.
    pub(crate) fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    pub(crate) fn matches(&self, request: &Request) -> bool {
        let same =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        (self.verbs.is_empty() || self.verbs.contains(&request.verb))
            && same(&self.resource, &request.resource)
            && same(&self.namespace, &request.namespace)
            && same(&self.name, &request.name)
            && self.condition.as_ref().is_none_or(|condition| condition(request))
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}/{:?}", self.verbs, self.resource, self.namespace, self.name)
    }
}

/// What happens to a request.
#[derive(Clone)]
pub(crate) enum Action {
    /// The connection is closed; the API server never hears of the request.
    CutBefore,
    /// The API server carries it out; the connection is closed instead of the answer.
    CutAfter,
    /// The connection breaks after so many bytes of the answer's body.
    CutBody(usize),
    /// No answer ever comes and the connection stays; the API server never hears of the request.
    Swallow,
    /// The API server carries it out, no answer ever comes, and the connection stays.
    SwallowAnswer,
    /// So many bytes of the answer's body come, with 0 the headers alone, then nothing; the connection stays.
    StallBody(usize),
    /// So many lines of a watch come, then half of the next, then the connection breaks.
    TruncateLine(usize),
    /// The same, but the answer ends there as if it were complete.
    EndInLine(usize),
    /// The body comes in chunks of so many bytes.
    Chunks(usize),
    /// The proxy answers by itself.
    Answer(Answer),
    /// The proxy answers by itself, by the request.
    Respond(Respond),
    /// The request is sent on after a while.
    Delay(Duration),
    /// The JSON of an answer that is no watch is changed.
    Rewrite(Change),
    /// Each event of a watch becomes these.
    RewriteEvents(Events),
}

impl Action {
    pub(crate) fn respond(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::Respond(Arc::new(answer))
    }

    pub(crate) fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Arc::new(change))
    }

    pub(crate) fn rewrite_events(events: impl Fn(Value) -> Vec<Value> + Send + Sync + 'static) -> Self {
        Self::RewriteEvents(Arc::new(events))
    }

    /// The name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::CutBefore => "cut before",
            Self::CutAfter => "cut after",
            Self::CutBody(_) => "cut body",
            Self::Swallow => "swallow",
            Self::SwallowAnswer => "swallow answer",
            Self::StallBody(_) => "stall body",
            Self::TruncateLine(_) => "truncate line",
            Self::EndInLine(_) => "end in line",
            Self::Chunks(_) => "chunks",
            Self::Answer(_) | Self::Respond(_) => "answer",
            Self::Delay(_) => "delay",
            Self::Rewrite(_) => "rewrite",
            Self::RewriteEvents(_) => "rewrite events",
        }
    }
}

/// An answer of the proxy's own.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// A `Status`, as the API server refuses with.
    pub(crate) fn status(code: u16, reason: &str, message: &str) -> Self {
        Self::json(code, &status(code, reason, message))
    }

    /// A body of JSON.
    pub(crate) fn json(code: u16, body: &Value) -> Self {
        Self::new(code, "application/json", body.to_string())
    }

    /// A page, as a load balancer answers when nobody is behind it.
    pub(crate) fn html(code: u16) -> Self {
        let body = format!("<html><body><h1>{code}</h1><p>No server is available.</p></body></html>\n");
        Self::new(code, "text/html", body)
    }

    /// 429, with this text behind `Retry-After`.
    pub(crate) fn retry_after(text: &str) -> Self {
        let answer = Self::status(429, "TooManyRequests", "too many requests, please try again later");
        answer.header("retry-after", text)
    }

    /// A watch that consists of these events and ends.
    pub(crate) fn events(events: &[Value]) -> Self {
        let body = events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
        Self::new(200, "application/json", body)
    }

    /// A watch that ends with 410 in its stream.
    pub(crate) fn expired_in_stream() -> Self {
        Self::events(&[expired_event()])
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn new(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body }
    }
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Failure", "message": message, "reason": reason, "code": code,
    })
}

/// The event that ends a watch whose place in history is gone.
pub(crate) fn expired_event() -> Value {
    json!({ "type": "ERROR", "object": status(410, "Expired", "too old resource version: 1 (2)") })
}

/// What happens to some requests, for some time.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) hits: Match,
    pub(crate) action: Action,
    pub(crate) from: usize,
    pub(crate) times: usize,
}

impl Fault {
    /// From the next request that matches, until it is removed.
    pub(crate) fn new(hits: Match, action: Action) -> Self {
        Self { hits, action, from: 1, times: usize::MAX }
    }

    /// Begins with the n-th request that matches, counted from 1.
    pub(crate) fn from(mut self, from: usize) -> Self {
        self.from = from;
        self
    }

    /// Hits so many requests.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}
