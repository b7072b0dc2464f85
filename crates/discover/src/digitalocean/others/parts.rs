//! Lists below what the table found. To read another, add a part.

use super::table::Row;

/// A list that each resource of another kind has.
pub(super) struct Part {
    /// The kind that has it.
    pub(super) of: &'static str,
    /// The fact that stands for `{}` in the path; the identifier when it is empty.
    pub(super) by: &'static str,
    pub(super) row: Row,
}

/// Lists below resources that were found.
pub(super) const PARTS: &[Part] = &[
    Part {
        of: "function_namespace",
        by: "namespace",
        row: Row {
            kind: "function_trigger",
            path: "/v2/functions/namespaces/{}/triggers",
            query: "",
            key: "triggers",
            id: "name",
            name: "name",
            facts: "function type is_enabled scheduled_details.cron \
                scheduled_runs.{last_run_at,next_run_at}",
            references: &[],
        },
    },
    Part {
        of: "registry",
        by: "",
        row: Row {
            kind: "image_repository",
            path: "/v2/registries/{}/repositoriesV2",
            query: "",
            key: "repositories",
            id: "name",
            name: "name",
            facts: "tag_count manifest_count latest_manifest.{compressed_size_bytes,updated_at}",
            references: &[],
        },
    },
    Part {
        of: "uptime_check",
        by: "",
        row: Row {
            kind: "uptime_alert",
            path: "/v2/uptime/checks/{}/alerts",
            query: "",
            key: "alerts",
            id: "id",
            name: "name",
            facts: "type threshold comparison period notifications.email",
            references: &[],
        },
    },
    Part {
        of: "app",
        by: "",
        row: Row {
            kind: "app_alert",
            path: "/v2/apps/{}/alerts",
            query: "",
            key: "alerts",
            id: "id",
            name: "spec.rule",
            facts: "component_name spec.{rule,disabled,operator,value,window} emails",
            references: &[],
        },
    },
];
