# One state for each root, so that a change of an application never plans a change of a database.
module "state_bucket" {
  source = "../../../modules/state-bucket"

  bucket = "edtech-prod-tfstate-ap-south-1"
  users  = var.state_users
}
