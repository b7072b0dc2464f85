terraform {
  backend "s3" {
    bucket       = "lms-prod-tfstate-us-east-1"
    key          = "prod/50-edge.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
