locals {
  name = "${var.project}-${var.environment}"
  tags = merge(var.additional_tags, {
    Application = var.project
    Environment = var.environment
    ManagedBy   = "terraform"
  })
}
