//! Volumes whose zone loses its power. What was being written to them is lost: AWS turns their I/O off until somebody
//! says that their data are in order.

use archipelago_proto::regions::Zone;
use futures::future::join_all;

use super::{VolumeCommand, VolumeState};
use crate::Region;

/// Those that are attached; nobody writes to others. While the power is off, all are shown as impaired.
pub(crate) async fn black_out(region: &Region, zone: &Zone) {
    let attached =
        |volume: &VolumeState| volume.public.availability_zone() == zone.name && !volume.public.attachments.is_empty();
    let volumes: Vec<_> = region.volumes.index().all().into_iter().filter(|volume| attached(&volume.state)).collect();
    // One that is gone by now needs nothing more.
    join_all(volumes.iter().map(|volume| region.volumes.ask(&volume.id, VolumeCommand::DisableIo))).await;
}
