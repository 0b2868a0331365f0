//! The fields of an answer in the order of the query, as the specification wants them. async-graphql puts each where
//! it came to an end, so that the same query is answered differently from time to time. Goes when the library keeps
//! the order itself.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Request, Value};

/// Response keys in order, each with those below it.
#[derive(Debug, Default)]
pub struct Order(Vec<(Name, Order)>);

/// The operation that runs. Without a name there is one, or the library refuses the request.
pub fn operation_of<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a Positioned<OperationDefinition>> {
    let runs = |known: Option<&Name>| name.is_none_or(|name| known.is_some_and(|known| known == name));
    document.operations.iter().find(|(known, _)| runs(*known)).map(|(_, operation)| operation)
}

/// Fragments in fragments end: whoever selects more than this, or deeper, was refused anyway.
const MOST_FIELDS: usize = 20_000;
const DEEPEST: usize = 64;

/// How much was looked at.
#[derive(Default)]
struct Seen {
    fields: usize,
    depth: usize,
}

impl Order {
    /// Of the operation that the request names; nothing when it does not parse.
    pub fn of(request: &mut Request) -> Self {
        let name = request.operation_name.clone();
        let Ok(document) = request.parsed_query() else { return Self::default() };
        let mut order = Self::default();
        let mut seen = Seen::default();
        if let Some(operation) = operation_of(document, name.as_deref()) {
            order.add(document, &operation.node.selection_set.node, &mut seen);
        }
        order
    }

    fn add(&mut self, document: &ExecutableDocument, set: &SelectionSet, seen: &mut Seen) {
        let fragments: &HashMap<Name, Positioned<FragmentDefinition>> = &document.fragments;
        if seen.depth == DEEPEST {
            return;
        }
        seen.depth += 1;
        for selection in &set.items {
            seen.fields += 1;
            if seen.fields > MOST_FIELDS {
                break;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let at = self.0.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                        self.0.push((key.clone(), Self::default()));
                        self.0.len() - 1
                    });
                    self.0[at].1.add(document, &field.node.selection_set.node, seen);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node, seen),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node, seen);
                    }
                }
            }
        }
        seen.depth -= 1;
    }

    pub fn restore(&self, value: &mut Value) {
        // A leaf: what lies below, in a JSON value say, is not the query's.
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.restore(item)),
            Value::Object(fields) => {
                let known = self.0.iter().map(|(key, _)| key).filter(|key| fields.contains_key(*key));
                if !known.eq(fields.keys()) {
                    let mut found = std::mem::take(fields);
                    for (key, _) in &self.0 {
                        if let Some(value) = found.swap_remove(key) {
                            fields.insert(key.clone(), value);
                        }
                    }
                    fields.extend(found);
                }
                for (key, below) in &self.0 {
                    if let Some(value) = fields.get_mut(key) {
                        below.restore(value);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_put_in_the_order_of_the_query() {
        let query = "query Other { z } query Mine { b { y ...f x: z } a ... on Query { c } b { w } json } \
                     fragment f on T { u { t s } }";
        let order = Order::of(&mut Request::new(query).operation_name("Mine"));
        let answer = |text: &str| Value::from_json(serde_json::from_str(text).unwrap()).unwrap();
        let mut value = Value::Object(
            [
                ("json", r#"{"k": 1}"#),
                ("c", "3"),
                ("b", r#"[{"w": 1, "x": 2, "u": {"s": 1, "t": 2}, "y": 3}, null]"#),
                ("a", "1"),
            ]
            .map(|(key, text)| (Name::new(key), answer(text)))
            .into_iter()
            .collect(),
        );
        order.restore(&mut value);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(text, r#"{"b":[{"y":3,"u":{"t":2,"s":1},"x":2,"w":1},null],"a":1,"c":3,"json":{"k":1}}"#);
    }

    #[test]
    fn fragments_that_multiply_end() {
        let mut query = String::from("{ ...f0 }");
        for level in 0..40 {
            query += &format!(" fragment f{level} on Query {{ ...f{} ...f{} }}", level + 1, level + 1);
        }
        query += " fragment f40 on Query { ...f0 viewer { name } }";
        Order::of(&mut Request::new(query));
        Order::of(&mut Request::new("{ ...f } fragment f on Query { ...f }"));
    }
}
