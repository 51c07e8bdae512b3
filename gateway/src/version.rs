//! The versions of the EC2 API.

use archipelago_proto::Ec2Error;

use crate::limits::shown;

pub(crate) const NEWEST: &str = "2016-11-15";

/// All that EC2 has had; the names in our schema are the newest one's, with the older ones as aliases.
const VERSIONS: &[&str] = &[
    "2006-06-26",
    "2006-10-01",
    "2007-01-03",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2008-02-01",
    "2008-05-05",
    "2008-08-08",
    "2008-12-01",
    "2009-03-01",
    "2009-04-04",
    "2009-07-15",
    "2009-08-15",
    "2009-10-31",
    "2009-11-30",
    "2010-06-15",
    "2010-08-31",
    "2010-11-15",
    "2011-01-01",
    "2011-02-28",
    "2011-05-15",
    "2011-07-15",
    "2011-11-01",
    "2011-12-01",
    "2011-12-15",
    "2012-03-01",
    "2012-04-01",
    "2012-05-01",
    "2012-06-01",
    "2012-06-15",
    "2012-07-20",
    "2012-08-15",
    "2012-10-01",
    "2012-12-01",
    "2013-02-01",
    "2013-06-15",
    "2013-07-15",
    "2013-08-15",
    "2013-10-01",
    "2013-10-15",
    "2014-02-01",
    "2014-05-01",
    "2014-06-15",
    "2014-09-01",
    "2014-10-01",
    "2015-03-01",
    "2015-04-15",
    "2015-10-01",
    "2016-04-01",
    "2016-09-15",
    "2016-11-15",
];

pub(crate) fn check(version: Option<&str>) -> Result<&str, Ec2Error> {
    let version = version.ok_or_else(|| Ec2Error::missing_parameter("Version"))?;
    if VERSIONS.binary_search(&version).is_err() {
        let message = format!("The requested version ({}) of service AmazonEC2 does not exist", shown(version));
        return Err(Ec2Error::new("NoSuchVersion", message));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dated_versions_exist_and_others_do_not() {
        assert!(VERSIONS.is_sorted());
        assert_eq!(VERSIONS.last(), Some(&NEWEST));
        assert_eq!(check(Some("2014-10-01")), Ok("2014-10-01"));
        assert_eq!(check(Some("2016-11-15")), Ok("2016-11-15"));
        assert_eq!(check(Some("2014-10-02")).unwrap_err().code, "NoSuchVersion");
        assert_eq!(check(None).unwrap_err().code, "MissingParameter");
    }
}
