//! What would be paid at the target: servers on EC2 or processes on EKS, databases on RDS and ElastiCache, and the parts around them that
//! estimates forget.

mod addons;
mod cluster;
mod databases;
mod metered;
mod once;
mod servers;
mod surroundings;

use reberth_model::assessment::CostLine;
use reberth_model::design::Design;
use reberth_model::estate::Estate;

use super::price_table::PriceTable;
use super::scenario::Scenario;
use crate::rules::Context;

/// What the target is priced by.
pub(super) struct Scene<'a> {
    /// What is moved.
    pub(super) estate: &'a Estate,
    /// Where to.
    pub(super) region: &'a str,
    /// Decisions that differ.
    pub(super) scenario: &'a Scenario,
    /// The design, once there is one.
    pub(super) design: Option<&'a Design>,
    /// Prices.
    pub(super) prices: &'a PriceTable,
}

impl Scene<'_> {
    /// Number of resources of a kind.
    fn count(&self, kind: &str) -> u64 {
        self.estate.of_kind(kind).count() as u64
    }

    /// Servers, and instances of processes that shall run: what sends, logs and talks.
    fn senders(&self) -> u64 {
        let instances = self.estate.processes();
        let instances: u64 = instances
            .map(|(_, process)| u64::from(process.instances))
            .sum();
        self.count("server") + instances
    }

    /// Ids of what sends.
    fn sender_ids(&self) -> Vec<String> {
        let servers = self
            .estate
            .of_kind("server")
            .chain(self.estate.of_kind("process"));
        servers.map(|resource| resource.id.clone()).collect()
    }

    /// Number of load balancers: those of today, and one before the applications of a platform.
    fn load_balancers(&self) -> u64 {
        let before_apps = u64::from(self.estate.apps().next().is_some());
        self.count("load_balancer") + before_apps
    }
}

/// The lines of the target, each month.
pub(super) fn lines(scene: &Scene, context: &Context) -> Vec<CostLine> {
    let mut lines = servers::lines(scene);
    lines.extend(cluster::lines(scene));
    lines.extend(databases::lines(scene));
    lines.extend(databases::extended_support(scene, context));
    lines.extend(addons::lines(scene.estate));
    lines.extend(surroundings::lines(scene));
    lines.extend(metered::lines(scene));
    lines
}

/// What the move itself costs, once. `monthly` are the lines of the target.
pub(super) fn once(scene: &Scene, monthly: &[CostLine]) -> Vec<CostLine> {
    once::lines(scene, monthly)
}
