//! Which of our two media types the caller wants.

use axum::http::{HeaderMap, header};

use super::refusal::{Kind, Refusal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was sound.
    GraphqlResponse,
    /// `application/json`, for callers that name neither: 200 for every well-formed request.
    Json,
}

impl MediaType {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "graphql-response+json",
            Self::Json => "json",
        }
    }
}

/// The media type with the highest quality. A caller that names both alike gets `application/graphql-response+json`;
/// one that sends no `accept`, or only wildcards, gets `application/json`, as the specification asks.
pub fn negotiate(headers: &HeaderMap) -> Result<MediaType, Refusal> {
    if !headers.contains_key(header::ACCEPT) {
        return Ok(MediaType::Json);
    }
    let ranges: Vec<Range> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    // The last of equals wins: a bare wildcard gives JSON, naming both gives the richer type.
    let offers = if ranges.iter().any(|range| range.subtype == MediaType::GraphqlResponse.subtype()) {
        [MediaType::Json, MediaType::GraphqlResponse]
    } else {
        [MediaType::GraphqlResponse, MediaType::Json]
    };
    offers
        .into_iter()
        .map(|media| (quality(media, &ranges), media))
        .filter(|(quality, _)| *quality > 0)
        .max_by_key(|(quality, _)| *quality)
        .map(|(_, media)| media)
        .ok_or_else(|| {
            let message = "accept: this endpoint answers with application/graphql-response+json or application/json, \
                           in utf-8";
            Refusal::new(Kind::NotAcceptable, message)
        })
}

/// Whether the answer may be a stream of events, which has to be asked for by name.
pub fn takes_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .any(|range| range.kind == "text" && range.subtype == "event-stream" && range.utf8 && range.quality > 0)
}

/// In thousandths; that of the most specific range that covers `media`.
fn quality(media: MediaType, ranges: &[Range]) -> u16 {
    let specific = |range: &&Range| (range.kind != "*", range.subtype != "*");
    ranges.iter().filter(|range| range.covers(media)).max_by_key(specific).map_or(0, |range| range.quality)
}

struct Range {
    kind: String,
    subtype: String,
    quality: u16,
    /// No charset, or utf-8, which is the only one we write.
    utf8: bool,
}

impl Range {
    /// None for what is not a media range; such an entry asks for nothing.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range =
            Self { kind: kind.to_ascii_lowercase(), subtype: subtype.to_ascii_lowercase(), quality: 1000, utf8: true };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.trim().eq_ignore_ascii_case("q") {
                range.quality = thousandths(value.trim())?;
            } else if name.trim().eq_ignore_ascii_case("charset") {
                range.utf8 = value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8");
            }
        }
        Some(range)
    }

    fn covers(&self, media: MediaType) -> bool {
        let kind = self.kind == "application" || (self.kind == "*" && self.subtype == "*");
        kind && self.utf8 && (self.subtype == "*" || self.subtype == media.subtype())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is between 0 and 1000")]
fn thousandths(quality: &str) -> Option<u16> {
    let value: f32 = quality.parse().ok()?;
    (0.0..=1.0).contains(&value).then(|| (value * 1000.0).round() as u16)
}
