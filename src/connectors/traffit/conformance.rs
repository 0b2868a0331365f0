//! TRAFFIT's simulator for the conformance suite.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::simulator::{Account, Advert, Candidate, Options, Record, SCOPES, Simulator};
use crate::connectors::conformance::{Called, Entry, Simulated, clock};
use crate::domain::RecordType;

pub const ENTRY: Entry = Entry { slug: "traffit", start };

struct Tenant {
    simulator: Simulator,
    credentials: [(&'static str, String); 3],
    _server: JoinSet<()>,
}

fn start(listener: TcpListener) -> Box<dyn Simulated> {
    // Every oddity of the seed, and two pages of candidates.
    let options = Options { candidates: 120, jobs: 24, ..Options::new(clock()) };
    let (id, secret) = (options.client_id.clone(), options.client_secret.clone());
    let credentials = [("subdomain", "acme".to_owned()), ("clientId", id), ("clientSecret", secret)];
    let simulator = Simulator::new(options);
    let mut server = JoinSet::new();
    let served = simulator.clone();
    server.spawn(async move { served.serve(listener, std::future::pending()).await.expect("serves") });
    Box::new(Tenant { simulator, credentials, _server: server })
}

impl Simulated for Tenant {
    fn credentials(&self) -> Vec<(&'static str, String)> {
        self.credentials.to_vec()
    }

    fn spoil(&self, of: RecordType) -> Option<String> {
        self.simulator
            .edit(|account| match of {
                RecordType::User => garbage(account, Record::User, 40),
                RecordType::Job => garbage(account, Record::Recruitment, 3),
                RecordType::Candidate => garbage(account, Record::Employee, 7),
                RecordType::ApplicationStage => {
                    let states = &account.workflow(4)?.states;
                    let spoiled = states.first()?.id;
                    let rows: Value = states
                        .iter()
                        .map(|state| match state.id == spoiled {
                            true => json!({"id": state.id, "name": ["?"]}),
                            false => {
                                json!({"id": state.id, "name": state.name, "type": state.kind, "order": state.order})
                            }
                        })
                        .collect();
                    account.serve_as(Record::Workflow, 4, json!({"id": 4, "name": "B2B", "states": rows}));
                    Some(spoiled.to_string())
                }
                RecordType::Application => {
                    let (job, candidate) = (1, *account.members_of(1).first()?);
                    let row = account.current_row(job, candidate)?;
                    let garbage = json!({"id": row, "employee": {"id": candidate}, "recruitment": {"id": job},
                    "workflow_state": {"name": "no id"}});
                    account.serve_as(Record::History, row, garbage);
                    Some(format!("{job}:{candidate}"))
                }
                RecordType::CandidateTag => Some("9".to_owned()),
                // They come with their job or with the link to them.
                RecordType::JobStage | RecordType::HiringTeamMember | RecordType::Tag => None,
            })
            .inspect(|id| {
                if of == RecordType::CandidateTag {
                    let fault = format!("html-200@/api/integration/v2/employees/{id}/tags");
                    self.simulator.set_faults(vec![fault.parse().expect("a fault")]);
                }
            })
    }

    fn forbid(&self, of: RecordType) -> bool {
        let without: &[&str] = match of {
            RecordType::User => &["user"],
            // Either of the two opens workflows (§1.2).
            RecordType::ApplicationStage | RecordType::JobStage => &["workflow", "dictionary"],
            RecordType::Job | RecordType::HiringTeamMember => &["recruitment"],
            RecordType::Candidate | RecordType::Tag | RecordType::CandidateTag | RecordType::Application => {
                &["employee"]
            }
        };
        let scopes: Vec<&str> = SCOPES.into_iter().filter(|scope| !without.contains(scope)).collect();
        self.simulator.edit(|account| account.set_scopes(&scopes));
        true
    }

    fn happen(&self, event: &str) -> Vec<Called> {
        let deliveries = self.simulator.edit(|account| {
            account.take_deliveries();
            let candidate = account.add_candidate(Candidate::new("Nowa", "Osoba", "nowa@example.test"));
            let job = account.job_ids()[0];
            let hired = account.state_by_kind(job, "end-good");
            match event {
                "candidate_created" => true,
                "candidate_deleted" => account.delete_candidate(candidate),
                "candidate_soft_deleted" => account.anonymise_candidate(candidate),
                "candidate_merged" => account.merge_candidates(1, candidate),
                "candidate_applied" => account.apply(job, candidate),
                "candidate_added_to_job" => account.add_member(job, candidate),
                "candidate_moved_in_job" | "candidate_hired" => {
                    account.add_member(job, candidate) && hired.is_some_and(|to| account.move_to(job, candidate, to))
                }
                "candidate_removed_from_job" => {
                    account.add_member(job, candidate) && account.remove_member(job, candidate)
                }
                "job_created" => {
                    let job = account.job(job).expect("a job").clone();
                    account.add_job(job) > 0
                }
                "job_updated" => account.close_job(job),
                "job_deleted" => {
                    account.publish(job, Advert::new("Rust", "<p>x</p>"));
                    account.unpublish(job) > 0
                }
                _ => false,
            };
            account.take_deliveries()
        });
        let called = deliveries.into_iter().filter(|delivery| delivery.kind == event);
        called.map(|one| Called { url: one.url, headers: one.headers, body: one.body }).collect()
    }

    fn forbid_webhooks(&self) {
        let scopes: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "webhook").collect();
        self.simulator.edit(|account| account.set_scopes(&scopes));
    }
}

fn garbage(account: &mut Account, record: Record, id: i64) -> Option<String> {
    account.serve_as(record, id, json!({"id": id, "name": {"?": 1}}));
    Some(id.to_string())
}
