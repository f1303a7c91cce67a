//! tree-sitter-bash: a concrete syntax tree.

use std::collections::VecDeque;

use tree_sitter::{Node, Parser};

use super::model::{Parsed, Pattern, Place, ansi, has_braces};
use super::ours::is_test_operator;

/// The commands of a script; nothing where the parser finds an error in it.
pub fn read(script: &str) -> Option<Vec<Parsed>> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).unwrap();
    let tree = parser.parse(script, None).unwrap();
    if tree.root_node().has_error() {
        return None;
    }
    let mut reader = Reader { text: script, out: Vec::new(), pipelines: 0, documents: VecDeque::new() };
    reader.list(tree.root_node(), Place::Top);
    while let Some(body) = reader.documents.pop_front() {
        let mut inner = Vec::new();
        let mut pattern = Pattern::default();
        for child in children(body) {
            reader.piece(child, true, &mut pattern, &mut inner);
        }
        reader.inner(&inner);
    }
    Some(super::compare::renumber(reader.out))
}

struct Reader<'t> {
    text: &'t str,
    out: Vec<Parsed>,
    pipelines: usize,
    documents: VecDeque<Node<'t>>,
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}

fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).collect()
}

impl<'t> Reader<'t> {
    fn source(&self, node: Node<'_>) -> &'t str {
        &self.text[node.byte_range()]
    }

    fn list(&mut self, node: Node<'t>, place: Place) {
        for child in named(node) {
            self.statement(child, place, None);
        }
    }

    /// A statement; `at` is its place in a pipeline that is being read.
    fn statement(&mut self, node: Node<'t>, place: Place, at: Option<(usize, usize)>) {
        let at = at.unwrap_or_else(|| {
            self.pipelines += 1;
            (self.pipelines - 1, 0)
        });
        match node.kind() {
            "comment" | "heredoc_body" | "heredoc_end" => {}
            "pipeline" => {
                let (number, first) = at;
                for (stage, child) in named(node).into_iter().filter(|n| n.kind() != "comment").enumerate() {
                    self.statement(child, place, Some((number, first + stage)));
                }
            }
            "negated_command" => {
                for child in named(node) {
                    self.statement(child, place, Some(at));
                }
            }
            "redirected_statement" => {
                self.redirected(node, place, at);
            }
            "command"
            | "declaration_command"
            | "unset_command"
            | "test_command"
            | "variable_assignment"
            | "variable_assignments" => {
                let (parsed, inner) = self.simple(node, place, at);
                self.emit(parsed, &inner);
            }
            "subshell" | "do_group" | "else_clause" | "if_statement" | "elif_clause" | "while_statement" => {
                self.list(node, place);
            }
            "compound_statement" if self.source(node).starts_with("((") => {
                let text: String = self.source(node).chars().filter(|c| !c.is_whitespace()).collect();
                self.arithmetic(node, &text, place);
            }
            "list" | "compound_statement" => self.list(node, place),
            "for_statement" => {
                let mut head = self.head(place);
                let mut inner = Vec::new();
                head.words.push(Pattern::text("for"));
                head.words
                    .extend(fields(node, "variable").iter().map(|name| Pattern::text(self.source(*name))));
                let has_in = children(node).iter().any(|child| child.kind() == "in");
                head.words.extend(has_in.then(|| Pattern::text("in")));
                for value in fields(node, "value") {
                    head.words.push(self.word(value, &mut inner));
                }
                self.emit(head, &inner);
                for body in fields(node, "body") {
                    self.list(body, place);
                }
            }
            "c_style_for_statement" => {
                self.arithmetic(node, "for", place);
                for body in fields(node, "body") {
                    self.list(body, place);
                }
            }
            "case_statement" => {
                let mut head = self.head(place);
                let mut inner = Vec::new();
                head.words.push(Pattern::text("case"));
                for value in fields(node, "value") {
                    head.words.push(self.word(value, &mut inner));
                }
                self.emit(head, &inner);
                for item in named(node).into_iter().filter(|child| child.kind() == "case_item") {
                    let values = fields(item, "value");
                    let mut inner = Vec::new();
                    for value in &values {
                        self.word(*value, &mut inner);
                    }
                    self.inner(&inner);
                    for child in named(item).into_iter().filter(|child| !values.contains(child)) {
                        self.statement(child, place, None);
                    }
                }
            }
            "function_definition" => {
                for body in fields(node, "body") {
                    self.statement(body, Place::Function, Some(at));
                }
                let mut parsed = Parsed::new(place, at);
                let mut inner = Vec::new();
                for redirect in fields(node, "redirect") {
                    self.redirect(redirect, &mut parsed, &mut inner);
                }
                self.emit(parsed, &inner);
            }
            other => {
                // Nothing is left out in silence: a statement of an unknown kind is a command of that name.
                let mut parsed = Parsed::new(place, at);
                parsed.words.push(Pattern::text(format!("<{other}>")));
                self.emit(parsed, &[]);
            }
        }
    }

    fn head(&mut self, place: Place) -> Parsed {
        self.pipelines += 1;
        Parsed::new(place, (self.pipelines - 1, 0))
    }

    fn arithmetic(&mut self, node: Node<'t>, text: &str, place: Place) {
        let mut head = self.head(place);
        let mut inner = Vec::new();
        substitutions(node, &mut inner);
        let mut word = Pattern::default();
        if inner.is_empty() && !text.contains('$') {
            word.push(text);
        } else {
            word.push("((");
            word.hole(false);
        }
        head.words.push(word);
        let body: Vec<Node<'_>> = fields(node, "body");
        inner.retain(|(n, _)| body.iter().all(|body| !body.byte_range().contains(&n.start_byte())));
        self.emit(head, &inner);
    }

    /// The grammar hangs a redirection on all that stands before it; it belongs to the last command only.
    fn redirected(&mut self, node: Node<'t>, place: Place, at: (usize, usize)) {
        let redirects = fields(node, "redirect");
        let redirects: Vec<Node<'t>> = if redirects.is_empty() { named(node) } else { redirects };
        let body = node.child_by_field_name("body");
        let simple = body.is_some_and(|body| {
            matches!(
                body.kind(),
                "command"
                    | "declaration_command"
                    | "unset_command"
                    | "test_command"
                    | "variable_assignment"
                    | "variable_assignments"
                    | "list"
                    | "pipeline"
                    | "negated_command"
            )
        });
        let Some(body) = body.filter(|_| true) else {
            let mut parsed = Parsed::new(place, at);
            let mut inner = Vec::new();
            for redirect in redirects {
                self.redirect(redirect, &mut parsed, &mut inner);
            }
            self.emit(parsed, &inner);
            return;
        };
        if matches!(body.kind(), "list" | "pipeline" | "negated_command") {
            let before = self.out.len();
            self.statement(body, place, Some(at));
            let mut parsed = Parsed::new(place, at);
            let mut inner = Vec::new();
            for redirect in redirects {
                self.redirect(redirect, &mut parsed, &mut inner);
            }
            // What the last command substitutes stands behind it.
            let last = (before..self.out.len()).rev().find(|at| self.out[*at].place == place);
            match last {
                Some(last) => {
                    self.out[last].redirects.append(&mut parsed.redirects);
                    self.out[last].words.append(&mut parsed.words);
                }
                None => self.out.push(parsed),
            }
            self.inner(&inner);
            return;
        }
        if !simple {
            self.statement(body, place, Some(at));
            let mut parsed = Parsed::new(place, at);
            let mut inner = Vec::new();
            for redirect in redirects {
                self.redirect(redirect, &mut parsed, &mut inner);
            }
            self.emit(parsed, &inner);
            return;
        }
        let (mut parsed, mut inner) = self.simple(body, place, at);
        let mut rest = Vec::new();
        for redirect in redirects {
            if redirect.kind() == "heredoc_redirect" {
                rest.push((redirect, parsed.pipeline));
            }
            self.redirect(redirect, &mut parsed, &mut inner);
        }
        self.emit(parsed, &inner);
        // What follows a here-document's delimiter in its line is inside its node.
        for (document, at) in rest {
            let next = children(document).into_iter().find(|child| child.kind() == "pipeline");
            if let Some(next) = next {
                for (stage, child) in named(next).into_iter().enumerate() {
                    self.statement(child, place, Some((at.0, at.1 + 1 + stage)));
                }
            }
            for right in fields(document, "right") {
                self.statement(right, place, None);
            }
        }
    }

    fn simple(
        &mut self,
        node: Node<'t>,
        place: Place,
        at: (usize, usize),
    ) -> (Parsed, Vec<(Node<'t>, Place)>) {
        let mut parsed = Parsed::new(place, at);
        let mut inner = Vec::new();
        match node.kind() {
            "variable_assignment" => {
                let assignment = self.assignment(node, &mut inner);
                parsed.assignments.push(assignment);
            }
            "test_command" => {
                let extended = self.source(node).starts_with("[[");
                self.test(node, extended, &mut parsed, &mut inner);
            }
            "declaration_command" | "unset_command" => {
                for child in children(node) {
                    let word = if child.kind() == "variable_assignment" {
                        let (name, value) = self.assignment(child, &mut inner);
                        let mut word = Pattern::text(format!("{name}="));
                        word.append(value);
                        word
                    } else if child.is_named() {
                        self.word(child, &mut inner)
                    } else {
                        Pattern::text(self.source(child))
                    };
                    parsed.words.push(word);
                }
            }
            _ => {
                for child in children(node) {
                    match child.kind() {
                        "variable_assignment" if parsed.words.is_empty() => {
                            let assignment = self.assignment(child, &mut inner);
                            parsed.assignments.push(assignment);
                        }
                        "file_redirect" | "herestring_redirect" | "heredoc_redirect" => {
                            self.redirect(child, &mut parsed, &mut inner);
                        }
                        "command_name" => {
                            for name in named(child) {
                                let word = self.word(name, &mut inner);
                                parsed.words.push(word);
                            }
                        }
                        _ if child.is_named() => {
                            let word = self.word(child, &mut inner);
                            parsed.words.push(word);
                        }
                        _ => parsed.words.push(Pattern::text(self.source(child))),
                    }
                }
                if parsed.words.first().and_then(Pattern::literal) == Some("time") {
                    parsed.words.remove(0);
                    if parsed.words.first().and_then(Pattern::literal) == Some("-p") {
                        parsed.words.remove(0);
                    }
                }
            }
        }
        (parsed, inner)
    }

    fn test(
        &mut self,
        node: Node<'t>,
        extended: bool,
        parsed: &mut Parsed,
        inner: &mut Vec<(Node<'t>, Place)>,
    ) {
        for child in children(node) {
            let compound = matches!(
                child.kind(),
                "unary_expression"
                    | "binary_expression"
                    | "parenthesized_expression"
                    | "ternary_expression"
                    | "redirected_statement"
            );
            if compound {
                self.test(child, extended, parsed, inner);
            } else if child.is_named() && child.kind() != "test_operator" {
                let mut word = self.word(child, inner);
                word.splits &= !extended;
                parsed.words.push(word);
            } else if !extended || !is_test_operator(self.source(child)) {
                parsed.words.push(Pattern::text(self.source(child)));
            }
        }
    }

    fn assignment(&mut self, node: Node<'t>, inner: &mut Vec<(Node<'t>, Place)>) -> (String, Pattern) {
        let name = node.child_by_field_name("name").unwrap();
        let name = name.child_by_field_name("name").unwrap_or(name);
        let mut value = Pattern::default();
        for node in fields(node, "value") {
            if node.kind() == "array" {
                for (at, element) in named(node).into_iter().filter(|n| n.kind() != "comment").enumerate() {
                    if at > 0 {
                        value.push(" ");
                    }
                    let element = self.word(element, inner);
                    value.append(element);
                }
            } else {
                value = self.word(node, inner);
            }
        }
        (self.source(name).to_owned(), value)
    }

    fn redirect(&mut self, node: Node<'t>, parsed: &mut Parsed, inner: &mut Vec<(Node<'t>, Place)>) {
        let fd = node.child_by_field_name("descriptor").map(|fd| self.source(fd)).unwrap_or_default();
        // `{fd}>file` names a variable.
        let fd = if fd.starts_with('{') { "" } else { fd };
        if node.kind() == "heredoc_redirect" {
            parsed.redirects.push((format!("{fd}<<"), Pattern::default()));
            for child in children(node) {
                match child.kind() {
                    "heredoc_body" => {
                        let start = children(node).into_iter().find(|child| child.kind() == "heredoc_start");
                        let start = start.map(|start| self.source(start)).unwrap_or_default();
                        if !start.contains(['\'', '"', '\\']) {
                            self.documents.push_back(child);
                        }
                    }
                    "file_redirect" | "herestring_redirect" => self.redirect(child, parsed, inner),
                    _ => {}
                }
            }
            for argument in fields(node, "argument") {
                let word = self.word(argument, inner);
                parsed.words.push(word);
            }
            return;
        }
        let operator = children(node).into_iter().find(|child| !child.is_named());
        let operator = operator.map(|op| self.source(op)).unwrap_or_default();
        let (operator, closed) = match operator {
            "&>>" => ("&>", false),
            "<&-" => ("<&", true),
            ">&-" => (">&", true),
            other => (other, false),
        };
        let mut targets: Vec<Pattern> = if node.kind() == "herestring_redirect" {
            named(node)
                .into_iter()
                .filter(|n| n.kind() != "file_descriptor")
                .map(|n| self.word(n, inner))
                .collect()
        } else {
            fields(node, "destination").into_iter().map(|target| self.word(target, inner)).collect()
        };
        let target = if closed {
            Pattern::text("-")
        } else if targets.is_empty() {
            Pattern::default()
        } else {
            targets.remove(0)
        };
        parsed.redirects.push((format!("{fd}{operator}"), target));
        // A redirection has one target; the grammar takes the words behind it for others.
        parsed.words.extend(targets);
    }

    fn emit(&mut self, parsed: Parsed, inner: &[(Node<'t>, Place)]) {
        if !parsed.is_blank() {
            self.out.push(parsed);
        }
        self.inner(inner);
    }

    fn inner(&mut self, inner: &[(Node<'t>, Place)]) {
        let mut inner = inner.to_vec();
        inner.sort_by_key(|(node, _)| node.start_byte());
        for (node, place) in inner {
            self.list(node, place);
        }
    }

    fn word(&mut self, node: Node<'t>, inner: &mut Vec<(Node<'t>, Place)>) -> Pattern {
        let mut word = Pattern::default();
        self.piece(node, false, &mut word, inner);
        word
    }

    fn piece(
        &mut self,
        node: Node<'t>,
        quoted: bool,
        word: &mut Pattern,
        inner: &mut Vec<(Node<'t>, Place)>,
    ) {
        let text = self.source(node);
        match node.kind() {
            "word"
            | "variable_name"
            | "number"
            | "special_variable_name"
            | "extglob_pattern"
            | "regex"
            | "test_operator"
            | "file_descriptor"
                if !text.contains('$') =>
            {
                if has_braces(text) {
                    word.hole(true);
                } else {
                    word.push(&unescape(text, |_| true));
                }
            }
            "raw_string" => word.push(text.trim_matches('\'')),
            "ansi_c_string" => word.push(&ansi(&text[2..text.len() - 1])),
            "string" => {
                let mut at = node.start_byte() + 1;
                let end = node.end_byte() - 1;
                for child in named(node) {
                    // Blanks between two expansions are in no node.
                    word.push(&dequote(&self.text[at..child.start_byte()]));
                    self.piece(child, true, word, inner);
                    at = child.end_byte();
                }
                word.push(&dequote(&self.text[at..end]));
            }
            "translated_string" => {
                for child in named(node) {
                    self.piece(child, quoted, word, inner);
                }
            }
            "string_content" | "heredoc_content" => word.push(&dequote(text)),
            "concatenation" => {
                if has_braces(text) && named(node).iter().any(|child| has_braces_part(self.source(*child))) {
                    word.hole(true);
                    substitutions(node, inner);
                } else {
                    for child in children(node) {
                        self.piece(child, quoted, word, inner);
                    }
                }
            }
            "command_substitution" => {
                word.hole(!quoted);
                inner.push((node, Place::Substitution));
            }
            "process_substitution" => {
                word.hole(false);
                inner.push((node, Place::Process));
            }
            "brace_expression" => word.hole(true),
            "arithmetic_expansion" => {
                word.hole(false);
                substitutions(node, inner);
            }
            "simple_expansion" | "expansion" => {
                word.hole(!quoted || text.contains('@'));
                substitutions(node, inner);
            }
            _ if node.is_named() => {
                word.hole(!quoted);
                substitutions(node, inner);
            }
            _ => word.push(&unescape(text, |_| true)),
        }
    }
}

/// The substitutions anywhere below a node, but not those inside of others.
fn substitutions<'t>(node: Node<'t>, inner: &mut Vec<(Node<'t>, Place)>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for child in named(node) {
            match child.kind() {
                "command_substitution" => inner.push((child, Place::Substitution)),
                "process_substitution" => inner.push((child, Place::Process)),
                _ => open.push(child),
            }
        }
    }
}

fn has_braces_part(text: &str) -> bool {
    text.contains(['{', '}']) && !text.starts_with(['$', '"', '\''])
}

/// Backslashes as they count inside double quotes.
fn dequote(text: &str) -> String {
    unescape(text, |c| matches!(c, '$' | '`' | '"' | '\\' | '\n'))
}

fn unescape(text: &str, escapes: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some('\n') if c == '\\' => drop(rest.next()),
            Some(next) if c == '\\' && escapes(*next) => out.extend(rest.next()),
            _ => out.push(c),
        }
    }
    out
}
