//! Words by which a queue is known: of services, settings, programs and ports.

use reberth_model::estate::Unit;

/// Services of a platform that are a queue: the beginning of the service's name, and the software.
const SERVICES: [(&str, &str); 8] = [
    ("cloudamqp", "RabbitMQ"),
    ("rabbitmq", "RabbitMQ"),
    ("stackhero-rabbitmq", "RabbitMQ"),
    ("heroku-kafka", "Kafka"),
    ("cloudkarafka", "Kafka"),
    ("stackhero-kafka", "Kafka"),
    ("ironmq", "IronMQ"),
    ("iron_mq", "IronMQ"),
];

/// Services of a platform that store keys and values, which workers may keep their queue in.
const KEY_VALUE_SERVICES: [&str; 7] = [
    "heroku-redis",
    "rediscloud",
    "redistogo",
    "openredis",
    "redisgreen",
    "stackhero-redis",
    "upstash-redis",
];

/// Words within the name of a setting that name a broker's software, or a program that works a queue off.
const SETTINGS: [(&str, &str); 21] = [
    ("AMQP", "RabbitMQ"),
    ("CLOUDAMQP", "RabbitMQ"),
    ("RABBIT", "RabbitMQ"),
    ("RABBITMQ", "RabbitMQ"),
    ("KAFKA", "Kafka"),
    ("SQS", "SQS"),
    ("IRONMQ", "IronMQ"),
    ("NATS", "NATS"),
    ("ACTIVEMQ", "ActiveMQ"),
    ("BEANSTALK", "Beanstalk"),
    ("BEANSTALKD", "Beanstalk"),
    ("FAKTORY", "Faktory"),
    ("SIDEKIQ", "Sidekiq"),
    ("RESQUE", "Resque"),
    ("CELERY", "Celery"),
    ("BULL", "Bull"),
    ("BULLMQ", "Bull"),
    ("DRAMATIQ", "Dramatiq"),
    ("BROKER", ANY_QUEUE[0]),
    ("QUEUE", ANY_QUEUE[1]),
    ("QUEUES", ANY_QUEUE[1]),
];
/// What a setting tells that names no software.
const ANY_QUEUE: [&str; 2] = ["a broker", "a queue"];

/// Words within the name of a setting that points to a store of keys and values.
const KEY_VALUE_SETTINGS: [&str; 2] = ["REDIS", "VALKEY"];

/// Words within the name of a setting that is about something else: where results are kept, and pages for people.
const NOT_A_QUEUE: [&str; 8] = [
    "RESULT",
    "RESULTS",
    "DASHBOARD",
    "METRICS",
    "WEBHOOK",
    "WEB",
    "UI",
    "ADMIN",
];

/// Programs that work off a queue.
const WORKERS: [(&str, &str); 9] = [
    ("sidekiq", "Sidekiq"),
    ("resque", "Resque"),
    ("celery", "Celery"),
    ("rq", "RQ"),
    ("rqworker", "RQ"),
    ("bull", "Bull"),
    ("bullmq", "Bull"),
    ("dramatiq", "Dramatiq"),
    ("huey_consumer", "Huey"),
];

/// The software that looks for its store in the setting [`REDIS_URL`], unless [`REDIS_PROVIDER`] names another setting.
/// Source: Sidekiq's wiki, page `Using Redis`.
pub(super) const READS_REDIS_URL: &str = "Sidekiq";
/// Where a store of keys and values is, by convention.
pub(super) const REDIS_URL: &str = "REDIS_URL";
/// The name of the setting that says where.
pub(super) const REDIS_PROVIDER: &str = "REDIS_PROVIDER";

/// Services of a server's own that are a broker: the beginning of the unit's name, the software and its ports.
const BROKERS: [(&str, &str, &[u16]); 7] = [
    ("rabbitmq", "RabbitMQ", &[5671, 5672]),
    ("kafka", "Kafka", &[9092, 9093]),
    ("nats", "NATS", &[4222]),
    ("activemq", "ActiveMQ", &[61613, 61616]),
    ("artemis", "ActiveMQ", &[61613, 61616]),
    ("beanstalkd", "Beanstalk", &[11300]),
    ("faktory", "Faktory", &[7419]),
];

