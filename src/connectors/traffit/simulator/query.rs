//! The paging, filter and sort headers of a list (§1.4 to §1.6), read and checked before any row is looked at.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::reply::{Call, Reply};

/// How a field compares; decides which operators it takes (§1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Number,
    Text,
    Time,
    Switch,
}

/// A field's value in one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scalar<'a> {
    Null,
    Switch(bool),
    Number(i64),
    Time(NaiveDateTime),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// For lists small enough to compare what they serve.
    pub(super) fn of(kind: FieldKind, value: Option<&Value>) -> Scalar<'static> {
        let Some(value) = value else { return Scalar::Null };
        match kind {
            FieldKind::Number => value.as_i64().map_or(Scalar::Null, Scalar::Number),
            FieldKind::Switch => value.as_bool().map_or(Scalar::Null, Scalar::Switch),
            FieldKind::Time => value.as_str().and_then(timestamp).map_or(Scalar::Null, Scalar::Time),
            FieldKind::Text => match value {
                Value::Null => Scalar::Null,
                Value::String(text) => Scalar::Text(Cow::Owned(text.clone())),
                other => Scalar::Text(Cow::Owned(other.to_string())),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    AtMost,
    AtLeast,
    In,
    Like,
}

#[derive(Clone, Debug)]
enum Operand {
    Number(i64),
    Switch(bool),
    /// Day-granular: compares with the row's Warsaw-local date.
    Day(NaiveDate),
    Time(NaiveDateTime),
    /// In lower case: the vendor's database compares without regard to case (§1.5, inferred).
    Text(String),
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) field: String,
    pub(super) kind: FieldKind,
    operator: Operator,
    operands: Vec<Operand>,
}

/// What a list accepts.
pub(super) struct Rules<'a> {
    pub(super) field: &'a dyn Fn(&str) -> Option<FieldKind>,
    /// The public feed's sort shape (§1.4).
    pub(super) is_feed: bool,
    /// Above this page size the answer is an error with this status; otherwise sizes are capped at 100.
    pub(super) refuse_above: Option<(usize, u16)>,
}

#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) page: usize,
    pub(super) size: usize,
    pub(super) conditions: Vec<Condition>,
    /// The field and whether it descends.
    pub(super) sort: Option<(String, bool)>,
    /// The headers as sent, to recognise the same question again.
    pub(super) asked: (String, String),
}

impl Query {
    pub(super) fn read(call: &Call, rules: &Rules<'_>) -> Result<Self, Reply> {
        let mut size = whole(call, "x-request-page-size")?.unwrap_or(20);
        match rules.refuse_above {
            Some((limit, 500)) if size > limit => return Err(Reply::fail(500, "Internal Server Error")),
            Some((limit, status)) if size > limit => return Err(Reply::fail(status, "Page size is too big")),
            Some(_) | None => size = size.min(100),
        }
        let page = whole(call, "x-request-current-page")?.unwrap_or(1);
        let filter = call.header("x-request-filter").unwrap_or_default();
        let sort = call.header("x-request-sort").unwrap_or_default();
        let conditions = conditions(filter, rules)?;
        let asked = (filter.to_owned(), sort.to_owned());
        Ok(Self { page, size, conditions, sort: order(sort, rules)?, asked })
    }
}

fn whole(call: &Call, header: &str) -> Result<Option<usize>, Reply> {
    let Some(text) = call.header(header) else { return Ok(None) };
    match text.trim().parse::<usize>() {
        Ok(number) if number > 0 => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Reply::fail(400, &format!("Invalid value of header {header}"))),
    }
}

fn conditions(text: &str, rules: &Rules<'_>) -> Result<Vec<Condition>, Reply> {
    let bad = |what: &str| Reply::fail(400, &format!("Invalid filter: {what}"));
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::Array(fields)) if fields.is_empty() => return Ok(Vec::new()),
        Ok(_) | Err(_) => return Err(bad("malformed JSON")),
    };
    let mut conditions = Vec::new();
    for (field, condition) in fields {
        let kind = (rules.field)(&field).ok_or_else(|| bad(&format!("unknown field {field}")))?;
        let operator = match condition.get("comparison").and_then(Value::as_str) {
            Some("=") => Operator::Equal,
            Some("!=") => Operator::NotEqual,
            Some("<=") => Operator::AtMost,
            Some(">=") => Operator::AtLeast,
            Some("in") => Operator::In,
            Some("like") => Operator::Like,
            Some(_) | None => return Err(bad("unknown comparison")),
        };
        let fits = match operator {
            Operator::Equal | Operator::NotEqual => true,
            Operator::AtMost | Operator::AtLeast => matches!(kind, FieldKind::Number | FieldKind::Time),
            Operator::In => matches!(kind, FieldKind::Number | FieldKind::Text),
            Operator::Like => kind == FieldKind::Text,
        };
        let value = condition.get("value").ok_or_else(|| bad("value is missing"))?;
        let operands: Option<Vec<Operand>> = match (operator, value) {
            (Operator::In, Value::Array(values)) => values.iter().map(|value| operand(kind, value)).collect(),
            (Operator::In, _) => None,
            (_, value) => operand(kind, value).map(|one| vec![one]),
        };
        match operands {
            Some(operands) if fits => conditions.push(Condition { field, kind, operator, operands }),
            Some(_) | None => return Err(bad(&format!("{field} does not take that comparison or value"))),
        }
    }
    Ok(conditions)
}

