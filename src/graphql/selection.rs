//! What a field's caller selected below it, with fragments spread out and variables filled in.

use async_graphql::{Context, InputType, Name, SelectionField, Value};

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    arguments: Vec<(Name, Value)>,
    pub children: Vec<Field>,
}

impl Field {
    /// The selection below the field that is being resolved.
    pub fn below(ctx: &Context<'_>) -> Vec<Self> {
        children(&ctx.field())
    }

    pub fn has_argument(&self, name: &str) -> bool {
        self.arguments.iter().any(|(known, _)| known == name)
    }

    /// An argument's value; none when it is absent, null, or does not fit: then the resolver says so.
    pub fn argument<T: InputType>(&self, name: &str) -> Option<T> {
        let (_, value) = self.arguments.iter().find(|(known, _)| known == name)?;
        match value {
            Value::Null => None,
            value => T::parse(Some(value.clone())).ok(),
        }
    }
}

fn children(field: &SelectionField<'_>) -> Vec<Field> {
    let mut merged: Vec<Field> = Vec::new();
    for field in field.selection_set() {
        let field = Field {
            name: field.name().to_owned(),
            arguments: field.arguments().unwrap_or_default(),
            children: children(&field),
        };
        add(&mut merged, field);
    }
    merged
}

/// What is selected twice alike, under two aliases or in two fragments, is read once.
fn add(merged: &mut Vec<Field>, field: Field) {
    match merged.iter_mut().find(|known| known.name == field.name && known.arguments == field.arguments) {
        Some(known) => field.children.into_iter().for_each(|child| add(&mut known.children, child)),
        None => merged.push(field),
    }
}

/// What is selected of a connection's records, by `nodes` and by `edges { node }`.
pub fn nodes(fields: &[Field]) -> Vec<&Field> {
    let edges = fields.iter().filter(|field| field.name == "edges").flat_map(|edges| &edges.children);
    let of_edges = edges.filter(|field| field.name == "node").flat_map(|node| &node.children);
    let nodes = fields.iter().filter(|field| field.name == "nodes").flat_map(|nodes| &nodes.children);
    nodes.chain(of_edges).collect()
}

pub fn has(fields: &[Field], name: &str) -> bool {
    fields.iter().any(|field| field.name == name)
}
