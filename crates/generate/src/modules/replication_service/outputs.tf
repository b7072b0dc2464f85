output "task_arns" {
  description = "Replication tasks by database."
  value       = { for key, task in aws_dms_replication_task.this : key => task.replication_task_arn }
}
