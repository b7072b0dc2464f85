//! What a start would read and write, as it is shown and consented to.

use reberth_replicate::stream::Direction;
use serde_json::{Value, json};

use crate::commands::replicate::postgres::source::writes;
use crate::failure::Failure;
use crate::plan::Plan;

/// What will be read and written where.
pub(in crate::commands::replicate) async fn change(plans: &[Plan]) -> Result<Value, Failure> {
    let is_reverse = plans
        .iter()
        .any(|plan| plan.direction() == Direction::Reverse);
    let lines: Vec<String> = plans
        .iter()
        .map(|plan| {
            format!(
                "{}: {} -> {}",
                plan.database(),
                plan.from().host(),
                plan.to().host()
            )
        })
        .collect();
    let mut change = json!({
        "replicate": lines,
        "reads": if is_reverse { "rows' changes from the target's log" } else { "rows and log of the source, as its reader" },
        "writes": if is_reverse { vec!["rows of these databases on the source", "the schema reberth on the source"] } else { vec!["these databases on the target", "the schema reberth on the target"] },
        "writes on the source": if is_reverse { "as listed" } else { "nothing" },
    });
    let (mut methods, mut written) = (Vec::new(), Vec::new());
    for plan in plans {
        if let Plan::Postgres(plan) = plan {
            let (database, stream) = (&plan.stream.database, &plan.stream);
            methods.push(format!(
                "{database}: {}: {}",
                stream.method.word(),
                plan.because
            ));
            let writes = writes(stream).await?;
            written.extend(writes.into_iter().map(|line| format!("{database}: {line}")));
        }
    }
    if !methods.is_empty() {
        change["method"] = json!(methods);
        change["removed by"] = json!("reberth replicate stop");
    }
    if !written.is_empty() && !is_reverse {
        change["writes on the source"] = json!(written);
    }
    Ok(change)
}
