//! The entries of a prefix list, and what may be changed about them.

use archipelago_proto::ec2::v1::{AddPrefixListEntry, PrefixListEntry};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

/// What ModifyManagedPrefixList changes.
#[derive(Default)]
pub struct Changes {
    pub current_version: Option<i64>,
    pub name: Option<String>,
    pub max_entries: Option<i32>,
    pub add: Vec<PrefixListEntry>,
    pub remove: Vec<String>,
}

/// AWS: a prefix list has 1 to 1,000 entries.
const MOST: i32 = 1000;
const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 255;

pub(super) fn check_max_entries(most: i32) -> Ec2Result<i32> {
    if (1..=MOST).contains(&most) { Ok(most) } else { Err(Ec2Error::invalid_value("maxEntries", most)) }
}

pub(super) fn check_name(name: &str) -> Ec2Result<&str> {
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.starts_with("com.amazonaws") {
        return Err(Ec2Error::invalid_value("prefixListName", name));
    }
    Ok(name)
}

/// A block of the list's family, in its canonical form.
pub(super) fn block(text: &str, family: &str) -> Ec2Result<String> {
    let malformed = || Ec2Error::invalid_parameter(format!("The CIDR '{text}' is not valid for a prefix list."));
    let block: IpNet = text.parse().map_err(|_| malformed())?;
    match (block, family) {
        (IpNet::V4(_), "IPv4") | (IpNet::V6(_), "IPv6") => Ok(block.trunc().to_string()),
        _ => Err(Ec2Error::invalid_parameter(format!(
            "The CIDR '{text}' does not belong to the address family {family} of the prefix list."
        ))),
    }
}

pub(super) fn read(entries: Vec<AddPrefixListEntry>, family: &str) -> Ec2Result<Vec<PrefixListEntry>> {
    let mut read: Vec<PrefixListEntry> = Vec::new();
    for entry in entries {
        if entry.description().chars().count() > LONGEST_DESCRIPTION {
            return Err(Ec2Error::invalid_value("description", entry.description()));
        }
        let cidr = Some(block(entry.cidr(), family)?);
        if read.iter().any(|known| known.cidr == cidr) {
            return Err(Ec2Error::invalid_parameter(format!("The CIDR {} is specified more than once.", entry.cidr())));
        }
        read.push(PrefixListEntry { cidr, description: entry.description.filter(|text| !text.is_empty()) });
    }
    Ok(read)
}

/// The entries of the next version.
pub(super) fn apply(
    known: &[PrefixListEntry],
    add: Vec<PrefixListEntry>,
    remove: &[String],
    most: i32,
) -> Ec2Result<Vec<PrefixListEntry>> {
    let mut entries = known.to_vec();
    for cidr in remove {
        if add.iter().any(|entry| entry.cidr() == cidr) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Request cannot contain Cidr {cidr} in both AddPrefixListEntries and RemovePrefixListEntries"
            )));
        }
        let position = entries.iter().position(|entry| entry.cidr() == cidr);
        let position = position.ok_or_else(|| {
            Ec2Error::invalid_parameter(format!("The prefix list does not contain the entry with the Cidr {cidr}"))
        })?;
        entries.remove(position);
    }
    for entry in add {
        // A known block gets the new description.
        match entries.iter_mut().find(|known| known.cidr == entry.cidr) {
            Some(known) => known.description = entry.description,
            None => entries.push(entry),
        }
    }
    if entries.len() > usize::try_from(most).unwrap_or_default() {
        return Err(too_many(most));
    }
    Ok(entries)
}

pub(super) fn too_many(most: i32) -> Ec2Error {
    Ec2Error::new(
        "PrefixListMaxEntriesExceeded",
        format!("The number of entries exceeds the prefix list's maximum of {most}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(cidr: &str) -> PrefixListEntry {
        PrefixListEntry { cidr: Some(cidr.into()), description: None }
    }

    #[test]
    fn entries_are_of_the_lists_family_and_canonical() {
        assert_eq!(block("10.0.0.7/8", "IPv4").unwrap(), "10.0.0.0/8");
        assert!(block("10.0.0.0/8", "IPv6").is_err());
        assert!(block("::/0", "IPv4").is_err());
    }

    #[test]
    fn a_list_holds_no_more_than_its_maximum() {
        let two = vec![entry("10.0.0.0/8"), entry("11.0.0.0/8")];
        assert_eq!(apply(&[], two.clone(), &[], 1).unwrap_err().code, "PrefixListMaxEntriesExceeded");
        let next = apply(&two, vec![entry("12.0.0.0/8")], &["10.0.0.0/8".into()], 2).unwrap();
        assert_eq!(next, [entry("11.0.0.0/8"), entry("12.0.0.0/8")]);
        assert!(apply(&two, Vec::new(), &["9.0.0.0/8".into()], 2).is_err());
        assert!(apply(&two, vec![entry("10.0.0.0/8")], &["10.0.0.0/8".into()], 2).is_err());
    }
}
