output "alarm_topic_arn" {
  description = "Topic that every notice goes through."
  value       = module.alarms.topic_arn
}
