//! The times of an event window: ranges of the week, or a cron expression (AWS: "Define event windows").

use archipelago_proto::ec2::v1::{InstanceEventWindowTimeRange, InstanceEventWindowTimeRangeRequest};
use archipelago_proto::{Ec2Error, Ec2Result};

const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const WEEK: i32 = 7 * 24;
/// Hours: a range at the least, and all of them together.
const SHORTEST: i32 = 2;
const LEAST: i32 = 4;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    pub(super) ranges: Vec<InstanceEventWindowTimeRange>,
    pub(super) cron: Option<String>,
}

fn invalid(message: &str) -> Ec2Error {
    Ec2Error::invalid_parameter(message)
}

pub(super) fn read(ranges: &[InstanceEventWindowTimeRangeRequest], cron: Option<&str>) -> Ec2Result<Option<Times>> {
    match (ranges, cron.filter(|cron| !cron.is_empty())) {
        ([], None) => Ok(None),
        ([], Some(cron)) => {
            check_cron(cron)?;
            Ok(Some(Times { ranges: Vec::new(), cron: Some(cron.to_owned()) }))
        }
        (ranges, None) => {
            let lengths = ranges.iter().map(length).collect::<Ec2Result<Vec<_>>>()?;
            check_lengths(&lengths)?;
            let ranges = ranges.iter().map(|range| InstanceEventWindowTimeRange {
                start_week_day: range.start_week_day.clone(),
                start_hour: range.start_hour,
                end_week_day: range.end_week_day.clone(),
                end_hour: range.end_hour,
            });
            Ok(Some(Times { ranges: ranges.collect(), cron: None }))
        }
        _ => Err(Ec2Error::invalid_combination(
            "The parameters TimeRange and CronExpression may not be specified together",
        )),
    }
}

fn check_lengths(hours: &[i32]) -> Ec2Result<()> {
    if hours.iter().any(|hours| *hours < SHORTEST) {
        return Err(invalid("Each time range of an event window must be at least 2 hours."));
    }
    if hours.iter().sum::<i32>() < LEAST {
        return Err(invalid("The time ranges of an event window must be at least 4 hours together."));
    }
    Ok(())
}

fn length(range: &InstanceEventWindowTimeRangeRequest) -> Ec2Result<i32> {
    let day = |day: Option<&str>| {
        let at = DAYS.iter().position(|known| Some(*known) == day).and_then(|at| i32::try_from(at).ok());
        at.ok_or_else(|| Ec2Error::missing_parameter("TimeRange.StartWeekDay and TimeRange.EndWeekDay"))
    };
    let hour = |hour: Option<i32>| match hour {
        Some(hour) if (0..24).contains(&hour) => Ok(hour),
        Some(_) => Err(invalid("The hours of a time range must be between 0 and 23.")),
        None => Err(Ec2Error::missing_parameter("TimeRange.StartHour and TimeRange.EndHour")),
    };
    let start = day(range.start_week_day.as_deref())? * 24 + hour(range.start_hour)?;
    let end = day(range.end_week_day.as_deref())? * 24 + hour(range.end_hour)?;
    Ok((end - start).rem_euclid(WEEK))
}

/// `* 0-4,20-23 * * 1,5`: hours and days of the week alone.
fn check_cron(cron: &str) -> Ec2Result<()> {
    let malformed = || invalid("The cron expression is not valid. It must have the form '* hours * * days'.");
    let parts: Vec<_> = cron.split_whitespace().collect();
    let ["*", hours, "*", "*", days] = parts[..] else { return Err(malformed()) };
    let number = |text: &str, most: i32| text.parse::<i32>().ok().filter(|number| (0..=most).contains(number));
    let mut lengths = Vec::new();
    for range in hours.split(',') {
        let (start, end) = range.split_once('-').ok_or_else(malformed)?;
        let (start, end) = number(start, 23).zip(number(end, 23)).ok_or_else(malformed)?;
        lengths.push((end - start).rem_euclid(24));
    }
    let is_day = |day: &str| {
        let named = DAYS.iter().any(|known| known[..3].eq_ignore_ascii_case(day));
        named || number(day, 6).is_some()
    };
    let day_count = if days == "*" { 7 } else { days.split(',').count() };
    if days != "*" && !days.split(',').all(is_day) {
        return Err(malformed());
    }
    check_lengths(&lengths.repeat(day_count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: (&str, i32), to: (&str, i32)) -> InstanceEventWindowTimeRangeRequest {
        InstanceEventWindowTimeRangeRequest {
            start_week_day: Some(from.0.into()),
            start_hour: Some(from.1),
            end_week_day: Some(to.0.into()),
            end_hour: Some(to.1),
        }
    }

    #[test]
    fn windows_are_long_enough() {
        assert!(read(&[range(("monday", 2), ("monday", 6))], None).unwrap().is_some());
        assert!(read(&[range(("saturday", 22), ("sunday", 2))], None).unwrap().is_some(), "over the week's end");
        assert!(read(&[range(("monday", 2), ("monday", 3))], None).is_err());
        assert!(read(&[range(("monday", 2), ("monday", 5))], None).is_err());
        assert!(read(&[], None).unwrap().is_none());
    }

    #[test]
    fn cron_tells_hours_and_days() {
        for cron in ["* 0-4,20-23 * * 1,5", "* 21-23 * * SUN,sat", "* 1-5 * * *"] {
            assert!(read(&[], Some(cron)).unwrap().is_some(), "{cron}");
        }
        for cron in ["0 0-4 * * 1", "* 0-1 * * 1", "* 0-3 * * 1", "* 0-4 * * 9", "* 4 * * 1", "nonsense"] {
            assert!(read(&[], Some(cron)).is_err(), "{cron}");
        }
    }
}
