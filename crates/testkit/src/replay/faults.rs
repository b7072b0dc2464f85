//! The faults a replayed API can be told to make.

/// Which faults to make; the default makes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first so many requests are answered 429 with `retry-after: 1`.
    pub rate_limited_first: u64,
    /// Every so many-th request is answered 429 as when the limit of an hour is reached: without `retry-after`, with the moment
    /// (one second ahead) in `ratelimit-reset`.
    pub hourly_limit_every: Option<u64>,
    /// At most so many requests in any minute; more are answered 429 with the time to wait.
    pub burst_per_minute: Option<u64>,
    /// How many seconds a minute has, so that a test need not wait for a real one; 60 unless told.
    pub minute_seconds: Option<u64>,
    /// Every so many-th request is answered 500.
    pub server_error_every: Option<u64>,
    /// Every so many-th request loses its connection in the middle of the body.
    pub cut_every: Option<u64>,
    /// Every so many-th request is answered 200 with a page of HTML.
    pub broken_json_every: Option<u64>,
    /// Every so many-th request is answered 200 with JSON that stops in the middle.
    pub truncated_json_every: Option<u64>,
    /// Milliseconds added to every answer.
    pub slow_ms: u64,
    /// The token is revoked after so many requests.
    pub revoked_after: Option<u64>,
    /// After so many requests everything is answered 500.
    pub down_after: Option<u64>,
    /// After so many requests everything is answered 200 with a page of HTML, as by a proxy that wants a sign-in.
    pub html_after: Option<u64>,
    /// 403 for paths that start so.
    pub forbidden: Vec<String>,
    /// 500, however often they are asked for, for paths that start so.
    pub broken: Vec<String>,
    /// 500 from the second time on that they are asked for, for paths that start so.
    pub once: Vec<String>,
    /// After so many list pages the first item of every list is gone, so that later items move to earlier pages.
    pub shift_after_pages: Option<u64>,
}

impl Faults {
    /// Reads fault specifications: `429:N burst:N 500:EVERY drop:EVERY badjson:EVERY truncate:EVERY slow:MS 401:AFTER
    /// down:AFTER html:AFTER forbid:PATH broken:PATH once:PATH shift:N minute:SECONDS hourly:EVERY`. `None` when one is not understood.
    pub fn parse<'a>(specifications: impl IntoIterator<Item = &'a str>) -> Option<Faults> {
        let mut faults = Faults::default();
        for specification in specifications {
            let (name, value) = specification.split_once(':')?;
            if name == "forbid" {
                faults.forbidden.push(value.to_owned());
                continue;
            }
            if name == "broken" {
                faults.broken.push(value.to_owned());
                continue;
            }
            if name == "once" {
                faults.once.push(value.to_owned());
                continue;
            }
            let number: u64 = value.parse().ok()?;
            match name {
                "429" => faults.rate_limited_first = number,
                "hourly" => faults.hourly_limit_every = Some(number),
                "burst" => faults.burst_per_minute = Some(number),
                "minute" => faults.minute_seconds = Some(number),
                "500" => faults.server_error_every = Some(number),
                "drop" => faults.cut_every = Some(number),
                "badjson" => faults.broken_json_every = Some(number),
                "truncate" => faults.truncated_json_every = Some(number),
                "slow" => faults.slow_ms = number,
                "401" => faults.revoked_after = Some(number),
                "down" => faults.down_after = Some(number),
                "html" => faults.html_after = Some(number),
                "shift" => faults.shift_after_pages = Some(number),
                _ => return None,
            }
        }
        Some(faults)
    }
}

/// Whether the `number`-th request is one of every `every`.
pub(super) fn is_due(every: Option<u64>, number: u64) -> bool {
    every.is_some_and(|every| every > 0 && number.is_multiple_of(every))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_are_read_and_unknown_ones_refused() {
        let faults = Faults::parse(["429:2", "forbid:/v2/vpcs", "shift:3"]).unwrap();
        assert_eq!(faults.rate_limited_first, 2);
        assert_eq!(faults.forbidden, ["/v2/vpcs"]);
        assert_eq!(faults.shift_after_pages, Some(3));
        for wrong in ["429", "429:x", "weather:1"] {
            assert_eq!(Faults::parse([wrong]), None, "{wrong}");
        }
    }
}
