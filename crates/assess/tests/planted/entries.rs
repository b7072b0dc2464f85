//! Faults of firewalls and load balancers.

use super::*;

#[test]
fn open_ports_are_found_in_firewalls_and_load_balancers() {
    planted("digitalocean", "RB-S-SEC-07", |faulty| {
        let address = if faulty {
            "0.0.0.0/0"
        } else {
            "198.51.100.7/32"
        };
        Attributes::Firewall(Firewall {
            inbound: vec![FirewallRule {
                protocol: "tcp".to_owned(),
                ports: "3000-4000".to_owned(),
                addresses: vec![address.to_owned()],
                ..FirewallRule::default()
            }],
            ..Firewall::default()
        })
    });
    planted_with(
        "digitalocean",
        "RB-S-SEC-07",
        |faulty| {
            let mut balancer = balancer();
            if faulty {
                balancer.listeners.push(listener("tcp", 5432, 5432));
            }
            Attributes::LoadBalancer(balancer)
        },
        two_web_servers(),
    );
}

#[test]
fn faults_of_entries_are_found() {
    type Fault = fn(&mut LoadBalancer);
    let faults: [(&str, Fault); 6] = [
        ("RB-S-REL-01", |balancer| {
            balancer.server_tag = Some("nobody".to_owned())
        }),
        ("RB-S-COST-01", |balancer| balancer.server_tag = None),
        ("RB-S-REL-06", |balancer| {
            balancer.sticky_cookie = Some("DO-LB".to_owned())
        }),
        ("RB-S-REL-10", |balancer| balancer.health_check = None),
        ("RB-S-REL-10", |balancer| {
            balancer.health_check.as_mut().expect("one").protocol = "tcp".to_owned();
        }),
        ("RB-S-SEC-08", |balancer| {
            balancer.listeners = vec![listener("http", 80, 80)]
        }),
    ];
    for (check, fault) in faults {
        let mut sick = balancer();
        fault(&mut sick);
        let mut resources = vec![
            resource(FAULTY, Attributes::LoadBalancer(sick)),
            resource(HEALTHY, Attributes::LoadBalancer(balancer())),
        ];
        resources.extend(two_web_servers());
        let estate = estate_of("digitalocean", resources);
        let assessment = judge_by(&estate, &policy(""), TODAY).expect("an assessment");
        assert_eq!(result(&estate, check), CheckResult::Fail, "{check}");
        assert_eq!(names(&assessment, check), [FAULTY], "{check}");
    }
}
