//! Machine images: the same system where it is still supported, else its nearest supported successor.

use reberth_model::design::Choice;

/// What the name of a system contains, the public parameter that names its image, and why.
const IMAGES: [(&str, &str, &str); 8] = [
    (
        "Ubuntu 24.04",
        UBUNTU_24_04,
        "the same system as at the source",
    ),
    (
        "Ubuntu 22.04",
        UBUNTU_22_04,
        "the same system as at the source",
    ),
    (
        "Ubuntu 20.04",
        UBUNTU_22_04,
        "Ubuntu 20.04 is out of standard support; 22.04 is the nearest supported release",
    ),
    (
        "Ubuntu 18.04",
        UBUNTU_22_04,
        "Ubuntu 18.04 is out of standard support; 22.04 is the nearest supported release",
    ),
    ("Debian 13", DEBIAN_13, "the same system as at the source"),
    ("Debian 12", DEBIAN_12, "the same system as at the source"),
    (
        "Debian 11",
        DEBIAN_12,
        "Debian 11 is out of long-term support; 12 is the nearest supported release",
    ),
    (
        "Debian 10",
        DEBIAN_12,
        "Debian 10 is out of support; 12 is the nearest supported release",
    ),
];
const UBUNTU_24_04: &str =
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
const UBUNTU_22_04: &str =
    "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id";
const DEBIAN_13: &str = "/aws/service/debian/release/13/latest/amd64";
const DEBIAN_12: &str = "/aws/service/debian/release/12/latest/amd64";
const AMAZON_LINUX: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// The name of the root disk of an image: Canonical's images have another than Amazon's and Debian's.
pub(crate) fn root_device(parameter: &str) -> &'static str {
    if parameter.contains("canonical") {
        "/dev/sda1"
    } else {
        "/dev/xvda"
    }
}

/// The image for a server that runs this system.
pub(crate) fn of_system(system: Option<&str>) -> Choice {
    let name = system.unwrap_or("not known");
    match IMAGES.iter().find(|(word, _, _)| name.contains(word)) {
        Some((_, parameter, why)) => Choice {
            value: (*parameter).to_owned(),
            why: (*why).to_owned(),
        },
        None => Choice {
            value: AMAZON_LINUX.to_owned(),
            why: format!(
                "no public image is known for the system of the source ({name}); set your own before use"
            ),
        },
    }
}
