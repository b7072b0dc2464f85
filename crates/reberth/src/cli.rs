//! The arguments as they are typed: strings and flags only. What they mean is settled in [`crate::settings`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use reberth_replicate::LogPosition;

/// Moves a running application and its data to AWS, and proves at every step that nothing was lost.
#[derive(Debug, Parser)]
#[command(name = "reberth", version, about, disable_help_subcommand = false)]
pub(crate) struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub(crate) global: Global,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Folder of the migration project.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,
    /// Data as JSON on standard output, progress and errors as JSON lines on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never ask. This version asks nothing anyway: what needs consent exits 3.
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Say more on standard error.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// The commands, in the order in which a migration uses them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a project folder with a commented reberth.yaml.
    Init(InitArgs),
    /// Read everything the account holds at the source provider into estate.json.
    Discover(DiscoverArgs),
    /// Judge the estate: checks with evidence, costs, blockers; writes assessment.json and report/.
    Assess(AssessArgs),
    /// Design the target; writes design.json with its hash.
    Design(DesignArgs),
    /// Generate Terraform from the design into infra/.
    Generate,
    /// Plan and apply the generated roots, with Terraform or OpenTofu.
    #[command(subcommand)]
    Provision(ProvisionCommand),
    /// Move live databases.
    #[command(subcommand)]
    Replicate(ReplicateCommand),
    /// Hand the application over to the target, or back.
    #[command(subcommand)]
    Cutover(CutoverCommand),
    /// Show where the migration stands.
    Status,
    /// Look into the journal.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Consent to exactly the content that has this hash.
    Approve(ApproveArgs),
    /// Print the JSON Schema of a document.
    Schema(SchemaArgs),
    /// Look at this machine and this project: what is there, what is missing.
    Doctor,
    /// Watch a whole migration on this machine, with real databases.
    Demo(DemoArgs),
}

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to make.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Where the application runs now.
    #[arg(long)]
    pub(crate) source: SourceProvider,
    /// AWS region it shall run in, for example ap-south-1.
    #[arg(long)]
    pub(crate) region: String,
}

/// A source provider that this build can discover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceProvider {
    /// DigitalOcean.
    Digitalocean,
    /// Heroku.
    Heroku,
}

/// Arguments of `discover`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiscoverArgs {
    /// Read from another endpoint than the live API, such as a replayed recording. For Heroku the data services are asked there too.
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// Ask for the buckets of DigitalOcean at this endpoint in place of the live object stores. With --from they are asked for only if this is given.
    #[arg(long, value_name = "URL")]
    pub(crate) spaces_from: Option<String>,
    /// Scheduled jobs of Heroku, which no API tells: a file with the header `app,schedule,command` and one job a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) scheduled_jobs: Option<PathBuf>,
    /// A log of an application of Heroku, in which the scheduler's starts are looked for: APP=FILE. May be given again. The list of jobs stays incomplete
    /// until --scheduled-jobs is given.
    #[arg(long, value_name = "APP=FILE")]
    pub(crate) scheduler_log: Vec<String>,
    /// Look again and again, for this long (30m, 6h, 2d), at what Heroku's scheduler starts, and list those jobs. Ctrl-C ends it and keeps what was
    /// seen; the next watch goes on from there. The list of jobs stays incomplete until --scheduled-jobs is given.
    #[arg(long, value_name = "TIME")]
    pub(crate) watch_jobs: Option<String>,
    /// The pause between two looks of --watch-jobs: a job that ends sooner may be missed. It is 1.6 s for each application with the scheduler at least,
    /// which leaves half of the account's requests to others.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "20s",
        requires = "watch_jobs"
    )]
    pub(crate) watch_every: String,
    /// What processes of Heroku use, which no API tells: a file with the header
    /// `app,process,window_hours,samples,cpu_p95_millis,memory_max_mib` and one process a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) process_use: Option<PathBuf>,
    /// Also show what changed since the estate.json that is there.
    #[arg(long)]
    pub(crate) diff: bool,
    /// The files of an application: a folder, or NAME=FOLDER with the application's name. May be given again.
    #[arg(long, value_name = "[NAME=]DIR")]
    pub(crate) checkout: Vec<String>,
    /// Look into the servers over SSH as this account, with what --ssh-commands lists and nothing else.
    #[arg(long, value_name = "USER")]
    pub(crate) ssh: Option<String>,
    /// A configuration of ssh to go by: jump hosts, ports, keys.
    #[arg(long, value_name = "FILE", requires = "ssh")]
    pub(crate) ssh_config: Option<PathBuf>,
    /// Only show what --ssh would run on each server, and end.
    #[arg(long)]
    pub(crate) ssh_commands: bool,
}

/// Arguments of `assess`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AssessArgs {
    /// The day to judge by (YYYY-MM-DD, UTC) instead of today: ages and ends of support are counted from it.
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
    /// An offer file of the AWS Price List (JSON, one service and region), whose prices come before the built-in table. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Vec<PathBuf>,
    /// Show the target's price if one decision were another, and write nothing: region=REGION, multi-az=on|off, graviton=on|off, nat=single|per-zone,
    /// class:NAME=TYPE. May be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) what_if: Vec<String>,
}

/// What to do with the generated roots.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ProvisionCommand {
    /// Plan each root in order, hold it against the rules, and show what would change under a hash. Changes nothing.
    Plan(RootArgs),
    /// Apply what was approved by its hash, root by root, and prove each with an empty second plan.
    Apply(ProvisionApplyArgs),
    /// Tell what was changed at the provider since the last apply. Changes nothing.
    Drift(RootArgs),
}

