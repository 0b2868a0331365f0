//! Rows from records, and records from rows. Nothing else knows both.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entity::{
    Json, RecordRow, application, application_stage, candidate, candidate_tag, hiring_team_member, job, job_stage, tag,
    user,
};
use crate::domain::text::sort_key;
use crate::domain::{
    Application, ApplicationOutcome, ApplicationStage, Candidate, CandidateTag, EmploymentType, HiringTeamMember, Id,
    Job, JobStage, JobStatus, Record, RemoteWorkStatus, Tag, User,
};

/// Milliseconds since 1970, as times are stored.
pub fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

fn time(millis: Option<i64>) -> Option<DateTime<Utc>> {
    millis.and_then(DateTime::from_timestamp_millis)
}

/// What the engine says of a row beside the record itself.
pub(super) struct About {
    pub integration_id: Uuid,
    pub id: Uuid,
    pub changed_at: i64,
    pub fingerprint: Vec<u8>,
}

/// A row type and its record.
pub(super) trait Stored: RecordRow {
    /// None when the record is of another type.
    fn row(record: &Record, about: About) -> Option<Self>;
    fn record(&self) -> Record;
}

macro_rules! stored {
    ($entity:ident, $record:ident, |$from:ident| { $($field:ident: $value:expr),+ $(,)? }, |$row:ident| $back:expr) => {
        impl Stored for $entity::Model {
            fn row(record: &Record, about: About) -> Option<Self> {
                let Record::$record($from) = record else { return None };
                Some(Self {
                    integration_id: about.integration_id,
                    id: about.id,
                    remote_id: record.remote_id().map(str::to_owned),
                    changed_at: about.changed_at,
                    remote_deleted_at: None,
                    fingerprint: about.fingerprint,
                    $($field: $value),+
                })
            }

            fn record(&self) -> Record {
                let $row = self;
                $back.into()
            }
        }
    };
}

