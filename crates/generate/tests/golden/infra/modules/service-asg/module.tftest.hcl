mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name               = "school-prod-web"
  environment        = "prod"
  instance_type      = "c6i.large"
  image_parameter    = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
  root_device        = "/dev/sda1"
  root_disk_gib      = 50
  min_size           = 2
  desired_capacity   = 2
  max_size           = 6
  vpc_id             = "vpc-1"
  subnet_ids         = ["subnet-app-a", "subnet-app-b"]
  security_group_ids = ["sg-app"]
  kms_key_arn        = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"

  target_group = {
    port                = 3000
    protocol            = "HTTP"
    health_path         = "/healthz"
    interval_seconds    = 10
    healthy_threshold   = 3
    unhealthy_threshold = 2
    sticky              = false
  }
}

run "servers_are_encrypted_and_hand_out_credentials_against_a_token" {
  command = plan

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 1
    error_message = "No instance metadata without a token, and none behind another hop."
  }

  assert {
    condition     = tobool(one(aws_launch_template.this.block_device_mappings).ebs[0].encrypted) && one(aws_launch_template.this.block_device_mappings).ebs[0].kms_key_id == var.kms_key_arn
    error_message = "The disk is encrypted under the key that was given."
  }

  assert {
    condition     = one(aws_launch_template.this.block_device_mappings).device_name == var.root_device
    error_message = "The root disk of the image is the one that is encrypted and sized."
  }

  assert {
    condition     = aws_launch_template.this.key_name == null
    error_message = "People come in through Session Manager, not with a key pair."
  }
}

run "a_bad_release_rolls_back" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback && aws_autoscaling_group.this.health_check_type == "ELB"
    error_message = "The load balancer's health check decides, and a refresh that fails goes back."
  }

  assert {
    condition     = aws_autoscaling_policy.cpu[0].policy_type == "TargetTrackingScaling"
    error_message = "Between the least and the greatest number, the group follows its load."
  }

  assert {
    condition     = contains(aws_autoscaling_group.this.enabled_metrics, "GroupInServiceInstances")
    error_message = "The alarm on too few servers reads a metric that groups write only when told to."
  }
}

run "a_singleton_never_runs_twice" {
  command = plan

  variables {
    min_size         = 1
    desired_capacity = 1
    max_size         = 1
    target_group     = null
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_maintenance_policy[0].max_healthy_percentage == 100 && aws_autoscaling_group.this.instance_maintenance_policy[0].min_healthy_percentage == 0
    error_message = "The old server goes before the new one starts."
  }

  assert {
    condition     = length(aws_autoscaling_policy.cpu) == 0 && length(aws_lb_target_group.this) == 0
    error_message = "One server neither grows nor stands behind a load balancer."
  }
}

run "sizes_out_of_order_are_refused" {
  command = plan

  variables {
    max_size = 1
  }

  expect_failures = [var.max_size]
}

run "without_files_a_server_starts_as_its_image_is" {
  command = plan

  assert {
    condition     = aws_launch_template.this.user_data == null && length(aws_iam_role_policy.files) == 0
    error_message = "Nothing is run, and no right is given."
  }
}

run "every_server_mounts_shared_files_encrypted_and_by_its_role" {
  command = plan

  variables {
    shared_files = {
      uploads = {
        path             = "/srv/uploads"
        id               = "fs-0123456789abcdef0"
        arn              = "arn:aws:elasticfilesystem:ap-south-1:123456789012:file-system/fs-0123456789abcdef0"
        access_point_id  = "fsap-0123456789abcdef0"
        access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:123456789012:access-point/fsap-0123456789abcdef0"
      }
    }
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "fs-0123456789abcdef0:/ /srv/uploads efs _netdev,tls,iam,accesspoint=fsap-0123456789abcdef0 0 0")
    error_message = "Through its access point, by TLS."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.files[0].statement).resources == toset(["arn:aws:elasticfilesystem:ap-south-1:123456789012:file-system/fs-0123456789abcdef0"])
    error_message = "The role mounts this file system and no other."
  }
}

run "a_single_server_takes_its_disk_with_it" {
  command = plan

  variables {
    min_size         = 1
    desired_capacity = 1
    max_size         = 1
    data_disks = {
      reports = { path = "/mnt/reports", id = "vol-0123456789abcdef0", arn = "arn:aws:ec2:ap-south-1:123456789012:volume/vol-0123456789abcdef0" }
    }
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "attach vol-0123456789abcdef0 /dev/sdf /mnt/reports\n")
    error_message = "The disk is attached and mounted."
  }

  assert {
    condition     = startswith(base64decode(aws_launch_template.this.user_data), "#!/bin/bash\nset -euo pipefail\n")
    error_message = "The script is one, and ends at its first failure."
  }
}

run "a_disk_for_several_servers_is_refused" {
  command = plan

  variables {
    data_disks = {
      reports = { path = "/mnt/reports", id = "vol-0123456789abcdef0", arn = "arn:aws:ec2:ap-south-1:123456789012:volume/vol-0123456789abcdef0" }
    }
  }

  expect_failures = [var.data_disks]
}
