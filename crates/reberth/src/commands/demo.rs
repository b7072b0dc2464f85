//! `reberth demo`.

use crate::cli::DemoArgs;
use crate::demo;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Shows a whole migration on this machine; fails if any promise was broken.
pub(crate) async fn run(args: &DemoArgs, output: &Output) -> Result<Exit, Failure> {
    let scale = if args.small {
        demo::Scale::SMALL
    } else {
        demo::Scale::FULL
    };
    tokio::select! {
        result = demo::run(scale, args.keep, output) => result,
        // Leaving drops the stage, which ends every server and every command that it started.
        _ = tokio::signal::ctrl_c() => {
            output.note("\ninterrupted; everything that the demo started is ended");
            Ok(Exit::Failed)
        }
    }
}
