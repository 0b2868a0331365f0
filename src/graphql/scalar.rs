//! The contract's scalars. What a caller sends is kept as text until it is used, so that a refusal can name the
//! argument.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};

use super::failure::BadInput;
use crate::domain::duration;

/// RFC 3339, UTC, millisecond precision, e.g. 2026-01-31T09:30:00.000Z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime(Result<i64, String>);

impl DateTime {
    pub fn from_millis(millis: i64) -> Self {
        Self(Ok(millis))
    }

    /// Milliseconds since 1970, or which argument is wrong.
    pub fn millis(&self, argument: &str) -> Result<i64, BadInput> {
        self.0.clone().map_err(|_| BadInput::new(argument, "must be a date and time as in 2026-01-31T09:30:00.000Z"))
    }
}

/// RFC 3339, UTC, millisecond precision, e.g. 2026-01-31T09:30:00.000Z.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(at) => Ok(Self(Ok(at.timestamp_millis()))),
            Err(_) => Ok(Self(Err(text))),
        }
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Ok(millis) => chrono::DateTime::<Utc>::from_timestamp_millis(*millis)
                .map_or(Value::Null, |at| Value::String(at.to_rfc3339_opts(SecondsFormat::Millis, true))),
            Err(text) => Value::String(text.clone()),
        }
    }
}

/// ISO 8601 calendar date, e.g. 2026-01-31.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(Result<NaiveDate, String>);

impl Date {
    pub fn from_text(text: &str) -> Self {
        Self(NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| text.to_owned()))
    }

    pub fn date(&self) -> Option<NaiveDate> {
        self.0.as_ref().ok().copied()
    }
}

/// ISO 8601 calendar date, e.g. 2026-01-31.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        Ok(Self::from_text(&text))
    }

    fn to_value(&self) -> Value {
        Value::String(match &self.0 {
            Ok(date) => date.to_string(),
            Err(text) => text.clone(),
        })
    }
}

/// An ISO 8601 duration, e.g. PT15M.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration(Result<std::time::Duration, String>);

impl Duration {
    pub fn of(duration: std::time::Duration) -> Self {
        Self(Ok(duration))
    }

    pub fn get(&self) -> Option<std::time::Duration> {
        self.0.as_ref().ok().copied()
    }
}

/// An ISO 8601 duration, e.g. PT15M.
#[Scalar]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        Ok(Self(duration::parse(&text).ok_or(text)))
    }

    fn to_value(&self) -> Value {
        Value::String(match &self.0 {
            Ok(duration) => duration::format(*duration),
            Err(text) => text.clone(),
        })
    }
}

/// Any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub serde_json::Value);

#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        // Every JSON value is a GraphQL value.
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// An absolute URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub String);

#[Scalar(name = "URL")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
