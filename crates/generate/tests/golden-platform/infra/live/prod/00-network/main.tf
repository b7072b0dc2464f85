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
# Kept free:
# - 10.3.0.0/16: outside this network: a second environment or disaster recovery, so that both sum
# up to one prefix
# - 10.2.96.0/19: slot 4 of the app tier: a further zone
# - 10.2.140.0/22: slot 4 of the data tier: a further zone
# - 10.2.156.0/22: slot 4 of the public tier: a further zone
# - 10.2.160.0/26: attachments: interface endpoints and a transit gateway, /28 in each zone
# - 10.2.192.0/18: growth: not allocated
module "network" {
  source = "../../../modules/network"

  name       = local.name
  cidr_block = "10.2.0.0/16"
  zones = {
    a = "use1-az1"
    b = "use1-az2"
    c = "use1-az4"
  }

  public_subnets = {
    a = "10.2.144.0/22"
    b = "10.2.148.0/22"
    c = "10.2.152.0/22"
  }
  app_subnets = {
    a = "10.2.0.0/19"
    b = "10.2.32.0/19"
    c = "10.2.64.0/19"
  }
  data_subnets = {
    a = "10.2.128.0/22"
    b = "10.2.132.0/22"
    c = "10.2.136.0/22"
  }

  # A gateway in each zone: the loss of a zone cuts off that zone only.
  nat_zones = {
    a = "a"
    b = "b"
    c = "c"
  }

  log_kms_key_arn = module.log_key.arn
}
