//! The configuration of Fluent Bit, which writes lines of logs to the delivery stream.

use reberth_model::design::Design;

/// By path.
pub(super) fn files(design: &Design) -> [(String, String); 1] {
    let target = &design.target;
    let (head, path) = match design.platform {
        Some(_) => (
            "# Fluent Bit on every node, in the namespace logging under the service account log-agent, whose role 60-operations makes.\n",
            "/var/log/containers/*.log",
        ),
        None => (
            "# Fluent Bit on each server; put it into the image of each service, and name the files that its application writes.\n",
            "/var/log/*.log",
        ),
    };
    let text = format!(
        "{head}service:\n  flush: 5\n\npipeline:\n  inputs:\n    - name: tail\n      path: {path}\n      db: /var/lib/fluent-bit/tail.db\n      mem_buf_limit: 32MB\n\n  outputs:\n    # The output log_stream_name of 60-operations; its own role signs.\n    - name: kinesis_firehose\n      match: \"*\"\n      region: {}\n      delivery_stream: {}-{}-logs\n      time_key: \"@timestamp\"\n",
        target.region, target.project, target.environment
    );
    [("monitoring/fluent-bit/fluent-bit.yaml".to_owned(), text)]
}
