output "topic_arn" {
  description = "Topic that every notice goes through."
  value       = aws_sns_topic.this.arn
}
