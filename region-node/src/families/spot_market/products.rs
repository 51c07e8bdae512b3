//! The products that Spot prices are told for.

use archipelago_proto::ec2::v1::InstanceTypeInfo;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    Linux,
    RedHat,
    Suse,
    Windows,
}

impl Product {
    pub const ALL: [Self; 4] = [Self::Linux, Self::RedHat, Self::Suse, Self::Windows];

    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux/UNIX",
            Self::RedHat => "Red Hat Enterprise Linux",
            Self::Suse => "SUSE Linux",
            Self::Windows => "Windows",
        }
    }

    /// Also by the names that prices in a VPC once had.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_suffix(" (Amazon VPC)").unwrap_or(name);
        Self::ALL.into_iter().find(|product| product.name() == name)
    }

    /// The product that an image is billed as.
    pub fn of_image(platform_details: &str) -> Self {
        match platform_details {
            details if details.starts_with("Red Hat") => Self::RedHat,
            details if details.starts_with("SUSE") => Self::Suse,
            details if details.starts_with("Windows") => Self::Windows,
            _ => Self::Linux,
        }
    }

    /// Windows does not run on ARM.
    pub fn runs_on(self, info: &InstanceTypeInfo) -> bool {
        let x86 = info.processor_info.as_ref().is_some_and(|processor| {
            processor.supported_architectures.iter().any(|architecture| architecture == "x86_64")
        });
        self != Self::Windows || x86
    }
}
