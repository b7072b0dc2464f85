//! The stages up to the files, by their own commands on a project folder.
