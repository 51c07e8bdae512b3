//! The volume types, and what each can be (AWS: "Amazon EBS volume types").

use archipelago_proto::{Ec2Error, Ec2Result};

/// The limits of a type. No IOPS or throughput of its own: it cannot be asked for.
struct Limits {
    name: &'static str,
    gib: (i32, i32),
    iops: Option<(i32, i32)>,
    /// IOPS per GiB at most.
    ratio: i32,
    throughput: Option<(i32, i32)>,
    multi_attach: bool,
}

#[rustfmt::skip]
const TYPES: [Limits; 7] = [
    Limits { name: "gp2", gib: (1, 16_384), iops: None, ratio: 3, throughput: None, multi_attach: false },
    Limits { name: "gp3", gib: (1, 65_536), iops: Some((3_000, 80_000)), ratio: 500, throughput: Some((125, 2_000)), multi_attach: false },
    Limits { name: "io1", gib: (4, 16_384), iops: Some((100, 64_000)), ratio: 50, throughput: None, multi_attach: true },
    Limits { name: "io2", gib: (4, 65_536), iops: Some((100, 256_000)), ratio: 1_000, throughput: None, multi_attach: true },
    Limits { name: "st1", gib: (125, 16_384), iops: None, ratio: 0, throughput: None, multi_attach: false },
    Limits { name: "sc1", gib: (125, 16_384), iops: None, ratio: 0, throughput: None, multi_attach: false },
    Limits { name: "standard", gib: (1, 1_024), iops: None, ratio: 0, throughput: None, multi_attach: false },
];

/// The type of a volume when nothing is said.
const DEFAULT: &str = "gp2";

/// What a client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    pub volume_type: Option<&'a str>,
    pub size: i32,
    pub iops: Option<i32>,
    pub throughput: Option<i32>,
    pub multi_attach: bool,
}

/// What a volume then has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub volume_type: &'static str,
    pub size: i32,
    pub iops: Option<i32>,
    pub throughput: Option<i32>,
    pub multi_attach: bool,
}

impl Wish<'_> {
    /// Checks what is asked for against the limits of the type, and adds what the type gives by itself.
    pub fn check(self) -> Ec2Result<Spec> {
        let wanted = self.volume_type.unwrap_or(DEFAULT);
        let limits = TYPES
            .iter()
            .find(|limits| limits.name == wanted)
            .ok_or_else(|| Ec2Error::new("UnknownVolumeType", format!("Unknown volume type: {wanted}")))?;
        Ok(Spec {
            volume_type: limits.name,
            size: limits.size(self.size)?,
            iops: limits.iops(self.size, self.iops)?,
            throughput: limits.throughput(self)?,
            multi_attach: limits.multi_attach(self.multi_attach)?,
        })
    }
}

/// Whether IOPS can be asked for.
pub fn takes_iops(volume_type: &str) -> bool {
    TYPES.iter().any(|limits| limits.name == volume_type && limits.iops.is_some())
}

impl Limits {
    fn size(&self, gib: i32) -> Ec2Result<i32> {
        let (least, most) = self.gib;
        if gib < least {
            return Err(Ec2Error::invalid_parameter(format!(
                "Volume of {gib}GiB is too small for volume type {}; minimum is {least}GiB.",
                self.name
            )));
        }
        if gib > most {
            return Err(Ec2Error::invalid_parameter(format!(
                "Volume of {gib}GiB is too large for volume type {}; maximum is {most}GiB.",
                self.name
            )));
        }
        Ok(gib)
    }

