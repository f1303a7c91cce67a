//! The command line.

mod connection;
mod crds;
mod destination;
mod duration;
mod election;
mod export;
mod live;
mod log_schema;
mod metrics;
mod person;
mod progress;
mod rules;
mod run;
mod scan;
mod status;
mod top;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Scores every Kubernetes Job and CronJob for abuse (MITRE ATT&CK T1053.007).
#[derive(Debug, Parser)]
#[command(name = "jobrisk", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a cluster and write a JobRiskReport for every Job and CronJob.
    Run(run::Args),
    /// Print the CustomResourceDefinitions, or write them into a folder.
    Crds(crds::Args),
    /// Print the documentation of the metrics that `run` serves.
    #[command(hide = true)]
    Metrics(metrics::Args),
    /// List the reports of a cluster, worst first.
    Top(top::Args),
    /// Say whether the cluster is covered and the controller alive.
    Status(status::Args),
    /// Judge the Jobs and CronJobs in manifest files.
    Scan(scan::Args),
    /// List the rules, or show the page of one: what it means, how to confirm it, what to do.
    Rules(rules::Args),
    /// Write the finding log of `jobrisk run` as OCSF or ECS.
    Export(export::Args),
    /// Print the JSON Schema of the finding log, or write it into a folder.
    LogSchema(log_schema::Args),
}

/// Parses the command line and does what it says. A wrong command line ends the process with 2, and so do a scan that
/// fails, since its 1 means something else, a cluster that cannot be read, and a rule that does not exist.
pub fn main() -> ExitCode {
    let (outcome, failure) = match Cli::parse().command {
        Command::Run(args) => match args.lease() {
            Ok(lease) => (run::run(&args, lease).map(|()| ExitCode::SUCCESS), ExitCode::FAILURE),
            Err(message) => (Err(message), ExitCode::from(2)),
        },
        Command::Crds(args) => (crds::crds(&args).map(|()| ExitCode::SUCCESS), ExitCode::FAILURE),
        Command::Metrics(args) => (metrics::metrics(&args).map(|()| ExitCode::SUCCESS), ExitCode::FAILURE),
        Command::Top(args) => (top::top(&args), ExitCode::from(2)),
        Command::Status(args) => (status::status(&args), ExitCode::from(2)),
        Command::Scan(args) => (scan::scan(&args), ExitCode::from(2)),
        Command::Rules(args) => (rules::rules(&args).map(|()| ExitCode::SUCCESS), ExitCode::from(2)),
        Command::Export(args) => (export::export(&args), ExitCode::from(2)),
        Command::LogSchema(args) => {
            (log_schema::log_schema(&args).map(|()| ExitCode::SUCCESS), ExitCode::FAILURE)
        }
    };
    outcome.unwrap_or_else(|message| {
        // If standard error is gone there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "jobrisk: {message}");
        failure
    })
}
