//! The elements that a message answers.

use super::Kind;

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    pub(crate) list: bool,
    /// `<name>` or, of a list, `<nameSet>`.
    pub(crate) open: Box<[u8]>,
    pub(crate) close: Box<[u8]>,
}

#[derive(Debug)]
pub(crate) struct Output {
    /// By field number less one; numbers are dense.
    fields: Box<[Option<Field>]>,
    /// The lists that are written even when empty, by number.
    kept: Box<[u32]>,
    /// And those of a message that is a response.
    kept_in_response: Box<[u32]>,
}

impl Output {
    pub(super) fn new(numbered: Vec<(u32, Field)>, mut kept: Vec<u32>, mut kept_in_response: Vec<u32>) -> Self {
        kept.sort_unstable();
        kept_in_response.sort_unstable();
        let most = numbered.iter().map(|(number, _)| *number as usize).max().unwrap_or(0);
        let mut fields: Vec<Option<Field>> = (0..most).map(|_| None).collect();
        for (number, field) in numbered {
            fields[number as usize - 1] = Some(field);
        }
        Self { fields: fields.into(), kept: kept.into(), kept_in_response: kept_in_response.into() }
    }

    #[inline]
    pub(crate) fn field(&self, number: u32) -> Option<&Field> {
        self.fields.get((number as usize).wrapping_sub(1))?.as_ref()
    }

    /// The lists to write although they are empty.
    pub(crate) fn kept(&self, is_response: bool) -> &[u32] {
        if is_response { &self.kept_in_response } else { &self.kept }
    }
}

impl Field {
    pub(super) fn new(name: &str, kind: Kind, list: bool) -> Self {
        let tag = |text: String| text.into_bytes().into_boxed_slice();
        Self { kind, list, open: tag(format!("<{name}>")), close: tag(format!("</{name}>")) }
    }

    /// The element's name.
    pub(crate) fn name(&self) -> &str {
        std::str::from_utf8(&self.open[1..self.open.len() - 1]).unwrap_or_default()
    }

    /// `<nameSet/>`
    pub(crate) fn write_empty(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open[..self.open.len() - 1]);
        out.extend_from_slice(b"/>");
    }
}
