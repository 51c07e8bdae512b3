//! One set of launch parameters over another: what the upper one says, and the lower one's where it says nothing.

use archipelago_proto::ec2::v1::{ResponseLaunchTemplateData, RunInstancesRequest, Tag, TagSpecification};

use crate::request::recode;

/// Takes from below each parameter that is not given above.
macro_rules! take_missing {
    ($upper:ident, $lower:ident; $($value:ident),*; $($list:ident),*) => {
        $($upper.$value = $upper.$value.or($lower.$value);)*
        $(if $upper.$list.is_empty() {
            $upper.$list = $lower.$list;
        })*
    };
}

/// A new version's data over those of its source (AWS, CreateLaunchTemplateVersion: each parameter is replaced whole).
pub(super) fn overlay(
    mut upper: ResponseLaunchTemplateData,
    mut lower: ResponseLaunchTemplateData,
) -> ResponseLaunchTemplateData {
    // A type, and requirements on types, exclude each other.
    if upper.instance_type.is_some() {
        lower.instance_requirements = None;
    } else if upper.instance_requirements.is_some() {
        lower.instance_type = None;
    }
    take_missing!(upper, lower;
        kernel_id, ebs_optimized, iam_instance_profile, image_id, instance_type, key_name, monitoring, placement,
        ram_disk_id, disable_api_termination, instance_initiated_shutdown_behavior, user_data, instance_market_options,
        credit_specification, cpu_options, capacity_reservation_specification, hibernation_options, metadata_options,
        enclave_options, instance_requirements, private_dns_name_options, maintenance_options, disable_api_stop,
        operator, network_performance_options;
        block_device_mappings, network_interfaces, tag_specifications, elastic_gpu_specifications,
        elastic_inference_accelerators, security_group_ids, security_groups, license_specifications,
        secondary_interfaces);
    upper
}

/// A template's data as a request for instances.
pub(crate) fn request(data: &ResponseLaunchTemplateData) -> RunInstancesRequest {
    let request: RunInstancesRequest = recode(data);
    RunInstancesRequest {
        ramdisk_id: data.ram_disk_id.clone(),
        elastic_gpu_specification: data.elastic_gpu_specifications.iter().map(recode).collect(),
        ..request
    }
}

/// A request over a template (AWS, RunInstances: "any parameters that you specify override the same parameters in the
/// launch template"). Tags of both are given; the request's value of a key wins. Where the request says in which
/// network the instances go, the template's own network does not count: the two could not stand together.
pub(crate) fn beneath(template: RunInstancesRequest, mut upper: RunInstancesRequest) -> RunInstancesRequest {
    let mut lower = template;
    let tag_specifications = tags(std::mem::take(&mut lower.tag_specifications), &upper.tag_specifications);
    if !upper.network_interfaces.is_empty() {
        lower.subnet_id = None;
        lower.private_ip_address = None;
        lower.security_group_ids.clear();
        lower.security_groups.clear();
        (lower.ipv6_address_count, lower.ipv6_addresses) = (None, Vec::new());
    }
    if upper.security_group_ids.is_empty() && !upper.security_groups.is_empty() {
        lower.security_group_ids.clear();
    }
    take_missing!(upper, lower;
        kernel_id, ebs_optimized, iam_instance_profile, image_id, instance_type, key_name, monitoring, placement,
        ramdisk_id, disable_api_termination, instance_initiated_shutdown_behavior, user_data, instance_market_options,
        credit_specification, cpu_options, capacity_reservation_specification, hibernation_options, metadata_options,
        enclave_options, private_dns_name_options, maintenance_options, disable_api_stop, operator,
        network_performance_options, subnet_id, private_ip_address, ipv6_address_count, enable_primary_ipv6,
        additional_info;
        block_device_mappings, network_interfaces, elastic_gpu_specification, elastic_inference_accelerators,
        security_group_ids, security_groups, license_specifications, secondary_interfaces, ipv6_addresses);
    upper.tag_specifications = tag_specifications;
    upper
}

fn tags(mut lower: Vec<TagSpecification>, upper: &[TagSpecification]) -> Vec<TagSpecification> {
    for specification in upper {
        match lower.iter_mut().find(|known| known.resource_type == specification.resource_type) {
            Some(known) => {
                known.tags.retain(|tag| !specification.tags.iter().any(|new: &Tag| new.key == tag.key));
                known.tags.extend(specification.tags.iter().cloned());
            }
            None => lower.push(specification.clone()),
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1::{
        LaunchTemplateBlockDeviceMapping, LaunchTemplateEbsBlockDevice, LaunchTemplateTagSpecification,
    };

    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: Some(key.into()), value: Some(value.into()) }
    }

    #[test]
    fn a_version_keeps_what_its_source_says_and_replaces_whole_parameters() {
        let source = ResponseLaunchTemplateData {
            image_id: Some("ami-1".into()),
            instance_type: Some("t3.micro".into()),
            security_group_ids: vec!["sg-1".into(), "sg-2".into()],
            ..Default::default()
        };
        let data = ResponseLaunchTemplateData {
            instance_type: Some("t3.small".into()),
            security_group_ids: vec!["sg-3".into()],
            ..Default::default()
        };
        let merged = overlay(data, source);
        assert_eq!((merged.image_id(), merged.instance_type()), ("ami-1", "t3.small"));
        assert_eq!(merged.security_group_ids, ["sg-3"]);
    }

    #[test]
    fn a_template_reads_as_a_request_for_instances() {
        let ebs = LaunchTemplateEbsBlockDevice { volume_size: Some(9), iops: Some(3000), ..Default::default() };
        let mapping = LaunchTemplateBlockDeviceMapping {
            device_name: Some("/dev/sdb".into()),
            ebs: Some(ebs),
            ..Default::default()
        };
        let specification =
            LaunchTemplateTagSpecification { resource_type: Some("instance".into()), tags: vec![tag("a", "1")] };
        let data = ResponseLaunchTemplateData {
            ram_disk_id: Some("ari-1".into()),
            block_device_mappings: vec![mapping],
            tag_specifications: vec![specification],
            ..Default::default()
        };
        let upper =
            TagSpecification { resource_type: Some("instance".into()), tags: vec![tag("a", "2"), tag("b", "3")] };
        let upper = RunInstancesRequest { tag_specifications: vec![upper], ..Default::default() };
        let merged = beneath(request(&data), upper);
        let ebs = merged.block_device_mappings[0].ebs.as_ref().unwrap();
        assert_eq!((ebs.volume_size(), ebs.iops(), merged.ramdisk_id()), (9, 3000, "ari-1"));
        assert_eq!(merged.tag_specifications[0].tags, [tag("a", "2"), tag("b", "3")]);
    }
}
