//! AWS Signature Version 4 for GET requests without a body to an object store, as
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html> has it.
//!
//! Paths and queries come in encoded (`segment`), and the object store's variant of the algorithm does not encode a path a second time.

use reqwest::Url;
use ring::digest::{SHA256, digest};
use ring::hmac;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ObjectStoreKey;

/// SHA-256 of a body that is empty.
pub(super) const EMPTY_SHA256: &str =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SIGNED_HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";
const DATE_LENGTH: usize = "YYYYMMDD".len();

/// Who signs, for where and when.
pub(super) struct Signing<'a> {
    pub(super) key: &'a ObjectStoreKey,
    pub(super) region: &'a str,
    /// `YYYYMMDDTHHMMSSZ`.
    pub(super) moment: &'a str,
}

impl Signing<'_> {
    /// The authorization header of a GET of `url`.
    pub(super) fn authorization(&self, url: &Url) -> String {
        let signature = self.signature(&self.canonical_request(url));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
            self.key.id(),
            self.scope(),
        )
    }

    fn canonical_request(&self, url: &Url) -> String {
        format!(
            "GET\n{}\n{}\nhost:{}\nx-amz-content-sha256:{EMPTY_SHA256}\nx-amz-date:{}\n\n{SIGNED_HEADERS}\n{EMPTY_SHA256}",
            url.path(),
            canonical_query(url.query().unwrap_or_default()),
            host(url),
            self.moment,
        )
    }

    fn scope(&self) -> String {
        let date = self.moment.get(..DATE_LENGTH).unwrap_or_default();
        format!("{date}/{}/s3/aws4_request", self.region)
    }

    fn signature(&self, canonical_request: &str) -> String {
        let hash = hex(digest(&SHA256, canonical_request.as_bytes()).as_ref());
        let scope = self.scope();
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", self.moment);
        let mut key = format!("AWS4{}", self.key.secret()).into_bytes();
        for part in scope.split('/') {
            key = keyed_hash(&key, part);
        }
        hex(&keyed_hash(&key, &text))
    }
}

/// Ordered by name; a name without a value has an empty one.
fn canonical_query(query: &str) -> String {
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| match part.contains('=') {
            true => part.to_owned(),
            false => format!("{part}="),
        })
        .collect();
    parts.sort();
    parts.join("&")
}

/// As the client sends it: with the port where it is not the usual one.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn keyed_hash(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A moment as `YYYYMMDDTHHMMSSZ` in UTC.
pub(super) fn moment(now: SystemTime) -> String {
    let seconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of the so many-th day since 1970, by eras of 400 years that begin in March.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The examples that AWS publishes on the page named above, with its key.
    #[test]
    fn published_examples_are_signed_as_published() {
        let key = ObjectStoreKey::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        .unwrap();
        let signing = Signing {
            key: &key,
            region: "us-east-1",
            moment: "20130524T000000Z",
        };
        let cases = [
            (
                "?lifecycle",
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "?max-keys=2&prefix=J",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
            (
                "?prefix=J&max-keys=2",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for (query, signature) in cases {
            let url = format!("https://examplebucket.s3.amazonaws.com/{query}");
            let header = signing.authorization(&Url::parse(&url).unwrap());
            assert_eq!(
                header,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                     SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
                ),
                "{query}"
            );
        }
    }

    #[test]
    fn moments_are_written_as_dates() {
        let cases = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ];
        for (seconds, expected) in cases {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(moment(now), expected);
        }
    }

    #[test]
    fn a_host_is_signed_with_its_port_where_the_client_sends_one() {
        let of = |text: &str| host(&Url::parse(text).unwrap());
        assert_eq!(of("http://127.0.0.1:5000/a"), "127.0.0.1:5000");
        assert_eq!(
            of("https://blr1.digitaloceanspaces.com:443/"),
            "blr1.digitaloceanspaces.com"
        );
    }
}
