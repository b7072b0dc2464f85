project     = "edtech"
environment = "prod"
region      = "ap-south-1"
