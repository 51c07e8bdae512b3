//! One message of the input: which parameters exist, which are missing, which have a wrong value.

use archipelago_proto::Ec2Error;

use super::scalar::{self, Scalar};
use super::wire;
use crate::limits::shown;
use crate::query::{Node, is_index};
use crate::schema::{Input, Kind, Param, Schema};

/// The request of an action, as protobuf wire bytes.
pub(crate) fn decode(schema: &Schema, input: usize, parameters: Node<'_>) -> Result<Vec<u8>, Ec2Error> {
    let mut decoder = Decoder { schema, unknown: None, missing: None, invalid: None };
    let mut message = Vec::with_capacity(256);
    decoder.message(schema.input(input), parameters, &mut message);
    // The order in which EC2 checks.
    let problem = decoder.unknown.or(decoder.missing).or(decoder.invalid);
    problem.map_or(Ok(message), Err)
}

/// The first problem of each sort: a later unknown parameter comes before an earlier wrong value.
struct Decoder<'s> {
    schema: &'s Schema,
    unknown: Option<Ec2Error>,
    missing: Option<Ec2Error>,
    invalid: Option<Ec2Error>,
}

impl Decoder<'_> {
    fn message(&mut self, table: &Input, node: Node<'_>, out: &mut Vec<u8>) {
        let mut given = Vec::new();
        for (segment, child) in node.children() {
            let Some(param) = table.find(segment) else {
                self.unknown(child.first_name());
                continue;
            };
            if param.required && child.has_value_below() {
                given.push(param.number);
            }
            if param.list { self.list(param, child, out) } else { self.field(param, child, out) }
        }
        for required in table.required().filter(|param| !given.contains(&param.number)) {
            let separator = if node.name().is_empty() { "" } else { "." };
            let name = format!("{}{separator}{}", node.name(), required.name);
            self.missing.get_or_insert_with(|| Ec2Error::missing_parameter(&name));
        }
    }

    /// `Name.1`, `Name.2`; a bare `Name` is the first element.
    fn list(&mut self, param: &Param, node: Node<'_>, out: &mut Vec<u8>) {
        if let Some(bare) = node.value() {
            match param.kind {
                Kind::Message(_) => self.unknown(node.name()),
                _ => self.value(param, node.name(), bare, out),
            }
        }
        for (segment, element) in node.children() {
            if is_index(segment) {
                self.field(param, element, out);
            } else {
                self.unknown(element.first_name());
            }
        }
    }

    fn field(&mut self, param: &Param, node: Node<'_>, out: &mut Vec<u8>) {
        if let Kind::Message(table) = param.kind {
            if node.value().is_some() {
                return self.unknown(node.name());
            }
            let mut message = Vec::new();
            self.message(self.schema.input(table), node, &mut message);
            wire::bytes(param.number, &message, out);
            return;
        }
        if let Some(below) = node.first_below() {
            return self.unknown(below);
        }
        self.value(param, node.name(), node.value().unwrap_or_default(), out);
    }

    fn value(&mut self, param: &Param, name: &str, text: &str, out: &mut Vec<u8>) {
        if !param.values.is_empty() && !param.values.iter().any(|value| **value == *text) {
            return self.invalid(name, text, "");
        }
        match scalar::read(param.kind, text) {
            Some(Scalar::Int(value)) => wire::int(param.number, value, out),
            Some(Scalar::Double(value)) => wire::double(param.number, value, out),
            Some(Scalar::Bytes(value)) => wire::bytes(param.number, &value, out),
            None => self.invalid(name, text, scalar::wanted(param.kind)),
        }
    }

    fn unknown(&mut self, name: &str) {
        let message = || Ec2Error::new("UnknownParameter", format!("The parameter {name} is not recognized"));
        self.unknown.get_or_insert_with(message);
    }

    fn invalid(&mut self, name: &str, text: &str, wanted: &str) {
        let message = || Ec2Error::invalid_parameter(format!("Invalid value '{}' for {name}.{wanted}", shown(text)));
        self.invalid.get_or_insert_with(message);
    }
}

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1;
    use prost::Message;

    use super::*;
    use crate::limits::Limits;
    use crate::query::{Form, Parameters};

    fn decoded<M: Message + archipelago_proto::Input>(query: &str) -> Result<M, Ec2Error> {
        let schema = Schema::load().unwrap();
        let limits = Limits::default();
        let form = Form::parse(query.as_bytes(), b"", &limits)?;
        let parameters = Parameters::of(&form)?;
        let bytes = decode(&schema, schema.action(M::ACTION)?.input, parameters.root())?;
        Ok(M::decode(bytes.as_slice()).unwrap())
    }

    fn refused<M: Message + archipelago_proto::Input + std::fmt::Debug>(query: &str) -> (String, String) {
        let error = decoded::<M>(query).unwrap_err();
        (error.code, error.message)
    }

    #[test]
    fn scalars_lists_and_members_reach_their_fields() {
        let query = "ImageId=ami-1&MinCount=1&MaxCount=2&Placement.AvailabilityZone=us-east-1a&Monitoring.Enabled=true\
            &BlockDeviceMapping.2.DeviceName=/dev/sdh&BlockDeviceMapping.2.Ebs.VolumeSize=300\
            &BlockDeviceMapping.1.DeviceName=/dev/sdj&BlockDeviceMapping.1.NoDevice=&SecurityGroupId.7=sg-2\
            &SecurityGroupId.3=sg-1";
        let request: v1::RunInstancesRequest = decoded(query).unwrap();
        assert_eq!((request.image_id.as_deref(), request.max_count), (Some("ami-1"), Some(2)));
        assert_eq!(request.placement.unwrap().availability_zone.as_deref(), Some("us-east-1a"));
        assert_eq!(request.security_group_ids, ["sg-1", "sg-2"]);
        let [first, second] = &request.block_device_mappings[..] else { panic!("two mappings") };
        assert_eq!((first.device_name.as_deref(), first.no_device.as_deref()), (Some("/dev/sdj"), Some("")));
        assert_eq!(second.ebs.as_ref().unwrap().volume_size, Some(300));
    }

    #[test]
    fn a_bare_name_is_the_first_element() {
        let request: v1::DescribeVpcsRequest = decoded("VpcId=vpc-1&VpcId.1=vpc-2").unwrap();
        assert_eq!(request.vpc_ids, ["vpc-1", "vpc-2"]);
    }

    #[test]
    fn an_index_of_zero_is_an_element_too() {
        let request: v1::DescribeVpcsRequest = decoded("VpcId.0=vpc-1").unwrap();
        assert_eq!(request.vpc_ids, ["vpc-1"]);
    }

    #[test]
    fn an_alias_means_the_same_parameter() {
        let request: v1::AssociateAddressRequest = decoded("AllowReassignment=true").unwrap();
        assert_eq!(request.allow_reassociation, Some(true));
    }

    #[test]
    fn a_parameter_that_does_not_exist_is_unknown() {
        for (query, name) in [
            ("Foo=1", "Foo"),
            ("Filter.1.Nme=a", "Filter.1.Nme"),
            ("Filter.member.1.Name=a", "Filter.member.1.Name"),
            ("Filter=a", "Filter"),
            ("Filter.999999999.Foo=a", "Filter.999999999.Foo"),
            ("MaxResults.1=5", "MaxResults.1"),
            ("VpcId.1.2=5", "VpcId.1.2"),
        ] {
            let name = name.replace("member", "Member");
            let (code, message) = refused::<v1::DescribeVpcsRequest>(query);
            assert_eq!(
                (code.as_str(), message),
                ("UnknownParameter", format!("The parameter {name} is not recognized"))
            );
        }
    }

    #[test]
    fn a_required_parameter_is_missed_even_when_it_is_there_but_empty() {
        let wanted = ("MissingParameter".to_owned(), "The request must contain the parameter VpcId".to_owned());
        assert_eq!(refused::<v1::DeleteVpcRequest>(""), wanted);
        assert_eq!(refused::<v1::DeleteVpcRequest>("VpcId="), wanted);
    }

    #[test]
    fn wrong_values_name_the_parameter_and_the_value() {
        for (query, message) in [
            ("Size=ten", "Invalid value 'ten' for Size. It must be an integer."),
            ("Size=3000000000", "Invalid value '3000000000' for Size. It must be an integer."),
            ("Encrypted=yes", "Invalid value 'yes' for Encrypted. It must be true or false."),
            ("VolumeType=floppy", "Invalid value 'floppy' for VolumeType."),
        ] {
            let query = format!("AvailabilityZone=us-east-1a&{query}");
            let refusal = refused::<v1::CreateVolumeRequest>(&query);
            assert_eq!(refusal, ("InvalidParameterValue".to_owned(), message.to_owned()));
        }
    }

    #[test]
    fn unknown_comes_before_missing_and_missing_before_invalid() {
        assert_eq!(refused::<v1::ImportKeyPairRequest>("PublicKeyMaterial=%25&Zzz=1").0, "UnknownParameter");
        assert_eq!(refused::<v1::ImportKeyPairRequest>("PublicKeyMaterial=%25").0, "MissingParameter");
        assert_eq!(refused::<v1::ImportKeyPairRequest>("PublicKeyMaterial=%25&KeyName=k").0, "InvalidParameterValue");
    }

    #[test]
    fn blobs_are_base64() {
        let request: v1::ImportKeyPairRequest = decoded("KeyName=k&PublicKeyMaterial=c3NoLXJzYQ%3D%3D").unwrap();
        assert_eq!(request.public_key_material.as_deref(), Some(&b"ssh-rsa"[..]));
    }

    #[test]
    fn what_a_nested_member_requires_is_named_in_full() {
        let (code, message) =
            refused::<v1::RunInstancesRequest>("ImageId=a&MinCount=1&MaxCount=1&ElasticGpuSpecification.1.Type=");
        assert_eq!(code, "MissingParameter");
        assert_eq!(message, "The request must contain the parameter ElasticGpuSpecification.1.Type");
    }
}
