output "disks" {
  description = "Id and ARN of the disks by key."
  value       = { for key, disk in aws_ebs_volume.this : key => { id = disk.id, arn = disk.arn } }
}
