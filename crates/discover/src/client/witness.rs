//! A path that is left behind, and the question to others whether the provider is still there.

use serde::de::{Error as _, IgnoredAny};

use super::broken::{Effort, Standing};
use super::credential::Credential;
use super::tally::count;
use super::{Answer, Api, Ask, Body, from_xml};
use crate::answer_cache::Validity;
use crate::{DiscoverError, OnProgress};

impl Api {
    /// Counts a path that was left behind.
    pub(crate) fn count_broken(&self) {
        count(&self.counts.broken);
    }

    /// Leaves `path` behind, unless nothing is answered any more.
    pub(crate) async fn give_up<T>(
        &self,
        path: &str,
        error: DiscoverError,
        progress: OnProgress<'_>,
    ) -> Result<Answer<T>, DiscoverError> {
        self.count_broken();
        if let Standing::Doubtful(witnesses) = self.broken.leave(path, error.is_late())
            && !self.one_answers(&witnesses, progress).await?
        {
            return Err(error);
        }
        Ok(Answer::Broken(format!("it stays broken: {error}")))
    }

    /// Whether one of the paths still answers, which all did before.
    async fn one_answers(
        &self,
        witnesses: &[String],
        progress: OnProgress<'_>,
    ) -> Result<bool, DiscoverError> {
        for path in witnesses {
            match self.still_answers(path, progress).await {
                Ok(true) => {
                    self.broken.is_there(path);
                    return Ok(true);
                }
                Err(silence) if !silence.is_of_one_path() => return Err(silence),
                _ => {}
            }
        }
        Ok(false)
    }

    /// Asks once more for `path`, with all patience.
    async fn still_answers(
        &self,
        path: &str,
        progress: OnProgress<'_>,
    ) -> Result<bool, DiscoverError> {
        let ask = Ask {
            path,
            range: None,
            validity: Validity::Confirmed,
        };
        let is_whole = |body: Body<'_>| whole(&self.credential, body.bytes);
        let effort = Effort::Whole;
        let answer = self.pursue(ask, effort, &is_whole, progress).await?;
        Ok(matches!(answer, Answer::Found(())))
    }
}

/// Whether `bytes` are an answer as this kind of API gives it: JSON, from an object store also XML. A proxy's page is none.
fn whole(credential: &Credential, bytes: &[u8]) -> serde_json::Result<()> {
    let is_xml = bytes.trim_ascii_start().starts_with(b"<") && !credential.is_token();
    if !is_xml {
        return serde_json::from_slice::<IgnoredAny>(bytes).map(|_| ());
    }
    if root(bytes).eq_ignore_ascii_case("html") {
        return Err(serde_json::Error::custom("it is a page for people"));
    }
    from_xml::<IgnoredAny>(bytes).map(|_| ())
}

