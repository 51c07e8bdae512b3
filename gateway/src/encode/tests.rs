use archipelago_proto::Input;
use archipelago_proto::ec2::v1;
use prost::Message;

use super::*;

fn xml_of(action: &str, message: &[u8]) -> Result<String, Ec2Error> {
    let schema = Schema::load().unwrap();
    let xml = encode(&schema, schema.action(action)?, "2014-10-01", "r-1", message)?;
    Ok(String::from_utf8(xml).unwrap())
}

/// What stands between the request id and the end.
fn body<I: Input>(message: &[u8]) -> String {
    let xml = xml_of(I::ACTION, message).unwrap();
    let (_, body) = xml.split_once("</requestId>").unwrap();
    body.strip_suffix(&format!("</{}Response>", I::ACTION)).unwrap().to_owned()
}

fn field(number: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
    prost::encoding::encode_varint(value.len() as u64, &mut bytes);
    bytes.extend_from_slice(value);
    bytes
}

#[allow(clippy::unnecessary_wraps)] // The shape of the schema's fields.
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_response_is_named_after_its_action_and_version() {
    let xml = xml_of(v1::DeleteVpcRequest::ACTION, b"").unwrap();
    let action = v1::DeleteVpcRequest::ACTION;
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2014-10-01/\">\
         <requestId>r-1</requestId><return>true</return></{action}Response>"
    );
    assert_eq!(xml, expected);
}

