terraform {
  backend "s3" {
    bucket       = "lms-prod-tfstate-us-east-1"
    key          = "prod/_bootstrap.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
