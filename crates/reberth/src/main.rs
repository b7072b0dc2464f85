//! reberth
fn main() {}
