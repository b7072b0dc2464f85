//! Why no files could be generated.

/// Why no files could be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The design's hash is not that of its content.
    #[error(
        "the design's hash is not the hash of its content: it was edited\n\nhint: put the wish into reberth.yaml and run \
         reberth design, or restore design.json from version control"
    )]
    Edited,
    /// The design could not be serialised, so its hash could not be checked.
    #[error("the design could not be serialised to check its hash")]
    Serialise(#[from] serde_json::Error),
}

impl GenerateError {
    /// The code of the error's page.
    pub fn code(&self) -> &'static str {
        match self {
            GenerateError::Edited => "RB-GEN-001",
            GenerateError::Serialise(_) => "RB-GEN-002",
        }
    }
}
