data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# Where replication servers receive the disks: agents at the source reach them on 1500 and nobody else does.
resource "aws_security_group" "staging" {
  #checkov:skip=CKV2_AWS_5:The service attaches it to its replication servers
  name_prefix = "${var.name}-"
  description = "Replication servers of the Application Migration Service"
  vpc_id      = var.vpc_id

  tags = {
    Name = var.name
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "agent" {
  for_each = toset(var.source_addresses)

  security_group_id = aws_security_group.staging.id
  description       = "Agent at the source"
  ip_protocol       = "tcp"
  from_port         = 1500
  to_port           = 1500
  cidr_ipv4         = "${each.key}/32"
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.staging.id
  description       = "The service, and its software in S3"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

# The provider has no resources of this service, so its settings are handed to its own command line as they stand here.
locals {
  replication_configuration_template = {
    stagingAreaSubnetId                 = var.staging_subnet_id
    associateDefaultSecurityGroup       = false
    replicationServersSecurityGroupsIDs = [aws_security_group.staging.id]
    replicationServerInstanceType       = "t3.small"
    useDedicatedReplicationServer       = false
    defaultLargeStagingDiskType         = "GP3"
    ebsEncryption                       = "CUSTOM"
    ebsEncryptionKeyArn                 = var.kms_key_arn
    bandwidthThrottling                 = var.bandwidth_mbit
    dataPlaneRouting                    = "PUBLIC_IP"
    createPublicIP                      = true
    stagingAreaTags                     = { Name = var.name }
  }

  launch_configuration_template = {
    launchDisposition                   = "STARTED"
    targetInstanceTypeRightSizingMethod = "NONE"
    copyPrivateIp                       = false
    associatePublicIpAddress            = false
    copyTags                            = false
    bootMode                            = "USE_SOURCE"
    licensing                           = { osByol = true }
    smallVolumeConf                     = { volumeType = "gp3" }
    largeVolumeConf                     = { volumeType = "gp3" }
  }
}
