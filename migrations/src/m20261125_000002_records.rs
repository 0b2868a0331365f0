//! One table a record type. Each index begins with the integration, so that the tables can be spread by it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, boolean_null, integer_null, json, json_null, text_null, uuid, uuid_null,
};

use crate::columns::{clustered, index, record_table, sorted_text, time_or_first};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (candidates, tags) = (candidates(manager), tags(manager));
        for table in [users(), candidates, applications(), stages(), job_stages(), tags, candidate_tags(), team()] {
            manager.create_table(clustered(manager, table)).await?;
        }
        // Descriptions are too wide for a clustered tree.
        manager.create_table(jobs(manager)).await?;
        for table in ["users", "jobs", "candidates", "applications", "application_stages", "tags"] {
            index(manager, table, "changed_at", "changed_at, id").await?;
        }
        let created = format!("{}, id", time_or_first("remote_created_at"));
        for table in ["jobs", "candidates", "applications"] {
            index(manager, table, "remote_created_at", &created).await?;
        }
        index(manager, "jobs", "opened_at", &format!("{}, id", time_or_first("opened_at"))).await?;
        index(manager, "jobs", "name", "name_sort, id").await?;
        index(manager, "candidates", "last_name", "last_name_sort, id").await?;
        index(manager, "candidates", "email", "email_key").await?;
        index(manager, "applications", "job", "job_id, changed_at, id").await?;
        index(manager, "applications", "candidate", "candidate_id, changed_at, id").await?;
        index(manager, "applications", "stage", "current_stage_id, changed_at, id").await?;
        index(manager, "job_stages", "job", "job_id, position, id").await?;
        index(manager, "candidate_tags", "candidate", "candidate_id, tag_id").await?;
        index(manager, "candidate_tags", "tag", "tag_id, candidate_id").await?;
        index(manager, "hiring_team_members", "job", "job_id, id").await?;
        index(manager, "hiring_team_members", "user", "user_id, changed_at, id").await
    }
}

fn users() -> TableCreateStatement {
    record_table("users").col(text_null("first_name")).col(text_null("last_name")).col(text_null("email")).take()
}

fn jobs(manager: &SchemaManager<'_>) -> TableCreateStatement {
    record_table("jobs")
        .col(text_null("name"))
        .col(sorted_text(manager, "name_sort").not_null())
        .col(text_null("code"))
        .col(boolean_null("confidential"))
        .col(text_null("status"))
        .col(text_null("status_raw"))
        .col(text_null("category"))
        .col(text_null("department"))
        .col(text_null("employment_type"))
        .col(text_null("employment_type_raw"))
        .col(text_null("experience_level"))
        .col(text_null("remote_work_status"))
        .col(text_null("remote_work_status_raw"))
        .col(json_null("location"))
        .col(text_null("post_url"))
        .col(big_integer_null("opened_at"))
        .col(big_integer_null("closed_at"))
        .col(big_integer_null("remote_created_at"))
        .col(uuid_null("contact_id"))
        .col(json("integration_fields"))
        .col(text_null("description"))
        .take()
}

fn candidates(manager: &SchemaManager<'_>) -> TableCreateStatement {
    record_table("candidates")
        .col(text_null("first_name"))
        .col(sorted_text(manager, "first_name_sort").not_null())
        .col(text_null("last_name"))
        .col(sorted_text(manager, "last_name_sort").not_null())
        .col(text_null("title"))
        .col(text_null("source"))
        .col(json("phone_numbers"))
        .col(json("email_addresses"))
        // The first address in lower case, for look-ups.
        .col(text_null("email_key"))
        .col(json_null("location"))
        .col(big_integer_null("remote_created_at"))
        .col(json("integration_fields"))
        .take()
}

fn applications() -> TableCreateStatement {
    record_table("applications")
        .col(text_null("outcome"))
        .col(big_integer_null("rejected_at"))
        .col(big_integer_null("remote_created_at"))
        .col(uuid_null("current_stage_id"))
        .col(uuid_null("job_id"))
        .col(uuid_null("candidate_id"))
        .col(json("integration_fields"))
        .take()
}

fn stages() -> TableCreateStatement {
    record_table("application_stages").col(text_null("name")).col(integer_null("global_index")).take()
}

fn job_stages() -> TableCreateStatement {
    record_table("job_stages").col(integer_null("position")).col(uuid("job_id")).col(uuid("stage_id")).take()
}

fn tags(manager: &SchemaManager<'_>) -> TableCreateStatement {
    record_table("tags").col(sorted_text(manager, "name").null()).take()
}

fn candidate_tags() -> TableCreateStatement {
    record_table("candidate_tags").col(uuid("candidate_id")).col(uuid("tag_id")).take()
}

fn team() -> TableCreateStatement {
    record_table("hiring_team_members").col(json("roles")).col(uuid("job_id")).col(uuid("user_id")).take()
}
