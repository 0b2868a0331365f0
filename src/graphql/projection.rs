//! Which columns of each record type one selection reads anywhere below it. One set a type, so that a record
//! which is reached on two ways is complete on both.

use super::selection::{Field, nodes};
use crate::store::entity::{
    application, application_stage, candidate, candidate_tag, hiring_team_member, job, job_stage, tag, user,
};
use crate::store::{Columns, RecordRow};

#[derive(Debug, Default)]
pub struct Projection {
    users: Vec<user::Column>,
    jobs: Vec<job::Column>,
    candidates: Vec<candidate::Column>,
    applications: Vec<application::Column>,
    stages: Vec<application_stage::Column>,
    job_stages: Vec<job_stage::Column>,
    tags: Vec<tag::Column>,
    candidate_tags: Vec<candidate_tag::Column>,
    team: Vec<hiring_team_member::Column>,
}

/// A record type of the graph: what its fields need.
pub trait Projected: RecordRow {
    fn columns(projection: &Projection) -> Columns<Self>;
    /// Notes the columns that these fields need, here and on the records that they lead to.
    fn note(fields: &[&Field], projection: &mut Projection);
}

impl Projection {
    pub fn of<R: Projected>(fields: &[&Field]) -> Self {
        let mut projection = Self::default();
        R::note(fields, &mut projection);
        projection
    }
}

fn below(field: &Field) -> Vec<&Field> {
    field.children.iter().collect()
}

macro_rules! projected {
    ($entity:ident, $shelf:ident, |$field:ident, $projection:ident| {
        $($name:literal => [$($column:ident),*] $($rest:block)?),* $(,)?
    }) => {
        impl Projected for $entity::Model {
            fn columns(projection: &Projection) -> Columns<Self> {
                Columns::of(projection.$shelf.iter().copied())
            }

            fn note(fields: &[&Field], $projection: &mut Projection) {
                for $field in fields {
                    match $field.name.as_str() {
                        $($name => {
                            $projection.$shelf.extend([$($entity::Column::$column),*] as [$entity::Column; _]);
                            $($rest)?
                        })*
                        _ => {}
                    }
                }
            }
        }
    };
}

projected!(user, users, |field, projection| {
    "firstName" => [FirstName],
    "lastName" => [LastName],
    "email" => [Email],
    "hiringTeams" => [] { hiring_team_member::Model::note(&nodes(&field.children), projection) },
});

projected!(job, jobs, |field, projection| {
    "name" => [Name],
    "code" => [Code],
    "description" => [Description],
    "confidential" => [Confidential],
    "status" => [Status],
    "statusRaw" => [StatusRaw],
    "category" => [Category],
    "department" => [Department],
    "employmentType" => [EmploymentType],
    "employmentTypeRaw" => [EmploymentTypeRaw],
    "experienceLevel" => [ExperienceLevel],
    "remoteWorkStatus" => [RemoteWorkStatus],
    "remoteWorkStatusRaw" => [RemoteWorkStatusRaw],
    "location" => [Location],
    "postUrl" => [PostUrl],
    "openedAt" => [OpenedAt],
    "closedAt" => [ClosedAt],
    "remoteCreatedAt" => [RemoteCreatedAt],
    "integrationFields" => [IntegrationFields],
    "contact" => [ContactId] { user::Model::note(&below(field), projection) },
    "stages" => [] { job_stage::Model::note(&below(field), projection) },
    "hiringTeam" => [] {
        if field.has_argument("roles") {
            projection.team.push(hiring_team_member::Column::Roles);
        }
        hiring_team_member::Model::note(&below(field), projection);
    },
    "applications" => [] { application::Model::note(&nodes(&field.children), projection) },
});

projected!(candidate, candidates, |field, projection| {
    "firstName" => [FirstName],
    "lastName" => [LastName],
    "title" => [Title],
    "source" => [Source],
    "phoneNumbers" => [PhoneNumbers],
    "emailAddresses" => [EmailAddresses],
    "location" => [Location],
    "remoteCreatedAt" => [RemoteCreatedAt],
    "integrationFields" => [IntegrationFields],
    "tags" => [] { candidate_tag::Model::note(&below(field), projection) },
    "applications" => [] { application::Model::note(&nodes(&field.children), projection) },
});

projected!(application, applications, |field, projection| {
    "outcome" => [Outcome],
    "rejectedAt" => [RejectedAt],
    "remoteCreatedAt" => [RemoteCreatedAt],
    "integrationFields" => [IntegrationFields],
    "currentStage" => [CurrentStageId] { application_stage::Model::note(&below(field), projection) },
    "job" => [JobId] { job::Model::note(&below(field), projection) },
    "candidate" => [CandidateId] { candidate::Model::note(&below(field), projection) },
});

projected!(application_stage, stages, |field, projection| {
    "name" => [Name],
    "globalIndex" => [GlobalIndex],
    "applications" => [] { application::Model::note(&nodes(&field.children), projection) },
});

projected!(job_stage, job_stages, |field, projection| {
    "index" => [Position],
    "job" => [JobId] { job::Model::note(&below(field), projection) },
    "stage" => [StageId] { application_stage::Model::note(&below(field), projection) },
});

projected!(tag, tags, |field, projection| {
    "name" => [Name],
    "candidates" => [] { candidate::Model::note(&nodes(&field.children), projection) },
});

projected!(candidate_tag, candidate_tags, |field, projection| {
    "candidate" => [CandidateId] { candidate::Model::note(&below(field), projection) },
    "tag" => [TagId] { tag::Model::note(&below(field), projection) },
});

projected!(hiring_team_member, team, |field, projection| {
    "roles" => [Roles],
    "job" => [JobId] { job::Model::note(&below(field), projection) },
    "user" => [UserId] { user::Model::note(&below(field), projection) },
});
