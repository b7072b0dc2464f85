//! What an instance type or class has, read from its name.

/// Virtual processors by the size in the name: `medium` has 1 or, where processors are shared, 2; `large` 2, `xlarge` 4, `Nxlarge` 4 for each `N`.
pub(crate) fn processors(instance_type: &str) -> u32 {
    let (family, size) = parts(instance_type);
    match size.strip_suffix("xlarge") {
        Some("") => 4,
        Some(count) => count.parse::<u32>().unwrap_or(1) * 4,
        None if size == "medium" && !family.starts_with('t') => 1,
        None => 2,
    }
}

/// Memory in GiB: by size for shared families, and by what each processor has for the others (compute 2, memory 8, general 4).
pub(crate) fn memory_gib(instance_type: &str) -> Option<f64> {
    let (family, size) = parts(instance_type);
    if family.starts_with('t') {
        return match size {
            "nano" => Some(0.5),
            "micro" => Some(1.0),
            "small" => Some(2.0),
            "medium" => Some(4.0),
            "large" => Some(8.0),
            "xlarge" => Some(16.0),
            "2xlarge" => Some(32.0),
            _ => None,
        };
    }
    let per_processor = match family.chars().next()? {
        'c' => 2.0,
        'm' => 4.0,
        'r' => 8.0,
        _ => return None,
    };
    Some(f64::from(processors(instance_type)) * per_processor)
}

/// The same family one size up.
pub(crate) fn one_size_up(instance_type: &str) -> Option<String> {
    let (family, size) = instance_type.rsplit_once('.')?;
    let up = match size {
        "nano" => "micro",
        "micro" => "small",
        "small" => "medium",
        "medium" => "large",
        "large" => "xlarge",
        "xlarge" => "2xlarge",
        "2xlarge" => "4xlarge",
        "4xlarge" => "8xlarge",
        "8xlarge" => "16xlarge",
        _ => return None,
    };
    Some(format!("{family}.{up}"))
}

/// Family and size of `m7g.large`, and of `db.m7g.large`.
fn parts(instance_type: &str) -> (&str, &str) {
    let (family, size) = instance_type
        .rsplit_once('.')
        .unwrap_or(("", instance_type));
    let family = family.rsplit('.').next().unwrap_or(family);
    (family, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_type_has_is_read_from_its_name() {
        for (name, cpus, gib) in [
            ("t3.medium", 2, Some(4.0)),
            ("t4g.nano", 2, Some(0.5)),
            ("m7i.large", 2, Some(8.0)),
            ("m7g.medium", 1, Some(4.0)),
            ("t3.xlarge", 4, Some(16.0)),
            ("c8i.2xlarge", 8, Some(16.0)),
            ("r7g.16xlarge", 64, Some(512.0)),
            ("db.r6g.xlarge", 4, Some(32.0)),
            ("p5.48xlarge", 192, None),
        ] {
            assert_eq!((processors(name), memory_gib(name)), (cpus, gib), "{name}");
        }
        assert_eq!(one_size_up("t3.large").as_deref(), Some("t3.xlarge"));
        assert_eq!(one_size_up("m7i.metal"), None);
    }
}
