output "id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "access_point_id" {
  description = "Id of the access point that servers mount."
  value       = aws_efs_access_point.this.id
}

output "access_point_arn" {
  description = "ARN of that access point."
  value       = aws_efs_access_point.this.arn
}
