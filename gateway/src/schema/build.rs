//! Descriptors to tables. Each direction has its own tables, since each has its own names.

use std::collections::HashMap;

use archipelago_proto::permissions::PROFILES;
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind as ProtoKind, MessageDescriptor};

use super::options::{FieldOptions, returns_true};
use super::{Action, Field, Input, Kind, Output, Param, Schema};

/// Field numbers index a table; a schema that leaves larger holes is a mistake.
const HIGHEST_NUMBER: u32 = 4096;

impl Schema {
    /// The tables of the schema that this binary was built with.
    pub(crate) fn load() -> Result<Self, String> {
        let pool = DescriptorPool::decode(archipelago_proto::DESCRIPTORS).map_err(|error| error.to_string())?;
        let mut builder = Builder::default();
        let mut actions = HashMap::new();
        for service in pool.services().filter(|service| service.package_name() == "ec2.v1") {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let action = Action {
                    name: method.name().into(),
                    path: path.parse().map_err(|error| format!("{path}: {error}"))?,
                    input: builder.input(&method.input())?,
                    output: builder.output(&method.output())?,
                    returns_true: returns_true(&method.output()),
                    passes_role: PROFILES.iter().any(|path| has(&method.input(), path)),
                };
                actions.insert(action.name.clone(), action);
            }
        }
        Ok(Self { actions, inputs: builder.inputs.finish()?, outputs: builder.outputs.finish()? })
    }
}

/// Whether there is a field at a path.
fn has(message: &MessageDescriptor, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    message.get_field_by_name(name).is_some_and(|field| match (rest, field.kind()) {
        (None, _) => true,
        (Some(rest), ProtoKind::Message(inner)) => has(&inner, rest),
        (Some(_), _) => false,
    })
}

/// Tables by message, with a place reserved before a message's own fields are visited: messages may contain themselves.
struct Tables<T> {
    places: HashMap<String, usize>,
    tables: Vec<Option<T>>,
}

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), tables: Vec::new() }
    }
}

impl<T> Tables<T> {
    /// The message's place, and whether it is new.
    fn place(&mut self, message: &MessageDescriptor) -> (usize, bool) {
        if let Some(&place) = self.places.get(message.full_name()) {
            return (place, false);
        }
        self.places.insert(message.full_name().to_owned(), self.tables.len());
        self.tables.push(None);
        (self.tables.len() - 1, true)
    }

    fn finish(self) -> Result<Box<[T]>, String> {
        self.tables.into_iter().collect::<Option<_>>().ok_or_else(|| "a table was left empty".to_owned())
    }
}

#[derive(Default)]
struct Builder {
    inputs: Tables<Input>,
    outputs: Tables<Output>,
}

impl Builder {
    fn input(&mut self, message: &MessageDescriptor) -> Result<usize, String> {
        let (place, new) = self.inputs.place(message);
        if new {
            let (mut params, mut aliases) = (Vec::new(), Vec::new());
            for field in message.fields() {
                let options = FieldOptions::of(&field);
                aliases.extend(options.aliases.iter().map(|alias| (alias.as_str().into(), params.len())));
                let (name, required) = (options.query_name(&field).into(), options.required);
                let values = options.values.iter().map(|value| value.as_str().into()).collect();
                let kind = match scalar(&field, &options)? {
                    Ok(kind) => kind,
                    Err(message) => Kind::Message(self.input(&message)?),
                };
                params.push(Param { name, number: field.number(), kind, list: field.is_list(), required, values });
            }
            self.inputs.tables[place] = Some(Input::new(params, aliases));
        }
        Ok(place)
    }

    fn output(&mut self, message: &MessageDescriptor) -> Result<usize, String> {
        let (place, new) = self.outputs.place(message);
        if new {
            let (mut fields, mut kept, mut kept_in_response) = (Vec::new(), Vec::new(), Vec::new());
            for field in message.fields() {
                let options = FieldOptions::of(&field);
                if options.keep_empty {
                    kept.push(field.number());
                }
                if field.is_list() && !options.omit_empty {
                    kept_in_response.push(field.number());
                }
                let xml = options.xml_name(&field);
                let kind = match scalar(&field, &options)? {
                    Ok(kind) => kind,
                    Err(message) => Kind::Message(self.output(&message)?),
                };
                fields.push((field.number(), Field::new(&xml, kind, field.is_list())));
            }
            self.outputs.tables[place] = Some(Output::new(fields, kept, kept_in_response));
        }
        Ok(place)
    }
}

/// The kind of a field that is not a message; else the message.
fn scalar(field: &FieldDescriptor, options: &FieldOptions) -> Result<Result<Kind, MessageDescriptor>, String> {
    if field.is_map() || field.is_group() || field.number() > HIGHEST_NUMBER {
        return Err(format!("{} is of a shape that has no spelling", field.full_name()));
    }
    match field.kind() {
        ProtoKind::String => Ok(Ok(Kind::Text)),
        ProtoKind::Bool => Ok(Ok(Kind::Bool)),
        ProtoKind::Int32 => Ok(Ok(Kind::Int32)),
        ProtoKind::Int64 if options.timestamp => Ok(Ok(Kind::Timestamp)),
        ProtoKind::Int64 => Ok(Ok(Kind::Int64)),
        ProtoKind::Double => Ok(Ok(Kind::Double)),
        ProtoKind::Bytes => Ok(Ok(Kind::Blob)),
        ProtoKind::Message(message) => Ok(Err(message)),
        other => Err(format!("{} is of type {other:?}, which has no spelling", field.full_name())),
    }
}
