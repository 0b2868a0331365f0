//! What one query may cost: depth, nodes, aliases. Counted on the parsed document before anything runs, and
//! before fragments could multiply it without end. What was counted is answered as `extensions.cost`.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{
    ErrorExtensionValues, Name, Pos, Positioned, Request, Response, ServerError, ServerResult, Value, Variables,
};
use async_graphql_value::Value as Unresolved;

use super::failure;
use crate::domain::Ids;
use crate::store::page::{LARGEST, USUAL};

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub depth: usize,
    /// Records that the pages of a query can hold together.
    pub nodes: u64,
    /// Aliases of one field, in all of the document's places together.
    pub aliases: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 15, nodes: 10_000, aliases: 10 }
    }
}

/// What was counted of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub nodes: u64,
    pub depth: usize,
}

impl Cost {
    /// Told with the answer of what ran.
    pub fn tell(self, limits: &Limits, response: &mut Response) {
        let ran = response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
        if ran {
            response.extensions.insert("cost".to_owned(), self.answered(limits));
        }
    }

    fn answered(self, limits: &Limits) -> Value {
        let object = |depth: usize, nodes: u64| {
            [(Name::new("depth"), Value::from(depth)), (Name::new("nodes"), Value::from(nodes))]
        };
        let limit = object(limits.depth, limits.nodes).into_iter().collect();
        let fields = object(self.depth, self.nodes).into_iter();
        Value::Object(fields.chain([(Name::new("limit"), Value::Object(limit))]).collect())
    }
}

/// What the operation of a request may cost, or why it is refused. None when it does not parse, which running it tells.
/// `closed`: whether its caller may not read the schema. No extension of the library's does this, because with any of
/// them every field of an answer takes the library's slow path.
pub fn weigh(request: &mut Request, limits: &Limits, closed: bool) -> ServerResult<Option<Cost>> {
    // Put aside while the document is borrowed; they can be too large to copy.
    let variables = std::mem::take(&mut request.variables);
    let name = request.operation_name.clone();
    let costs = match request.parsed_query() {
        Ok(document) => check(document, &variables, limits, closed),
        Err(_) => Ok(Vec::new()),
    };
    request.variables = variables;
    // Without a name there is one operation, or the library refuses the request.
    let runs = |known: &Option<Name>| name.as_deref().is_none_or(|name| known.as_deref() == Some(name));
    Ok(costs?.into_iter().find(|(known, _)| runs(known)).map(|(_, cost)| cost))
}

/// Refuses a document with an operation beyond the limits; else what each of its operations may cost.
pub fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: &Limits,
    closed: bool,
) -> ServerResult<Vec<(Option<Name>, Cost)>> {
    let mut costs = Vec::new();
    for (name, operation) in document.operations.iter() {
        let defaults = operation.node.variable_definitions.iter().filter_map(|definition| {
            let value = definition.node.default_value.as_ref()?.node.clone();
            Some((definition.node.name.node.clone(), value))
        });
        let mut count = Count {
            fragments: &document.fragments,
            variables,
            defaults: defaults.collect(),
            limits,
            introspection: operation.node.ty == OperationType::Query,
            closed,
            aliases: HashMap::new(),
            nodes: 0,
            deepest: 0,
            steps: 0,
            nesting: 0,
        };
        count.selection(&operation.node.selection_set.node, 1, 1)?;
        costs.push((name.cloned(), Cost { nodes: count.nodes, depth: count.deepest }));
    }
    Ok(costs)
}

struct Count<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    defaults: HashMap<Name, Value>,
    limits: &'a Limits,
    introspection: bool,
    /// Whether this caller may not read the schema.
    closed: bool,
    aliases: HashMap<&'a str, usize>,
    nodes: u64,
    /// The deepest level with a field.
    deepest: usize,
    /// Fields that were looked at, so that fragments in fragments end.
    steps: usize,
    /// Selection sets that lie in each other, fragments' too.
    nesting: usize,
}

/// Of one field; none has a use for more.
pub const DIRECTIVES: usize = 8;

/// Far more fields than any honest query has.
const MOST_FIELDS: usize = 20_000;

