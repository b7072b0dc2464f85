//! Invoices, and of the newest what it charges for: an assessment holds its own sum of the parts against it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::collection::Collection;
use super::others::other;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

const PATH: &str = "/v2/customers/my/invoices";

#[derive(Debug, Deserialize)]
struct Invoice {
    invoice_uuid: String,
    invoice_period: Option<String>,
    amount: Option<String>,
}

/// The name and address of who pays are stepped over.
#[derive(Debug, Deserialize)]
struct Summary {
    product_charges: Option<Charges>,
    overages: Option<Charge>,
    taxes: Option<Charge>,
    credits_and_adjustments: Option<Charge>,
}

#[derive(Debug, Deserialize)]
struct Charges {
    items: Option<Vec<Charge>>,
}

#[derive(Debug, Deserialize)]
struct Charge {
    name: Option<String>,
    amount: Option<String>,
    count: Option<String>,
}

impl Identified for Invoice {
    fn id(&self) -> String {
        self.invoice_uuid.clone()
    }
}

/// Reads the list, and the newest of it more closely.
pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let invoices: Option<Vec<Invoice>> = reader.list(Collection::new(PATH, "invoices")).await?;
    let mut invoices = invoices.unwrap_or_default();
    invoices.sort_by(|one, other| one.invoice_period.cmp(&other.invoice_period));
    let newest = match invoices.last() {
        Some(newest) => read_summary(reader, &newest.invoice_uuid).await?,
        None => None,
    };
    let newest_id = invoices.last().map(Identified::id);
    for invoice in invoices {
        let is_newest = newest_id.as_ref() == Some(&invoice.invoice_uuid);
        let charges = newest
            .as_ref()
            .filter(|_| is_newest)
            .map_or(Value::Null, charges);
        let facts = [
            ("amount", json!(invoice.amount)),
            ("invoice_period", json!(invoice.invoice_period)),
            ("charges", charges),
        ];
        let id = invoice.invoice_uuid;
        let name = invoice.invoice_period.unwrap_or_else(|| id.clone());
        gathered.add(other("invoice", id, name, None, facts));
    }
    Ok(())
}

async fn read_summary(reader: &Reader<'_>, id: &str) -> Result<Option<Summary>, DiscoverError> {
    reader
        .object(&format!("{PATH}/{}/summary", segment(id)))
        .await
}

/// Every line of the invoice: products first, then what comes on top.
fn charges(summary: &Summary) -> Value {
    let products = summary
        .product_charges
        .iter()
        .flat_map(|charges| &charges.items);
    let on_top = [
        &summary.overages,
        &summary.taxes,
        &summary.credits_and_adjustments,
    ];
    let lines = products.flatten().chain(on_top.into_iter().flatten());
    let line =
        |charge: &Charge| json!({"name": charge.name, "count": charge.count, "usd": charge.amount});
    lines.map(line).collect()
}
