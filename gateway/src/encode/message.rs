//! One message of the output.
//!
//! prost writes fields in the order of their numbers, so a list opens and closes as its run passes. Other writers may
//! not: a message whose numbers go down, or a value that comes twice, is written again from its sorted fields.

#![allow(clippy::inline_always)] // As in `wire`: values stay in registers.

use super::scalar;
use super::text::escape_utf8;
use super::wire::{Reader, Value};
use crate::schema::{Field, Kind, Output, Schema};

/// As deep as messages may nest; more is not a message of ours.
const DEPTH: usize = 32;

/// The elements of a whole response. None where the bytes are malformed.
pub(super) fn response(schema: &Schema, output: usize, message: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let table = schema.output(output);
    Writer { schema, depth: 0 }.message(table, table.kept(true), message, out)
}

struct Writer<'s> {
    schema: &'s Schema,
    depth: usize,
}

/// What has been written of a message.
struct Progress<'t> {
    last: u32,
    open: Option<&'t Field>,
    /// The lists to write although empty that have not been reached.
    kept: &'t [u32],
}

impl Writer<'_> {
    fn message(&mut self, table: &Output, kept: &[u32], message: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        let mut progress = Progress { last: 0, open: None, kept };
        let mut reader = Reader::new(message);
        while !reader.is_empty() {
            let (number, value) = reader.field()?;
            let Some(field) = table.field(number) else { continue };
            if number < progress.last || (number == progress.last && !field.list) {
                out.truncate(start);
                return self.unordered(table, kept, message, out);
            }
            advance(&mut progress, table, number, field, out);
            self.values(field, value, out)?;
        }
        finish(&mut progress, table, u32::MAX, out);
        Some(())
    }

    /// The same from fields sorted by number. Of a value that comes twice the later counts; messages are merged.
    #[cold]
    fn unordered(&mut self, table: &Output, kept: &[u32], message: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let mut fields = Vec::new();
        let mut reader = Reader::new(message);
        while !reader.is_empty() {
            fields.push(reader.field()?);
        }
        fields.retain(|(number, _)| table.field(*number).is_some());
        fields.sort_by_key(|(number, _)| *number);
        let mut progress = Progress { last: 0, open: None, kept };
        for run in fields.chunk_by(|(a, _), (b, _)| a == b) {
            let number = run[0].0;
            let field = table.field(number)?;
            advance(&mut progress, table, number, field, out);
            match field.kind {
                _ if field.list => {
                    for (_, value) in run {
                        self.values(field, *value, out)?;
                    }
                }
                Kind::Message(_) => {
                    let merged: Option<Vec<_>> = run.iter().map(|(_, value)| bytes(*value)).collect();
                    self.values(field, Value::Bytes(&merged?.concat()), out)?;
                }
                _ => self.values(field, run.last()?.1, out)?,
            }
        }
        finish(&mut progress, table, u32::MAX, out);
        Some(())
    }

    #[inline(always)]
    fn values(&mut self, field: &Field, value: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
        if !field.list {
            out.extend_from_slice(&field.open);
            self.value(field.kind, value, out)?;
            out.extend_from_slice(&field.close);
            return Some(());
        }
        if let (Value::Bytes(packed), true) = (value, is_packable(field.kind)) {
            let mut reader = Reader::new(packed);
            while !reader.is_empty() {
                let value = match field.kind {
                    Kind::Double => Value::Fixed64(reader.fixed64()?),
                    _ => Value::Varint(reader.varint()?),
                };
                self.item(field.kind, value, out)?;
            }
            return Some(());
        }
        self.item(field.kind, value, out)
    }

    #[inline(always)]
    fn item(&mut self, kind: Kind, value: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(b"<item>");
        self.value(kind, value, out)?;
        out.extend_from_slice(b"</item>");
        Some(())
    }

    #[inline(always)]
    fn value(&mut self, kind: Kind, value: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
        match (kind, value) {
            (Kind::Text, Value::Bytes(text)) => escape_utf8(text, out)?,
            (Kind::Message(table), Value::Bytes(message)) => {
                if self.depth == DEPTH {
                    return None;
                }
                let table = self.schema.output(table);
                self.depth += 1;
                self.message(table, table.kept(false), message, out)?;
                self.depth -= 1;
            }
            (Kind::Bool, Value::Varint(value)) => scalar::boolean(value != 0, out),
            (Kind::Int32 | Kind::Int64, Value::Varint(value)) => scalar::int(value.cast_signed(), out),
            (Kind::Timestamp, Value::Varint(value)) => scalar::timestamp(value.cast_signed(), out),
            (Kind::Double, Value::Fixed64(value)) => scalar::double(f64::from_bits(value), out),
            (Kind::Blob, Value::Bytes(value)) => scalar::blob(value, out),
            _ => return None,
        }
        Some(())
    }
}

/// Goes on to a field: closes the list that was open, writes the empty ones between, opens this one.
#[inline(always)]
fn advance<'t>(progress: &mut Progress<'t>, table: &'t Output, number: u32, field: &'t Field, out: &mut Vec<u8>) {
    if number == progress.last {
        return;
    }
    finish(progress, table, number, out);
    if let [first, rest @ ..] = progress.kept
        && *first == number
    {
        progress.kept = rest;
    }
    if field.list {
        out.extend_from_slice(&field.open);
        progress.open = Some(field);
    }
    progress.last = number;
}

/// Closes the open list and writes the kept empty ones before a number.
#[inline]
fn finish(progress: &mut Progress<'_>, table: &Output, number: u32, out: &mut Vec<u8>) {
    if let Some(list) = progress.open.take() {
        out.extend_from_slice(&list.close);
    }
    while let [first, rest @ ..] = progress.kept
        && *first < number
    {
        if let Some(list) = table.field(*first) {
            list.write_empty(out);
        }
        progress.kept = rest;
    }
}

fn is_packable(kind: Kind) -> bool {
    !matches!(kind, Kind::Text | Kind::Blob | Kind::Message(_))
}

fn bytes(value: Value<'_>) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}
