//! Many instances in one region: what they cost, and whether finding one still costs what it did.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::Result;
use crate::http::Answer;
use crate::load::{self, Outcome};
use crate::options::Options;
use crate::report::{mib, milliseconds, percentile, table};
use crate::systems::{self, System};
use crate::template::{elements, fill};
use crate::world::{IMAGES, World};

const REGION: &str = "us-east-1";
/// What RunInstances makes at once.
const AT_ONCE: usize = 1000;
/// A subnet of 16 bits has room for 65 times as many.
const PER_SUBNET: usize = 65 * AT_ONCE;
const FEW: usize = 10;
const FINDS: usize = 10_000;

pub(crate) async fn run(options: &Options, instances: usize) -> Result<String> {
    let system = systems::archipelago(options)?;
    system.wait().await?;
    let mut world = World::default();
    world.add("image", elements(&ask(&system, &world, IMAGES).await?.text(), "imageId"));

    subnet(&system, &mut world, 0).await?;
    launch(&system, &mut world, FEW).await?;
    let few = find(&system, &world, options).await?;

    let before = system.memory();
    let (start, cpu) = (Instant::now(), system.cpu());
    let mut made = 0;
    while made < instances {
        if made % PER_SUBNET == 0 {
            subnet(&system, &mut world, 1 + made / PER_SUBNET).await?;
        }
        launch(&system, &mut world, AT_ONCE).await?;
        made += AT_ONCE;
    }
    let (took, cpu) = (start.elapsed(), system.cpu().saturating_sub(cpu));
    let after = system.memory();
    let many = find(&system, &world, options).await?;

    let pace = format!(
        "{made} instances, {AT_ONCE} at once: {:.1} s, {:.1} ms of CPU for each call of RunInstances.",
        took.as_secs_f64(),
        milliseconds(cpu) / count(made / AT_ONCE)
    );
    Ok([pace, memory(&before, &after, made), finding(&few, &many, made)].join("\n\n"))
}

/// A VPC with one subnet, which is all of it.
async fn subnet(system: &System, world: &mut World, number: usize) -> Result<()> {
    let block = format!("CidrBlock=10.{number}.0.0/16");
    let vpc = ask(system, world, &format!("CreateVpc {block}")).await?;
    world.replace("vpc", elements(&vpc.text(), "vpcId"));
    let subnet = ask(system, world, &format!("CreateSubnet VpcId=$vpc {block}")).await?;
    world.replace("subnet", elements(&subnet.text(), "subnetId"));
    Ok(())
}

async fn launch(system: &System, world: &mut World, number: usize) -> Result<()> {
    let query = format!(
        "RunInstances ImageId=$image InstanceType=t3.micro SubnetId=$subnet MinCount={number} MaxCount={number}"
    );
    let answer = ask(system, world, &query).await?;
    world.add("instance", elements(&answer.text(), "instanceId"));
    Ok(())
}

/// Describes instances by id, one after the other and each another.
async fn find(system: &System, world: &World, options: &Options) -> Result<(Outcome, Duration)> {
    let signer = system.signer(REGION);
    // A step that has no divisor with the number of instances goes through all parts of them.
    let queries = (0..FINDS).filter_map(|n| fill("DescribeInstances InstanceId.1=$instance", world, n * 7919));
    let requests: Arc<[Bytes]> = queries.map(|query| signer.request(&query, 0)).collect();
    let before = system.cpu();
    let outcome = load::run(system.address, &requests, options.connections, options.longest()).await?;
    Ok((outcome, system.cpu().saturating_sub(before)))
}

async fn ask(system: &System, world: &World, template: &str) -> Result<Answer> {
    let query = fill(template, world, 0).ok_or_else(|| format!("nothing to ask with: {template}"))?;
    let answer = system.ask(REGION, &query).await?;
    if answer.status == 200 { Ok(answer) } else { Err(format!("{template}: {}", answer.error()).into()) }
}

fn memory(before: &[(String, u64)], after: &[(String, u64)], made: usize) -> String {
    let lines = before.iter().zip(after).map(|((process, before), (_, after))| {
        let each = count64(after.saturating_sub(*before)) / count(made);
        vec!["archipelago".to_owned(), process.clone(), mib(*before), mib(*after), format!("{each:.0}")]
    });
    let head = ["system", "process", "MiB before", "MiB after", "bytes for each, with volume and interface"];
    table(&head, &lines.collect::<Vec<_>>())
}

fn finding(few: &(Outcome, Duration), many: &(Outcome, Duration), made: usize) -> String {
    let line = |instances: usize, (outcome, cpu): &(Outcome, Duration)| {
        vec![
            "DescribeInstances, 1 id".to_owned(),
            instances.to_string(),
            format!("{:.0}", count(outcome.answered()) / outcome.took.as_secs_f64()),
            format!("{:.2}", percentile(outcome, 0.50)),
            format!("{:.2}", percentile(outcome, 0.99)),
            format!("{:.3}", milliseconds(*cpu) / count(outcome.answered())),
        ]
    };
    let head = ["row", "instances", "requests/s", "p50 ms", "p99 ms", "CPU s/1,000"];
    table(&head, &[line(FEW, few), line(FEW + made, many)])
}

#[allow(clippy::cast_precision_loss)] // Nobody has 2^52 instances.
fn count(number: usize) -> f64 {
    number.max(1) as f64
}

#[allow(clippy::cast_precision_loss)] // Nor as many bytes.
fn count64(number: u64) -> f64 {
    number as f64
}
