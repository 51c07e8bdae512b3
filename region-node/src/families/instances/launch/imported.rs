//! Instances of machines that come from elsewhere: there is no image that they are started from, and they begin stopped.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{Image, Instance, RunInstancesRequest};

use super::order::Order;
use super::run::{Plan, add_interfaces, plan};
use crate::entity::{Id, Undo, workflow};
use crate::families::images::ImageState;
use crate::families::instances::classic::Classic;
use crate::families::instances::lifecycle::Phase;
use crate::families::instances::state::{InstanceState, Intent, Private};
use crate::request::Context;

/// Checks what is asked for; returns the zone that the instance will be in.
pub(crate) fn check_imported(cx: &Context, input: &RunInstancesRequest, image: &Image) -> Ec2Result<String> {
    let plan = plan(cx, &ordered(input), &described(image))?;
    Ok(plan.site.zone().to_owned())
}

/// Makes a stopped instance of these ids, with a volume for each block device of the image.
pub(crate) async fn import(
    cx: &Context,
    input: &RunInstancesRequest,
    image: &Image,
    id: &Id,
    volumes: &[Id],
) -> Ec2Result<()> {
    let plan = plan(cx, &ordered(input), &described(image))?;
    let mut undo = Undo::default();
    let outcome = Box::pin(make(cx, &mut undo, &plan, id, volumes)).await;
    workflow(undo, outcome).await?;
    cx.instances.follow_up(id).await;
    Ok(())
}

fn ordered(input: &RunInstancesRequest) -> Order {
    Order { request: input.clone(), ..Order::default() }
}

/// The machine in the words of an image that nobody has.
fn described(image: &Image) -> ImageState {
    ImageState { public: image.clone(), ..ImageState::default() }
}

async fn make(cx: &Context, undo: &mut Undo, plan: &Plan, id: &Id, volumes: &[Id]) -> Ec2Result<()> {
    let now = cx.shell.clock.now();
    let mut batch = cx.batch();
    add_interfaces(cx, undo, plan, std::slice::from_ref(id), &mut batch).await?;
    let public = Instance { instance_id: Some(id.to_string()), ami_launch_index: Some(0), ..plan.instance.clone() };
    // A stopped instance has no addresses in EC2-Classic, but its groups.
    let classic = plan.site.subnet().is_none().then(|| Classic { groups: plan.site.groups(), ..Classic::default() });
    let reservation_id = cx.shell.ids.prefixed("r").to_string();
    let private = Private { reservation_id, imported: true, classic, ..plan.private.clone() };
    let mut state = InstanceState::new(public, private, now);
    state.enter(Phase::Stopped, None);
    state.changes = None;
    // A stopped instance has no public address.
    state.set_intent(Intent::Stopped);
    batch.create(&cx.instances, id, state)?;
    for (template, volume) in plan.volumes.iter().zip(volumes) {
        batch.create(&cx.volumes, volume, template.volume(volume, id, now))?;
    }
    batch.commit().await
}
