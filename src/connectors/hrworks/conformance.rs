//! HR WORKS's simulator for the conformance suite.

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::simulator::{Account, Applicant, JobApplication, Options, Simulator};
use crate::connectors::conformance::{Called, Entry, Simulated, clock};
use crate::domain::RecordType;

pub const ENTRY: Entry = Entry { slug: "hrworks", start };

struct Tenant {
    simulator: Simulator,
    credentials: [(&'static str, String); 2],
    _server: JoinSet<()>,
}

fn start(listener: TcpListener) -> Box<dyn Simulated> {
    // Every oddity of the seed, and several pages of candidates and job applications.
    let options = Options { candidates: 120, jobs: 24, ..Options::new(clock()) };
    let (key, secret) = (options.access_key.clone(), options.secret_access_key.clone());
    let simulator = Simulator::new(options);
    let mut server = JoinSet::new();
    let served = simulator.clone();
    server.spawn(async move { served.serve(listener, std::future::pending()).await.expect("serves") });
    Box::new(Tenant { simulator, credentials: [("accessKey", key), ("secretAccessKey", secret)], _server: server })
}

impl Simulated for Tenant {
    fn credentials(&self) -> Vec<(&'static str, String)> {
        self.credentials.to_vec()
    }

    fn spoil(&self, of: RecordType) -> Option<String> {
        let ids: fn(&mut Account) -> Vec<String> = match of {
            RecordType::User => |held| held.user_ids(),
            RecordType::Job => |held| held.job_ids(),
            RecordType::Candidate => |held| held.candidate_ids(),
            RecordType::Application => |held| held.application_ids(),
            // Stages are no rows of HR WORKS's (quirk 5), and job stages come with their job.
            RecordType::ApplicationStage | RecordType::JobStage => return None,
            RecordType::HiringTeamMember | RecordType::Tag | RecordType::CandidateTag => return None,
        };
        let id = self.simulator.edit(ids).into_iter().nth(1)?;
        self.simulator.set_faults(vec![format!("garbage-row={id}").parse().expect("a fault")]);
        Some(id)
    }

    fn forbid(&self, of: RecordType) -> bool {
        let permission = match of {
            RecordType::User => "Persons:read",
            // Jobs need the names of their departments, too.
            RecordType::Job | RecordType::JobStage => "General:read",
            RecordType::ApplicationStage | RecordType::Candidate | RecordType::Application => {
                "Applicant Management:read"
            }
            RecordType::HiringTeamMember | RecordType::Tag | RecordType::CandidateTag => return false,
        };
        self.simulator.edit(|held| held.take_permission(permission));
        true
    }

    fn happen(&self, event: &str) -> Vec<Called> {
        let deliveries = self.simulator.edit(|held| {
            held.take_deliveries();
            let applicant = held.add_candidate(Applicant { first_name: "Neue".into(), ..Applicant::default() });
            let (post, now) = (held.job_keys()[0].clone(), held.now());
            held.add_application(JobApplication::new(&applicant, &post, now));
            if event != "applicant.resourceCreated" {
                held.take_deliveries();
            }
            match event {
                "applicant.resourceUpdated" => held.update_candidate(&applicant, |one| one.title = Some("Dr.".into())),
                "applicant.resourceDeleted" => held.delete_candidate(&applicant),
                _ => true,
            };
            held.take_deliveries()
        });
        deliveries.into_iter().map(|one| Called { url: one.url, headers: one.headers, body: one.body }).collect()
    }

    fn forbid_webhooks(&self) {
        self.simulator.edit(|held| {
            held.take_permission("Utility:read");
            held.take_permission("Utility:write");
        });
    }
}
