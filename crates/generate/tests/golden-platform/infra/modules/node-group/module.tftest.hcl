mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  name               = "school-prod"
  environment        = "prod"
  cluster_name       = "school-prod"
  kubernetes_version = "1.35"
  instance_type      = "m7g.large"
  ami_type           = "BOTTLEROCKET_ARM_64"
  disk_gib           = 80
  min_size           = 3
  desired_size       = 3
  max_size           = 9
  replaced_at_once   = 1
  pods_max           = 110
  labels             = { environment = "prod" }
  taints             = { environment = { value = "prod", effect = "NO_SCHEDULE" } }
  subnet_ids         = ["subnet-app-a", "subnet-app-b"]
  security_group_ids = ["sg-cluster", "sg-nodes"]
  kms_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "pods_do_not_reach_the_nodes_role" {
  command = plan

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 1
    error_message = "No instance metadata without a token, and none behind another hop."
  }

  assert {
    condition     = keys(aws_iam_role_policy_attachment.this) == ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonSSMManagedInstanceCore"]
    error_message = "A node joins, pulls images and is reached by Session Manager: nothing else."
  }
}

run "every_disk_is_encrypted" {
  command = plan

  assert {
    condition     = { for disk in aws_launch_template.this.block_device_mappings : disk.device_name => disk.ebs[0].volume_size } == { "/dev/xvda" = 4, "/dev/xvdb" = 80 }
    error_message = "Bottlerocket keeps images and logs on its second disk."
  }

  assert {
    condition     = alltrue([for disk in aws_launch_template.this.block_device_mappings : tobool(disk.ebs[0].encrypted) && disk.ebs[0].kms_key_id == var.kms_key_arn && disk.ebs[0].volume_type == "gp3"])
    error_message = "Every disk is encrypted under the key that was given."
  }
}

run "bottlerocket_is_told_the_number_of_pods" {
  command = plan

  assert {
    condition     = base64decode(aws_launch_template.this.user_data) == "[settings.kubernetes]\nmax-pods = 110\n"
    error_message = "The number of pods is that of the placement check."
  }
}

run "amazon_linux_is_told_it_in_its_own_words" {
  command = plan

  variables {
    ami_type = "AL2023_x86_64_STANDARD"
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "\"maxPods\":110") && strcontains(base64decode(aws_launch_template.this.user_data), "application/node.eks.aws")
    error_message = "Amazon Linux reads a NodeConfig."
  }

  assert {
    condition     = { for disk in aws_launch_template.this.block_device_mappings : disk.device_name => disk.ebs[0].volume_size } == { "/dev/xvda" = 80 }
    error_message = "Amazon Linux has one disk."
  }
}

run "nodes_are_replaced_one_after_another_and_repaired" {
  command = plan

  assert {
    condition     = aws_eks_node_group.this.update_config[0].max_unavailable == 1 && aws_eks_node_group.this.node_repair_config[0].enabled
    error_message = "An update takes as many nodes at a time as there is room for."
  }

  assert {
    condition     = one(aws_eks_node_group.this.taint).effect == "NO_SCHEDULE" && aws_eks_node_group.this.labels["environment"] == "prod"
    error_message = "Pods of other environments stay away."
  }
}

run "old_images_are_refused" {
  command = plan

  variables {
    ami_type = "AL2_x86_64"
  }

  expect_failures = [var.ami_type]
}

run "sizes_out_of_order_are_refused" {
  command = plan

  variables {
    max_size = 2
  }

  expect_failures = [var.max_size]
}
