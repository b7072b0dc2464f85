//! How long the move takes, wave after wave, by the sizes that were read. Rates and pauses are assumed, and stand here.

use reberth_model::assessment::{Assessment, DatabaseMethod, Wave};

/// Days in which a copy is rehearsed, verified and timed.
const REHEARSAL_DAYS: u64 = 2;
/// Days that resolvers keep the old address after its time to live was lowered.
const NAMES_DAYS: u64 = 1;
/// Days that the way back stays open after the switch.
const WATCH_DAYS: u64 = 3;
const HOURS_PER_DAY: u64 = 24;

/// What a wave takes.
pub(super) struct WavePlan<'a> {
    /// The wave.
    pub(super) wave: &'a Wave,
    /// The methods of its data stores.
    pub(super) methods: Vec<&'a DatabaseMethod>,
    /// Hours of the full copy of all of them, one after the other.
    pub(super) copy_hours: u64,
    /// Data stores of unknown size, which are not in the hours.
    pub(super) unknown_sizes: usize,
    /// Days from the first copy to the end of the watch.
    pub(super) days: u64,
    /// Day on which it begins, counted from the day that nothing blocks any more, which is day 1.
    pub(super) first_day: u64,
}

impl WavePlan<'_> {
    /// Day on which the way back closes.
    pub(super) fn last_day(&self) -> u64 {
        self.first_day + self.days - 1
    }
}

/// The waves in their order, each beginning when the one before was watched to its end.
pub(super) fn plan(assessment: &Assessment) -> Vec<WavePlan<'_>> {
    let mut first_day = 1;
    assessment
        .waves
        .iter()
        .map(|wave| {
            let plan = of_wave(assessment, wave, first_day);
            first_day += plan.days;
            plan
        })
        .collect()
}

fn of_wave<'a>(assessment: &'a Assessment, wave: &'a Wave, first_day: u64) -> WavePlan<'a> {
    let methods: Vec<&DatabaseMethod> = assessment
        .methods
        .iter()
        .filter(|method| wave.members.contains(&method.database))
        .collect();
    let copy_hours: u64 = methods.iter().filter_map(|method| method.copy_hours).sum();
    let unknown_sizes = methods
        .iter()
        .filter(|method| method.copy_hours.is_none())
        .count();
    // Without data there is nothing to rehearse a copy of.
    let rehearsal = if methods.is_empty() {
        0
    } else {
        REHEARSAL_DAYS
    };
    let copying = copy_hours.div_ceil(HOURS_PER_DAY);
    WavePlan {
        wave,
        methods,
        copy_hours,
        unknown_sizes,
        days: copying + rehearsal + NAMES_DAYS + WATCH_DAYS,
        first_day,
    }
}

/// What the schedule rests on, in words.
pub(super) const BASIS: &str = "Days are counted from the day on which nothing blocks any more. A full copy is reckoned at 20 MiB a second, which a rehearsal replaces by \
    what it measures; then 2 days of rehearsal where there are data, 1 day for names to be forgotten, and 3 days of watching with the way back open. Waves follow one \
    another; independent ones may run side by side.";
