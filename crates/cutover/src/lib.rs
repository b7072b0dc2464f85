//! The cutover: one run through named states, each left only with its evidence, and the way back that keeps the data.
//!
//! Both directions are the same **passage** from one side to the other: fence the side that has the writes, prove that it is fenced, drain its log
//! to a barrier taken after the fence, compare what changed, align the counters, open the other side, switch. The cutover passes from source to target
//! and arms the reverse stream before the target opens; the way back passes from target to source.
//!
//! Up to the point of decision every failure unwinds by itself. After the switch a person decides, with `cutover way-back`.

mod edge;
mod engine;
mod error;
mod mysql;
mod passage;
mod postgres;
mod run;
mod states;
mod station;

pub use edge::{Edge, EdgeState};
pub use engine::Engine;
pub use error::CutoverError;
pub use mysql::{Account, MySql};
pub use passage::{FencedBy, Herald, Passage, ProviderFence, Side};
pub use postgres::{Place, Postgres};
pub use run::{CUTOVER, Clockwork, WAY_BACK, base_from_history, cutover_steps, way_back_steps};
pub use states::{STATES, StateOfTheMove};
