//! `jobrisk top`: the reports of a cluster, worst first.

use std::process::ExitCode;

use super::person::{self, Person};
use super::{destination, live};
use crate::cluster::reports::Report;
use crate::cluster::{Cluster, Place};
use crate::output::top::{self, TopFormat, TopView};
use crate::severity::Severity;

/// The reports are listed: 0. They cannot be read, or a wrong command line: 2.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look in all namespaces.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// Look in this namespace instead of the one that the context of the kubeconfig names.
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// List workloads from this severity on: none, low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY", default_value = "none", value_parser = person::severity)]
    min_severity: Severity,
    /// Go on and show what changes: in place on a terminal, else a line for each change.
    #[arg(short, long)]
    watch: bool,
    /// The format of the output.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = TopFormat::Table)]
    output: TopFormat,
    #[command(flatten)]
    person: Person,
}

pub(super) fn top(args: &Args) -> Result<ExitCode, String> {
    person::block_on(async {
        let (cluster, default_namespace) = args.person.connect().await?;
        let place = match &args.namespace {
            _ if args.all_namespaces => Place::Everywhere,
            namespace => Place::Namespace(namespace.clone().unwrap_or(default_namespace)),
        };
        if args.watch {
            live::follow(&cluster, &place, args.min_severity, view(args, &place)).await?;
        } else {
            list(args, &cluster, &place).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn list(args: &Args, cluster: &Cluster, place: &Place) -> Result<(), String> {
    let mut reports =
        cluster.reports(place, args.min_severity).await.map_err(|failure| failure.to_string())?;
    reports.sort_by(|a, b| a.order().cmp(&b.order()));
    if reports.is_empty() && args.output != TopFormat::Json {
        person::say(&nothing(place, args.min_severity));
    }
    let reports: Vec<&Report> = reports.iter().collect();
    destination::write(None, |out| top::write(&reports, view(args, place), out))
}

/// What is said where there is nothing to list.
pub(super) fn nothing(place: &Place, lowest: Severity) -> String {
    let severity = if lowest > Severity::None { format!(" from {lowest} on") } else { String::new() };
    match place {
        Place::Everywhere => format!("no reports{severity} in any namespace"),
        Place::Namespace(name) => {
            let name = crate::text::escaped(name);
            format!("no reports{severity} in namespace {name}; -A looks in all")
        }
    }
}

fn view(args: &Args, place: &Place) -> TopView {
    TopView {
        format: args.output,
        namespaces: *place == Place::Everywhere,
        color: person::wants_color(),
        now: person::now(),
    }
}
