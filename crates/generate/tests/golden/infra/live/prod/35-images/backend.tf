terraform {
  backend "s3" {
    bucket       = "edtech-prod-tfstate-ap-south-1"
    key          = "prod/35-images.tfstate"
    region       = "ap-south-1"
    encrypt      = true
    use_lockfile = true
  }
}
