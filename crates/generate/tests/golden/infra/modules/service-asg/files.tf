# What outlives a server is attached and mounted when it starts. A server that cannot have its files says so in its log and stops there.
locals {
  mounts_files = length(var.data_disks) + length(var.shared_files) > 0

  user_data = <<EOT
#!/bin/bash
set -euo pipefail
%{~if length(var.data_disks) > 0}

command -v aws >/dev/null || snap install aws-cli --classic || dnf install -y awscli-2
token=$(curl -fsSX PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
about() { curl -fsS "http://169.254.169.254/latest/meta-data/$1" -H "X-aws-ec2-metadata-token: $token"; }
AWS_DEFAULT_REGION=$(about placement/region)
export AWS_DEFAULT_REGION
instance=$(about instance-id)

# The old server may hold the disk for some minutes. Only a disk without any signature is formatted.
attach() {
  aws ec2 wait volume-available --volume-ids "$1"
  aws ec2 attach-volume --volume-id "$1" --instance-id "$instance" --device "$2"
  device="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(echo "$1" | tr -d -)"
  for second in $(seq 120); do [ -e "$device" ] && break; sleep 1; done
  signatures=$(wipefs --noheadings --no-act "$device")
  [ -n "$signatures" ] || mkfs.ext4 -q "$device"
  mkdir -p "$3"
  echo "UUID=$(blkid -s UUID -o value "$device") $3 auto defaults,nofail 0 2" >> /etc/fstab
  mount "$3"
}
%{~for index, key in keys(var.data_disks)}
attach ${var.data_disks[key].id} /dev/sd${substr("fghijklmnop", index, 1)} ${var.data_disks[key].path}
%{~endfor}
%{~endif}
%{~if length(var.shared_files) > 0}

command -v mount.efs >/dev/null || dnf install -y amazon-efs-utils
%{~endif}
%{~for files in values(var.shared_files)}
mkdir -p ${files.path}
echo '${files.id}:/ ${files.path} efs _netdev,tls,iam,accesspoint=${files.access_point_id} 0 0' >> /etc/fstab
mount ${files.path}
%{~endfor}
EOT
}

data "aws_iam_policy_document" "files" {
  count = local.mounts_files ? 1 : 0

  dynamic "statement" {
    for_each = length(var.data_disks) > 0 ? [1] : []

    content {
      sid       = "AttachOwnDisks"
      actions   = ["ec2:AttachVolume"]
      resources = [for disk in var.data_disks : disk.arn]
    }
  }

  dynamic "statement" {
    for_each = length(var.data_disks) > 0 ? [1] : []

    content {
      sid       = "ToServersOfThisService"
      actions   = ["ec2:AttachVolume"]
      resources = ["arn:${data.aws_partition.current.partition}:ec2:*:*:instance/*"]

      condition {
        test     = "StringEquals"
        variable = "aws:ResourceTag/Name"
        values   = [var.name]
      }
    }
  }

  # Describing knows no resources.
  dynamic "statement" {
    for_each = length(var.data_disks) > 0 ? [1] : []

    content {
      sid       = "SeeWhetherADiskIsFree"
      actions   = ["ec2:DescribeVolumes"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.shared_files

    content {
      sid       = "Mount${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"]
      resources = [statement.value.arn]

      condition {
        test     = "StringEquals"
        variable = "elasticfilesystem:AccessPointArn"
        values   = [statement.value.access_point_arn]
      }
    }
  }
}

resource "aws_iam_role_policy" "files" {
  count = local.mounts_files ? 1 : 0

  name   = "files"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.files[0].json
}
