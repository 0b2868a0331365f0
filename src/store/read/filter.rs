//! The filters of the graph as conditions over a table `t`. Conditions AND together, values of a list OR.

use uuid::Uuid;

use crate::domain::{ApplicationOutcome, EmploymentType, JobStatus, RemoteWorkStatus};
use crate::store::sql::Sql;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    Job(JobFilter),
    Candidate(CandidateFilter),
    Application(ApplicationFilter),
    /// Only whether deleted records are shown.
    Any {
        include_deleted: bool,
    },
}

impl Default for Filter {
    fn default() -> Self {
        Self::Any { include_deleted: false }
    }
}

/// Every list is absent when nothing was said, and met by nothing when it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct JobFilter {
    pub ids: Option<Vec<Uuid>>,
    pub remote_ids: Option<Vec<String>>,
    pub codes: Option<Vec<String>>,
    pub statuses: Option<Vec<JobStatus>>,
    pub employment_types: Option<Vec<EmploymentType>>,
    pub remote_work_statuses: Option<Vec<RemoteWorkStatus>>,
    pub departments: Option<Vec<String>>,
    pub name_contains: Option<String>,
    pub confidential: Option<bool>,
    pub changed_after: Option<i64>,
    pub remote_created_after: Option<i64>,
    pub include_deleted: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CandidateFilter {
    pub ids: Option<Vec<Uuid>>,
    pub remote_ids: Option<Vec<String>>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub name_contains: Option<String>,
    pub sources: Option<Vec<String>>,
    pub tag_ids: Option<Vec<Uuid>>,
    pub tag_names: Option<Vec<String>>,
    pub job_ids: Option<Vec<Uuid>>,
    pub changed_after: Option<i64>,
    pub include_deleted: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ApplicationFilter {
    pub ids: Option<Vec<Uuid>>,
    pub remote_ids: Option<Vec<String>>,
    pub outcomes: Option<Vec<ApplicationOutcome>>,
    pub job_ids: Option<Vec<Uuid>>,
    pub candidate_ids: Option<Vec<Uuid>>,
    pub current_stage_ids: Option<Vec<Uuid>>,
    pub changed_after: Option<i64>,
    pub remote_created_after: Option<i64>,
    pub include_deleted: bool,
}

impl Filter {
    /// The remote ids that are asked for: the caller turns them into ids, which have an index.
    pub fn remote_ids(&self) -> Option<&[String]> {
        match self {
            Self::Job(filter) => filter.remote_ids.as_deref(),
            Self::Candidate(filter) => filter.remote_ids.as_deref(),
            Self::Application(filter) => filter.remote_ids.as_deref(),
            Self::Any { .. } => None,
        }
    }

    /// Appends ` AND …` for each condition. `t` is the table's alias.
    pub(super) fn write(&self, sql: &mut Sql, t: &str) {
        match self {
            Self::Job(filter) => filter.write(&mut Conditions { sql, t }),
            Self::Candidate(filter) => filter.write(&mut Conditions { sql, t }),
            Self::Application(filter) => filter.write(&mut Conditions { sql, t }),
            Self::Any { include_deleted } => Conditions { sql, t }.deleted(*include_deleted),
        }
    }
}

struct Conditions<'a> {
    sql: &'a mut Sql,
    t: &'a str,
}

