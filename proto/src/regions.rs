//! The regions and zones of the three public partitions, as constants.
//!
//! Source: AWS documentation, "Regions and Zones" (Regions, Availability Zones, Local Zones, Wavelength Zones).
//! AWS shuffles the pairing of zone names and zone ids per account; here is one pairing, the same for every account.

/// A separate AWS with its own accounts and its own domain. ARNs begin with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    Aws,
    AwsCn,
    AwsUsGov,
}

impl Partition {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }

    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
        }
    }
}

/// What a new account sees: regions since 2019 and all Local and Wavelength Zones start as not opted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptIn {
    NotRequired,
    OptedIn,
    NotOptedIn,
}

impl OptIn {
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotRequired => "opt-in-not-required",
            Self::OptedIn => "opted-in",
            Self::NotOptedIn => "not-opted-in",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub name: &'static str,
    pub long_name: &'static str,
    pub partition: Partition,
    pub opt_in: OptIn,
    pub zones: &'static [Zone],
}

impl Region {
    /// The host that answers EC2 calls, `ec2.us-east-1.amazonaws.com`.
    pub fn endpoint(&self) -> String {
        ["ec2", self.name, self.partition.dns_suffix()].join(".")
    }

    /// The zones an instance can start in without opting in.
    pub fn availability_zones(&self) -> impl Iterator<Item = &'static Zone> {
        self.zones.iter().filter(|zone| zone.kind == ZoneKind::Availability)
    }

    /// Finds a zone by name (`us-east-1a`) or by id (`use1-az1`).
    pub fn zone(&self, name_or_id: &str) -> Option<&'static Zone> {
        self.zones.iter().find(|zone| zone.name == name_or_id || zone.id == name_or_id)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    pub name: &'static str,
    pub id: &'static str,
    /// The unit of opting in: `us-west-2-lax-1`. All plain zones of a region share one, `us-west-2-zg-1`.
    pub group: &'static str,
    pub group_long_name: &'static str,
    /// Where public addresses are announced from: the region, unless the zone has a border of its own.
    pub network_border_group: &'static str,
    pub kind: ZoneKind,
}

impl Zone {
    pub const fn opt_in(&self) -> OptIn {
        match self.kind {
            ZoneKind::Availability => OptIn::NotRequired,
            ZoneKind::Local { .. } | ZoneKind::Wavelength { .. } => OptIn::NotOptedIn,
        }
    }
}

/// A plain zone, or a smaller place that is run from a parent zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneKind {
    Availability,
    Local { parent_name: &'static str, parent_id: &'static str },
    Wavelength { parent_name: &'static str, parent_id: &'static str },
}

impl ZoneKind {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Availability => "availability-zone",
            Self::Local { .. } => "local-zone",
            Self::Wavelength { .. } => "wavelength-zone",
        }
    }
}

/// Every region, sorted by name.
pub const fn all() -> &'static [Region] {
    REGIONS
}

pub fn find(name: &str) -> Option<&'static Region> {
    REGIONS.binary_search_by(|region| region.name.cmp(name)).ok().map(|at| &REGIONS[at])
}

