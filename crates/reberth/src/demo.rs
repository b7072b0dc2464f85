//! The demo: a whole migration on this machine, told step by step, with real database servers and an application that never stops writing.
//!
//! Each step is the command that a person would type, run as a process of its own on a project folder.

mod cast;
mod evidence;
mod scene;
mod story;

use std::time::Duration;

use reberth_testkit::learning::Size;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// How large the demo is, and how fast it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    size: Size,
    writes_per_s: u32,
    /// A pause for reading along.
    pause: Duration,
    /// How long the application works between two passages.
    interlude: Duration,
}

impl Scale {
    /// About 200 MB.
    pub(crate) const FULL: Scale = Scale {
        size: Size::DEMO,
        writes_per_s: 150,
        pause: Duration::from_millis(1200),
        interlude: Duration::from_secs(5),
    };
    /// A few megabytes, as fast as it goes.
    pub(crate) const SMALL: Scale = Scale {
        size: Size::SMALL,
        writes_per_s: 150,
        pause: Duration::ZERO,
        interlude: Duration::from_secs(2),
    };
}

/// The two moves that are shown: servers with MariaDB at DigitalOcean, and a platform with PostgreSQL at Heroku.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    First,
    Second,
}

/// Tells the story, act by act. `keep` leaves the project folders.
pub(crate) async fn run(scale: Scale, keep: bool, output: &Output) -> Result<Exit, Failure> {
    let mut is_kept = true;
    for act in [Act::First, Act::Second] {
        let scene = scene::Scene::set(act, scale, keep, output).await?;
        let evidence = story::tell(scene, scale, output).await?;
        evidence.report(output)?;
        is_kept &= evidence.every_promise_kept();
    }
    Ok(if is_kept { Exit::Done } else { Exit::Failed })
}