impl Conditions<'_> {
    fn and(&mut self) -> &mut Sql {
        self.sql.push(" AND ")
    }

    fn column(&self, column: &str) -> String {
        format!("{}.{column}", self.t)
    }

    fn deleted(&mut self, include: bool) {
        if !include {
            let column = self.column("remote_deleted_at");
            self.and().push(&column).push(" IS NULL");
        }
    }

    fn uuids(&mut self, column: &str, values: Option<&Vec<Uuid>>) {
        if let Some(values) = values {
            let column = self.column(column);
            self.and().one_of(&column, values);
        }
    }

    fn texts(&mut self, column: &str, values: Option<&Vec<String>>) {
        if let Some(values) = values {
            let column = self.column(column);
            self.and().one_of(&column, values);
        }
    }

    fn words<T: Copy>(&mut self, column: &str, values: Option<&Vec<T>>, word: fn(T) -> &'static str) {
        let words = values.map(|values| values.iter().map(|value| word(*value).to_owned()).collect());
        self.texts(column, words.as_ref());
    }

    fn equals(&mut self, column: &str, value: Option<&String>) {
        if let Some(value) = value {
            let column = self.column(column);
            self.and().push(&column).push(" = ").bind(value.to_lowercase());
        }
    }

    fn after(&mut self, column: &str, time: Option<i64>) {
        if let Some(time) = time {
            let column = self.column(column);
            self.and().push(&column).push(" > ").bind(time);
        }
    }

    /// A related row exists: `SELECT 1 FROM <from> WHERE same integration AND <link> AND <values>`.
    fn exists(&mut self, from: &str, link: &str, one_of: &str, values: &[Uuid]) {
        let t = self.t.to_owned();
        self.and()
            .push("EXISTS (SELECT 1 FROM ")
            .push(from)
            .push(&format!(
                " WHERE x.integration_id = {t}.integration_id AND {link} = {t}.id AND x.remote_deleted_at IS NULL AND "
            ))
            .one_of(one_of, values)
            .push(")");
    }
}

impl JobFilter {
    fn write(&self, to: &mut Conditions<'_>) {
        to.deleted(self.include_deleted);
        to.uuids("id", self.ids.as_ref());
        to.texts("remote_id", self.remote_ids.as_ref());
        to.texts("code", self.codes.as_ref());
        to.words("status", self.statuses.as_ref(), JobStatus::as_str);
        to.words("employment_type", self.employment_types.as_ref(), EmploymentType::as_str);
        to.words("remote_work_status", self.remote_work_statuses.as_ref(), RemoteWorkStatus::as_str);
        to.texts("department", self.departments.as_ref());
        if let Some(part) = &self.name_contains {
            let column = to.column("name_sort");
            to.and().contains(&column, &part.to_lowercase());
        }
        if let Some(confidential) = self.confidential {
            let column = to.column("confidential");
            to.and().push(&column).push(" = ").bind(confidential);
        }
        to.after("changed_at", self.changed_after);
        to.after("remote_created_at", self.remote_created_after);
    }
}

impl CandidateFilter {
    fn write(&self, to: &mut Conditions<'_>) {
        to.deleted(self.include_deleted);
        to.uuids("id", self.ids.as_ref());
        to.texts("remote_id", self.remote_ids.as_ref());
        to.equals("email_key", self.email.as_ref());
        to.equals("first_name_sort", self.first_name.as_ref());
        to.equals("last_name_sort", self.last_name.as_ref());
        if let Some(part) = &self.name_contains {
            let (first, last) = (to.column("first_name_sort"), to.column("last_name_sort"));
            to.and().contains(&format!("({first} || ' ' || {last})"), &part.to_lowercase());
        }
        to.texts("source", self.sources.as_ref());
        if let Some(tags) = &self.tag_ids {
            to.exists("candidate_tags x", "x.candidate_id", "x.tag_id", tags);
        }
        if let Some(names) = &self.tag_names {
            let t = to.t.to_owned();
            to.and()
                .push("EXISTS (SELECT 1 FROM candidate_tags x JOIN tags g ON g.integration_id = x.integration_id ")
                .push("AND g.id = x.tag_id WHERE x.remote_deleted_at IS NULL ")
                .push(&format!("AND x.integration_id = {t}.integration_id AND x.candidate_id = {t}.id AND "))
                .one_of("g.name", names)
                .push(")");
        }
        if let Some(jobs) = &self.job_ids {
            to.exists("applications x", "x.candidate_id", "x.job_id", jobs);
        }
        to.after("changed_at", self.changed_after);
    }
}

impl ApplicationFilter {
    fn write(&self, to: &mut Conditions<'_>) {
        to.deleted(self.include_deleted);
        to.uuids("id", self.ids.as_ref());
        to.texts("remote_id", self.remote_ids.as_ref());
        to.words("outcome", self.outcomes.as_ref(), ApplicationOutcome::as_str);
        to.uuids("job_id", self.job_ids.as_ref());
        to.uuids("candidate_id", self.candidate_ids.as_ref());
        to.uuids("current_stage_id", self.current_stage_ids.as_ref());
        to.after("changed_at", self.changed_after);
        to.after("remote_created_at", self.remote_created_after);
    }
}
