//! The syntaxes of cells that take more than a word; the table's header describes each.

use std::str::FromStr;

/// `a,b,c`; an empty cell is an empty list.
pub(super) fn words(cell: &str) -> Vec<String> {
    cell.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

pub(super) fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// `1..2`, or `1` for both ends.
pub(super) fn span(text: &str) -> (&str, &str) {
    text.split_once("..").unwrap_or((text, text))
}

/// `1-4,8-16/2`: spans with steps.
pub(super) fn steps(cell: &str) -> Vec<i32> {
    let mut numbers = Vec::new();
    for part in cell.split(',').filter(|part| !part.is_empty()) {
        let (bounds, step) = part.split_once('/').unwrap_or((part, "1"));
        let (low, high) = bounds.split_once('-').unwrap_or((bounds, bounds));
        let (Some(low), Some(high), Some(step)) = (number::<i32>(low), number(high), number(step)) else { continue };
        numbers.extend((low..=high).step_by(step));
    }
    numbers
}

/// `2*a;b` is a, a, b.
pub(super) fn repeated(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').filter(|text| !text.is_empty()).flat_map(|text| {
        let (count, item) = text.split_once('*').unwrap_or(("1", text));
        std::iter::repeat_n(item, number(count).unwrap_or(1))
    })
}

/// `25` is `25 Gigabit`, `~25` is `Up to 25 Gigabit`, `4x100` is `4x 100 Gigabit`; other words stay.
pub(super) fn performance(code: &str) -> String {
    match code.strip_prefix('~') {
        Some(most) => format!("Up to {most} Gigabit"),
        None if code.starts_with(|letter: char| letter.is_ascii_digit()) => {
            format!("{} Gigabit", code.replace('x', "x "))
        }
        None => code.to_owned(),
    }
}

/// `8*NVIDIA:A100@40960/ml-ai`: count, maker, name, MiB, and what follows the slash.
pub(super) struct Device<'a> {
    pub(super) count: &'a str,
    pub(super) maker: &'a str,
    pub(super) name: &'a str,
    pub(super) memory: i32,
    pub(super) rest: &'a str,
}

/// The makers of Neuron devices are not told: there a name stands alone.
pub(super) fn devices(cell: &str) -> impl Iterator<Item = Device<'_>> {
    cell.split(';').filter_map(|text| {
        let (count, device) = text.split_once('*')?;
        let (name, figures) = device.rsplit_once('@')?;
        let (memory, rest) = figures.split_once('/').unwrap_or((figures, ""));
        let (maker, name) = name.split_once(':').unwrap_or(("", name));
        Some(Device { count, maker, name, memory: number(memory)?, rest })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_spelled_out() {
        assert_eq!(steps("1-3,8-16/4"), [1, 2, 3, 8, 12, 16]);
        assert!(steps("").is_empty());
    }

    #[test]
    fn performance_reads_as_aws_writes_it() {
        assert_eq!(performance("~12.5"), "Up to 12.5 Gigabit");
        assert_eq!(performance("4x100"), "4x 100 Gigabit");
        assert_eq!(performance("Moderate"), "Moderate");
    }
}