    fn iops(&self, gib: i32, wanted: Option<i32>) -> Ec2Result<Option<i32>> {
        let Some((least, most)) = self.iops else {
            return match wanted {
                Some(_) => Err(self.not_supported("iops")),
                None if self.name == "gp2" => Ok(Some((gib * self.ratio).clamp(100, 16_000))),
                None => Ok(None),
            };
        };
        let iops = match wanted {
            Some(iops) => iops,
            None if self.name == "gp3" => return Ok(Some(least)),
            None => {
                return Err(Ec2Error::new(
                    "MissingParameter",
                    format!("The parameter iops must be specified for {} volumes.", self.name),
                ));
            }
        };
        if iops < least {
            return Err(Ec2Error::invalid_parameter(format!("Volume iops of {iops} is too low; minimum is {least}.")));
        }
        if iops > most {
            return Err(Ec2Error::invalid_parameter(format!("Volume iops of {iops} is too high; maximum is {most}.")));
        }
        // What gp3 has by itself it has at any size.
        if i64::from(iops) > i64::from(gib) * i64::from(self.ratio) && !(self.name == "gp3" && iops == least) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Iops to volume size ratio of {:.6} is too high; maximum is {}",
                f64::from(iops) / f64::from(gib),
                self.ratio
            )));
        }
        Ok(Some(iops))
    }

    fn throughput(&self, wish: Wish<'_>) -> Ec2Result<Option<i32>> {
        let (wanted, (least, most)) = match (wish.throughput, self.throughput) {
            (Some(_), None) => return Err(self.not_supported("throughput")),
            (None, None) => return Ok(None),
            (None, Some((least, _))) => return Ok(Some(least)),
            (Some(wanted), Some(range)) => (wanted, range),
        };
        if wanted < least {
            return Err(Ec2Error::invalid_parameter(format!(
                "Volume throughput (MiB/s) of {wanted} is too low; minimum is {least}."
            )));
        }
        if wanted > most {
            return Err(Ec2Error::invalid_parameter(format!(
                "Volume throughput (MiB/s) of {wanted} is too high; maximum is {most}."
            )));
        }
        let iops = wish.iops.unwrap_or(3_000);
        if wanted * 4 > iops {
            return Err(Ec2Error::invalid_parameter(format!(
                "Throughput (MiB/s) to iops ratio of {:.6} is too high; maximum is 0.250000 MiB/s per iops",
                f64::from(wanted) / f64::from(iops)
            )));
        }
        Ok(Some(wanted))
    }

    fn multi_attach(&self, wanted: bool) -> Ec2Result<bool> {
        if wanted && !self.multi_attach { Err(self.not_supported("multiAttachEnabled")) } else { Ok(wanted) }
    }

    fn not_supported(&self, parameter: &str) -> Ec2Error {
        let name = self.name;
        Ec2Error::invalid_combination(format!("The parameter {parameter} is not supported for {name} volumes."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(volume_type: &str, size: i32) -> Wish<'_> {
        Wish { volume_type: Some(volume_type), size, ..Wish::default() }
    }

    #[test]
    fn a_type_gives_iops_and_throughput_by_itself() {
        assert_eq!(wish("gp2", 10).check().unwrap().iops, Some(100));
        assert_eq!(wish("gp2", 100).check().unwrap().iops, Some(300));
        assert_eq!(wish("gp2", 16_384).check().unwrap().iops, Some(16_000));
        let gp3 = wish("gp3", 1).check().unwrap();
        assert_eq!((gp3.iops, gp3.throughput), (Some(3_000), Some(125)));
        assert_eq!(wish("standard", 10).check().unwrap().iops, None);
    }

    #[test]
    fn what_lies_outside_of_a_type_is_refused() {
        let refused = |wish: Wish<'_>| wish.check().unwrap_err().code;
        assert_eq!(refused(wish("io1", 10)), "MissingParameter");
        assert_eq!(refused(wish("st1", 124)), "InvalidParameterValue");
        assert_eq!(refused(wish("standard", 1_025)), "InvalidParameterValue");
        assert_eq!(refused(Wish { iops: Some(600), ..wish("io1", 10) }), "InvalidParameterValue");
        assert_eq!(refused(Wish { iops: Some(100), ..wish("gp2", 10) }), "InvalidParameterCombination");
        assert_eq!(
            refused(Wish { iops: Some(100), throughput: Some(125), ..wish("io2", 10) }),
            "InvalidParameterCombination"
        );
        assert_eq!(refused(Wish { throughput: Some(800), ..wish("gp3", 10) }), "InvalidParameterValue");
        assert_eq!(refused(Wish { multi_attach: true, ..wish("gp3", 10) }), "InvalidParameterCombination");
        assert_eq!(refused(wish("gp4", 10)), "UnknownVolumeType");
    }
}
