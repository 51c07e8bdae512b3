//! The parameters of an entry, as a client would write them.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use toml::Value;

/// `{ Tag = [{ Key = "a" }] }` is `Tag.1.Key=a`. Texts go through `fill` first.
pub(super) fn form(set: &toml::Table, fill: &dyn Fn(&str) -> Result<String, String>) -> Result<String, String> {
    let mut form = String::new();
    table("", set, fill, &mut form)?;
    Ok(form)
}

fn table(
    prefix: &str,
    set: &toml::Table,
    fill: &dyn Fn(&str) -> Result<String, String>,
    form: &mut String,
) -> Result<(), String> {
    for (name, given) in set {
        value(&format!("{prefix}{name}"), given, fill, form)?;
    }
    Ok(())
}

fn value(
    name: &str,
    given: &Value,
    fill: &dyn Fn(&str) -> Result<String, String>,
    form: &mut String,
) -> Result<(), String> {
    let text = match given {
        Value::Table(inner) => return table(&format!("{name}."), inner, fill, form),
        Value::Array(items) => {
            let mut numbered = items.iter().zip(1..);
            return numbered
                .try_for_each(|(item, number): (_, usize)| value(&format!("{name}.{number}"), item, fill, form));
        }
        Value::String(text) => fill(text)?,
        other => other.to_string(),
    };
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let _ = write!(form, "{}={}&", escaped(name), escaped(&text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_lists_become_names_with_numbers() {
        let set = r#"
            CidrBlock = "10.0.0.0/16"
            MinCount = 3
            EbsOptimized = true
            TagSpecification = [{ ResourceType = "vpc", Tag = [{ Key = "a", Value = "b c" }, { Key = "d" }] }]
        "#;
        let form = form(&toml::from_str(set).unwrap(), &|text| Ok(text.to_owned())).unwrap();
        let mut pairs: Vec<_> = form.split_terminator('&').collect();
        pairs.sort_unstable();
        assert_eq!(
            pairs,
            [
                "CidrBlock=10%2E0%2E0%2E0%2F16",
                "EbsOptimized=true",
                "MinCount=3",
                "TagSpecification%2E1%2EResourceType=vpc",
                "TagSpecification%2E1%2ETag%2E1%2EKey=a",
                "TagSpecification%2E1%2ETag%2E1%2EValue=b%20c",
                "TagSpecification%2E1%2ETag%2E2%2EKey=d",
            ]
        );
    }
}
