output "image_parameters" {
  description = "Systems Manager parameters that name the newest image, by service."
  value       = { for key, image in module.image : key => image.image_parameter }
}

output "pipeline_arns" {
  description = "ARNs of the pipelines by service."
  value       = { for key, image in module.image : key => image.pipeline_arn }
}
