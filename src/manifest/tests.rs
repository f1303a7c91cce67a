use std::fmt::Write as _;

use super::*;
use crate::workload::Workload;

/// What is read, one line for each item.
fn items(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut lines = Vec::new();
    read(bytes.as_ref(), &mut |item| {
        lines.push(match item {
            Item::Workload(manifest) => {
                let Position { line, column } = manifest.position();
                let view = Workload::from_object(manifest.kind, &manifest.object);
                let item =
                    if manifest.item.is_empty() { String::new() } else { format!(" {}", manifest.item) };
                format!("{} {}@{line}:{column} doc {}{item}", view.kind, view.name, manifest.document)
            }
            Item::Other(other) => format!("other {}", other.kind),
            Item::Unreadable(Problem { position: Some(Position { line, column }), .. }) => {
                format!("unreadable {line}:{column}")
            }
            Item::Unreadable(problem) => format!("unreadable: {}", problem.message),
        });
    });
    lines
}

/// The view of the only workload, and the place of a path in it.
fn only(yaml: &str) -> Workload {
    let mut found = Vec::new();
    read(yaml.as_bytes(), &mut |item| match item {
        Item::Workload(manifest) => found.push(Workload::from_object(manifest.kind, &manifest.object)),
        other => panic!("{other:?}"),
    });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

const JOB: &str = "apiVersion: batch/v1\nkind: Job\n";

#[test]
fn documents_and_lists_are_opened() {
    let yaml = format!(
        "# only a comment\n---\n{JOB}metadata: {{name: a}}\n--- # next\nkind: Service\n---\n\n---\n\
         kind: List\napiVersion: v1\nitems:\n- {{kind: CronJob, apiVersion: batch/v1, metadata: {{name: b}}}}\n\
         - kind: List\n  items: [{{kind: Job, metadata: {{name: c}}}}, {{kind: Pod}}]\n---\n\
         kind: JobList\napiVersion: batch/v1\nitems:\n- metadata: {{name: d}}\n"
    );
    assert_eq!(
        items(yaml),
        [
            "Job a@3:1 doc 1",
            "other Service",
            "CronJob b@14:3 doc 3 items[0]",
            "Job c@16:11 doc 3 items[1].items[0]",
            "other Pod",
            "Job d@21:3 doc 4 items[0]",
        ]
    );
}

#[test]
fn groups_are_told_apart() {
    assert_eq!(items("kind: Job\napiVersion: batch.volcano.sh/v1alpha1\n"), ["other Job"]);
    assert_eq!(items("kind: CronJob\napiVersion: batch/v1beta1\n"), ["CronJob @1:1 doc 1"]);
    assert_eq!(items("replicas: 2\n"), ["other "]);
    assert_eq!(items("just text\n"), ["other "]);
    assert_eq!(items(""), [""; 0]);
}

#[test]
fn what_is_wrong_stays_in_its_document() {
    let yaml = format!("{JOB}metadata: {{name: a}}\n---\nbad: [\n---\n{JOB}metadata: {{name: b}}\n");
    let found = items(yaml);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[1].starts_with("unreadable "), "{found:?}");
    assert_eq!(found[2], "Job b@7:1 doc 3");
}

