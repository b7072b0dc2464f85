# Logs of distributions are delivered from us-east-1.
resource "aws_cloudwatch_log_delivery_source" "this" {
  region       = "us-east-1"
  name         = var.name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn
}

resource "aws_cloudwatch_log_delivery_destination" "this" {
  region        = "us-east-1"
  name          = var.name
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = var.log_bucket_arn
  }
}

resource "aws_cloudwatch_log_delivery" "this" {
  region                   = "us-east-1"
  delivery_source_name     = aws_cloudwatch_log_delivery_source.this.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.this.arn

  s3_delivery_configuration = [{
    suffix_path                 = "${var.name}/{yyyy}/{MM}/{dd}"
    enable_hive_compatible_path = false
  }]
}
