//! Connection tests, features and the guide do what the manifest says of them.

use super::*;
use crate::connectors::error::ErrorKind;
use crate::connectors::guide;
use crate::connectors::manifest::FeatureKey;

fn supports(manifest: &Manifest, key: FeatureKey) -> bool {
    manifest.features.iter().any(|feature| feature.key == key && feature.supported)
}

#[tokio::test]
async fn a_good_account_passes_every_check_and_every_model_has_one() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let manifest = stand.manifest();
        let checks = connector.checks(&stand.account).await;
        let failed: Vec<_> = checks.iter().filter(|check| !check.passed).collect();
        assert!(failed.is_empty(), "{}: {failed:?}", manifest.slug);
        let names: BTreeSet<_> = checks.iter().map(|check| &check.name).collect();
        assert_eq!(names.len(), checks.len(), "{}: two checks have one name", manifest.slug);
        if supports(manifest, FeatureKey::PerModelTests) {
            let mut tested: Vec<_> = checks.iter().filter_map(|check| check.model).collect();
            let mut declared = manifest.record_types();
            tested.sort();
            declared.sort();
            assert_eq!(tested, declared, "{}", manifest.slug);
        }
        let of_permissions = checks.iter().skip(1).filter(|check| check.model.is_none()).count();
        assert_eq!(of_permissions > 0, supports(manifest, FeatureKey::ScopeTesting), "{}", manifest.slug);
    }
}

#[tokio::test]
async fn wrong_credentials_fail_one_check_that_says_what_to_do() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let secrets = stand.manifest().credentials.iter().filter(|field| field.secret);
        for field in secrets {
            let checks = connector.checks(&stand.account(&[(field.key, "not-the-secret")])).await;
            let [check] = checks.as_slice() else { panic!("{}: {checks:?}", field.key) };
            assert!(!check.passed && check.model.is_none(), "{check:?}");
            assert!(check.fix.is_some() && !check.message.contains("not-the-secret"), "{check:?}");
        }
    }
}

#[tokio::test]
async fn a_missing_permission_fails_the_check_of_its_models_and_their_streams() {
    for connector in Registry::default().all() {
        let slug = connector.manifest().slug;
        for of in connector.manifest().record_types() {
            let stand = stand(connector).await;
            if !stand.simulated.forbid(of) {
                continue;
            }
            // As it is for one who connects now: no token is held.
            let stand = Stand { account: stand.account(&[]), ..stand };
            let checks = connector.checks(&stand.account).await;
            assert!(checks.first().is_some_and(|check| check.passed), "{slug} {of}: {checks:?}");
            let check = checks.iter().find(|check| check.model == Some(of)).expect("a check for every model");
            assert!(!check.passed && check.fix.is_some(), "{slug} {of}: {check:?}");
            assert!(checks.iter().all(|check| check.passed || check.fix.is_some()), "{slug} {of}: {checks:?}");
            // What still passes its check can be read; what does not is an error, or said to be a problem.
            let mut carried = Carried::default();
            let mut blocked: Vec<&str> = Vec::new();
            for stream in stand.manifest().streams {
                let models = stream.models();
                let passes =
                    |model: &RecordType| checks.iter().any(|check| check.model == Some(*model) && check.passed);
                if let Reads::Children { .. } = stream.reads {
                    continue;
                }
                if blocked.contains(&stream.name) {
                    assert!(!models.iter().any(passes), "{slug} {of} {}: passes its check", stream.name);
                    continue;
                }
                match read(&**connector, &stand.account, (stream.name, None), &mut carried).await {
                    Ok(outcome) => {
                        let said = |model: &RecordType| outcome.problems.iter().any(|problem| problem.of == *model);
                        let silent: Vec<_> = models.iter().filter(|model| !passes(model) && !said(model)).collect();
                        assert!(silent.is_empty(), "{slug} {of} {}: {silent:?} are missing in silence", stream.name);
                    }
                    Err(error) => {
                        assert_eq!(error.kind, ErrorKind::Permission, "{slug} {of} {}: {error:?}", stream.name);
                        if let Reads::Carry { needed_by } = stream.reads {
                            blocked.extend(needed_by);
                        }
                        let passing: Vec<_> = models.iter().filter(|model| passes(model)).collect();
                        assert!(passing.is_empty(), "{slug} {of} {}: {passing:?} pass their check", stream.name);
                    }
                }
            }
        }
    }
}

#[test]
fn the_guide_parses_and_is_there_as_far_as_the_features_say() {
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        let slug = manifest.slug;
        let guide = guide::parse(manifest.guide);
        assert_eq!(!guide.prerequisites.is_empty(), supports(manifest, FeatureKey::Prerequisites), "{slug}");
        assert_eq!(!guide.steps.is_empty(), supports(manifest, FeatureKey::CreateCredentials), "{slug}");
        assert_eq!(!guide.steps.is_empty(), supports(manifest, FeatureKey::ConnectionGuide), "{slug}");
        for step in guide.steps.iter().chain(&guide.source_setup) {
            assert!(!step.title.is_empty() && !step.body.is_empty(), "{slug}: {step:?}");
        }
    }
}

#[test]
fn every_feature_is_declared_once_and_what_is_missing_says_why() {
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        let keys: Vec<_> = manifest.features.iter().map(|feature| feature.key).collect();
        for key in FeatureKey::ALL {
            let declared = keys.iter().filter(|declared| *declared == key).count();
            assert_eq!(declared, 1, "{} {key:?}", manifest.slug);
        }
        let silent: Vec<_> = manifest.features.iter().filter(|one| !one.supported && one.note.is_none()).collect();
        assert!(silent.is_empty(), "{}: {silent:?}", manifest.slug);
        let subscribes = manifest.webhook_events.iter().any(|event| event.covered);
        assert_eq!(supports(manifest, FeatureKey::WebhookSubscriptions), subscribes, "{}", manifest.slug);
    }
}
