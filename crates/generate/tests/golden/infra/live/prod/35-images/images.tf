locals {
  images = {
    # Replaces school-cron-01.
    # Source: 13.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; nobody looked inside, so the image holds the
    # system and the release only, until `reberth discover --ssh` or a person tells more.
    # Parent: The same system as at the source.
    school-cron = {
      parent_image_parameter = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device            = "/dev/sda1"
      root_disk_gib          = 60
      instance_type          = "t3.small"
      documents              = ["school-cron.yaml"]
    }

    # Replaces school-staging-01.
    # Source: 14.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; nobody looked inside, so the image holds the
    # system and the release only, until `reberth discover --ssh` or a person tells more.
    # Parent: The same system as at the source.
    school-staging = {
      parent_image_parameter = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device            = "/dev/sda1"
      root_disk_gib          = 60
      instance_type          = "t3.medium"
      documents              = ["school-staging.yaml"]
    }

    # Replaces school-web-01, school-web-02.
    # Source: 11, 12.
    # Arrival: Servers that replace themselves need an image that can be made again, and a copy of a
    # disk keeps whatever was done to it by hand; what runs on them was seen on all 2.
    # Parent: The same system as at the source.
    school-web = {
      parent_image_parameter = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
      root_device            = "/dev/sda1"
      root_disk_gib          = 60
      instance_type          = "t3.large"
      documents              = ["school-web.yaml"]
    }
  }
}
