//! The alert rules: well-formed, about metrics that exist, with a page each, and they fire for what they are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jobrisk::controller::metrics::Metrics;
use serde_json::{Value, json};

use crate::support::ControlPlane;
use crate::support::prometheus::promtool;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("manifests/monitoring")
}

pub(crate) fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rule file that is shipped.
pub(crate) fn rule_file() -> Value {
    yaml(&folder().join("jobrisk.rules.yaml"))
}

/// The rules of a rule file.
pub(crate) fn rules(file: &mut Value) -> impl Iterator<Item = &mut Value> {
    file["groups"].as_array_mut().unwrap().iter_mut().flat_map(|group| group["rules"].as_array_mut().unwrap())
}

/// Each alert by its name.
pub(crate) fn alerts() -> BTreeMap<String, Value> {
    let mut file = rule_file();
    rules(&mut file).map(|rule| (rule["alert"].as_str().unwrap().to_owned(), rule.clone())).collect()
}

/// The names that follow `mark` in a text.
fn after<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    let name = |rest: &'a str| {
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        &rest[..end.unwrap_or(rest.len())]
    };
    text.split(mark).skip(1).map(name).collect()
}

#[test]
fn both_rule_files_say_the_same() {
    let resource = fs::read_to_string(folder().join("prometheusrule.yaml")).unwrap();
    let (_, spec) = resource.split_once("\nspec:\n").unwrap();
    let spec: Vec<&str> = spec.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    let plain = fs::read_to_string(folder().join("jobrisk.rules.yaml")).unwrap();
    let (_, plain_rules) = plain.split_once('\n').unwrap();
    assert!(
        plain_rules.lines().eq(spec),
        "jobrisk.rules.yaml is not made of prometheusrule.yaml: run `make generate`"
    );
    assert_eq!(yaml(&folder().join("prometheusrule.yaml"))["spec"], rule_file());
}

#[test]
fn promtool_accepts_the_rules() {
    let output =
        promtool(&folder(), &["check", "rules", "--lint=all", "--lint-fatal", "jobrisk.rules.yaml"], "");
    assert!(output.success(), "{output:?}");
}

#[test]
fn each_alert_fires_for_its_cause_and_not_for_what_looks_like_it() {
    let output = promtool(&root().join("tests/monitoring"), &["test", "rules", "alerts.yaml"], "");
    assert!(output.success(), "{}{}", output.stdout, output.stderr);
}

/// Whether the cases of an alert hold for other rules.
fn passes(alert: &str, file: &Value) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let tests = fs::read_to_string(root().join("tests/monitoring/alerts.yaml")).unwrap();
    let tests = tests.replace("../../manifests/monitoring/", "");
    // JSON is YAML too.
    fs::write(folder.path().join("jobrisk.rules.yaml"), file.to_string()).unwrap();
    fs::write(folder.path().join("alerts.yaml"), tests).unwrap();
    promtool(folder.path(), &["test", "rules", &format!("--run=^{alert}: "), "alerts.yaml"], "").success()
}

#[test]
fn the_cases_of_an_alert_notice_that_it_never_or_always_fires() {
    for name in alerts().keys() {
        assert!(passes(name, &rule_file()), "{name} as it is");
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut file = rule_file();
            change(rules(&mut file).find(|rule| rule["alert"] == name.as_str()).unwrap());
            passes(name, &file)
        };
        assert!(!changed(&|rule| rule["expr"] = "vector(1) > 2".into()), "{name} never fires");
        assert!(!changed(&|rule| rule["expr"] = "vector(1)".into()), "{name} always fires");
        if alerts()[name].get("for").is_some() {
            assert!(!changed(&|rule| rule["for"] = "0s".into()), "{name} fires at once");
        }
    }
}