fn operand(kind: FieldKind, value: &Value) -> Option<Operand> {
    match (kind, value) {
        (FieldKind::Number, Value::Number(number)) => number.as_i64().map(Operand::Number),
        (FieldKind::Number, Value::String(text)) => text.trim().parse().ok().map(Operand::Number),
        (FieldKind::Switch, Value::Bool(on)) => Some(Operand::Switch(*on)),
        (FieldKind::Switch, Value::Number(number)) => number.as_i64().map(|number| Operand::Switch(number != 0)),
        (FieldKind::Switch, Value::String(text)) => match text.as_str() {
            "true" | "1" => Some(Operand::Switch(true)),
            "false" | "0" => Some(Operand::Switch(false)),
            _ => None,
        },
        (FieldKind::Time, Value::String(text)) => {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
            day.map(Operand::Day).or_else(|| timestamp(text).map(Operand::Time))
        }
        (FieldKind::Text, Value::String(text)) => Some(Operand::Text(text.to_lowercase())),
        (FieldKind::Text, Value::Number(number)) => Some(Operand::Text(number.to_string())),
        _ => None,
    }
}

fn order(text: &str, rules: &Rules<'_>) -> Result<Option<(String, bool)>, Reply> {
    let bad = |what: &str| Reply::fail(400, &format!("Invalid sort: {what}"));
    if text.trim().is_empty() {
        return Ok(None);
    }
    let Ok(Value::Object(sort)) = serde_json::from_str::<Value>(text) else { return Err(bad("malformed JSON")) };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let (field, direction) = if rules.is_feed {
        (text(sort.get("sort_by")), text(sort.get("direction")))
    } else {
        let mut keys = sort.iter();
        match (keys.next(), keys.next()) {
            (None, _) => return Ok(None),
            (Some((field, direction)), None) => (field.clone(), text(Some(direction))),
            (Some(_), Some(_)) => return Err(bad("only one field can be sorted by")),
        }
    };
    if (rules.field)(&field).is_none() {
        return Err(bad(&format!("unknown field {field}")));
    }
    match direction.to_ascii_uppercase().as_str() {
        "ASC" => Ok(Some((field, false))),
        "DESC" => Ok(Some((field, true))),
        _ => Err(bad("unknown direction")),
    }
}

impl Condition {
    pub(super) fn holds(&self, value: &Scalar<'_>) -> bool {
        let any = |test: &dyn Fn(std::cmp::Ordering) -> bool| {
            self.operands.iter().any(|operand| compare(value, operand).is_some_and(test))
        };
        match self.operator {
            Operator::Equal | Operator::In => any(&|order| order.is_eq()),
            Operator::NotEqual => !any(&|order| order.is_eq()),
            Operator::AtMost => any(&|order| order.is_le()),
            Operator::AtLeast => any(&|order| order.is_ge()),
            Operator::Like => self.operands.iter().any(|operand| match (value, operand) {
                (Scalar::Text(text), Operand::Text(part)) => text.to_lowercase().contains(part.trim_matches('%')),
                _ => false,
            }),
        }
    }
}

fn compare(value: &Scalar<'_>, operand: &Operand) -> Option<std::cmp::Ordering> {
    match (value, operand) {
        (Scalar::Number(one), Operand::Number(other)) => Some(one.cmp(other)),
        (Scalar::Switch(one), Operand::Switch(other)) => Some(one.cmp(other)),
        (Scalar::Time(one), Operand::Day(other)) => Some(one.date().cmp(other)),
        (Scalar::Time(one), Operand::Time(other)) => Some(one.cmp(other)),
        (Scalar::Text(one), Operand::Text(other)) => Some(one.to_lowercase().as_str().cmp(other)),
        _ => None,
    }
}

/// `YYYY-MM-DD HH:MM:SS` (§1.9).
pub(super) fn timestamp(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
}

pub(super) fn stamp(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}
