//! Reads offer files of the AWS Price List: one JSON file for one service and region, as AWS publishes them.
//!
//! A product is named by its attributes, and its prices stand under the same key among the terms. Only what the estimate uses is kept; a product that is
//! described in another way than expected is left out, so that its line keeps the table's price or stays without one.

use std::collections::BTreeMap;

use reberth_model::money::Usd;
use serde::Deserialize;

use super::price_table::{Key, Price};
use crate::error::AssessError;

/// The prices of an offer file that the estimate can use.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceList {
    pub(super) prices: Vec<(Key, Price)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    offer_code: String,
    publication_date: String,
    products: BTreeMap<String, Product>,
    terms: Terms,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    #[serde(default)]
    product_family: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Terms {
    #[serde(default)]
    on_demand: BTreeMap<String, BTreeMap<String, Term>>,
    #[serde(default)]
    reserved: BTreeMap<String, BTreeMap<String, Term>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, Dimension>,
    #[serde(default)]
    term_attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    price_per_unit: BTreeMap<String, String>,
}

impl PriceList {
    /// Reads one offer file.
    pub fn parse(bytes: &[u8]) -> Result<PriceList, AssessError> {
        let offer: Offer =
            serde_json::from_slice(bytes).map_err(|error| AssessError::PriceList {
                why: error.to_string(),
            })?;
        if offer.products.is_empty() || offer.terms.on_demand.is_empty() {
            return Err(AssessError::PriceList {
                why: "it has no products or no prices on demand".to_owned(),
            });
        }
        let prices = offer
            .products
            .iter()
            .flat_map(|(sku, product)| prices(&offer, sku, product))
            .collect();
        Ok(PriceList { prices })
    }

    /// Number of prices that the estimate can use.
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }
}

/// The prices of one product: on demand, and committed for a year where the file has it.
fn prices(offer: &Offer, sku: &str, product: &Product) -> Vec<(Key, Price)> {
    let Some((service, name, attributes)) = named(product) else {
        return Vec::new();
    };
    let Some(region) = product.attributes.get("regionCode") else {
        return Vec::new();
    };
    let key = |attributes: String| -> Key {
        (service.to_owned(), region.clone(), name.clone(), attributes)
    };
    let price = |dimension: &Dimension| {
        let usd: f64 = dimension.price_per_unit.get("USD")?.parse().ok()?;
        Some(Price {
            usd: Usd::from_f64(usd).filter(|usd| *usd > Usd::ZERO)?,
            unit: dimension.unit.clone(),
            source: format!("AWS Price List, {}", offer.offer_code),
            as_of: offer
                .publication_date
                .chars()
                .take("YYYY-MM-DD".len())
                .collect(),
        })
    };
    let on_demand = first_tier(offer.terms.on_demand.get(sku), |_| true).and_then(price);
    let committed = first_tier(offer.terms.reserved.get(sku), is_one_year).and_then(price);
    let mut found = Vec::new();
    found.extend(committed.map(|price| (key(format!("{COMMITTED} of {attributes}")), price)));
    found.extend(on_demand.map(|price| (key(attributes), price)));
    found
}

/// Beginning of the attributes of prices with a commitment.
pub(super) const COMMITTED: &str = "1-yr no upfront";

/// One year, nothing paid in advance, not exchangeable: the least that one commits to.
fn is_one_year(term: &Term) -> bool {
    let says = |name: &str, value: &str| {
        let told = term.term_attributes.get(name);
        told.is_none_or(|told| told.eq_ignore_ascii_case(value))
    };
    says("LeaseContractLength", "1yr")
        && says("PurchaseOption", "No Upfront")
        && says("OfferingClass", "standard")
}

/// The price from the first unit on, of the first term that fits. Prices by the hour stand alone; storage has tiers.
fn first_tier(
    terms: Option<&BTreeMap<String, Term>>,
    fits: impl Fn(&Term) -> bool,
) -> Option<&Dimension> {
    let mut fitting = terms?.values().filter(|term| fits(term));
    let dimensions = &fitting.next()?.price_dimensions;
    let begins =
        |dimension: &&Dimension| dimension.begin_range.parse::<f64>().unwrap_or(0.0) <= 0.0;
    dimensions.values().find(begins)
}