#[test]
fn the_rules_ask_for_metrics_that_exist() {
    let metrics = Metrics::default();
    let known: BTreeSet<&str> =
        metrics.rows().iter().filter_map(|row| row.name.strip_prefix("jobrisk_")).collect();
    for (name, rule) in alerts() {
        let asked = rule["expr"].as_str().unwrap().to_owned();
        let asked = after(&asked, "jobrisk_");
        assert!(!asked.is_empty() && asked.is_subset(&known), "{name}: {asked:?}");
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_where_it_is_explained() {
    let metrics = Metrics::default();
    let labels: BTreeSet<&str> =
        metrics.rows().iter().flat_map(|row| &row.labels).map(|label| label.name()).collect();
    let index = fs::read_to_string(root().join("docs/runbooks/README.md")).unwrap();
    let mut pages = BTreeSet::from(["README.md".to_owned()]);
    for (name, rule) in alerts() {
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}");
        let annotations = &rule["annotations"];
        let told = format!("{} {}", annotations["summary"], annotations["description"]);
        // What is not ours could come from a workload, or from whoever names the target.
        assert!(after(&told, "$labels.").is_subset(&labels), "{name}: {told}");
        assert!(annotations["summary"].as_str().unwrap().len() < 80, "{name}");
        let page = format!("docs/runbooks/{name}.md");
        assert_eq!(annotations["runbook_url"], page.as_str());
        let text = fs::read_to_string(root().join(&page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.starts_with(&format!("# {name}\n\nSeverity {severity}. ")), "{page}");
        for heading in ["What it means", "How to confirm it", "What to do", "How to silence it"] {
            assert!(text.contains(&format!("\n## {heading}\n\n")), "{page} has no {heading}");
        }
        assert!(index.contains(&format!("| [{name}]({name}.md) | {severity} | ")), "the index has no {name}");
        pages.insert(format!("{name}.md"));
    }
    let there = fs::read_dir(root().join("docs/runbooks")).unwrap();
    let there: BTreeSet<String> =
        there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, pages, "pages without an alert");
}

/// What `kubectl kustomize` makes of an overlay with the component.
fn overlay(plane: &ControlPlane) -> Vec<Value> {
    let folder = plane.dir().join("monitoring");
    fs::create_dir_all(&folder).unwrap();
    // Paths have to be relative.
    let up = "../".repeat(folder.components().count() - 1);
    let relative =
        |path: &str| format!("{up}{}", root().join(path).display().to_string().trim_start_matches('/'));
    let overlay = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": [relative("manifests/base")], "components": [relative("manifests/monitoring")],
    });
    fs::write(folder.join("kustomization.yaml"), overlay.to_string()).unwrap();
    let text = plane.kubectl_ok(&["kustomize", &folder.display().to_string()]);
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

#[test]
fn the_component_adds_what_is_scraped_and_lets_only_monitoring_scrape() {
    let plane = ControlPlane::shared();
    let objects = overlay(plane);
    let find = |kind: &str| {
        let mut found = objects.iter().filter(|object| object["kind"] == kind);
        let object = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "more than one {kind}");
        object
    };
    assert_eq!(find("PrometheusRule")["spec"], rule_file());
    let deployment = find("Deployment");
    let monitor = &find("PodMonitor")["spec"];
    assert_eq!(monitor["selector"], deployment["spec"]["selector"]);
    let ports = deployment["spec"]["template"]["spec"]["containers"][0]["ports"].as_array().unwrap();
    let endpoint = &monitor["podMetricsEndpoints"][0];
    let port = ports.iter().find(|port| port["name"] == endpoint["port"]).expect("the port of the monitor");
    assert_eq!(endpoint["path"], "/metrics");
    let policy = find("NetworkPolicy");
    let ingress = policy["spec"]["ingress"].as_array().unwrap();
    assert_eq!(ingress.len(), 1, "{policy:#}");
    assert_eq!(
        ingress[0]["from"],
        json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "monitoring" } } }])
    );
    assert_eq!(ingress[0]["ports"], json!([{ "protocol": "TCP", "port": port["containerPort"] }]));
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]));
    let mut unbound = policy.clone();
    unbound["metadata"]["namespace"] = "default".into();
    plane.kubectl_ok_stdin(&["create", "--dry-run=server", "-f", "-"], &unbound.to_string());
    // Everything of ours is labelled as such, as in the base.
    for kind in ["PrometheusRule", "PodMonitor"] {
        assert_eq!(find(kind)["metadata"]["labels"]["app.kubernetes.io/name"], "jobrisk", "{kind}");
        assert_eq!(find(kind)["metadata"]["namespace"], "jobrisk-system", "{kind}");
    }
}
