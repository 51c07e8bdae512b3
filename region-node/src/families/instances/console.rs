//! What an instance says of itself: its console, its first password, its UEFI variables (reference: GetConsoleOutput,
//! GetPasswordData).

use archipelago_proto::Ec2Error;
use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    GetConsoleOutputRequest, GetConsoleOutputResult, GetInstanceUefiDataRequest, GetInstanceUefiDataResult,
    GetPasswordDataRequest, GetPasswordDataResult, NetworkInterface,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::lifecycle::Phase;
use super::row::InstanceRow;
use crate::families::{instance_types, key_pairs};
use crate::request::Context;
use crate::time::Millis;

/// AWS: the password of a Windows instance is there about four minutes after its launch.
const PASSWORD_AFTER: Millis = 4 * 60_000;

pub(super) async fn get_console_output(
    cx: Context,
    input: GetConsoleOutputRequest,
) -> Ec2Result<GetConsoleOutputResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let row = InstanceRow::new(&cx, instance);
    let public = row.public();
    let nitro = instance_types::find(public.instance_type()).is_some_and(|t| t.info().hypervisor() == "nitro");
    if input.latest() && !nitro {
        return Err(Ec2Error::unsupported(
            "The latest console output is available only for instances on the Nitro System.",
        ));
    }
    let timestamp = Some(if input.latest() { cx.shell.clock.now() } else { public.launch_time() });
    let booted = matches!(row.published.state.phase(), Phase::Running | Phase::Stopping | Phase::Stopped);
    let output =
        booted.then(|| STANDARD.encode(if row.published.state.is_windows() { windows(&row) } else { linux(&row) }));
    Ok(GetConsoleOutputResult { instance_id: input.instance_id, timestamp, output: Some(output.unwrap_or_default()) })
}

fn linux(row: &InstanceRow) -> String {
    let public = row.public();
    let options = public.cpu_options.clone().unwrap_or_default();
    let cpus = options.core_count() * options.threads_per_core();
    let memory = instance_types::find(public.instance_type()).map(instance_types::InstanceType::info);
    let mebibytes = memory.and_then(|info| info.memory_info).map_or(0, |memory| memory.size_in_mi_b());
    let name = row.private_dns_name().unwrap_or_default();
    let host = name.split('.').next().unwrap_or_default();
    let address = row.primary().map(NetworkInterface::private_ip_address).unwrap_or_default();
    format!(
        "[    0.000000] Linux version 6.1.0 (archipelago) #1 SMP\n\
         [    0.000000] Command line: root=/dev/nvme0n1p1 ro console=tty0 console=ttyS0,115200n8\n\
         [    0.004000] Memory: {}K available\n\
         [    0.080000] smp: Brought up 1 node, {cpus} CPUs\n\
         [    1.200000] systemd[1]: Hostname set to <{host}>.\n\
         [    4.000000] cloud-init: ci-info: | eth0 | True | {address} |\n\
         [    6.000000] cloud-init: finished. Datasource DataSourceEc2.\n\n\
         {host} login: ",
        mebibytes * 1024
    )
}

fn windows(row: &InstanceRow) -> String {
    let launched = jiff::Timestamp::from_millisecond(row.public().launch_time()).unwrap_or_default();
    format!(
        "{time}: Windows sysprep configuration complete.\n\
         {time}: AMI Origin Version: 2024.01.01\n\
         {time}: Instance ID: {id}\n\
         {time}: Message: Windows is Ready to use\n",
        time = launched.strftime("%Y/%m/%d %H:%M:%SZ"),
        id = row.public().instance_id()
    )
}

pub(super) async fn get_password_data(cx: Context, input: GetPasswordDataRequest) -> Ec2Result<GetPasswordDataResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let public = &instance.state.public;
    let created = instance.state.private.created;
    let ready = instance.state.is_windows() && cx.shell.clock.now() >= created + PASSWORD_AFTER;
    let pair = public.key_name.as_deref().filter(|_| ready).and_then(|name| key_pairs::named(&cx, name).ok());
    let data = pair.and_then(|pair| pair.state.encrypt(password(&instance.id).as_bytes()));
    Ok(GetPasswordDataResult {
        instance_id: input.instance_id,
        timestamp: Some(if ready { created + PASSWORD_AFTER } else { public.launch_time() }),
        password_data: Some(data.map(|data| STANDARD.encode(data)).unwrap_or_default()),
    })
}

/// The administrator's password: the same each time it is asked for.
fn password(instance: &str) -> String {
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!@-?";
    let digest = Sha256::digest(format!("administrator/{instance}"));
    let scattered = digest.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()]));
    scattered.collect()
}

pub(super) async fn get_instance_uefi_data(
    cx: Context,
    input: GetInstanceUefiDataRequest,
) -> Ec2Result<GetInstanceUefiDataResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if instance.state.public.current_instance_boot_mode() != "uefi" {
        return Err(Ec2Error::unsupported(format!("The instance '{}' does not boot in UEFI mode.", instance.id)));
    }
    let uefi_data = instance.state.private.uefi_data.clone().unwrap_or_default();
    Ok(GetInstanceUefiDataResult { instance_id: input.instance_id, uefi_data: Some(uefi_data) })
}
