//! `jobrisk status`: is the cluster covered, and is the controller alive?

use std::process::ExitCode;

use http::Uri;

use super::destination;
use super::person::{self, Person};
use crate::cluster::verdict::{Seen, Verdict};
use crate::cluster::{Cluster, Place};
use crate::output::status::{self, StatusFormat};

/// Every workload is reported and the controller is alive: 0. Something is missing or wrong: 1. It cannot be told, or a
/// wrong command line: 2.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Compare only the workloads of this namespace with their reports, instead of those of all.
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// The namespace that jobrisk is installed in.
    #[arg(long, value_name = "NAME", default_value = "jobrisk-system")]
    controller_namespace: String,
    /// Ask a controller that can be reached at this address, such as `http://127.0.0.1:8080` behind kubectl port-forward,
    /// instead of its Pods.
    #[arg(long, value_name = "URL", value_parser = address, conflicts_with = "controller_namespace")]
    controller: Option<Uri>,
    /// The format of the output.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = StatusFormat::Text)]
    output: StatusFormat,
    #[command(flatten)]
    person: Person,
}

fn address(text: &str) -> Result<Uri, String> {
    let address: Option<Uri> = text.parse().ok();
    address
        .filter(|uri| uri.scheme_str() == Some("http") && uri.host().is_some() && uri.path() == "/")
        .ok_or_else(|| "expected http://ADDRESS:PORT".to_owned())
}

pub(super) fn status(args: &Args) -> Result<ExitCode, String> {
    person::block_on(async {
        let (cluster, _) = args.person.connect().await?;
        let place = args.namespace.clone().map_or(Place::Everywhere, Place::Namespace);
        let replicas = async {
            match &args.controller {
                Some(address) => Ok(vec![Cluster::replica_at(address).await]),
                None => cluster.replicas(&args.controller_namespace).await,
            }
        };
        let (coverage, replicas) = tokio::join!(cluster.coverage(&place), replicas);
        let installed_in = Place::Namespace(args.controller_namespace.clone());
        let seen = Seen { coverage, replicas, installed_in };
        let judgement = seen.judge();
        let color = person::wants_color();
        destination::write(None, |out| status::write(args.output, &seen, &judgement, color, out))?;
        Ok(match judgement.verdict {
            Verdict::Covered => ExitCode::SUCCESS,
            Verdict::NotCovered => ExitCode::FAILURE,
            Verdict::Unknown => ExitCode::from(2),
        })
    })
}
