output "image_parameter" {
  description = "Systems Manager parameter that names the newest image."
  value       = aws_ssm_parameter.image.name
}

output "pipeline_arn" {
  description = "ARN of the pipeline, for aws imagebuilder start-image-pipeline-execution."
  value       = aws_imagebuilder_image_pipeline.this.arn
}

output "role_name" {
  description = "Name of the role of the server that makes the image."
  value       = aws_iam_role.this.name
}
