//! Jobs. `name_sort` is the name in lower case, for orders and searches.

use super::Json;
use crate::domain::{IntegrationField, Location};

crate::store::entity::record_entity!(
    "jobs",
    Job,
    name Name Option<String>,
    name_sort NameSort String,
    code Code Option<String>,
    confidential Confidential Option<bool>,
    status Status Option<String>,
    status_raw StatusRaw Option<String>,
    category Category Option<String>,
    department Department Option<String>,
    employment_type EmploymentType Option<String>,
    employment_type_raw EmploymentTypeRaw Option<String>,
    experience_level ExperienceLevel Option<String>,
    remote_work_status RemoteWorkStatus Option<String>,
    remote_work_status_raw RemoteWorkStatusRaw Option<String>,
    location Location Option<Json<Location>>,
    post_url PostUrl Option<String>,
    opened_at OpenedAt Option<i64>,
    closed_at ClosedAt Option<i64>,
    remote_created_at RemoteCreatedAt Option<i64>,
    contact_id ContactId Option<Uuid>,
    integration_fields IntegrationFields Json<Vec<IntegrationField>>,
    description Description Option<String>,
);
