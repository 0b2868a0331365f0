//! Single records are what a sync reads of them, to the letter.

use std::collections::BTreeMap;

use super::simulated::{everything, tenant};
use crate::connectors::connector::Connector;
use crate::connectors::error::ErrorKind;
use crate::connectors::traffit::Traffit;
use crate::domain::{RecordType, Snapshot};

fn by_id(records: Vec<Snapshot>) -> BTreeMap<uuid::Uuid, Snapshot> {
    records.into_iter().map(|snapshot| (snapshot.id, snapshot)).collect()
}

#[tokio::test]
async fn single_records_agree_with_a_sync() {
    for faults in [&[][..], &["history-ignores-sort", "text-ids"], &["no-page-headers"]] {
        let tenant = tenant(40, 12, faults).await;
        let all = everything(&tenant.account).await;
        for of in [RecordType::User, RecordType::Candidate, RecordType::Job, RecordType::Application] {
            let mut wanted: Vec<_> = all.remote_ids(of).into_iter().map(|id| (of, id)).collect();
            let gone = (of, if of == RecordType::Application { "1:99999" } else { "99999" }.to_owned());
            wanted.push(gone.clone());
            let fetched = Traffit.fetch(&tenant.account, &wanted).await.unwrap();
            assert_eq!(fetched.gone, [gone], "{faults:?} {of}");
            let with: &[RecordType] = match of {
                RecordType::Job => &[RecordType::JobStage, RecordType::HiringTeamMember],
                RecordType::Candidate => &[RecordType::CandidateTag, RecordType::Tag],
                _ => &[],
            };
            let mut expected = all.records.clone();
            expected.retain(|one| one.record.record_type() == of || with.contains(&one.record.record_type()));
            assert_eq!(by_id(fetched.records), by_id(expected), "{faults:?} {of}");
        }
    }
}

#[tokio::test]
async fn what_was_taken_out_of_its_job_is_gone_and_its_ledger_row_means_nothing() {
    let tenant = tenant(40, 6, &["gone-410"]).await;
    let (job, candidate) = tenant.simulator.edit(|account| {
        let job = account.job_ids().into_iter().find(|job| !account.members_of(*job).is_empty()).unwrap();
        let candidate = account.members_of(job)[0];
        account.remove_member(job, candidate);
        (job, candidate)
    });
    let wanted = [
        (RecordType::Application, format!("{job}:{candidate}")),
        (RecordType::Application, "77777:1".to_owned()),
        (RecordType::Job, "77777".to_owned()),
    ];
    let fetched = Traffit.fetch(&tenant.account, &wanted).await.unwrap();
    let mut gone = fetched.gone;
    gone.sort();
    let mut expected = wanted.to_vec();
    expected.sort();
    assert_eq!((fetched.records.len(), gone), (0, expected));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_error_when_it_was_asked_for_alone() {
    let tenant = tenant(10, 3, &["garbage-employee=3"]).await;
    let candidate = |id: &str| (RecordType::Candidate, id.to_owned());
    let error = Traffit.fetch(&tenant.account, &[candidate("3")]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Shape);
    let fetched = Traffit.fetch(&tenant.account, &[candidate("3"), candidate("4")]).await.unwrap();
    assert!(fetched.gone.is_empty());
    let read = fetched.records.iter().filter(|one| one.record.record_type() == RecordType::Candidate);
    assert_eq!(read.map(|one| one.record.remote_id()).collect::<Vec<_>>(), [Some("4")]);
    let error = Traffit.fetch(&tenant.account, &[(RecordType::Tag, "1".into())]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
}
