//! What a request proves itself with.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Url};
use std::time::SystemTime;

use super::signature::{EMPTY_SHA256, Signing, moment};
use crate::{ObjectStoreKey, Token};

/// What a request proves itself with.
#[derive(Debug)]
pub(super) enum Credential {
    /// The token itself.
    Bearer(Token),
    /// A signature (AWS Signature Version 4) for one region of an object store. The secret does not leave.
    Signed { key: ObjectStoreKey, region: String },
}

impl Credential {
    /// The request to `url` with its proof.
    pub(super) fn prove(&self, request: RequestBuilder, url: &Url) -> RequestBuilder {
        match self {
            Credential::Bearer(token) => request.header(AUTHORIZATION, token.bearer()),
            Credential::Signed { key, region } => {
                request.headers(signed_headers(key, region, url, SystemTime::now()))
            }
        }
    }

    /// Whether it is for the provider's own API, whose answers are JSON and whose 401 says that the token is void.
    pub(super) fn is_token(&self) -> bool {
        matches!(self, Credential::Bearer(_))
    }
}

fn signed_headers(key: &ObjectStoreKey, region: &str, url: &Url, now: SystemTime) -> HeaderMap {
    let moment = moment(now);
    let signing = Signing {
        key,
        region,
        moment: &moment,
    };
    let fields = [
        ("x-amz-date", moment.clone()),
        ("x-amz-content-sha256", EMPTY_SHA256.to_owned()),
        (AUTHORIZATION.as_str(), signing.authorization(url)),
    ];
    let mut headers = HeaderMap::new();
    for (name, text) in fields {
        // Everything in it is ASCII: hashes, digits, and a key's id that was checked when it came in.
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
    headers
}
