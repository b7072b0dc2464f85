//! What was seen inside servers and in the files of applications and has to be there at the target too.

use reberth_model::estate::{Attributes, Codebase, Estate, Inside};

use super::document::Block;
use crate::server_inside;

/// Longer lists are cut, and say so: the estate has them whole.
const ROWS_MAX: usize = 200;

/// The part of the scope of work; nothing when nobody looked.
pub(super) fn blocks(estate: &Estate) -> Vec<Block> {
    let mut rows = rows(estate);
    if rows.is_empty() {
        return Vec::new();
    }
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    let mut blocks = vec![
        Block::Heading("What runs there now"),
        Block::Paragraph("As seen inside the servers and in the files of applications that were given. Each line is carried to the target, or struck out here by the customer.".to_owned()),
        Block::Table(&["Where", "What", "In detail"], rows),
    ];
    if left_out > 0 {
        let text = format!("{left_out} more lines stand in estate.json.");
        blocks.push(Block::Paragraph(text));
    }
    blocks
}

fn rows(estate: &Estate) -> Vec<Vec<String>> {
    let resources = estate.resources.iter();
    resources
        .flat_map(|resource| {
            let found = match &resource.attributes {
                Attributes::Server(server) => {
                    server.inside.as_ref().map(of_server).unwrap_or_default()
                }
                Attributes::Codebase(code) => of_code(code),
                _ => Vec::new(),
            };
            let name = resource.name.clone();
            found
                .into_iter()
                .map(move |(what, detail)| vec![name.clone(), what.to_owned(), detail])
        })
        .collect()
}

fn of_server(inside: &Inside) -> Vec<(&'static str, String)> {
    let schedules = server_inside::schedules(inside).into_iter();
    let schedules = schedules.map(|entry| {
        let user = entry.user.as_deref().map(|user| format!(" as {user}"));
        let user = user.unwrap_or_default();
        (
            "work at set times",
            format!("{}{user}: {}", entry.schedule, entry.command),
        )
    });
    let sites = inside.sites.iter().map(|site| {
        let parts = [&site.names, &site.upstreams, &site.roots];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| part.join(", "))
            .collect();
        ("site of a web server", parts.join(" -> "))
    });
    let mounts = server_inside::data_mounts(inside).into_iter().map(|mount| {
        let gib = mount.used_bytes as f64 / f64::from(1 << 30);
        (
            "file system",
            format!("{} ({}), {gib:.1} GiB in use", mount.path, mount.kind),
        )
    });
    let listeners = server_inside::open_listeners(inside).map(|listener| {
        let program = listener.program.as_deref().unwrap_or("program not visible");
        ("port", format!("{} ({program})", listener.port))
    });
    let mut listeners: Vec<_> = listeners.collect();
    // One program listens by both versions of the protocol.
    listeners.dedup();
    let hidden = inside.unknown.iter();
    let hidden = hidden.map(|what| ("not seen", what.clone()));
    schedules
        .chain(sites)
        .chain(mounts)
        .chain(listeners)
        .chain(hidden)
        .collect()
}

fn of_code(code: &Codebase) -> Vec<(&'static str, String)> {
    let releases = code.release_commands.iter();
    let releases = releases.map(|command| ("before each release", command.clone()));
    let schedules = code.schedules.iter();
    let schedules = schedules.map(|entry| {
        let detail = format!("{}: {} ({})", entry.schedule, entry.command, entry.file);
        ("work at set times", detail)
    });
    let processes = code.processes.iter().map(|process| {
        let ports: Vec<String> = process.ports.iter().map(u16::to_string).collect();
        let mut detail = process.name.clone();
        if let Some(command) = &process.command {
            detail.push_str(&format!(": {command}"));
        }
        if !ports.is_empty() {
            detail.push_str(&format!("; port {}", ports.join(", ")));
        }
        if let Some(check) = &process.health_check {
            detail.push_str(&format!("; health: {check}"));
        }
        ("process", format!("{detail} ({})", process.file))
    });
    let services = code.services.iter();
    let services = services.map(|service| {
        let detail = format!("{}: {} ({})", service.name, service.what, service.file);
        ("service it asks for", detail)
    });
    let unread = code.unread.iter();
    let unread = unread.map(|file| ("not understood", format!("{}: {}", file.file, file.reason)));
    releases
        .chain(schedules)
        .chain(processes)
        .chain(services)
        .chain(unread)
        .collect()
}