/// One line per region: name, prefix of the zone ids, long name, partition, opt-in, letter and number of each zone.
/// Below it may stand Local Zones (`place-number letter number, city, parent`) and Wavelength Zones (`city, parent`).
macro_rules! regions {
    ($(
        $name:literal $prefix:literal $long:literal $partition:ident $opt_in:ident [$($letter:ident $number:literal),*]
        $(local $place:literal $place_id:literal $zone_letter:ident $zone_number:literal $city:literal in $lp:ident $lpn:literal;)*
        $(wavelength $wl:literal $carrier:literal in $wp:ident $wpn:literal;)*
    )*) => {
        &[$(Region {
            name: $name,
            long_name: $long,
            partition: Partition::$partition,
            opt_in: OptIn::$opt_in,
            zones: &[
                $(Zone {
                    name: concat!($name, stringify!($letter)),
                    id: concat!($prefix, "-az", $number),
                    group: concat!($name, "-zg-1"),
                    group_long_name: concat!($long, " 1"),
                    network_border_group: $name,
                    kind: ZoneKind::Availability,
                },)*
                $(Zone {
                    name: concat!($name, "-", $place, stringify!($zone_letter)),
                    id: concat!($prefix, "-", $place_id, "-az", $zone_number),
                    group: concat!($name, "-", $place),
                    group_long_name: $city,
                    network_border_group: concat!($name, "-", $place),
                    kind: ZoneKind::Local {
                        parent_name: concat!($name, stringify!($lp)),
                        parent_id: concat!($prefix, "-az", $lpn),
                    },
                },)*
                $(Zone {
                    name: concat!($name, "-wl1-", $wl, "-wlz-1"),
                    id: concat!($prefix, "-wl1-", $wl, "-wlz1"),
                    group: concat!($name, "-wl1"),
                    group_long_name: $carrier,
                    network_border_group: concat!($name, "-wl1-", $wl, "-wlz-1"),
                    kind: ZoneKind::Wavelength {
                        parent_name: concat!($name, stringify!($wp)),
                        parent_id: concat!($prefix, "-az", $wpn),
                    },
                },)*
            ],
        },)*]
    };
}

