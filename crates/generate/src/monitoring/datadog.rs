//! The configuration of Datadog's agent, which reads its key from Secrets Manager itself.

use reberth_model::design::Design;

/// Service accounts are called so where the release of the chart is called `datadog`.
const CLUSTER: &str = r#"# Values of the chart datadog, as the release datadog in the namespace datadog: 60-operations makes roles for the service accounts datadog and
# datadog-cluster-agent. Agents are 7.77 or newer. The key stands in no file: each agent reads it from the secret.
datadog:
  site: datadoghq.com
  clusterName: @NAME@
  apiKey: "ENC[@NAME@-datadog;api_key]"
  env: &secrets
    - name: DD_SECRET_BACKEND_TYPE
      value: aws.secrets
    - name: DD_SECRET_BACKEND_CONFIG
      value: '{"aws_session":{"aws_region":"@REGION@"}}'
clusterAgent:
  env: *secrets
"#;

const SERVER: &str = r#"# /etc/datadog-agent/datadog.yaml of each server, for agents 7.70 or newer; put both into the image of each service.
site: datadoghq.com
secret_backend_type: aws.secrets
secret_backend_config:
  aws_session:
    aws_region: @REGION@
# The server's own role reads the secret; the key stands in no file.
api_key: "ENC[@NAME@-datadog;api_key]"
tags:
  - application:@PROJECT@
  - env:@ENVIRONMENT@
"#;

/// By path.
pub(super) fn files(design: &Design) -> [(String, String); 1] {
    let target = &design.target;
    let template = match design.platform {
        Some(_) => CLUSTER,
        None => SERVER,
    };
    let text = template
        .replace(
            "@NAME@",
            &format!("{}-{}", target.project, target.environment),
        )
        .replace("@REGION@", &target.region)
        .replace("@PROJECT@", &target.project)
        .replace("@ENVIRONMENT@", &target.environment);
    [("monitoring/datadog/datadog.yaml".to_owned(), text)]
}
