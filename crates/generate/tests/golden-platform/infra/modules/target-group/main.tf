resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, as at the source; the way on stays inside the VPC
  # A prefix for a target group holds six characters only.
  name_prefix          = substr(replace(var.name, "/^.*-/", ""), 0, 6)
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = var.port
  protocol             = "HTTP"
  deregistration_delay = var.deregistration_seconds

  tags = {
    Name = var.name
  }

  health_check {
    path                = var.health_path
    matcher             = var.healthy_codes
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  stickiness {
    enabled = var.sticky
    type    = "lb_cookie"
  }

  lifecycle {
    create_before_destroy = true
  }
}
