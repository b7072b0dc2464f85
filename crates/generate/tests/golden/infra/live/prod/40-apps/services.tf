locals {
  services = {
    # Replaces school-cron-01.
    # Source: 13.
    # Type: The same memory as s-2vcpu-2gb (2 GiB); right-size from measured use later.
    # Image: The same system as at the source.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; nobody looked inside, so the image holds the
    # system and the release only, until `reberth discover --ssh` or a person tells more.
    # Size: One server at the source: never two at once, replaced when it fails.
    school-cron = {
      environment      = "prod"
      instance_type    = "t3.small"
      image_parameter  = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device      = "/dev/sda1"
      root_disk_gib    = 60
      min_size         = 1
      desired_capacity = 1
      max_size         = 1
      target_group     = null
      security_group   = "app-school-cron"
    }

    # Replaces school-staging-01.
    # Source: 14.
    # Type: The same memory as s-2vcpu-4gb (4 GiB); right-size from measured use later.
    # Image: The same system as at the source.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; nobody looked inside, so the image holds the
    # system and the release only, until `reberth discover --ssh` or a person tells more.
    # Size: One server at the source: never two at once, replaced when it fails.
    school-staging = {
      environment      = "staging"
      instance_type    = "t3.medium"
      image_parameter  = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device      = "/dev/sda1"
      root_disk_gib    = 60
      min_size         = 1
      desired_capacity = 1
      max_size         = 1
      target_group     = null
      security_group   = "app-school-staging"
    }

    # Replaces school-web-01, school-web-02.
    # Source: 11, 12.
    # Type: The same memory as s-4vcpu-8gb (8 GiB); right-size from measured use later.
    # Image: The same system as at the source.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; what runs on them was seen on all 2.
    # Size: 2 servers at the source; twice as many at most, for load and for replacement.
    school-web = {
      environment      = "prod"
      instance_type    = "t3.large"
      image_parameter  = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device      = "/dev/sda1"
      root_disk_gib    = 60
      min_size         = 2
      desired_capacity = 2
      max_size         = 4
      target_group = {
        port                = 8080
        protocol            = "HTTP"
        health_path         = "/healthz"
        interval_seconds    = 10
        healthy_threshold   = 5
        unhealthy_threshold = 3
        sticky              = true
      }
      security_group = "app-school-web"
    }
  }
}
