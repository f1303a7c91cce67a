//! The proxy does what its script says. Without this, a fault that never happens would pass every test.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::scenario::Scenario;
use crate::support::proxy::{Action, Answer, Fault, Match, Verb};

/// How a request ends for the one who makes it.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The answer is complete.
    Whole,
    /// The connection was closed before.
    Cut,
    /// Nothing more comes.
    Silence,
}

/// Makes a request with the controller's token; gives all that comes and how it ends.
fn ask(scenario: &Scenario, path: &str) -> (String, End) {
    let mut stream = TcpStream::connect(("127.0.0.1", scenario.proxy.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let token = scenario.token();
    let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => break End::Cut,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                break End::Silence;
            }
            Err(_) => break End::Cut,
        }
        if bytes.ends_with(b"\r\n0\r\n\r\n") || bytes.ends_with(b"the end") {
            break End::Whole;
        }
    };
    (String::from_utf8(bytes).unwrap(), end)
}

#[test]
fn the_proxy_does_what_its_script_says() {
    const LIST: &str = "/apis/batch/v1/namespaces/proxy/jobs";
    const WATCH: &str = "/apis/batch/v1/namespaces/proxy/jobs?watch=true&timeoutSeconds=1";
    let scenario = Scenario::prepare("proxy");
    let proxy = &scenario.proxy;
    scenario.jobs("job", 3);
    let (whole, end) = ask(&scenario, LIST);
    assert!(whole.starts_with("HTTP/1.1 200") && whole.contains("job-2") && end == End::Whole, "{whole}");

    let own = Answer::retry_after("7");
    let own = Answer { body: "the end".to_owned(), ..own };
    let rewrite = Action::rewrite(|list| list["items"] = json!([]));
    let double = Action::rewrite_events(|event| vec![event.clone(), event]);
    // Path, fault, how it ends, whether the API server is asked, how many whole Jobs come.
    for (path, action, expected, is_sent, names) in [
        (LIST, Action::CutBefore, End::Cut, false, 0),
        (LIST, Action::CutAfter, End::Cut, true, 0),
        (LIST, Action::CutBody(30), End::Cut, true, 0),
        (LIST, Action::Swallow, End::Silence, false, 0),
        (LIST, Action::SwallowAnswer, End::Silence, true, 0),
        (LIST, Action::StallBody(0), End::Silence, true, 0),
        (LIST, Action::StallBody(30), End::Silence, true, 0),
        (LIST, Action::Answer(own), End::Whole, false, 0),
        (LIST, rewrite, End::Whole, true, 0),
        (LIST, Action::Delay(Duration::from_millis(500)), End::Whole, true, 3),
        (WATCH, Action::TruncateLine(2), End::Cut, true, 2),
        (WATCH, Action::EndInLine(1), End::Whole, true, 1),
        (WATCH, double, End::Whole, true, 6),
        (WATCH, Action::Answer(Answer::expired_in_stream()), End::Silence, false, 0),
    ] {
        let (name, verb) = (action.name(), if path == LIST { Verb::List } else { Verb::Watch });
        let (mark, fault) =
            (proxy.mark(), proxy.script(Fault::new(Match::on(verb, "jobs"), action).times(1)));
        let (text, end) = ask(&scenario, path);
        assert_eq!(end, expected, "{name}: {text}");
        // What stands near the end of an object is not in half of it.
        assert_eq!(text.matches(r#""suspend":true"#).count(), names, "{name}: {text}");
        let log = proxy.since(mark);
        assert_eq!((log.len(), proxy.hits(fault)), (1, 1), "{name}: {log:#?}");
        let entry = &log[0];
        assert_eq!(
            (entry.request.verb, entry.sent_on, entry.fault),
            (verb, is_sent, Some(name)),
            "{entry:?}"
        );
        assert_eq!((entry.request.namespace.as_str(), entry.request.resource.as_str()), ("proxy", "jobs"));
    }

    proxy.script(Fault::new(Match::any(), Action::Chunks(1)).from(2).times(1));
    for expected in [false, true, false] {
        let (text, end) = ask(&scenario, LIST);
        assert_eq!(text.contains("\r\n1\r\n{\r\n1\r\n"), expected, "only the second: {text}");
        assert_eq!(end, End::Whole);
    }
}
