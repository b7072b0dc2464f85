//! Why a discovery could not be finished, and what to do about it.

/// A discovery that ended without an estate.
///
/// Texts that came from the provider are quoted shortened; values of fields never are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// The provider does not accept the token, from the start or from some moment on.
    #[error("the provider refused the token while {what} was read: {message}")]
    TokenRejected {
        /// Path of the API.
        what: String,
        /// The provider's words.
        message: String,
    },
    /// The API's host cannot be reached.
    #[error("{url} cannot be reached ({attempts} attempts)")]
    Unreachable {
        /// Base address of the API.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: reqwest::Error,
    },
    /// The API keeps failing.
    #[error("{what} kept failing ({attempts} attempts): {last}")]
    KeepsFailing {
        /// Path of the API.
        what: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        last: String,
        /// Whether that was an answer that did not come in time.
        is_late: bool,
    },
    /// The API keeps answering with something that is not its documented form.
    #[error("the answer of {what} never became readable ({attempts} attempts): {last}")]
    Unreadable {
        /// Path of the API.
        what: String,
        /// How often it was tried.
        attempts: u32,
        /// What was wrong with the last one; never its content.
        last: String,
    },
    /// The request limit stayed exhausted.
    #[error(
        "the request limit stayed exhausted at {what}: {answers} refusals, waited {waited_seconds} s, next wait {next_wait_seconds} s"
    )]
    RateLimited {
        /// Path of the API.
        what: String,
        /// Number of refusals in a row.
        answers: u32,
        /// Time waited already.
        waited_seconds: u64,
        /// How long the provider asks to wait now.
        next_wait_seconds: u64,
    },
    /// A list never stood still long enough to be read whole.
    #[error("the list {what} changed during each of {reads} full reads")]
    ListMoving {
        /// Path of the API.
        what: String,
        /// How often it was read from the start.
        reads: u32,
    },
    /// An answer is larger than any real one.
    #[error("the answer of {what} is larger than {bytes_max} bytes")]
    TooLarge {
        /// Path of the API.
        what: String,
        /// The bound.
        bytes_max: usize,
    },
    /// The address given for the API cannot be used.
    #[error("the API address {url:?} cannot be used: {reason}")]
    AddressRefused {
        /// The address as it was given.
        url: String,
        /// Why not.
        reason: &'static str,
    },
    /// The token cannot be sent in a header.
    #[error("the token is empty or holds characters that no token has")]
    TokenMalformed,
    /// The key pair of the object store cannot be sent in a header.
    #[error("the key pair of the object store is empty or holds characters that no key has")]
    ObjectStoreKeyMalformed,
    /// Something answers, but not this provider's API.
    #[error("{url} does not answer like the provider's API: {reason}")]
    NotTheApi {
        /// Base address of the API.
        url: String,
        /// What it did instead.
        reason: String,
    },
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

impl DiscoverError {
    /// Whether it says something about one host alone.
    pub(crate) fn is_of_one_host(&self) -> bool {
        self.is_of_one_path() || matches!(self, DiscoverError::Unreachable { .. })
    }

    /// Whether the same request will meet it again however long one waits.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(
            self,
            DiscoverError::TokenRejected { .. }
                | DiscoverError::TokenMalformed
                | DiscoverError::AddressRefused { .. }
        )
    }

    /// Whether it says something about one path alone, so that everything else can still be read.
    pub(crate) fn is_of_one_path(&self) -> bool {
        matches!(
            self,
            DiscoverError::KeepsFailing { .. }
                | DiscoverError::Unreadable { .. }
                | DiscoverError::ListMoving { .. }
                | DiscoverError::TooLarge { .. }
        )
    }

    /// Whether a path was given up because no answer came in time.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, DiscoverError::KeepsFailing { is_late: true, .. })
    }

    /// The error's code; `docs/errors/` has a page for each.
    pub fn code(&self) -> &'static str {
        match self {
            DiscoverError::TokenRejected { .. } => "RB-DIS-001",
            DiscoverError::Unreachable { .. } => "RB-DIS-002",
            DiscoverError::KeepsFailing { .. } => "RB-DIS-003",
            DiscoverError::Unreadable { .. } => "RB-DIS-004",
            DiscoverError::RateLimited { .. } => "RB-DIS-005",
            DiscoverError::ListMoving { .. } => "RB-DIS-006",
            DiscoverError::TooLarge { .. } => "RB-DIS-007",
            DiscoverError::AddressRefused { .. } => "RB-DIS-008",
            DiscoverError::TokenMalformed => "RB-DIS-009",
            DiscoverError::NotTheApi { .. } => "RB-DIS-010",
            DiscoverError::Client(_) => "RB-DIS-011",
            DiscoverError::ObjectStoreKeyMalformed => "RB-DIS-012",
        }
    }

    /// What to do now, and whether simply trying again can help.
    pub fn hint(&self) -> &'static str {
        match self {
            DiscoverError::TokenRejected { .. } => {
                "make a new read-only token at the provider, export it and run discover again; retrying with the same token does not help"
            }
            DiscoverError::Unreachable { .. } => {
                "check the address, the network and the proxy, then run discover again"
            }
            DiscoverError::KeepsFailing { .. } | DiscoverError::Unreadable { .. } => {
                "look at the provider's status page, then run discover again; nothing was written"
            }
            DiscoverError::RateLimited { .. } => {
                "stop other users of this token or wait an hour, then run discover again"
            }
            DiscoverError::ListMoving { .. } => {
                "run discover again when fewer resources are being made or deleted"
            }
            DiscoverError::TooLarge { .. } | DiscoverError::NotTheApi { .. } => {
                "check the address of the API; retrying does not help"
            }
            DiscoverError::AddressRefused { .. } => {
                "give an https:// address, or http:// for this machine only"
            }
            DiscoverError::TokenMalformed => {
                "export the token again, without quotes or line breaks"
            }
            DiscoverError::ObjectStoreKeyMalformed => {
                "export both halves of the key again, without quotes or line breaks"
            }
            DiscoverError::Client(_) => "check the certificate store of this machine",
        }
    }
}
