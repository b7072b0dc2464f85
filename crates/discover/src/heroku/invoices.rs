//! What was billed.

use serde::Deserialize;
use serde_json::json;

use reberth_model::estate::{Attributes, Other, Resource};

use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

#[derive(Debug, Deserialize)]
struct Invoice {
    id: String,
    period_start: Option<String>,
    /// Cents.
    total: Option<f64>,
}

impl Identified for Invoice {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let invoices: Option<Vec<Invoice>> = reader.list("/account/invoices").await?;
    for invoice in invoices.unwrap_or_default() {
        let month: String = invoice
            .period_start
            .unwrap_or_default()
            .chars()
            .take("YYYY-MM".len())
            .collect();
        let amount = invoice.total.map(|cents| format!("{:.2}", cents / 100.0));
        gathered.add(Resource {
            id: invoice.id,
            name: month,
            region: None,
            cost: None,
            attributes: Attributes::Other(Other {
                word: "invoice".to_owned(),
                facts: [("amount".to_owned(), json!(amount))].into(),
            }),
        });
    }
    Ok(())
}