/// Which root.
#[derive(Clone, Debug, Args)]
pub(crate) struct RootArgs {
    /// One root, for example 00-network or prod/00-network; all in their order without it.
    #[arg(long, value_name = "NAME")]
    pub(crate) root: Option<String>,
}

/// Arguments of `provision apply`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProvisionApplyArgs {
    /// Which root.
    #[command(flatten)]
    pub(crate) root: RootArgs,
    /// Approve what was shown before, and apply it now. What was not is shown and waits.
    #[arg(long)]
    pub(crate) apply: bool,
    /// Who decides, for the journal.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub(crate) by: String,
}

/// What to do with live databases.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ReplicateCommand {
    /// Probe both servers: what would be read and written, how long it takes, what is in the way. Writes nothing.
    Plan(DatabaseArgs),
    /// Copy, then follow, until it is stopped.
    Start(StartArgs),
    /// Show how far each table and stream is, from any machine.
    Status(DatabaseArgs),
    /// Compare both sides by hashes, while the stream runs.
    Verify(VerifyArgs),
    /// Hold the stream at a safe point, over restarts, until resume.
    Pause(PauseArgs),
    /// Go on where it was paused: in the process that holds the stream, or else in this one.
    Resume(StartArgs),
    /// Print the accounts and rights of the database as a script for the target, to be reviewed and run by its administrator.
    Grants(GrantsArgs),
    /// Complete the target where there is no cutover, after the application has stopped writing: triggers, counters, definitions. Ends the stream.
    Finish(FinishArgs),
    /// End the stream for good and remove every trace of it.
    Stop(ConsentArgs),
}

/// Arguments of `replicate grants`.
#[derive(Clone, Debug, Args)]
pub(crate) struct GrantsArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Leave the hashes of passwords out: every account is made locked, with a password that nobody knows.
    #[arg(long)]
    pub(crate) without_hashes: bool,
}

/// Arguments of `replicate finish`.
#[derive(Clone, Debug, Args)]
pub(crate) struct FinishArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// Let the events run on the target that are enabled on the source, whose scheduler must be off.
    #[arg(long)]
    pub(crate) start_events: bool,
}

/// Arguments of `replicate start` and `replicate resume`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StartArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// End when this is reached instead of following on.
    #[arg(long, value_name = "GOAL")]
    pub(crate) until: Option<Goal>,
    /// The way back that a cutover armed: from the target to the source.
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Pass exactly the schema change at that place of the source's log, which you have carried out on the target by hand.
    #[arg(long, value_name = "FILE:OFFSET", conflicts_with = "reverse")]
    pub(crate) past: Option<LogPosition>,
    /// Copy workers of this process, shared by all its databases; without it as many as the largest of them wants, and 4 at the least.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: Option<u16>,
    /// The most that the copy of each database reads from its source, in megabytes a second; without it as much as the source stands without suffering.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_rate: Option<u32>,
    /// Serve metrics for Prometheus there, for example 127.0.0.1:9188. A port alone listens on 127.0.0.1.
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    pub(crate) metrics: Option<String>,
}

/// Arguments of `replicate pause`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PauseArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Who decides, for `status`.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub(crate) by: String,
}

/// Where a stream may end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Goal {
    /// All rows are copied.
    Copied,
    /// The target is consistent and less than a second behind.
    CaughtUp,
}

/// Arguments of `replicate verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The way back: compare the target, as the origin, with the source.
    #[arg(long)]
    pub(crate) reverse: bool,
}

/// Which database, and the consent to change the world.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsentArgs {
    /// Which database.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Do it now, without a separate `reberth approve`.
    #[arg(long)]
    pub(crate) apply: bool,
    /// Who decides, for the journal.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    pub(crate) by: String,
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// Name of one database; all of reberth.yaml without it.
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Option<String>,
}

/// What to do about the cutover.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CutoverCommand {
    /// Show each state and what it would do.
    Plan(DatabaseArgs),
    /// Go through the states up to the point of decision, and past it when that is approved.
    Run(ConsentArgs),
    /// Go back to the source now.
    Abort(DatabaseArgs),
    /// Go back to the source with the data written since the switch.
    WayBack(ConsentArgs),
    /// Show the state and its evidence.
    Status(DatabaseArgs),
}

/// What to ask the journal.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Prove that no event of the journal was changed, removed or reordered.
    Verify(AuditVerifyArgs),
}

/// Arguments of `audit verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// A head that was written down elsewhere, COUNT:HASH; the chain must lead through it.
    #[arg(long, value_name = "COUNT:HASH")]
    pub(crate) since: Option<String>,
}

/// Arguments of `approve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The hash that was printed.
    pub(crate) hash: String,
    /// Who approves.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
}

/// Arguments of `schema`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The document.
    pub(crate) name: SchemaName,
}

/// A document with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// reberth.yaml.
    Policy,
    /// estate.json.
    Estate,
    /// assessment.json.
    Assessment,
    /// design.json.
    Design,
}

/// Arguments of `design`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DesignArgs {
    /// Explain a decision of the present design.json by name, such as network.cidr, or all; designs nothing.
    #[arg(long, value_name = "ID")]
    pub(crate) explain: Option<String>,
}

/// Arguments of `demo`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Keep the project folder to look at afterwards.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Move a few megabytes instead of two hundred, without pauses for reading along.
    #[arg(long)]
    pub(crate) small: bool,
}
