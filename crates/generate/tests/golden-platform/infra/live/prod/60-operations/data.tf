data "terraform_remote_state" "network" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/00-network.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "security" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/10-security.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "data" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/20-data.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "platform" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/30-platform.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "apps" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/40-apps.tfstate"
    region = var.region
  }
}

data "terraform_remote_state" "edge" {
  backend = "s3"

  config = {
    bucket = "lms-prod-tfstate-us-east-1"
    key    = "prod/50-edge.tfstate"
    region = var.region
  }
}
