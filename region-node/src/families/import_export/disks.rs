//! Where disks come from. There is no object storage here: an object exists as soon as it is named. Of an object whose
//! size no request tells, the size follows from its name.

use archipelago_proto::ec2::v1::{UserBucket, UserBucketDetails};
use archipelago_proto::{Ec2Error, Ec2Result};
use sha2::{Digest as _, Sha256};

const FORMATS: [&str; 5] = ["VHD", "VHDX", "VMDK", "RAW", "OVA"];
const GIB: i64 = 1 << 30;
/// AWS: "the disk image size limits" of imports, 16 TiB.
const LARGEST_GIB: i64 = 16 * 1024;

/// A disk to be imported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source {
    pub(super) format: String,
    pub(super) url: Option<String>,
    pub(super) bucket: Option<UserBucketDetails>,
    /// Of the file.
    pub(super) bytes: f64,
    /// Of the disk in it.
    pub(super) gib: i32,
}

/// What a container says of its file.
pub(super) fn source(
    format: Option<&str>,
    url: Option<&str>,
    bucket: Option<&UserBucket>,
    formats: &[&str],
) -> Ec2Result<Source> {
    let url = url.filter(|url| !url.is_empty());
    let name = match (url, bucket) {
        (Some(url), None) => checked_url(url)?,
        (None, Some(bucket)) => {
            let (bucket, key) = (bucket.s3_bucket(), bucket.s3_key());
            if bucket.is_empty() || key.is_empty() {
                return Err(Ec2Error::missing_parameter("UserBucket.S3Bucket and UserBucket.S3Key"));
            }
            format!("s3://{bucket}/{key}")
        }
        (None, None) => return Err(Ec2Error::invalid_parameter("A disk container must have a Url or a UserBucket.")),
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters Url and UserBucket may not be specified together",
            ));
        }
    };
    let extension = name.split('?').next().and_then(|path| path.rsplit_once('.')).map_or("", |(_, after)| after);
    let format = match format.filter(|format| !format.is_empty()) {
        Some(format) => format.to_uppercase(),
        None => extension.to_uppercase(),
    };
    if !formats.contains(&format.as_str()) {
        return Err(invalid_format(&format, formats));
    }
    let bucket =
        bucket.map(|bucket| UserBucketDetails { s3_bucket: bucket.s3_bucket.clone(), s3_key: bucket.s3_key.clone() });
    let (bytes, gib) = size(&name);
    Ok(Source { format, url: url.map(str::to_owned), bucket, bytes, gib })
}

pub(super) const IMAGE_FORMATS: &[&str] = &FORMATS;
pub(super) const SNAPSHOT_FORMATS: &[&str] = FORMATS.split_at(4).0;

fn invalid_format(format: &str, formats: &[&str]) -> Ec2Error {
    Ec2Error::new(
        "InvalidFormat",
        format!("The disk format '{format}' is not valid. Valid formats: {}.", formats.join(", ")),
    )
}

fn checked_url(url: &str) -> Ec2Result<String> {
    let rest =
        url.strip_prefix("s3://").or_else(|| url.strip_prefix("https://")).or_else(|| url.strip_prefix("http://"));
    match rest.and_then(|rest| rest.split_once('/')) {
        Some((place, key)) if !place.is_empty() && !key.is_empty() => Ok(url.to_owned()),
        _ => Err(Ec2Error::invalid_parameter(format!("Value ({url}) for parameter Url is invalid."))),
    }
}

/// Disks of 8 to 39 GiB, about a third of them filled.
fn size(name: &str) -> (f64, i32) {
    let hash = Sha256::digest(name);
    let gib = 8 + i32::from(hash[0] % 32);
    (f64::from(gib) * f64::from(1 << 30) / 3.0 + f64::from(hash[1]), gib)
}

/// Checks a disk whose size the request tells.
pub(super) fn check_size(format: &str, bytes: i64, gib: i64) -> Ec2Result<i32> {
    if bytes < 1 {
        return Err(Ec2Error::invalid_value("Image.Bytes", bytes));
    }
    if gib < 1 {
        return Err(Ec2Error::invalid_value("Volume.Size", gib));
    }
    if gib > LARGEST_GIB || bytes > LARGEST_GIB * GIB {
        return Err(Ec2Error::new(
            "DiskImageSizeTooLarge",
            format!("The disk image exceeds the allowed limit of {LARGEST_GIB} GiB."),
        ));
    }
    if format == "RAW" && bytes > gib * GIB {
        return Err(Ec2Error::invalid_parameter(format!(
            "The disk image of {bytes} bytes does not fit a volume of {gib} GiB."
        )));
    }
    i32::try_from(gib).map_err(|_| Ec2Error::internal())
}

/// The manifest of an upload, by a URL that may be signed.
pub(super) fn check_manifest(url: &str) -> Ec2Result<()> {
    let web = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match web {
        Some(rest) if rest.contains('/') => Ok(()),
        _ => Err(Ec2Error::new("InvalidManifest", format!("The manifest '{url}' cannot be read."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_told_or_follows_from_the_name() {
        let format = |format, url| source(format, Some(url), None, SNAPSHOT_FORMATS).map(|source| source.format);
        assert_eq!(format(None, "s3://bucket/disk.vmdk").unwrap(), "VMDK");
        assert_eq!(format(Some("raw"), "https://s3.amazonaws.com/bucket/disk?X=1").unwrap(), "RAW");
        assert_eq!(format(Some("ova"), "s3://bucket/vm.ova").unwrap_err().code, "InvalidFormat");
        assert_eq!(format(Some("raw"), "disk.raw").unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn a_disk_fits_its_volume() {
        assert_eq!(check_size("VMDK", 5 << 30, 4).unwrap(), 4);
        assert_eq!(check_size("RAW", 5 << 30, 4).unwrap_err().code, "InvalidParameterValue");
        assert_eq!(check_size("RAW", 1, 20_000).unwrap_err().code, "DiskImageSizeTooLarge");
    }
}
