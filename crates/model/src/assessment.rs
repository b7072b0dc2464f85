//! The assessment: what the checks say of an estate, and what it costs. Owned by the `assess` stage.
