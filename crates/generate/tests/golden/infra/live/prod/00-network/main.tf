# Logs are a class of data of their own.
module "log_key" {
  source = "../../../modules/encryption-key"

  name          = "${local.name}-logs"
  description   = "Logs of ${local.name}"
  encrypts_logs = true
}

# It was the first block of its size that overlapped no network in use, with a free sibling beside
# it where there was one; a network's block cannot be changed once it exists, so later designs keep
# it.
# Source: net-1.
# Kept free:
# - 10.2.64.0/18: outside this network: a second environment or disaster recovery, so that both sum
# up to one prefix
# - 10.2.24.0/21: slot 4 of the app tier: a further zone
# - 10.2.35.0/24: slot 4 of the data tier: a further zone
# - 10.2.39.0/24: slot 4 of the public tier: a further zone
# - 10.2.40.0/26: attachments: interface endpoints and a transit gateway, /28 in each zone
# - 10.2.48.0/20: growth: not allocated
module "network" {
  source = "../../../modules/network"

  name       = local.name
  cidr_block = "10.2.0.0/18"
  zones = {
    a = "aps1-az1"
    b = "aps1-az2"
    c = "aps1-az3"
  }

  public_subnets = {
    a = "10.2.36.0/24"
    b = "10.2.37.0/24"
    c = "10.2.38.0/24"
  }
  app_subnets = {
    a = "10.2.0.0/21"
    b = "10.2.8.0/21"
    c = "10.2.16.0/21"
  }
  data_subnets = {
    a = "10.2.32.0/24"
    b = "10.2.33.0/24"
    c = "10.2.34.0/24"
  }

  # A gateway in each zone: the loss of a zone cuts off that zone only.
  nat_zones = {
    a = "a"
    b = "b"
    c = "c"
  }

  log_kms_key_arn = module.log_key.arn
}