#[test]
fn lists_open_and_close_as_their_runs_pass() {
    let volume = v1::Volume {
        volume_id: some("vol-1"),
        size: Some(10),
        encrypted: Some(false),
        create_time: Some(1_412_164_800_000),
        attachments: vec![
            v1::VolumeAttachment { device: some("/dev/<a>"), ..Default::default() },
            v1::VolumeAttachment { device: some("/dev/b"), ..Default::default() },
        ],
        ..Default::default()
    };
    let result = v1::DescribeVolumesResult { volumes: vec![volume, v1::Volume::default()], ..Default::default() };
    let xml = body::<v1::DescribeVolumesRequest>(&result.encode_to_vec());
    assert!(xml.starts_with("<volumeSet><item>") && xml.ends_with("</item></volumeSet>"), "{xml}");
    assert_eq!(xml.matches("<volumeSet>").count(), 1);
    for part in [
        "<volumeId>vol-1</volumeId>",
        "<size>10</size>",
        "<encrypted>false</encrypted>",
        "<createTime>2014-10-01T12:00:00.000Z</createTime>",
        "<item><device>/dev/&lt;a&gt;</device></item><item><device>/dev/b</device></item></attachmentSet>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn empty_lists_of_a_response_are_written() {
    assert_eq!(body::<v1::DescribeVolumesRequest>(b""), "<volumeSet/>");
}

#[test]
fn nested_empty_lists_are_written_where_the_schema_keeps_them() {
    let gateway = v1::InternetGateway { internet_gateway_id: some("igw-1"), ..Default::default() };
    let result = v1::DescribeInternetGatewaysResult { internet_gateways: vec![gateway], ..Default::default() };
    let xml = body::<v1::DescribeInternetGatewaysRequest>(&result.encode_to_vec());
    let item = "<attachmentSet/><internetGatewayId>igw-1</internetGatewayId><tagSet/>";
    assert_eq!(xml, format!("<internetGatewaySet><item>{item}</item></internetGatewaySet>"));
}

#[test]
fn fields_out_of_order_and_split_lists_come_out_right() {
    let tag = |key: &str| v1::TagDescription { key: some(key), ..Default::default() }.encode_to_vec();
    let message = [field(2, &tag("a")), field(1, b"old"), field(2, &tag("b")), field(1, b"new")].concat();
    let xml = body::<v1::DescribeTagsRequest>(&message);
    let items = "<item><key>a</key></item><item><key>b</key></item>";
    assert_eq!(xml, format!("<nextToken>new</nextToken><tagSet>{items}</tagSet>"));
}

#[test]
fn a_message_in_two_parts_is_merged() {
    let part = |subnet: v1::Subnet| field(1, &subnet.encode_to_vec());
    let mut message = part(v1::Subnet { subnet_id: some("subnet-1"), ..Default::default() });
    message.extend(part(v1::Subnet { availability_zone_id: some("use1-az1"), ..Default::default() }));
    let members = "<availabilityZoneId>use1-az1</availabilityZoneId><subnetId>subnet-1</subnetId>";
    assert_eq!(body::<v1::CreateSubnetRequest>(&message), format!("<subnet>{members}</subnet>"));
}

#[test]
fn fields_of_a_newer_node_are_left_out() {
    assert_eq!(body::<v1::DescribeVolumesRequest>(&field(4000, b"x")), "<volumeSet/>");
}

#[test]
fn malformed_messages_are_errors() {
    for message in [&b"\x0a\xff"[..], b"\x0a\x05ab", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x00", b"\x0f"]
    {
        for action in [v1::DescribeVolumesRequest::ACTION, v1::RunInstancesRequest::ACTION] {
            assert_eq!(xml_of(action, message).unwrap_err().code, "InternalError", "{message:?}");
        }
    }
    let not_utf8 = field(1, b"\xff");
    assert_eq!(xml_of(v1::DescribeTagsRequest::ACTION, &not_utf8).unwrap_err().code, "InternalError");
    let wrong_type = [0x08, 0x01];
    assert_eq!(xml_of(v1::DescribeTagsRequest::ACTION, &wrong_type).unwrap_err().code, "InternalError");
}

#[test]
fn no_change_of_a_byte_makes_a_panic() {
    let schema = Schema::load().unwrap();
    let action = schema.action(v1::DescribeInstancesRequest::ACTION).unwrap();
    let whole = v1::DescribeInstancesResult { reservations: vec![reservation(1)], ..Default::default() };
    let whole = whole.encode_to_vec();
    for place in 0..whole.len() {
        assert!(place == 0 || encode(&schema, action, "2016-11-15", "r-1", &whole[..place]).is_err());
        for change in [1, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= change;
            let _ = encode(&schema, action, "2016-11-15", "r-1", &changed);
        }
    }
}

#[test]
fn every_response_of_the_schema_can_be_written_empty() {
    let schema = Schema::load().unwrap();
    for action in schema.actions() {
        assert!(encode(&schema, action, "2016-11-15", "r-1", b"").is_ok(), "{}", action.name);
    }
}

/// As full as an ordinary instance in a VPC.
fn reservation(number: u32) -> v1::Reservation {
    let id = |kind: &str| some(&format!("{kind}-0123456789{number:07x}"));
    let group = v1::GroupIdentifier { group_id: id("sg"), group_name: some("default") };
    let tag = |key: &str, value: &str| v1::Tag { key: some(key), value: some(value) };
    let interface = v1::InstanceNetworkInterface {
        network_interface_id: id("eni"),
        mac_address: some("02:00:00:aa:bb:cc"),
        private_ip_address: some("172.31.10.20"),
        groups: vec![group.clone()],
        source_dest_check: Some(true),
        subnet_id: id("subnet"),
        vpc_id: id("vpc"),
        owner_id: some("123456789012"),
        status: some("in-use"),
        ..Default::default()
    };
    let volume = v1::EbsInstanceBlockDevice {
        attach_time: Some(1_412_164_800_000),
        delete_on_termination: Some(true),
        status: some("attached"),
        volume_id: id("vol"),
        ..Default::default()
    };
    let instance = v1::Instance {
        instance_id: id("i"),
        image_id: id("ami"),
        architecture: some("x86_64"),
        client_token: some("550e8400-e29b-41d4-a716-446655440000"),
        ebs_optimized: Some(false),
        hypervisor: some("xen"),
        root_device_name: some("/dev/xvda"),
        root_device_type: some("ebs"),
        source_dest_check: Some(true),
        virtualization_type: some("hvm"),
        private_dns_name: some("ip-172-31-10-20.ec2.internal"),
        public_dns_name: some("ec2-54-0-10-20.compute-1.amazonaws.com"),
        key_name: some("key"),
        ami_launch_index: Some(0),
        instance_type: some("m5.large"),
        launch_time: Some(1_412_164_800_000),
        subnet_id: id("subnet"),
        vpc_id: id("vpc"),
        private_ip_address: some("172.31.10.20"),
        public_ip_address: some("54.0.10.20"),
        state: Some(v1::InstanceState { code: Some(16), name: some("running") }),
        monitoring: Some(v1::Monitoring { state: some("disabled") }),
        placement: Some(v1::Placement { availability_zone: some("us-east-1a"), ..Default::default() }),
        security_groups: vec![group],
        tags: vec![tag("Name", &format!("web {number}")), tag("env", "test"), tag("owner", "a & b")],
        block_device_mappings: vec![v1::InstanceBlockDeviceMapping {
            device_name: some("/dev/xvda"),
            ebs: Some(volume),
        }],
        network_interfaces: vec![interface],
        ..Default::default()
    };
    v1::Reservation {
        reservation_id: id("r"),
        owner_id: some("123456789012"),
        instances: vec![instance],
        ..Default::default()
    }
}
