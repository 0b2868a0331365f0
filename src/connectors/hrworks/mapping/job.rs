//! One job out of a post and its offers, with the stages that every job has.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::client::POSTS;
use super::super::wire::{self, Post, PostOffer};
use super::status::Statuses;
use super::{employment, integration_fields, location, moment, payload, time};
use crate::connectors::vendor_http::decode;
use crate::domain::{IdSpace, IntegrationField, Job, JobStage, JobStatus, Payload, Snapshot};

/// The sections of a post's description, in their order.
const SECTIONS: [&str; 5] = ["introduction", "tasks", "profile", "offer", "summary"];

/// What a label is worth whose key says that nothing was chosen.
const NOT_SPECIFIED: &str = "notSpecified";

/// How a post names its organization unit.
#[derive(Debug, Clone, Copy)]
pub enum Department<'a> {
    Uuid(&'a str),
    Number(&'a str),
}

/// The job and its job stages.
pub fn job(
    ids: &IdSpace,
    row: Value,
    statuses: &Statuses,
    department: impl Fn(Department<'_>) -> Option<String>,
    unread: &mut Vec<String>,
) -> Result<Vec<Snapshot>, String> {
    let post: Post = decode(&row)?;
    let remote_id = post.known_as.id().ok_or("neither uuid nor key is present")?.to_owned();
    let description = description(&post);
    let remote_created_at =
        post.post_offers.iter().filter_map(|offer| time::parse(offer.publication_date.as_deref()?)).min();
    let (at, offer) = primary(post.post_offers).map_or((None, PostOffer::default()), |(at, offer)| (Some(at), offer));
    let (employment_type, employment_type_raw) = employment::employment_type(&offer);
    let (remote_work_status, remote_work_status_raw) = employment::remote_work(&offer);
    let unit = post.organization_unit_uuid.as_deref().and_then(|uuid| department(Department::Uuid(uuid)));
    let unit = unit.or_else(|| department(Department::Number(post.organization_unit_number.as_deref()?)));
    let record = Job {
        name: post.display_name.or(post.name),
        description: Some([description, offer.description].into_iter().flatten().collect::<Vec<_>>().join("\n"))
            .filter(|text| !text.is_empty()),
        employment_type,
        employment_type_raw,
        status: post.is_active.map(|active| if active { JobStatus::Open } else { JobStatus::Closed }),
        category: post.scope_of_activities.filter(|_| is_specified(post.scope_of_activities_key.as_deref())),
        department: unit,
        experience_level: offer.career_level.filter(|_| is_specified(offer.career_level_key.as_deref())),
        remote_work_status,
        remote_work_status_raw,
        location: offer
            .permanent_establishments
            .into_iter()
            .next()
            .and_then(|establishment| location::of_establishment(establishment, unread)),
        opened_at: moment(offer.publication_date.as_deref(), "publicationDate", unread),
        closed_at: moment(offer.valid_until_date.as_deref(), "validUntilDate", unread),
        remote_created_at,
        contact: post.contact_information.contact_person.into_id().map(|user| ids.user(&user)),
        integration_fields: attributes(&row, at),
        code: post.known_as.key,
        remote_id: remote_id.clone(),
        ..Job::default()
    };
    let mut snapshots = vec![Snapshot::new(ids.job(&remote_id), record, payload(POSTS.endpoint, row))];
    snapshots.extend((0..).zip(statuses.identifiers()).map(|(index, stage)| {
        let record = JobStage { index: Some(index), job: ids.job(&remote_id), stage: ids.stage(stage) };
        Snapshot::new(ids.job_stage(&remote_id, stage), record, Payload::new())
    }));
    Ok(snapshots)
}

/// The offer that somebody who applies now applies for: the one that speaks for the post, if it is active.
pub fn open_offer(offers: Vec<PostOffer>) -> Option<PostOffer> {
    primary(offers).map(|(_, offer)| offer).filter(|offer| offer.is_active == Some(true))
}

/// The offer that speaks for the post, with its place in the list (reference §5.2).
fn primary(offers: Vec<PostOffer>) -> Option<(usize, PostOffer)> {
    offers.into_iter().enumerate().max_by_key(|(at, offer)| rank(*at, offer))
}

fn rank(at: usize, offer: &PostOffer) -> (bool, Option<DateTime<Utc>>, Reverse<usize>) {
    (offer.is_active == Some(true), offer.publication_date.as_deref().and_then(time::parse), Reverse(at))
}

fn is_specified(key: Option<&str>) -> bool {
    key != Some(NOT_SPECIFIED)
}

/// Titles are text, descriptions HTML.
fn description(post: &Post) -> Option<String> {
    let mut parts = Vec::new();
    let sections = SECTIONS.iter().filter_map(|name| post.post_descriptions.get(*name)?.as_ref());
    for wire::Section { title, description } in sections {
        parts.extend(title.as_deref().map(|title| format!("<h3>{}</h3>", escaped(title))));
        parts.extend(description.clone());
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What HR WORKS tells of a post and its primary offer that has no field of ours.
fn attributes(post: &Value, primary: Option<usize>) -> Vec<IntegrationField> {
    let of_post = [
        ("name", "/name"),
        ("organizationUnitNumber", "/organizationUnitNumber"),
        ("contactInformation.phone", "/contactInformation/phone"),
        ("contactInformation.email", "/contactInformation/email"),
        ("postImageUrl", "/postImageUrl"),
        ("howDidYouHearAboutUsOptions", "/howDidYouHearAboutUsOptions"),
    ];
    let of_offer = [
        ("postOffer.id", "/id"),
        ("postOffer.displayName", "/displayName"),
        ("postOffer.postOfferNameSuffix", "/postOfferNameSuffix"),
        ("postOffer.jobPortal", "/jobPortal"),
        ("postOffer.priority", "/priority"),
        ("postOffer.workingTimeModel", "/workingTimeModel"),
        ("postOffer.employmentContract", "/employmentContract"),
    ];
    let offers = post.get("postOffers");
    let count = offers.and_then(Value::as_array).map(|offers| json!(offers.len()));
    let offer = primary.and_then(|at| offers?.get(at));
    // Without a display name, the internal one is the job's name already.
    let is_named = wire::text_of(post, "displayName").is_some();
    let of_post = of_post.into_iter().filter(|(key, _)| *key != "name" || is_named);
    let from_post = of_post.map(|(key, pointer)| (key, post.pointer(pointer).cloned()));
    let from_offer =
        of_offer.into_iter().map(|(key, pointer)| (key, offer.and_then(|offer| offer.pointer(pointer).cloned())));
    integration_fields(from_post.chain(from_offer).chain([("postOffers", count)]))
}
