//! The design: the complete target, with no choice left for whoever carries it out. Owned by the `design` stage.
