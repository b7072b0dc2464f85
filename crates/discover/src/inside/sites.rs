//! Sites of web servers. Only names, upstreams and folders are kept: other lines of these files may hold secrets.

use std::collections::BTreeSet;

use reberth_model::estate::Site;

use crate::host_name::host_and_port;

/// Sites of nginx, one a file that has any.
pub(super) fn nginx(files: &[(&str, &str)]) -> Vec<Site> {
    let sites = files.iter().filter_map(|(path, text)| {
        let mut site = empty("nginx", path);
        for (name, values) in directives(text, ';') {
            match name {
                "server_name" => site
                    .names
                    .extend(values.split_whitespace().map(str::to_owned)),
                "root" | "alias" => site.roots.push(values.to_owned()),
                "proxy_pass" | "fastcgi_pass" | "uwsgi_pass" | "server" => {
                    site.upstreams.extend(upstream(values))
                }
                _ => {}
            }
        }
        finished(site)
    });
    sites.collect()
}

/// Sites of Apache, one a file that has any.
pub(super) fn apache(files: &[(&str, &str)]) -> Vec<Site> {
    let sites = files.iter().filter_map(|(path, text)| {
        let mut site = empty("apache", path);
        for (name, values) in directives(text, '\n') {
            match name.to_ascii_lowercase().as_str() {
                "servername" | "serveralias" => site
                    .names
                    .extend(values.split_whitespace().map(str::to_owned)),
                "documentroot" => site.roots.push(values.trim_matches('"').to_owned()),
                "proxypass" | "proxypassmatch" | "balancermember" => {
                    site.upstreams
                        .extend(values.split_whitespace().find_map(upstream));
                }
                _ => {}
            }
        }
        finished(site)
    });
    sites.collect()
}

fn empty(server: &str, file: &str) -> Site {
    Site {
        server: server.to_owned(),
        file: file.to_owned(),
        ..Site::default()
    }
}

fn finished(mut site: Site) -> Option<Site> {
    for list in [&mut site.names, &mut site.upstreams, &mut site.roots] {
        let ordered: BTreeSet<String> = list.drain(..).collect();
        list.extend(ordered);
    }
    let is_site = !(site.names.is_empty() && site.upstreams.is_empty() && site.roots.is_empty());
    is_site.then_some(site)
}

/// Name and values of each directive, comments left out.
fn directives(text: &str, end: char) -> Vec<(&str, &str)> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let parts = lines.flat_map(move |line| line.split([end, '{', '}']));
    let directives = parts.filter_map(|part| part.trim().split_once(char::is_whitespace));
    directives
        .map(|(name, values)| (name, values.trim()))
        .collect()
}

/// `10.0.0.7:3000` of `http://user:secret@10.0.0.7:3000/path`, or the socket's path of `unix:/run/app.sock`.
fn upstream(target: &str) -> Option<String> {
    let target = target.split_whitespace().next()?;
    if let Some((_, path)) = target.split_once("unix:") {
        let path = path.split([':', '?', '|']).next()?;
        return Some(format!("unix:{path}"));
    }
    host_and_port(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_upstreams_and_roots_are_kept_and_nothing_else() {
        let text = "upstream app { server 10.0.0.7:3000 weight=2; server unix:/run/puma.sock fail_timeout=0; }\n# server_name old.example;\nserver {\n  server_name shop.example www.shop.example; root /srv/shop;\n  location / { proxy_set_header Authorization RECORDED-FAKE; proxy_pass http://u:RECORDED-FAKE@10.0.0.8:8080/x; }\n}\n";
        let told = nginx(&[
            ("/etc/nginx/sites-enabled/shop", text),
            ("/etc/nginx/conf.d/gzip.conf", "gzip on;"),
        ]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].names, ["shop.example", "www.shop.example"]);
        assert_eq!(
            told[0].upstreams,
            ["10.0.0.7:3000", "10.0.0.8:8080", "unix:/run/puma.sock"]
        );
        assert_eq!(told[0].roots, ["/srv/shop"]);
        let text = "<VirtualHost *:80>\n ServerName old.example\n ServerAlias a.example b.example\n DocumentRoot \"/var/www/old\"\n ProxyPass / http://10.0.0.9:9000/\n</VirtualHost>\n";
        let told = apache(&[("/etc/apache2/sites-enabled/old.conf", text)]);
        assert_eq!(
            (
                told[0].names.len(),
                &told[0].upstreams[..],
                &told[0].roots[..]
            ),
            (
                3,
                &["10.0.0.9:9000".to_owned()][..],
                &["/var/www/old".to_owned()][..]
            )
        );
    }
}
