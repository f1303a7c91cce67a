//! How a metric comes to be: one statement with its name, its labels and its meaning registers it, makes all its series,
//! so that each begins with 0, and adds its row to the table that the documentation is made of.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text;
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::label::Label;

/// What the library writes behind the name of each counter.
const COUNTER_SUFFIX: &str = "_total";

/// A gauge whose value may be a fraction.
pub type Fraction = Gauge<f64, AtomicU64>;

type Pairs<const N: usize> = [(&'static str, &'static str); N];

/// The type of a metric, as Prometheus calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Only ever grows, from 0 at each start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations below some bounds.
    Histogram,
}

impl Type {
    /// As Prometheus writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric as it is documented.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name in queries; a histogram's without `_bucket`, `_count` and `_sum`.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Its labels.
    pub labels: Vec<Label>,
    /// What it says: part of a sentence, without the full stop.
    pub meaning: &'static str,
}

/// The metrics with one set of labels.
#[derive(Debug)]
pub struct Series<const N: usize, M, C = fn() -> M> {
    labels: [Label; N],
    family: Family<Pairs<N>, M, C>,
}

impl<const N: usize, M: Clone, C: MetricConstructor<M>> Series<N, M, C> {
    /// The metric with these values of its labels, in their order.
    pub fn with(&self, values: [&'static str; N]) -> M {
        let mut pairs = self.labels.map(|label| (label.name(), ""));
        for (pair, value) in pairs.iter_mut().zip(values) {
            pair.1 = value;
        }
        self.family.get_or_create_owned(&pairs)
    }
}

/// All metrics.
#[derive(Debug, Default)]
pub struct Table {
    registry: Registry,
    rows: Vec<Row>,
}

impl Table {
    /// A counter. The name ends with `_total`.
    pub fn counter(&mut self, name: &'static str, meaning: &'static str) -> Counter {
        self.add(name, Type::Counter, &[], meaning, Counter::default())
    }

    /// Counters, one for each combination of labels. The name ends with `_total`.
    pub fn counters<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [Label; N],
        meaning: &'static str,
    ) -> Series<N, Counter> {
        self.series(name, Type::Counter, labels, meaning)
    }

    /// A gauge.
    pub fn gauge(&mut self, name: &'static str, meaning: &'static str) -> Gauge {
        self.add(name, Type::Gauge, &[], meaning, Gauge::default())
    }

    /// Gauges, one for each combination of labels.
    pub fn gauges<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [Label; N],
        meaning: &'static str,
    ) -> Series<N, Gauge> {
        self.series(name, Type::Gauge, labels, meaning)
    }

    /// Gauges whose values may be fractions, one for each combination of labels.
    pub fn fractions<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [Label; N],
        meaning: &'static str,
    ) -> Series<N, Fraction> {
        self.series(name, Type::Gauge, labels, meaning)
    }

    /// A histogram with these upper bounds.
    pub fn histogram<const N: usize>(
        &mut self,
        name: &'static str,
        bounds: [f64; N],
        meaning: &'static str,
    ) -> Histogram {
        self.add(name, Type::Histogram, &[], meaning, Histogram::new(bounds))
    }

    /// All metrics, in the order in which they were made.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The text that Prometheus scrapes: its own text format, 0.0.4, which every version and every other collector reads.
    pub fn encode(&self) -> String {
        let mut open_metrics = String::new();
        // Writing to a String does not fail.
        let _ = text::encode_registry(&mut open_metrics, &self.registry);
        // The library writes OpenMetrics, which describes a counter under a name without the suffix.
        let mut out = String::with_capacity(open_metrics.len() + self.rows.len() * 2 * COUNTER_SUFFIX.len());
        for line in open_metrics.lines() {
            let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
            match described.and_then(|rest| rest.split_once(' ')) {
                Some((name, rest)) if self.is_counter(name) => {
                    let keyword = line.get(..line.len() - name.len() - rest.len() - 1).unwrap_or_default();
                    out.extend([keyword, name, COUNTER_SUFFIX, " ", rest]);
                }
                _ => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }

    fn is_counter(&self, described: &str) -> bool {
        self.rows.iter().any(|row| row.name.strip_suffix(COUNTER_SUFFIX) == Some(described))
    }

    fn series<const N: usize, M: Metric + TypedMetric + Clone + Default>(
        &mut self,
        name: &'static str,
        kind: Type,
        labels: [Label; N],
        meaning: &'static str,
    ) -> Series<N, M> {
        let family = Family::<Pairs<N>, M>::default();
        for pairs in combinations(labels) {
            drop(family.get_or_create(&pairs));
        }
        Series { labels, family: self.add(name, kind, &labels, meaning, family) }
    }

    fn add<M: Metric + Clone>(
        &mut self,
        name: &'static str,
        kind: Type,
        labels: &[Label],
        meaning: &'static str,
        metric: M,
    ) -> M {
        self.rows.push(Row { name, kind, labels: labels.to_vec(), meaning });
        let registered = name.strip_suffix(COUNTER_SUFFIX).unwrap_or(name);
        self.registry.register(registered, meaning, metric.clone());
        metric
    }
}

/// Each value of each label with each of the others.
fn combinations<const N: usize>(labels: [Label; N]) -> Vec<Pairs<N>> {
    let mut all = vec![labels.map(|label| (label.name(), ""))];
    for (place, label) in labels.into_iter().enumerate() {
        let values = label.values();
        let with_value = |pairs: Pairs<N>, value| {
            let mut pairs = pairs;
            if let Some(pair) = pairs.get_mut(place) {
                pair.1 = value;
            }
            pairs
        };
        all = all
            .into_iter()
            .flat_map(|pairs| values.iter().map(move |value| with_value(pairs, *value)))
            .collect();
    }
    all
}
