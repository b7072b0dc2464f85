//! The templates for AWS Application Migration Service, held against the description of its API that AWS publishes with its own client.

use hcl_edit::expr::{Expression, Object};
use std::collections::BTreeMap;
use std::process::Command;

use crate::designs;

/// Prints what is wrong with a request: names that the API does not have, values that it does not take, names that it misses.
const CHECK: &str = r#"
import json, sys
import botocore.session
service = botocore.session.get_session().get_service_model("mgn")
shape = service.operation_model(sys.argv[1]).input_shape
given = json.loads(sys.argv[2])
for name, value in given.items():
    if name not in shape.members:
        print("no", name)
    elif value is not None and shape.members[name].enum and value not in shape.members[name].enum:
        print("not", name, value)
for name in shape.required_members:
    if name not in given:
        print("missing", name)
"#;

/// The names of a local object of the module, each with its value where that is a plain text.
fn given(local: &str) -> BTreeMap<String, Option<String>> {
    let path = designs::repository().join("crates/generate/src/modules/server_replication/main.tf");
    let body = hcl_edit::parser::parse_body(&std::fs::read_to_string(path).unwrap()).unwrap();
    let locals = body.get_blocks("locals").next().unwrap();
    let object: &Object = locals
        .body
        .get_attribute(local)
        .unwrap()
        .value
        .as_object()
        .unwrap();
    let text = |value: &Expression| value.as_str().map(str::to_owned);
    let entries = object.iter();
    entries
        .map(|(key, value)| (key.as_ident().unwrap().to_string(), text(value.expr())))
        .collect()
}

fn faults(operation: &str, given: &BTreeMap<String, Option<String>>) -> String {
    let given = serde_json::to_string(given).unwrap();
    let output = Command::new(designs::repository().join("build/venv/bin/python"))
        .args(["-c", CHECK, operation, &given])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_service_takes_its_templates() {
    for (operation, local) in [
        (
            "CreateReplicationConfigurationTemplate",
            "replication_configuration_template",
        ),
        (
            "CreateLaunchConfigurationTemplate",
            "launch_configuration_template",
        ),
    ] {
        assert_eq!(faults(operation, &given(local)), "", "{operation}");
    }
}

#[test]
fn planted_faults_are_found() {
    let mut given = given("replication_configuration_template");
    given.remove("stagingAreaSubnetId");
    given.insert("ebsEncryption".to_owned(), Some("NONE".to_owned()));
    given.insert("stagingSubnet".to_owned(), None);
    let found = faults("CreateReplicationConfigurationTemplate", &given);
    for fault in [
        "no stagingSubnet",
        "not ebsEncryption NONE",
        "missing stagingAreaSubnetId",
    ] {
        assert!(found.contains(fault), "{found}");
    }
}
