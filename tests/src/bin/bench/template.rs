//! Requests as text: `CreateTags ResourceId.1=$volume Tag.1.Key=k`. `$volume` is one of the world's volumes, `$n` the
//! request's number.

use crate::world::World;

/// The parameters of a Query, in order.
pub(crate) type Query = Vec<(String, String)>;

/// None where the world does not have what the text asks for.
pub(crate) fn fill(text: &str, world: &World, number: usize) -> Option<Query> {
    let mut words = text.split_whitespace();
    let action = words.next()?.to_owned();
    let mut query = vec![("Action".to_owned(), action), ("Version".to_owned(), "2016-11-15".to_owned())];
    for word in words {
        let (name, value) = word.split_once('=')?;
        let value = match value.strip_prefix('$') {
            Some("n") => number.to_string(),
            Some(kind) => world.one(kind, number)?.to_owned(),
            None => value.to_owned(),
        };
        query.push((name.to_owned(), value));
    }
    Some(query)
}

/// The texts of all elements of a name.
pub(crate) fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let after = xml.split(&open).skip(1);
    after.filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_from_the_world_what_it_names() {
        let mut world = World::default();
        assert_eq!(fill("CreateTags ResourceId.1=$volume", &world, 0), None);
        world.add("volume", vec!["vol-1".to_owned(), "vol-2".to_owned()]);
        let query = fill("CreateTags ResourceId.1=$volume Tag.1.Value=$n", &world, 3).unwrap();
        let pairs: Vec<_> = query[2..].iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("ResourceId.1", "vol-2"), ("Tag.1.Value", "3")]);
    }

    #[test]
    fn elements_are_found_by_name() {
        assert_eq!(elements("<a><id>x</id><id>y</id></a>", "id"), ["x", "y"]);
    }
}