/// The software of a service that is a queue.
pub(super) fn of_service(service: &str) -> Option<&'static str> {
    let known = SERVICES.iter().find(|(name, _)| service.starts_with(name));
    known.map(|(_, software)| *software)
}

/// Whether a service stores keys and values.
pub(super) fn is_key_value(service: &str) -> bool {
    KEY_VALUE_SERVICES.contains(&service)
}

/// What the name of a setting tells of a queue behind its value.
pub(super) fn of_setting(name: &str) -> Option<&'static str> {
    let name = name.to_uppercase().replace("IRON_MQ", "IRONMQ");
    let words: Vec<&str> = name.split(|mark: char| !mark.is_alphanumeric()).collect();
    if words.iter().any(|word| NOT_A_QUEUE.contains(word)) {
        return None;
    }
    // The table's order: who names the software tells more than who says `queue`.
    let known = SETTINGS.iter().find(|(word, _)| words.contains(word));
    known.map(|(_, software)| *software)
}

/// The software of a command that works off a queue: by a whole word of it, so that `rq` is not found in `rqlite`.
pub(super) fn of_command(command: &str) -> Option<&'static str> {
    let command = command.to_lowercase();
    let words: Vec<&str> = command
        .split(|mark: char| !(mark.is_alphanumeric() || mark == '_'))
        .collect();
    let known = WORKERS.iter().find(|(word, _)| words.contains(word));
    known.map(|(_, software)| *software)
}

/// Whether workers take any broker; the others keep their queue in a store of keys and values.
pub(super) fn works_with_any_broker(software: &str) -> bool {
    matches!(software, "Celery" | "Dramatiq")
}

/// Whether a sign tells of a queue and not of its software.
pub(super) fn is_any_queue(software: &str) -> bool {
    ANY_QUEUE.contains(&software)
}

/// Whether a sign tells of a broker by its software, not of who works a queue off.
pub(super) fn is_broker(software: &str) -> bool {
    !is_any_queue(software) && WORKERS.iter().all(|(_, worker)| *worker != software)
}

/// Whether the name of a setting tells of a store of keys and values.
pub(super) fn names_key_value_store(name: &str) -> bool {
    let name = name.to_uppercase();
    let mut words = name.split(|mark: char| !mark.is_alphanumeric());
    words.any(|word| KEY_VALUE_SETTINGS.contains(&word))
}

/// Whether a service of a server runs; one that is installed and stopped works nothing off.
pub(super) fn runs(unit: &Unit) -> bool {
    unit.state == "active"
}

/// The software and the ports of a unit that is a broker.
pub(super) fn of_unit(unit: &str) -> Option<(&'static str, &'static [u16])> {
    let known = BROKERS.iter().find(|(name, ..)| unit.starts_with(name));
    known.map(|(_, software, ports)| (*software, *ports))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_known_by_whole_words() {
        for (name, software) in [
            ("CLOUDAMQP_URL", Some("RabbitMQ")),
            ("CELERY_BROKER_URL", Some("Celery")),
            ("celery_result_backend", None),
            ("SIDEKIQ_REDIS_URL", Some("Sidekiq")),
            ("IRON_MQ_HOST", Some("IronMQ")),
            ("JOB_QUEUE_URL", Some("a queue")),
            ("SIDEKIQ_WEB_URL", None),
            ("BULLETIN_URL", None),
            ("REDIS_URL", None),
            ("", None),
            ("очередь", None),
        ] {
            assert_eq!(of_setting(name), software, "{name}");
        }
    }

    #[test]
    fn a_worker_is_known_by_a_whole_word_of_its_command() {
        for (command, software) in [
            ("bundle exec sidekiq -C config/sidekiq.yml", Some("Sidekiq")),
            ("celery -A app worker", Some("Celery")),
            ("python manage.py rqworker", Some("RQ")),
            ("env QUEUE=* bundle exec rake resque:work", Some("Resque")),
            ("rqlite", None),
            ("bin/puma", None),
        ] {
            assert_eq!(of_command(command), software, "{command}");
        }
    }
}