#[test]
fn templates_are_unreadable_not_other() {
    for yaml in [
        "{{- if .Values.x }}\nkind: Job\n{{- end }}\n",
        "kind: Job\nmetadata:\n  name: {{ .Values.name }}\n",
        "kind: Job\nspec:\n  {{- toYaml .Values.x | nindent 2 }}\n",
    ] {
        let found = items(yaml);
        assert!(found.iter().all(|item| item.starts_with("unreadable")) && !found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_list_is_also_judged_itself() {
    let yaml = format!("{JOB}metadata: {{name: a}}\nitems: [{{kind: Job, metadata: {{name: z}}}}]\n");
    assert_eq!(items(yaml), ["Job a@1:1 doc 1", "Job z@4:9 doc 1 items[0]"]);
}

#[test]
fn values_are_what_kubectl_makes_of_them() {
    let workload = only(
        "base: &base {privileged: true, image: nc}\n\
         kind: Job\nspec:\n  template:\n    spec:\n      hostNetwork: yes\n      containers:\n\
         \x20     - name: first\n        name: second\n        args: [!!binary bmMgLWU=, 'yes', no, 1]\n\
         \x20       securityContext: {privileged: false, <<: *base}\n\
         \x20     - {<<: [*base, {image: other}], securityContext: {<<: *base, privileged: false}}\n",
    );
    assert!(workload.host_network);
    let [first, second] = workload.containers.as_slice() else { panic!("{workload:?}") };
    assert_eq!(first.name, "second");
    // go-yaml v2: what is merged later replaces what is written earlier.
    assert!(first.privileged && !second.privileged);
    assert_eq!(second.image, "nc");
    let args: Vec<_> = first.executes[0].argv.iter().map(|argument| argument.text.as_str()).collect();
    assert_eq!(args, ["nc -e", "yes"]);
    assert_eq!(workload.unreadable.total, 2, "a boolean and a number where the API server wants strings");
}

#[test]
fn nothing_hides_behind_a_line_break_of_yaml_1_1() {
    for hidden in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let yaml =
            format!("kind: Job # a comment{hidden}spec: {{template: {{spec: {{hostNetwork: true}}}}}}\n");
        assert!(only(&yaml).host_network);
    }
}

#[test]
fn json_is_read_as_a_stream() {
    let json = "{\"kind\": \"Job\", \"metadata\": {\"name\": \"a\", \"name\": \"b\\ud83d\\ude00\"}}\n\
                {\"kind\": \"Job\",\n \"metadata\": {\"name\": \"c\"}} {\"kind\": ";
    let found = items(json);
    assert_eq!(found[..2], ["Job b😀@1:1 doc 1", "Job c@2:1 doc 2"]);
    assert!(found[2].starts_with("unreadable 3:"), "{found:?}");
    assert_eq!(items("{kind: Job, metadata: {name: a}}\n"), ["Job a@1:1 doc 1"], "flow YAML");
    let mixed = "{\"kind\": \"Job\"}\n---\nkind: CronJob\n";
    assert_eq!(items(mixed), ["Job @1:1 doc 1", "CronJob @3:1 doc 2"]);
}

#[test]
fn other_encodings() {
    let utf16: Vec<u8> =
        "\u{feff}kind: Job\nmetadata: {name: ü}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(items(utf16), ["Job ü@1:1 doc 1"]);
    assert_eq!(items("\u{feff}kind: Job\n"), ["Job @1:1 doc 1"]);
    assert_eq!(items(b"kind: Job\nx: \xff\n"), ["unreadable 2:4"]);
}

#[test]
fn depth_and_aliases_are_bounded() {
    for depth in [9_000, 100_000] {
        for yaml in [
            format!("kind: Job\nx: {}", "[".repeat(depth)),
            format!("kind: Job\nx: {}{}", "[".repeat(depth), "]".repeat(depth)),
            "- ".repeat(depth),
            format!("{{\"kind\": \"Job\", \"x\": {}{}}}", "[".repeat(depth), "]".repeat(depth)),
        ] {
            assert!(items(yaml).len() <= 1);
        }
    }
    assert_eq!(items("- ".repeat(100_000)), ["unreadable 1:20001"]);
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    // Where nobody looks it costs nothing, where somebody does it is refused.
    assert_eq!(items(format!("{bomb}kind: Job\n")), ["Job @1:1 doc 1"]);
    assert_eq!(items(format!("{bomb}kind: List\nitems: *a29\n")).len(), 9);
    let jobs = format!("{bomb}job: &job {{kind: Job, spec: {{template: {{spec: {{containers: *a29}}}}}}}}\n");
    let many = "*job, ".repeat(10_000);
    let found = items(format!("{jobs}kind: List\nitems: [{many}]\n"));
    assert_eq!(found.len(), 10_000, "nobody looks into the elements that are no containers");
    let args = format!("a: &a [{}]\nc: &c {{args: *a}}\n", "x, ".repeat(60_000));
    let job = format!(
        "{args}kind: Job\nspec: {{template: {{spec: {{containers: [{}]}}}}}}\n",
        "*c, ".repeat(9_000)
    );
    assert_eq!(items(job), ["unreadable 1:1"]);
    let mut merges = "m0: &m0 {x: 1}\n".to_owned();
    for level in 1..40 {
        writeln!(merges, "m{level}: &m{level} {{<<: [*m{0}, *m{0}, *m{0}]}}", level - 1).unwrap();
    }
    let found = items(format!("{merges}kind: Job\nspec: *m39\n"));
    assert_eq!(found, ["unreadable 1:1"]);
    assert!(items("a: &a [*a]\nkind: Job\n")[0].starts_with("unreadable"));
}

#[test]
fn fields_are_located() {
    let yaml = "\n---\nkind: Job\nmetadata:\n  labels: {a.b/c: x}\nspec:\n  template:\n    spec:\n      containers:\n\
                \x20     - image: i\n        args:\n        - -c\n        - |\n          sleep 1\n        - &x y\n\
                \x20       - *x\n";
    read(yaml.as_bytes(), &mut |item| {
        let Item::Workload(manifest) = item else { panic!("{item:?}") };
        for (path, line, column) in [
            ("spec.template.spec.containers[0].image", 10, 16),
            ("spec.template.spec.containers[0].args[0]", 12, 11),
            ("spec.template.spec.containers[0].args[1]", 14, 11),
            ("spec.template.spec.containers[0].args[3]", 16, 11),
            ("spec.template.spec.containers[0].securityContext.privileged", 10, 9),
            ("spec.template.spec.containers[7]", 10, 9),
            ("metadata.labels.a.b/c", 5, 19),
            ("", 3, 1),
        ] {
            assert_eq!(manifest.locate(path), Position { line, column }, "{path}");
        }
    });
}

mod any_input {
    use proptest::prelude::*;

    use super::items;

    /// Pieces that mean something to YAML, so that random text gets past the first character.
    const PIECES: [&str; 40] = [
        "kind: Job\n",
        "---\n",
        "- ",
        "? ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "!!int ",
        "! ",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "  ",
        "\n",
        "\t",
        "#",
        "\u{2028}",
        "\u{feff}",
        "\\u",
        "\\\n",
        "%YAML 1.1\n",
        "...\n",
        "items: ",
        "spec: ",
        "metadata: ",
        "generateName: x\n",
        "yes",
        "0x",
        "é",
        "{\"kind\": \"Job\"}",
        "null",
        "\r",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            items(bytes);
        }

        #[test]
        fn text_does_no_harm(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
            items(pieces.concat());
        }
    }
}
