resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, as at the source; the way on stays inside the VPC
  count = var.target_group == null ? 0 : 1

  # A prefix for a target group holds six characters only.
  name_prefix          = substr(replace(var.name, "/^.*-/", ""), 0, 6)
  vpc_id               = var.vpc_id
  port                 = var.target_group.port
  protocol             = var.target_group.protocol
  deregistration_delay = 60

  tags = {
    Name = var.name
  }

  health_check {
    path                = var.target_group.health_path
    protocol            = var.target_group.protocol
    interval            = var.target_group.interval_seconds
    timeout             = min(5, var.target_group.interval_seconds - 1)
    healthy_threshold   = var.target_group.healthy_threshold
    unhealthy_threshold = var.target_group.unhealthy_threshold
  }

  stickiness {
    enabled = var.target_group.sticky
    type    = "lb_cookie"
  }

  lifecycle {
    create_before_destroy = true
  }
}