/// What the estimate calls a product: service, unit, attributes.
fn named(product: &Product) -> Option<(&'static str, String, String)> {
    let of = |name: &str| product.attributes.get(name).map_or("", String::as_str);
    let family = product.product_family.as_str();
    let fixed = |service, sku: &str, attributes: &str| {
        Some((service, sku.to_owned(), attributes.to_owned()))
    };
    match family {
        "Compute Instance" => {
            let is_plain = (of("operatingSystem"), of("tenancy"), of("preInstalledSw"))
                == ("Linux", "Shared", "NA")
                && matches!(of("capacitystatus"), "Used" | "");
            is_plain.then(|| {
                (
                    "EC2",
                    of("instanceType").to_owned(),
                    "Linux on-demand shared".to_owned(),
                )
            })
        }
        "Database Instance" => database_instance(of),
        "Cache Instance" => {
            let engine = of("cacheEngine");
            matches!(engine, "Redis" | "Valkey").then(|| {
                (
                    "ElastiCache",
                    of("instanceType").to_owned(),
                    engine.to_owned(),
                )
            })
        }
        "Database Storage" if of("volumeType") == "General Purpose-GP3" => {
            let is_single = of("deploymentOption") == "Single-AZ";
            is_single.then_some(("RDS", "gp3-storage".to_owned(), "Single-AZ".to_owned()))
        }
        "Storage" if of("volumeApiName") == "gp3" => fixed("EBS", "gp3", "storage"),
        "Storage" if of("storageClass") == "General Purpose" && of("volumeType") == "Standard" => {
            fixed("S3", "standard", "first 50 TB")
        }
        _ => BY_USAGE
            .iter()
            .find(|(ending, _)| of("usagetype").ends_with(ending))
            .and_then(|(_, (service, sku, attributes))| fixed(service, sku, attributes)),
    }
}

fn database_instance<'a>(of: impl Fn(&str) -> &'a str) -> Option<(&'static str, String, String)> {
    let (engine, deployment) = (of("databaseEngine"), of("deploymentOption"));
    let is_carried =
        matches!(engine, "MySQL" | "PostgreSQL") && matches!(deployment, "Single-AZ" | "Multi-AZ");
    is_carried.then(|| {
        (
            "RDS",
            of("instanceType").to_owned(),
            format!("{engine} {deployment}"),
        )
    })
}

