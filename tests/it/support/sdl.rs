//! The graph's own SDL, for tests that must not forget a field.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeDefinition, TypeKind, TypeSystemDefinition};

pub const TEXT: &str = include_str!("../../../schema.graphql");

pub struct Field {
    pub name: String,
    /// Without lists and exclamation marks.
    pub of: String,
    pub is_list: bool,
}

fn types() -> Vec<TypeDefinition> {
    let document = parse_schema(TEXT).unwrap();
    let definitions = document.definitions.into_iter();
    definitions
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(found) => Some(found.node),
            _ => None,
        })
        .collect()
}

fn field(name: &str, ty: &Type) -> Field {
    let mut base = &ty.base;
    let mut is_list = false;
    while let BaseType::List(inner) = base {
        is_list = true;
        base = &inner.base;
    }
    let BaseType::Named(of) = base else { unreachable!() };
    Field { name: name.to_owned(), of: of.to_string(), is_list }
}

/// The fields of an object, an interface or an input; none for other types.
pub fn fields(of: &str) -> Vec<Field> {
    let found = types().into_iter().find(|found| found.name.node == of);
    match found.map(|found| found.kind) {
        Some(TypeKind::Object(object)) => {
            object.fields.iter().map(|found| field(&found.node.name.node, &found.node.ty.node)).collect()
        }
        Some(TypeKind::Interface(interface)) => {
            interface.fields.iter().map(|found| field(&found.node.name.node, &found.node.ty.node)).collect()
        }
        Some(TypeKind::InputObject(input)) => {
            input.fields.iter().map(|found| field(&found.node.name.node, &found.node.ty.node)).collect()
        }
        _ => Vec::new(),
    }
}

/// The values of an enum.
pub fn values(of: &str) -> Vec<String> {
    let found = types().into_iter().find(|found| found.name.node == of);
    match found.map(|found| found.kind) {
        Some(TypeKind::Enum(found)) => found.values.iter().map(|value| value.node.value.node.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// Every object that implements `interface`.
pub fn implementors(interface: &str) -> Vec<String> {
    let implements = |found: &TypeDefinition| match &found.kind {
        TypeKind::Object(object) => object.implements.iter().any(|name| name.node == interface),
        _ => false,
    };
    types().into_iter().filter(implements).map(|found| found.name.node.to_string()).collect()
}

/// A selection of every field of a type: leaves and values as a whole, records by their ids, connections with a
/// little of everything.
pub fn selection(of: &str) -> String {
    let parts = fields(of).into_iter().map(|field| {
        let below = fields(&field.of);
        let has = |name: &str| below.iter().any(|field| field.name == name);
        match () {
            () if below.is_empty() => field.name,
            () if has("pageInfo") => format!(
                "{}(first: 2) {{ totalCount nodes {{ id }} edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage }} }}",
                field.name
            ),
            () if has("id") => format!("{} {{ id }}", field.name),
            () => format!("{} {{ {} }}", field.name, selection(&field.of)),
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

pub fn enum_values(of: &str) -> Vec<String> {
    let found = types().into_iter().find(|found| found.name.node == of).map(|found| found.kind);
    let Some(TypeKind::Enum(found)) = found else { panic!("{of} is no enum") };
    found.values.into_iter().map(|value| value.node.value.node.to_string()).collect()
}
