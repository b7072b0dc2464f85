//! Provisioning with the true core of Terraform.

mod drifted;
mod every_run;
mod failing;
mod ground;
mod locked;
mod there;