type Named = (&'static str, &'static str, &'static str);

/// Products that are known by the ending of their usage type, which begins with the region's own code.
const BY_USAGE: &[(&str, Named)] = &[
    ("EBS:SnapshotUsage", ("EBS", "snapshot", "")),
    ("NatGateway-Hours", ("NAT", "nat-hour", "")),
    ("NatGateway-Bytes", ("NAT", "nat-data", "")),
    ("LoadBalancerUsage", ("ALB", "alb-hour", "")),
    ("LCUUsage", ("ALB", "lcu", "")),
    ("PublicIPv4:InUseAddress", ("VPC", "public-ipv4", "in use")),
    ("KMS-Keys", ("KMS", "cmk", "")),
    ("SecretsManager-Secrets", ("SecretsManager", "secret", "")),
    ("WebACLV2", ("WAF", "web-acl", "")),
    (
        "AmazonEKS-Hours:perCluster",
        ("EKS", "cluster", "standard support"),
    ),
    ("DataProcessing-Bytes", ("CloudWatch", "logs-ingest", "")),
    (
        "RDS:ChargedBackupUsage",
        ("RDS", "backup-storage", "beyond free allowance"),
    ),
    (
        "DataTransfer-Out-Bytes",
        (
            "DataTransfer",
            "outbound-data-transfer-to-internet-first-10tb",
            "",
        ),
    ),
    (
        "DataTransfer-Regional-Bytes",
        ("DataTransfer", "intra-region-data-transfer", ""),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const EC2: &str = r#"{
      "formatVersion": "v1.0", "offerCode": "AmazonEC2", "publicationDate": "2026-11-01T00:00:00Z",
      "products": {
        "A": {"sku": "A", "productFamily": "Compute Instance", "attributes": {"regionCode": "ap-south-1", "instanceType": "t3.large",
              "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used", "usagetype": "APS3-BoxUsage:t3.large"}},
        "B": {"sku": "B", "productFamily": "Compute Instance", "attributes": {"regionCode": "ap-south-1", "instanceType": "t3.large",
              "operatingSystem": "Windows", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}},
        "C": {"sku": "C", "productFamily": "Storage", "attributes": {"regionCode": "ap-south-1", "volumeApiName": "gp3"}},
        "D": {"sku": "D", "productFamily": "NAT Gateway", "attributes": {"regionCode": "ap-south-1", "usagetype": "APS3-NatGateway-Hours"}}
      },
      "terms": {
        "OnDemand": {
          "A": {"A.1": {"priceDimensions": {"A.1.1": {"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": "0.0990000000"}}}, "termAttributes": {}}},
          "B": {"B.1": {"priceDimensions": {"B.1.1": {"unit": "Hrs", "pricePerUnit": {"USD": "0.2"}}}}},
          "C": {"C.1": {"priceDimensions": {"C.1.2": {"unit": "GB-Mo", "beginRange": "100", "pricePerUnit": {"USD": "0.05"}}, "C.1.3": {"unit": "GB-Mo", "beginRange": "0", "pricePerUnit": {"USD": "0.0912"}}}}},
          "D": {"D.1": {"priceDimensions": {"D.1.1": {"unit": "Hrs", "pricePerUnit": {"CNY": "0.3"}}}}}
        },
        "Reserved": {
          "A": {"A.2": {"priceDimensions": {"A.2.1": {"unit": "Hrs", "pricePerUnit": {"USD": "0.0400"}}},
                        "termAttributes": {"LeaseContractLength": "3yr", "PurchaseOption": "No Upfront", "OfferingClass": "standard"}},
                "A.3": {"priceDimensions": {"A.3.1": {"unit": "Hrs", "pricePerUnit": {"USD": "0.0620"}}},
                        "termAttributes": {"LeaseContractLength": "1yr", "PurchaseOption": "No Upfront", "OfferingClass": "standard"}}}
        }
      }
    }"#;

    #[test]
    fn an_offer_file_gives_the_prices_that_the_estimate_uses() {
        let list = PriceList::parse(EC2.as_bytes()).expect("an offer file");
        let price = |service: &str, sku: &str, attributes: &str| {
            let found = list.prices.iter().find(|(key, _)| {
                (key.0.as_str(), key.2.as_str()) == (service, sku) && key.3.starts_with(attributes)
            });
            found.map(|(_, price)| price.usd.as_f64())
        };
        assert_eq!(price("EC2", "t3.large", "Linux"), Some(0.099));
        assert_eq!(price("EC2", "t3.large", COMMITTED), Some(0.062));
        assert_eq!(
            price("EBS", "gp3", "storage"),
            Some(0.0912),
            "the first tier"
        );
        assert_eq!(
            price("NAT", "nat-hour", ""),
            None,
            "a price in another currency is none"
        );
        assert_eq!(list.len(), 3);
        assert_eq!(list.prices[0].1.as_of, "2026-11-01");
    }

    #[test]
    fn what_is_no_price_list_is_refused() {
        for bad in [
            "",
            "{}",
            "[1]",
            "{\"offerCode\":\"x\",\"publicationDate\":\"y\",\"products\":{},\"terms\":{}}",
            &EC2[..400],
        ] {
            assert_eq!(
                PriceList::parse(bad.as_bytes()).expect_err(bad).code(),
                "RB-ASS-006"
            );
        }
    }
}
