//! Addresses and EC2-Classic, which no account has: all that is left to say of moves is that there are none.

use archipelago_proto::ec2::v1::{
    DescribeMovingAddressesRequest, DescribeMovingAddressesResult, MoveAddressToVpcRequest, MoveAddressToVpcResult,
    MovingAddressStatus, RestoreAddressToClassicRequest, RestoreAddressToClassicResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::actions::by_ip;
use crate::request::{Column, Context, Describe, Row, Table};

/// An address that is a VPC's already has nowhere to move to.
pub(super) async fn move_address_to_vpc(
    cx: Context,
    input: MoveAddressToVpcRequest,
) -> Ec2Result<MoveAddressToVpcResult> {
    let address = by_ip(&cx, input.public_ip())?;
    Err(Ec2Error::invalid_parameter(format!(
        "The address '{}' is already allocated for use in a VPC.",
        address.state.public.public_ip()
    )))
}

pub(super) async fn restore_address_to_classic(
    cx: Context,
    input: RestoreAddressToClassicRequest,
) -> Ec2Result<RestoreAddressToClassicResult> {
    let address = by_ip(&cx, input.public_ip())?;
    Err(Ec2Error::invalid_parameter(format!(
        "The address '{}' was allocated for use in a VPC and cannot be restored to EC2-Classic.",
        address.state.public.public_ip()
    )))
}

impl Row for MovingAddressStatus {
    fn id(&self) -> &str {
        self.public_ip()
    }
}

/// AWS: DescribeMovingAddresses.
const FILTERS: Table<MovingAddressStatus> =
    &[("moving-status", Column::Of(|address, probe| probe.maybe(address.move_status.as_deref())))];

pub(super) async fn describe_moving_addresses(
    cx: Context,
    input: DescribeMovingAddressesRequest,
) -> Ec2Result<DescribeMovingAddressesResult> {
    for public_ip in &input.public_ips {
        by_ip(&cx, public_ip)?;
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick("moving-address", FILTERS, |_| std::iter::empty())?;
    Ok(DescribeMovingAddressesResult { moving_address_statuses: page.items, next_token: page.next_token })
}