/// Fragments lie deeper in each other in no honest query; in a circle they would use up the stack.
const DEEPEST_NESTING: usize = 64;

/// As many as the introspection query of graphql-js allows itself.
const MOST_SCHEMA_LISTS: usize = 3;

impl<'a> Count<'a> {
    fn selection(&mut self, set: &'a SelectionSet, depth: usize, parents: u64) -> ServerResult<()> {
        self.enter()?;
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, depth, parents)?,
                Selection::InlineFragment(fragment) => {
                    self.selection(&fragment.node.selection_set.node, depth, parents)?;
                }
                Selection::FragmentSpread(spread) => {
                    // A spread of an unknown fragment is the validation's to refuse.
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.step()?;
                        self.selection(&fragment.node.selection_set.node, depth, parents)?;
                    }
                }
            }
        }
        self.nesting -= 1;
        Ok(())
    }

    fn field(&mut self, field: &'a Positioned<Field>, depth: usize, parents: u64) -> ServerResult<()> {
        let pos = field.pos;
        let field = &field.node;
        let name = field.name.node.as_str();
        self.step()?;
        // Tools ask for the schema by one long, deep query; its size is ours.
        if depth == 1 && self.introspection && matches!(name, "__schema" | "__type") {
            if self.closed {
                let message = "the schema can be read with the scope ADMIN only".to_owned();
                return Err(refused(message, "FORBIDDEN", Some(pos)));
            }
            self.alias(field, pos)?;
            return self.schema(&field.selection_set.node, 0);
        }
        if depth > self.limits.depth {
            let message = format!("the query is more than {} levels deep", self.limits.depth);
            return Err(refused(message, "QUERY_TOO_DEEP", Some(pos)));
        }
        self.deepest = self.deepest.max(depth);
        self.alias(field, pos)?;
        let mut below = parents;
        if let Some(page) = self.page_size(field) {
            below = parents.saturating_mul(page);
            self.nodes = self.nodes.saturating_add(below);
            if self.nodes > self.limits.nodes {
                let message = format!(
                    "the pages of this query can hold more than {} nodes: ask for smaller pages, or for less below them",
                    self.limits.nodes
                );
                return Err(refused(message, "QUERY_TOO_COMPLEX", Some(pos)));
            }
        }
        self.selection(&field.selection_set.node, depth + 1, below)
    }

    fn alias(&mut self, field: &'a Field, pos: Pos) -> ServerResult<()> {
        if field.alias.is_none() {
            return Ok(());
        }
        let name = field.name.node.as_str();
        let count = self.aliases.entry(name).or_insert(0);
        *count += 1;
        if *count > self.limits.aliases {
            let message = format!("`{name}` has more than {} aliases", self.limits.aliases);
            return Err(refused(message, "TOO_MANY_ALIASES", Some(pos)));
        }
        Ok(())
    }

    /// The schema leads back to itself, so that lists in lists of it grow without end. `lists`: how many lie above.
    fn schema(&mut self, set: &'a SelectionSet, lists: usize) -> ServerResult<()> {
        self.enter()?;
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.step()?;
                    let name = field.node.name.node.as_str();
                    let is_list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
                    let lists = lists + usize::from(is_list);
                    if lists > MOST_SCHEMA_LISTS {
                        let message = format!("`{name}` lies in more than {MOST_SCHEMA_LISTS} lists of the schema");
                        return Err(refused(message, "QUERY_TOO_DEEP", Some(field.pos)));
                    }
                    self.schema(&field.node.selection_set.node, lists)?;
                }
                Selection::InlineFragment(fragment) => self.schema(&fragment.node.selection_set.node, lists)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.step()?;
                        self.schema(&fragment.node.selection_set.node, lists)?;
                    }
                }
            }
        }
        self.nesting -= 1;
        Ok(())
    }

    /// How many records a connection, or a list of ids, can hold; none for other fields.
    fn page_size(&self, field: &Field) -> Option<u64> {
        if let Some(ids) = field.get_argument("ids") {
            return Some(self.length(&ids.node));
        }
        if let Some(length) = field.get_argument("input").and_then(|input| self.ids_of_input(&input.node)) {
            return Some(length);
        }
        let holds = field.selection_set.node.items.iter().any(|selection| self.is_of_connection(&selection.node, 0));
        let asked = ["first", "last"].iter().find_map(|name| {
            let value = field.get_argument(name)?;
            self.number(&value.node)
        });
        match (holds, asked) {
            // Larger pages are the resolver's to refuse, which names the argument.
            (true, asked) => Some(asked.unwrap_or(USUAL).min(LARGEST)),
            (false, _) => None,
        }
    }

    fn is_of_connection(&self, selection: &Selection, depth: usize) -> bool {
        match selection {
            Selection::Field(field) => matches!(field.node.name.node.as_str(), "nodes" | "edges"),
            Selection::InlineFragment(fragment) => {
                fragment.node.selection_set.node.items.iter().any(|item| self.is_of_connection(&item.node, depth))
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.fragments.get(&spread.node.fragment_name.node).filter(|_| depth < 8);
                fragment.is_some_and(|fragment| {
                    let items = &fragment.node.selection_set.node.items;
                    items.iter().any(|item| self.is_of_connection(&item.node, depth + 1))
                })
            }
        }
    }

    fn number(&self, value: &Unresolved) -> Option<u64> {
        let number = |value: &Value| match value {
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        match value {
            Unresolved::Number(number) => number.as_u64(),
            Unresolved::Variable(name) => number(self.variables.get(name).or_else(|| self.defaults.get(name))?),
            _ => None,
        }
    }

    /// How many ids an input object names, when it names any.
    fn ids_of_input(&self, input: &Unresolved) -> Option<u64> {
        let given = match input {
            Unresolved::Object(fields) => return fields.get("ids").map(|ids| self.length(ids)),
            Unresolved::Variable(name) => self.variables.get(name).or_else(|| self.defaults.get(name))?,
            _ => return None,
        };
        match given {
            Value::Object(fields) => match fields.get("ids")? {
                Value::List(items) => Some(u64::try_from(items.len()).unwrap_or(u64::MAX)),
                _ => Some(1),
            },
            _ => None,
        }
    }

    /// Of a list, or of the one value that may stand for it.
    fn length(&self, value: &Unresolved) -> u64 {
        let length = |value: &Value| match value {
            Value::List(items) => items.len(),
            _ => 1,
        };
        let length = match value {
            Unresolved::List(items) => items.len(),
            Unresolved::Variable(name) => {
                self.variables.get(name).or_else(|| self.defaults.get(name)).map_or(0, length)
            }
            _ => 1,
        };
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    fn enter(&mut self) -> ServerResult<()> {
        self.nesting += 1;
        if self.nesting > DEEPEST_NESTING {
            let message = format!("the query has more than {DEEPEST_NESTING} selections in each other");
            return Err(refused(message, "QUERY_TOO_DEEP", None));
        }
        Ok(())
    }

    fn step(&mut self) -> ServerResult<()> {
        self.steps += 1;
        if self.steps > MOST_FIELDS {
            let message = format!("the query selects more than {MOST_FIELDS} fields");
            return Err(refused(message, "QUERY_TOO_COMPLEX", None));
        }
        Ok(())
    }
}

/// The answer to a subscription that selects nothing, or several things, at its root.
pub fn one_root_field(ids: &dyn Ids) -> Response {
    let message = "a subscription selects one field at its root, and no other".to_owned();
    let mut response = Response::from_errors(vec![refused(message, "BAD_USER_INPUT", None)]);
    failure::tell(&mut response, ids);
    response
}

fn refused(message: String, code: &str, pos: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(message, pos);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
    error
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refusal(query: &str, variables: serde_json::Value) -> Option<String> {
        let variables = Variables::from_json(variables);
        let error = check(&parse_query(query).unwrap(), &variables, &Limits::default(), false).err()?;
        match error.extensions?.get("code")? {
            Value::String(code) => Some(code.clone()),
            other => panic!("{other}"),
        }
    }

    fn code(query: &str) -> Option<String> {
        refusal(query, serde_json::json!({}))
    }

    #[test]
    fn pages_multiply() {
        assert_eq!(code("{ jobs(first: 100) { nodes { applications(first: 99) { nodes { id } } } } }"), None);
        assert_eq!(
            code("{ jobs(first: 100) { nodes { applications(first: 100) { nodes { id } } } } }").as_deref(),
            Some("QUERY_TOO_COMPLEX")
        );
        // Without a size, the usual page counts; a count alone holds no records.
        assert_eq!(code("{ jobs(first: 250) { nodes { applications { nodes { id } } } } }"), None);
        assert_eq!(code("{ jobs(first: 250) { nodes { applications(first: 250) { totalCount } } } }"), None);
        let nested =
            "query($n: Int = 250) { jobs(first: $n) { edges { node { applications(last: $n) { nodes { id } } } } } }";
        assert_eq!(code(nested).as_deref(), Some("QUERY_TOO_COMPLEX"));
        assert_eq!(refusal(nested, serde_json::json!({"n": 10})), None);
        let hidden = "{ jobs(first: 250) { ...p } } fragment p on JobConnection { nodes { applications(first: 250) { ...q } } } \
                      fragment q on ApplicationConnection { nodes { id } }";
        assert_eq!(code(hidden).as_deref(), Some("QUERY_TOO_COMPLEX"));
    }

    #[test]
    fn each_operation_has_a_cost_of_its_own() {
        let query = "query A { jobs(first: 10) { nodes { id applications(first: 5) { nodes { id } } } } } \
                     query B { viewer { name } __schema { types { name } } }";
        let costs = check(&parse_query(query).unwrap(), &Variables::default(), &Limits::default(), false).unwrap();
        let of = |name: &str| costs.iter().find(|(known, _)| known.as_deref() == Some(name)).unwrap().1;
        assert_eq!(of("A"), Cost { nodes: 60, depth: 5 });
        assert_eq!(of("B"), Cost { nodes: 0, depth: 2 });
    }

    #[test]
    fn ids_count_as_the_page_that_they_are() {
        let query =
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { applications(first: 250) { nodes { id } } } } }";
        assert_eq!(refusal(query, serde_json::json!({"ids": vec!["job_1"; 39]})), None);
        let many = refusal(query, serde_json::json!({"ids": vec!["job_1"; 40]}));
        assert_eq!(many.as_deref(), Some("QUERY_TOO_COMPLEX"));
    }

    #[test]
    fn the_schema_is_not_asked_for_in_circles() {
        let circle = |lists: usize| {
            format!(
                "{{ __schema {{ types {{ {} name {} }} }} }}",
                "fields { type { ".repeat(lists),
                "} }".repeat(lists)
            )
        };
        assert_eq!(code(&circle(3)), None);
        assert_eq!(code(&circle(4)).as_deref(), Some("QUERY_TOO_DEEP"));
    }

    #[test]
    fn depth_and_aliases_have_a_limit() {
        let deep = |levels: usize| format!("{}x{}", "{ a ".repeat(levels - 1) + "{ ", " }".repeat(levels));
        assert_eq!(code(&deep(15)), None);
        assert_eq!(code(&deep(16)).as_deref(), Some("QUERY_TOO_DEEP"));
        let aliases = |count: usize| {
            let fields: Vec<_> = (0..count).map(|n| format!("a{n}: viewer {{ name }}")).collect();
            format!("{{ {} }}", fields.join(" "))
        };
        assert_eq!(code(&aliases(10)), None);
        assert_eq!(code(&aliases(11)).as_deref(), Some("TOO_MANY_ALIASES"));
    }

    #[test]
    fn fragments_in_circles_end() {
        assert_eq!(code("{ ...f } fragment f on Query { ...f }").as_deref(), Some("QUERY_TOO_DEEP"));
        let circle = "{ __schema { ...s } } fragment s on __Schema { queryType { name } ...s }";
        assert_eq!(code(circle).as_deref(), Some("QUERY_TOO_DEEP"));
    }

    #[test]
    fn fragments_that_multiply_end() {
        let mut query = String::from("{ ...f0 }");
        for level in 0..30 {
            query += &format!(" fragment f{level} on Query {{ ...f{} ...f{} }}", level + 1, level + 1);
        }
        query += " fragment f30 on Query { viewer { name } }";
        assert_eq!(code(&query).as_deref(), Some("QUERY_TOO_COMPLEX"));
    }
}