static REGIONS: &[Region] = regions! {
    "af-south-1"     "afs1"  "Africa (Cape Town)"         Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-east-1"      "ape1"  "Asia Pacific (Hong Kong)"   Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-east-2"      "ape2"  "Asia Pacific (Taipei)"      Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-northeast-1" "apne1" "Asia Pacific (Tokyo)"       Aws      NotRequired [a 4, c 1, d 2]
    "ap-northeast-2" "apne2" "Asia Pacific (Seoul)"       Aws      NotRequired [a 1, b 2, c 3, d 4]
    "ap-northeast-3" "apne3" "Asia Pacific (Osaka)"       Aws      NotRequired [a 3, b 1, c 2]
    "ap-south-1"     "aps1"  "Asia Pacific (Mumbai)"      Aws      NotRequired [a 1, b 3, c 2]
    "ap-south-2"     "aps2"  "Asia Pacific (Hyderabad)"   Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-southeast-1" "apse1" "Asia Pacific (Singapore)"   Aws      NotRequired [a 1, b 2, c 3]
    "ap-southeast-2" "apse2" "Asia Pacific (Sydney)"      Aws      NotRequired [a 3, b 1, c 2]
    "ap-southeast-3" "apse3" "Asia Pacific (Jakarta)"     Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-southeast-4" "apse4" "Asia Pacific (Melbourne)"   Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-southeast-5" "apse5" "Asia Pacific (Malaysia)"    Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-southeast-6" "apse6" "Asia Pacific (New Zealand)" Aws      NotOptedIn  [a 1, b 2, c 3]
    "ap-southeast-7" "apse7" "Asia Pacific (Thailand)"    Aws      NotOptedIn  [a 1, b 2, c 3]
    "ca-central-1"   "cac1"  "Canada (Central)"           Aws      NotRequired [a 1, b 2, d 4]
    "ca-west-1"      "caw1"  "Canada West (Calgary)"      Aws      NotOptedIn  [a 1, b 2, c 3]
    "cn-north-1"     "cnn1"  "China (Beijing)"            AwsCn    NotRequired [a 1, b 2, d 4]
    "cn-northwest-1" "cnnw1" "China (Ningxia)"            AwsCn    NotRequired [a 1, b 2, c 3]
    "eu-central-1"   "euc1"  "Europe (Frankfurt)"         Aws      NotRequired [a 2, b 3, c 1]
    "eu-central-2"   "euc2"  "Europe (Zurich)"            Aws      NotOptedIn  [a 1, b 2, c 3]
    "eu-north-1"     "eun1"  "Europe (Stockholm)"         Aws      NotRequired [a 1, b 2, c 3]
    "eu-south-1"     "eus1"  "Europe (Milan)"             Aws      NotOptedIn  [a 1, b 2, c 3]
    "eu-south-2"     "eus2"  "Europe (Spain)"             Aws      NotOptedIn  [a 1, b 2, c 3]
    "eu-west-1"      "euw1"  "Europe (Ireland)"           Aws      NotRequired [a 3, b 1, c 2]
    "eu-west-2"      "euw2"  "Europe (London)"            Aws      NotRequired [a 2, b 3, c 1]
    "eu-west-3"      "euw3"  "Europe (Paris)"             Aws      NotRequired [a 1, b 2, c 3]
    "il-central-1"   "ilc1"  "Israel (Tel Aviv)"          Aws      NotOptedIn  [a 1, b 2, c 3]
    "me-central-1"   "mec1"  "Middle East (UAE)"          Aws      NotOptedIn  [a 1, b 2, c 3]
    "me-south-1"     "mes1"  "Middle East (Bahrain)"      Aws      NotOptedIn  [a 1, b 2, c 3]
    "mx-central-1"   "mxc1"  "Mexico (Central)"           Aws      NotOptedIn  [a 1, b 2, c 3]
    "sa-east-1"      "sae1"  "South America (Sao Paulo)"  Aws      NotRequired [a 1, b 2, c 3]
    "us-east-1"      "use1"  "US East (N. Virginia)"      Aws      NotRequired [a 1, b 2, c 4, d 6, e 3, f 5]
        local "atl-2" "atl2" a 1 "US East (Atlanta)"     in b 2;
        local "bos-1" "bos1" a 1 "US East (Boston)"      in c 4;
        local "chi-2" "chi2" a 1 "US East (Chicago)"     in c 4;
        local "dfw-2" "dfw2" a 1 "US East (Dallas)"      in c 4;
        local "mia-2" "mia2" a 1 "US East (Miami)"       in c 4;
        local "nyc-2" "nyc2" a 1 "US East (New York City)" in d 6;
        wavelength "bos" "US East (Verizon)" in c 4;
        wavelength "nyc" "US East (Verizon)" in d 6;
        wavelength "was" "US East (Verizon)" in c 4;
    "us-east-2"      "use2"  "US East (Ohio)"             Aws      NotRequired [a 1, b 2, c 3]
    "us-gov-east-1"  "usge1" "AWS GovCloud (US-East)"     AwsUsGov NotRequired [a 1, b 2, c 3]
    "us-gov-west-1"  "usgw1" "AWS GovCloud (US-West)"     AwsUsGov NotRequired [a 1, b 2, c 3]
    "us-west-1"      "usw1"  "US West (N. California)"    Aws      NotRequired [a 1, b 3]
    "us-west-2"      "usw2"  "US West (Oregon)"           Aws      NotRequired [a 2, b 1, c 3, d 4]
        local "den-1" "den1" a 1 "US West (Denver)"      in a 2;
        local "las-1" "las1" a 1 "US West (Las Vegas)"   in c 3;
        local "lax-1" "lax1" a 1 "US West (Los Angeles)" in d 4;
        local "lax-1" "lax1" b 2 "US West (Los Angeles)" in d 4;
        local "phx-2" "phx2" a 1 "US West (Phoenix)"     in a 2;
        local "sea-1" "sea1" a 1 "US West (Seattle)"     in a 2;
        wavelength "den" "US West (Verizon)" in b 1;
        wavelength "las" "US West (Verizon)" in b 1;
        wavelength "sfo" "US West (Verizon)" in b 1;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_sorted_so_that_each_is_found() {
        assert!(all().is_sorted_by(|one, next| one.name < next.name));
        assert!(all().iter().all(|region| find(region.name) == Some(region)));
        assert_eq!(find("us-east-9"), None);
    }

    #[test]
    fn every_parent_is_a_plain_zone_of_the_same_region() {
        for region in all() {
            for zone in region.zones {
                if let ZoneKind::Local { parent_name, parent_id } | ZoneKind::Wavelength { parent_name, parent_id } =
                    zone.kind
                {
                    let parent = region.zone(parent_name).expect("a parent is a zone of its region");
                    assert_eq!((parent.id, parent.kind), (parent_id, ZoneKind::Availability));
                }
            }
        }
    }

    #[test]
    fn china_has_a_domain_of_its_own() {
        assert_eq!(find("cn-north-1").unwrap().endpoint(), "ec2.cn-north-1.amazonaws.com.cn");
        assert_eq!(find("us-east-1").unwrap().endpoint(), "ec2.us-east-1.amazonaws.com");
    }
}
