//! The rows of the table.

/// One request, many times.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// See [`crate::template`].
    pub(crate) query: &'static str,
    pub(crate) region: &'static str,
    /// How many, in one round, of a system that answers fast.
    pub(crate) requests: usize,
    pub(crate) aim: Option<Aim>,
}

/// What the row should come to.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// CPU of all processes for one request, milliseconds.
    Cpu(f64),
    /// This part of the ceiling's rate.
    OfCeiling(f64),
}

const fn case(name: &'static str, query: &'static str, requests: usize, aim: Option<Aim>) -> Case {
    Case { name, query, region: "us-east-1", requests, aim }
}

const SMALL: Option<Aim> = Some(Aim::OfCeiling(0.6));

pub(crate) const CASES: &[Case] = &[
    case("DescribeRegions", "DescribeRegions", 6000, SMALL),
    case("DescribeVpcs", "DescribeVpcs", 6000, SMALL),
    case("DescribeInstances, 1 id", "DescribeInstances InstanceId.1=$instance", 6000, SMALL),
    case("DescribeInstances, page of 100", "DescribeInstances MaxResults=100", 600, None),
    case("DescribeInstances, page of 1,000", "DescribeInstances MaxResults=1000", 100, Some(Aim::Cpu(15.0))),
    case("CreateTags", "CreateTags ResourceId.1=$volume Tag.1.Key=number Tag.1.Value=$n", 4000, SMALL),
    case("CreateVolume", "CreateVolume AvailabilityZone=us-east-1a Size=8", 4000, SMALL),
    Case {
        name: "CopySnapshot",
        query: "CopySnapshot SourceRegion=us-east-1 SourceSnapshotId=$snapshot",
        region: "eu-west-1",
        requests: 1000,
        aim: None,
    },
    case(
        "RunInstances, 1",
        "RunInstances ImageId=$image InstanceType=t3.micro SubnetId=$subnet MinCount=1 MaxCount=1",
        2000,
        None,
    ),
    case(
        "RunInstances, 1,000",
        "RunInstances ImageId=$image InstanceType=t3.micro SubnetId=$subnet MinCount=1000 MaxCount=1000",
        8,
        Some(Aim::Cpu(70.0)),
    ),
];
