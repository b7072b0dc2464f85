data "terraform_remote_state" "network" {
  backend = "s3"

  config = {
    bucket = "edtech-prod-tfstate-ap-south-1"
    key    = "prod/00-network.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "security" {
  backend = "s3"

  config = {
    bucket = "edtech-prod-tfstate-ap-south-1"
    key    = "prod/10-security.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "data" {
  backend = "s3"

  config = {
    bucket = "edtech-prod-tfstate-ap-south-1"
    key    = "prod/20-data.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "images" {
  backend = "s3"

  config = {
    bucket = "edtech-prod-tfstate-ap-south-1"
    key    = "prod/35-images.tfstate"
    region = var.region
  }
}
