//! The parameters that a message takes.

use super::Kind;

#[derive(Debug)]
pub(crate) struct Param {
    /// The Query name, without its index.
    pub(crate) name: Box<str>,
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    pub(crate) list: bool,
    pub(crate) required: bool,
    /// The only values accepted; empty where any is.
    pub(crate) values: Box<[Box<str>]>,
}

#[derive(Debug)]
pub(crate) struct Input {
    params: Box<[Param]>,
    /// Names and aliases with the parameter that each means, sorted.
    names: Box<[(Box<str>, usize)]>,
}

impl Input {
    /// `aliases` are further names of the parameter at an index.
    pub(super) fn new(params: Vec<Param>, aliases: Vec<(Box<str>, usize)>) -> Self {
        let own = params.iter().enumerate().map(|(index, param)| (param.name.clone(), index));
        let mut names: Vec<_> = own.chain(aliases).collect();
        names.sort();
        // Where an alias is another parameter's own name, the own name wins.
        names.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same && *params[later.1].name == *later.0 {
                first.1 = later.1;
            }
            same
        });
        Self { params: params.into(), names: names.into() }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Param> {
        let found = self.names.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.params[self.names[found].1])
    }

    pub(crate) fn required(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.required)
    }
}
