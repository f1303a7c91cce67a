//! The samples in `tests/samples`: what the pure core says to each of them. The same samples are judged on a
//! real API server in `tests/controller.rs`.

mod verdicts;

use jobrisk::assess::assess;
use jobrisk::workload::decode::Object;
use verdicts::{Verdict, all};

#[test]
fn every_sample_is_judged_as_it_says() {
    let samples = all();
    assert_eq!(samples.len(), 9);
    for sample in samples {
        let object: Object = serde_saphyr::from_str(&sample.yaml).unwrap();
        let assessment = assess(sample.kind, &object);
        let mut rules: Vec<String> =
            assessment.findings.by_rule().map(|(rule, _)| rule.id.to_owned()).collect();
        rules.sort();
        let verdict = Verdict {
            severity: assessment.score.severity.to_string(),
            score: assessment.score.total,
            suspicion: assessment.indicators.suspicion_score(),
            rules,
        };
        assert_eq!(verdict, sample.expected, "{}", sample.file);
    }
}
