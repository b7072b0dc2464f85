output "runner_instance_id" {
  description = "Id of the runner, for aws ssm start-session --target."
  value       = module.runner.instance_id
}