stored!(
    user,
    User,
    |from| {
        first_name: from.first_name.clone(),
        last_name: from.last_name.clone(),
        email: from.email.clone(),
    },
    |row| User {
        remote_id: row.remote_id.clone().unwrap_or_default(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        email: row.email.clone(),
    }
);

stored!(
    job,
    Job,
    |from| {
        name: from.name.clone(),
        name_sort: sort_key(from.name.as_deref()),
        code: from.code.clone(),
        confidential: from.confidential,
        status: from.status.map(|status| status.as_str().to_owned()),
        status_raw: from.status_raw.clone(),
        category: from.category.clone(),
        department: from.department.clone(),
        employment_type: from.employment_type.map(|kind| kind.as_str().to_owned()),
        employment_type_raw: from.employment_type_raw.clone(),
        experience_level: from.experience_level.clone(),
        remote_work_status: from.remote_work_status.map(|status| status.as_str().to_owned()),
        remote_work_status_raw: from.remote_work_status_raw.clone(),
        location: from.location.clone().map(Json),
        post_url: from.post_url.clone(),
        opened_at: from.opened_at.map(millis),
        closed_at: from.closed_at.map(millis),
        remote_created_at: from.remote_created_at.map(millis),
        contact_id: from.contact.map(Id::uuid),
        integration_fields: Json(from.integration_fields.clone()),
        description: from.description.clone(),
    },
    |row| Job {
        remote_id: row.remote_id.clone().unwrap_or_default(),
        name: row.name.clone(),
        code: row.code.clone(),
        description: row.description.clone(),
        confidential: row.confidential,
        status: row.status.as_deref().and_then(JobStatus::parse),
        status_raw: row.status_raw.clone(),
        category: row.category.clone(),
        department: row.department.clone(),
        employment_type: row.employment_type.as_deref().and_then(EmploymentType::parse),
        employment_type_raw: row.employment_type_raw.clone(),
        experience_level: row.experience_level.clone(),
        remote_work_status: row.remote_work_status.as_deref().and_then(RemoteWorkStatus::parse),
        remote_work_status_raw: row.remote_work_status_raw.clone(),
        location: row.location.clone().map(|json| json.0),
        post_url: row.post_url.clone(),
        opened_at: time(row.opened_at),
        closed_at: time(row.closed_at),
        remote_created_at: time(row.remote_created_at),
        contact: row.contact_id.map(Id::from_uuid),
        integration_fields: row.integration_fields.0.clone(),
    }
);

stored!(
    candidate,
    Candidate,
    |from| {
        first_name: from.first_name.clone(),
        first_name_sort: sort_key(from.first_name.as_deref()),
        last_name: from.last_name.clone(),
        last_name_sort: sort_key(from.last_name.as_deref()),
        title: from.title.clone(),
        source: from.source.clone(),
        phone_numbers: Json(from.phone_numbers.clone()),
        email_addresses: Json(from.email_addresses.clone()),
        email_key: from.email_addresses.first().map(|email| email.address.to_lowercase()),
        location: from.location.clone().map(Json),
        remote_created_at: from.remote_created_at.map(millis),
        integration_fields: Json(from.integration_fields.clone()),
    },
    |row| Candidate {
        remote_id: row.remote_id.clone().unwrap_or_default(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        title: row.title.clone(),
        source: row.source.clone(),
        phone_numbers: row.phone_numbers.0.clone(),
        email_addresses: row.email_addresses.0.clone(),
        location: row.location.clone().map(|json| json.0),
        remote_created_at: time(row.remote_created_at),
        integration_fields: row.integration_fields.0.clone(),
    }
);

stored!(
    application,
    Application,
    |from| {
        outcome: from.outcome.map(|outcome| outcome.as_str().to_owned()),
        rejected_at: from.rejected_at.map(millis),
        remote_created_at: from.remote_created_at.map(millis),
        current_stage_id: from.current_stage.map(Id::uuid),
        job_id: from.job.map(Id::uuid),
        candidate_id: from.candidate.map(Id::uuid),
        integration_fields: Json(from.integration_fields.clone()),
    },
    |row| Application {
        remote_id: row.remote_id.clone().unwrap_or_default(),
        outcome: row.outcome.as_deref().and_then(ApplicationOutcome::parse),
        rejected_at: time(row.rejected_at),
        remote_created_at: time(row.remote_created_at),
        current_stage: row.current_stage_id.map(Id::from_uuid),
        job: row.job_id.map(Id::from_uuid),
        candidate: row.candidate_id.map(Id::from_uuid),
        integration_fields: row.integration_fields.0.clone(),
    }
);

stored!(
    application_stage,
    ApplicationStage,
    |from| {
        name: from.name.clone(),
        global_index: from.global_index,
    },
    |row| ApplicationStage {
        remote_id: row.remote_id.clone().unwrap_or_default(),
        name: row.name.clone(),
        global_index: row.global_index,
    }
);

stored!(
    job_stage,
    JobStage,
    |from| {
        position: from.index,
        job_id: from.job.uuid(),
        stage_id: from.stage.uuid(),
    },
    |row| JobStage { index: row.position, job: Id::from_uuid(row.job_id), stage: Id::from_uuid(row.stage_id) }
);

stored!(
    tag,
    Tag,
    |from| { name: from.name.clone() },
    |row| Tag { remote_id: row.remote_id.clone().unwrap_or_default(), name: row.name.clone() }
);

stored!(
    candidate_tag,
    CandidateTag,
    |from| {
        candidate_id: from.candidate.uuid(),
        tag_id: from.tag.uuid(),
    },
    |row| CandidateTag { candidate: Id::from_uuid(row.candidate_id), tag: Id::from_uuid(row.tag_id) }
);

stored!(
    hiring_team_member,
    HiringTeamMember,
    |from| {
        roles: Json(from.roles.clone()),
        job_id: from.job.uuid(),
        user_id: from.user.uuid(),
    },
    |row| HiringTeamMember {
        roles: row.roles.0.clone(),
        job: Id::from_uuid(row.job_id),
        user: Id::from_uuid(row.user_id),
    }
);
