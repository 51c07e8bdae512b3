//! The spelling rule between a field of the schema and EC2's wire.

/// `volume_id` is `VolumeId` in a Query.
pub fn upper_camel(field: &str) -> String {
    let mut name = String::with_capacity(field.len());
    for part in field.split('_') {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// `volume_id` is `volumeId` in XML.
pub fn lower_camel(field: &str) -> String {
    let mut name = upper_camel(field);
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_camel_case_on_the_wire() {
        assert_eq!(upper_camel("ipv6_cidr_block"), "Ipv6CidrBlock");
        assert_eq!(lower_camel("ipv6_cidr_block"), "ipv6CidrBlock");
    }
}
