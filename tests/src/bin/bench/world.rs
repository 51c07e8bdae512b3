//! What the rows need to exist: made through the API, on each system alike.

use std::collections::HashMap;

use crate::Result;
use crate::systems::System;
use crate::template::{elements, fill};

/// Ids of resources, by a name that templates use.
#[derive(Default)]
pub(crate) struct World(HashMap<&'static str, Vec<String>>);

impl World {
    pub(crate) fn add(&mut self, kind: &'static str, ids: Vec<String>) {
        self.0.entry(kind).or_default().extend(ids);
    }

    pub(crate) fn replace(&mut self, kind: &'static str, ids: Vec<String>) {
        self.0.insert(kind, ids);
    }

    pub(crate) fn one(&self, kind: &str, number: usize) -> Option<&str> {
        let ids = self.0.get(kind).filter(|ids| !ids.is_empty())?;
        Some(&ids[number % ids.len()])
    }
}

/// Requests to make, and the element whose texts they add to the world.
struct Step {
    kind: &'static str,
    element: &'static str,
    query: &'static str,
    times: usize,
}

const fn step(kind: &'static str, element: &'static str, query: &'static str, times: usize) -> Step {
    Step { kind, element, query, times }
}

/// The images that fit the instance type of the rows.
pub(crate) const IMAGES: &str = "DescribeImages Owner.1=amazon Filter.1.Name=architecture Filter.1.Value.1=x86_64 \
    Filter.2.Name=virtualization-type Filter.2.Value.1=hvm Filter.3.Name=root-device-type Filter.3.Value.1=ebs";

const STEPS: &[Step] = &[
    step("image", "imageId", IMAGES, 1),
    step("vpc", "vpcId", "CreateVpc CidrBlock=10.0.0.0/16", 4),
    step("subnet", "subnetId", "CreateSubnet VpcId=$vpc CidrBlock=10.0.0.0/16", 4),
    step("volume", "volumeId", "CreateVolume AvailabilityZone=us-east-1a Size=8", 100),
    step("snapshot", "snapshotId", "CreateSnapshot VolumeId=$volume", 1),
    step(
        "instance",
        "instanceId",
        "RunInstances ImageId=$image InstanceType=t3.micro SubnetId=$subnet MinCount=1000 MaxCount=1000",
        1,
    ),
];

/// Says on standard error what could not be made; the rows that need it are left out.
pub(crate) async fn make(system: &System) -> Result<World> {
    let mut world = World::default();
    for step in STEPS {
        for number in 0..step.times {
            let Some(query) = fill(step.query, &world, number) else { break };
            let answer = system.ask("us-east-1", &query).await?;
            if answer.status != 200 {
                eprintln!("{}: no {}: {}", system.name, step.kind, answer.error());
                break;
            }
            world.add(step.kind, elements(&answer.text(), step.element));
        }
    }
    Ok(world)
}
