//! The edge: what answers for the application, how files are delivered, and the names that lead there.

mod distributions;
mod platform_zones;
mod record_sets;
pub(crate) mod zones;

use reberth_model::design::{Bucket, Edge, Front, Ingress, OriginAccess};
use reberth_model::estate::Estate;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

pub(crate) use platform_zones::apex_names;

const DISTRIBUTIONS: &str = "distributions";
const LOAD_BALANCERS: &str = "load_balancers";
const CONTROL: &str = "control";
const IDENTITY: &str = "identity";
/// Least rate limit that AWS WAF counts from.
const RATE_MIN: u64 = 10;
const RATE_MAX: u64 = 2_000_000_000;

/// What answers for the application.
pub(crate) fn front(
    ingresses: &[Ingress],
    decisions: &mut Decisions<'_>,
) -> Result<Front, DesignError> {
    if ingresses.is_empty() {
        return Ok(Front::LoadBalancers);
    }
    let choice = decisions.decide(&Question {
        id: "edge.front",
        value: DISTRIBUTIONS,
        alternative: LOAD_BALANCERS,
        why: "a distribution before a load balancer without any public address: attacks end at the edge, and nothing can go around the web firewall",
        may_be: Values::OneOf(&[DISTRIBUTIONS, LOAD_BALANCERS]),
    })?;
    Ok(match choice.value.as_str() {
        DISTRIBUTIONS => Front::Distributions,
        _ => Front::LoadBalancers,
    })
}

/// Designs the edge before these load balancers and buckets.
pub(crate) fn design(
    estate: &Estate,
    front: Front,
    ingresses: &[Ingress],
    buckets: &[Bucket],
    decisions: &mut Decisions<'_>,
) -> Result<Edge, DesignError> {
    let distributions = distributions::list(estate, front, ingresses, buckets);
    if ingresses.is_empty() && distributions.is_empty() {
        return Ok(Edge {
            zones: zones::list(estate, front, ingresses, &distributions),
            ..Edge::default()
        });
    }
    Ok(Edge {
        front,
        origin_access: origin_access(&distributions, decisions)?,
        requests_per_five_minutes: decisions.number(&Question {
            id: "edge.requests_per_five_minutes",
            value: "2000",
            alternative: "10000",
            why: "a person makes far fewer; schools behind one address may make more, so watch the count before traffic is switched",
            may_be: Values::Number(RATE_MIN, RATE_MAX),
        })?,
        sign_ins_per_five_minutes: decisions.number(&Question {
            id: "edge.sign_ins_per_five_minutes",
            value: "100",
            alternative: "2000",
            why: "passwords are guessed slowly, under the common limit: sign-in has one of its own",
            may_be: Values::Number(RATE_MIN, RATE_MAX),
        })?,
        managed_rules_block: decisions.switch(&Question {
            id: "edge.managed_rules_block",
            value: "false",
            alternative: "true",
            why: "the wider rule groups refuse honest requests of applications they do not know: they count first, and block once their log was read",
            may_be: Values::Switch,
        })?,
        zones: zones::list(estate, front, ingresses, &distributions),
        distributions,
    })
}

fn origin_access(
    distributions: &[reberth_model::design::Distribution],
    decisions: &mut Decisions<'_>,
) -> Result<OriginAccess, DesignError> {
    use reberth_model::design::Delivered;
    let delivers_files = distributions
        .iter()
        .any(|one| matches!(one.delivers, Delivered::Bucket(_)));
    if !delivers_files {
        return Ok(OriginAccess::Control);
    }
    let choice = decisions.decide(&Question {
        id: "edge.origin_access",
        value: CONTROL,
        alternative: IDENTITY,
        why: "origin access control signs every request, works in every region and with KMS keys; the older identity gets no new features",
        may_be: Values::OneOf(&[CONTROL, IDENTITY]),
    })?;
    Ok(match choice.value.as_str() {
        IDENTITY => OriginAccess::Identity,
        _ => OriginAccess::Control,
    })
}
