# The newest image of the release when a plan is made: applying it rolls the servers over to it.
data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

locals {
  is_singleton = var.max_size == 1
}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.name}-"
  image_id               = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  vpc_security_group_ids = var.security_group_ids
  update_default_version = true
  user_data              = local.mounts_files ? base64encode(local.user_data) : null

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  block_device_mappings {
    device_name = var.root_device

    ebs {
      volume_type           = "gp3"
      volume_size           = var.root_disk_gib
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags = merge(data.aws_default_tags.current.tags, {
      Name        = var.name
      Environment = var.environment
    })
  }

  tag_specifications {
    resource_type = "volume"
    tags = merge(data.aws_default_tags.current.tags, {
      Name        = var.name
      Environment = var.environment
    })
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "this" {
  name                = var.name
  min_size            = var.min_size
  desired_capacity    = var.desired_capacity
  max_size            = var.max_size
  vpc_zone_identifier = var.subnet_ids
  target_group_arns   = aws_lb_target_group.this[*].arn

  health_check_type         = var.target_group == null ? "EC2" : "ELB"
  health_check_grace_period = 300
  default_instance_warmup   = 120

  # Free of charge, but written only when asked for; the alarm on too few servers reads it.
  enabled_metrics = ["GroupDesiredCapacity", "GroupInServiceInstances"]

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  instance_maintenance_policy {
    min_healthy_percentage = local.is_singleton ? 0 : 100
    max_healthy_percentage = local.is_singleton ? 100 : 110
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      auto_rollback          = true
      min_healthy_percentage = local.is_singleton ? 0 : 100
      max_healthy_percentage = local.is_singleton ? 100 : 110
    }
  }

  tag {
    key                 = "Name"
    value               = var.name
    propagate_at_launch = false
  }

  lifecycle {
    # Auto Scaling sets it from now on.
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "cpu" {
  count = var.max_size > var.min_size ? 1 : 0

  name                   = "target-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 55

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