/// The name of the outermost element, behind declarations.
fn root(bytes: &[u8]) -> String {
    let mut starts = bytes.split(|byte| *byte == b'<').skip(1);
    let start = starts.find(|rest| rest.first().is_some_and(u8::is_ascii_alphabetic));
    let name = start.into_iter().flatten();
    let name = name.take_while(|byte| byte.is_ascii_alphanumeric());
    name.map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reberth_testkit::replay::{Faults, Recording, Replay, Stats};
    use serde_json::{Value, json};

    use super::*;
    use crate::{ObjectStoreKey, Patience, Token};

    const TOKEN: &str = "recorded-token";

    /// An API that has all of `paths`.
    fn api(faults: &[&str], paths: &[&str], request_timeout: Duration) -> (Replay, Api) {
        let mut recording = Recording::edtech();
        recording.clear();
        for path in paths {
            recording.add_object(path, json!({}));
        }
        let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
        let replay = Replay::start(recording, TOKEN, faults).expect("a loopback port is free");
        let patience = Patience {
            backoff_max: Duration::from_millis(1),
            request_timeout,
            ..Patience::default()
        };
        let api = Api::new(&replay.url(), Token::new(TOKEN).unwrap()).unwrap();
        (replay, api.with_patience(patience))
    }

    /// What each of `paths` answers, asked one after the other.
    fn answers(
        faults: &[&str],
        paths: &[&str],
    ) -> (Vec<Result<Answer<Value>, &'static str>>, Stats) {
        let (replay, api) = api(faults, paths, Duration::from_secs(60));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let mut answers = Vec::new();
        for path in paths {
            let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes);
            let answer = api.get(path, Validity::Confirmed, parse, &|_| {});
            answers.push(runtime.block_on(answer).map_err(|error| error.code()));
        }
        (answers, replay.stats())
    }

    fn is_broken(answer: &Result<Answer<Value>, &'static str>) -> bool {
        matches!(answer, Ok(Answer::Broken(_)))
    }

    const FOUR_BROKEN: [&str; 6] = [
        "/account", "/last", "/b/one", "/b/two", "/b/three", "/b/four",
    ];

    #[test]
    fn a_provider_whose_last_path_died_is_there_as_long_as_the_first_answers() {
        let (told, _) = answers(&["once:/last", "broken:/b"], &FOUR_BROKEN);
        assert!(told[2..].iter().all(is_broken), "{told:?}");
        let (told, _) = answers(&["once:/account", "broken:/b"], &FOUR_BROKEN);
        assert!(told[2..].iter().all(is_broken), "{told:?}");
        let (told, _) = answers(&["once:/account", "once:/last", "broken:/b"], &FOUR_BROKEN);
        assert_eq!(told[5], Err("RB-DIS-003"));
    }

    #[test]
    fn a_page_of_a_proxy_is_no_answer() {
        let (told, _) = answers(&["html:2"], &FOUR_BROKEN);
        assert!(told[2..5].iter().all(is_broken), "{told:?}");
        assert_eq!(told[5], Err("RB-DIS-004"));
    }

    #[test]
    fn an_endpoint_that_fails_at_once_is_asked_less() {
        let servers: Vec<String> = (1..9).map(|id| format!("/servers/{id}/use")).collect();
        let mut paths = vec!["/account"];
        paths.extend(servers.iter().map(String::as_str));
        let (told, stats) = answers(&["broken:/servers"], &paths);
        assert!(told[1..].iter().all(is_broken), "{told:?}");
        let asked: Vec<u64> = servers.iter().map(|path| stats.paths[path]).collect();
        assert_eq!(asked, [12, 6, 6, 6, 6, 6, 6, 6]);
    }

    #[test]
    fn an_endpoint_that_is_late_is_asked_once_at_last() {
        let paths = [
            "/servers/1/use",
            "/servers/2/use",
            "/servers/3/use",
            "/servers/4/use",
        ];
        // Every answer comes later than it may.
        let (_replay, api) = api(&["slow:2000"], &paths, Duration::from_millis(50));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let asked = paths.map(|path| {
            let before = api.tally().requests;
            let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes);
            let answer = api.get(path, Validity::Confirmed, parse, &|_| {});
            runtime.block_on(answer).ok();
            api.tally().requests - before
        });
        assert_eq!(asked, [12, 6, 6, 1]);
    }

    #[test]
    fn only_an_object_store_answers_in_xml() {
        let token = Credential::Bearer(Token::new(TOKEN).unwrap());
        let key = ObjectStoreKey::new("ID", "SECRET").expect("a good key");
        let region = "fra1".to_owned();
        let signed = Credential::Signed { key, region };
        for (body, of_token, of_store) in [
            (r#"{"a": 1}"#, true, true),
            (
                r#"<?xml version="1.0"?><ListBucketResult><Name>a</Name></ListBucketResult>"#,
                false,
                true,
            ),
            ("<ListBucketResult><Name>a</Name>", false, false),
            ("<!DOCTYPE html><html><body>502</body></html>", false, false),
            ("<HTML></HTML>", false, false),
            ("<", false, false),
            ("", false, false),
        ] {
            assert_eq!(whole(&token, body.as_bytes()).is_ok(), of_token, "{body}");
            assert_eq!(whole(&signed, body.as_bytes()).is_ok(), of_store, "{body}");
        }
    }
}
