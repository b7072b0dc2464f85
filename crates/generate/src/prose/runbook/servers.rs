//! The step of the runbook in which servers come to the target, each service on its own way.

use reberth_model::design::{ArrivalWay, Design, FileForm, FileStore, Service};

use super::Step;

pub(super) fn step(design: &Design) -> Step {
    let mut lines = Vec::new();
    let by = |way: ArrivalWay| -> Vec<&Service> {
        let services = design.services.iter();
        services.filter(|own| own.arrival.way == way).collect()
    };
    lines.extend(pipeline(&by(ArrivalWay::ImagePipeline)));
    lines.extend(copied(design, &by(ArrivalWay::ApplicationMigration)));
    lines.extend(plain(&by(ArrivalWay::PlainImage)));
    for service in &design.services {
        let capacity = &service.capacity;
        lines.push(format!(
            "`{}`: {} to {} × {}; {}.",
            service.key, capacity.min, capacity.max, service.instance_type.value, capacity.why
        ));
    }
    lines.extend(design.files.iter().flat_map(files));
    for item in design
        .not_carried
        .iter()
        .filter(|item| item.kind == "volume")
    {
        lines.push(format!("People: volume `{}`: {}.", item.name, item.why));
    }
    ("The servers", lines)
}

/// Images that a pipeline makes: what the documents hold, and what only people know.
fn pipeline(services: &[&Service]) -> Vec<String> {
    if services.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let unseen: Vec<&str> = services
        .iter()
        .flat_map(|service| &service.arrival.contents.unseen)
        .map(String::as_str)
        .collect();
    if !unseen.is_empty() {
        lines.push(format!(
            "Nobody looked inside {}, and the provider's API tells nothing of what is installed there. Run `reberth discover --ssh USER`, then `assess`, `design` and `generate` anew; or list by hand, on each: packages (`apt-mark showmanual` or `dnf repoquery --userinstalled`), units (`systemctl list-unit-files --state=enabled`), timers and crontabs (`systemctl list-timers`, `crontab -l` of each user), listening ports (`ss -tlnp`), and files outside packages.",
            unseen.join(", ")
        ));
    }
    lines.push("People: read and complete the documents in `35-images/components`, name the repository, revision and folder of each application in `releases`, and write the token for a private repository into Secrets Manager.".to_owned());
    for service in services {
        let left = &service.arrival.contents.left_to_people;
        lines.extend(
            left.iter()
                .map(|left| format!("People, for `{}`: {left}.", service.key)),
        );
    }
    lines.push("Apply `35-images`, and make each image: `aws imagebuilder start-image-pipeline-execution --image-pipeline-arn ARN` (`pipeline_arns`). An image is kept only when its packages, units, sites and languages are as the documents ask.".to_owned());
    lines.push("Plan and apply `40-apps` again: the servers roll over to the new image, and back when they stay unhealthy.".to_owned());
    if services
        .iter()
        .any(|own| !own.arrival.contents.schedules.is_empty())
    {
        lines.push("Scheduled work stays off in the images. When the source's has stopped (state 21 of the cutover): set `schedules_run` in `35-images`, make the images anew and roll them out; on servers that run already, `mv /var/lib/held-schedules/* /etc/cron.d/` through Session Manager.".to_owned());
    }
    lines
}

/// Disks that AWS Application Migration Service copies as they are: the agent is a write on the source's server.
fn copied(design: &Design, services: &[&Service]) -> Vec<String> {
    if services.is_empty() {
        return Vec::new();
    }
    let region = &design.target.region;
    let servers = &design.migration.copied_servers;
    let names: Vec<&str> = servers.iter().map(|own| own.name.as_str()).collect();
    let unreachable = servers.iter().filter(|own| own.addresses.is_empty());
    let mut lines: Vec<String> = unreachable
        .map(|own| format!("People: `{}` has no public address: give its agent a way to the replication servers, such as a VPN with `dataPlaneRouting` `PRIVATE_IP`.", own.name))
        .collect();
    lines.extend([
        "Apply `90-migration`, then once for the account: `aws mgn initialize-service`, `aws mgn create-replication-configuration-template` and `aws mgn create-launch-configuration-template` with the outputs of that root (`modules/server-replication` has the lines).".to_owned(),
        format!("People, with the owner's consent, because it writes on the servers: take on `agent_installer_role_arn` for an hour and on each of {} run AWS's installer, `aws-replication-installer-init --region {region} --no-prompt`, with those credentials given to it and to no file; name the disks with `--devices` where volumes of the design are kept apart.", names.join(", ")),
        "Wait until each server is `READY_FOR_TEST` in `aws mgn describe-source-servers`. In the EC2 launch template that the service made for it set an application subnet, the service's security group (`10-security`), its instance profile and instance type (`40-apps`).".to_owned(),
        "`aws mgn start-test`: look at the test server as a user would, and list what it does by itself (jobs, mails, outgoing calls), since it is a copy of a server that still runs. Switch that off before the next test.".to_owned(),
        "For each service: `aws ec2 create-image` of the test server of one of its servers, put the id into a Systems Manager parameter of type `aws:ec2:image`, name it in `image_parameter` of `40-apps` with the image's own `root_device`, and apply that root.".to_owned(),
        "After the switch: `aws mgn finalize-cutover` for each server, which ends the copy, and `aws mgn disconnect-from-service`; the agents uninstall themselves.".to_owned(),
    ]);
    lines
}

/// Files that outlive servers: copied while they are in use, and once more when nobody writes.
fn files(store: &FileStore) -> Vec<String> {
    let from = match &store.source_path {
        Some(path) => format!("`{path}` of `{}`", store.server),
        None => format!(
            "the volume on `{}` (where it is mounted there is not known: `findmnt`)",
            store.server
        ),
    };
    let what = match store.form {
        FileForm::Disk => "a disk",
        FileForm::Shared => "a shared file system",
    };
    vec![format!(
        "Files `{}`: {from} to {what} at `{}` of `{}`. People: on a server of that service (Session Manager), with a key to the source that is taken back afterwards, `rsync -aHAX --numeric-ids --delete SOURCE:PATH/ {}/` while they are in use, and again after the writers stopped; then `rsync -aHAX --numeric-ids --delete --checksum --dry-run --itemize-changes` must print nothing.",
        store.key, store.path, store.service, store.path
    )]
}

/// A maker's image holds nothing of the application.
fn plain(services: &[&Service]) -> Vec<String> {
    if services.is_empty() {
        return Vec::new();
    }
    let keys: Vec<String> = services
        .iter()
        .map(|own| format!("`{}`", own.key))
        .collect();
    vec![format!(
        "People: bake an image of {} yourselves, put its id into a Systems Manager parameter, and name that in `image_parameter` of `40-apps`, with the name of its root disk in `root_device`.",
        keys.join(", ")
    )]
}
