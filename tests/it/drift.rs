//! The entities need nothing that the migrations do not make.

use hiregraph::store::entity;

use crate::on_both;
use crate::support::{Backend, TestApp};

on_both!(the_entities_fit_the_migrations);

async fn the_entities_fit_the_migrations(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.store.statements().listen();
    let connection = app.store.connection();
    let schema = connection
        .get_schema_builder()
        .register(entity::api_key::Entity)
        .register(entity::application::Entity)
        .register(entity::application_stage::Entity)
        .register(entity::candidate::Entity)
        .register(entity::candidate_tag::Entity)
        .register(entity::change::Entity)
        .register(entity::connect_link::Entity)
        .register(entity::counter::Entity)
        .register(entity::custom_field::Entity)
        .register(entity::due_children::Entity)
        .register(entity::held_deletion::Entity)
        .register(entity::hiring_team_member::Entity)
        .register(entity::integration::Entity)
        .register(entity::job::Entity)
        .register(entity::job_stage::Entity)
        .register(entity::model_status::Entity)
        .register(entity::payload::Entity)
        .register(entity::sync_run::Entity)
        .register(entity::sync_run_model::Entity)
        .register(entity::sync_seen::Entity)
        .register(entity::tag::Entity)
        .register(entity::targeted_record::Entity)
        .register(entity::tombstone::Entity)
        .register(entity::user::Entity)
        .register(entity::vendor_delivery::Entity)
        .register(entity::vendor_inbox::Entity)
        .register(entity::vendor_request::Entity)
        .register(entity::vendor_subscription::Entity)
        .register(entity::webhook_attempt::Entity)
        .register(entity::webhook_delivery::Entity)
        .register(entity::webhook_endpoint::Entity)
        .register(entity::webhook_event::Entity)
        .register(entity::webhook_lane::Entity);
    schema.sync(connection).await.unwrap();
    let heard = app.store.statements().heard();
    assert!(!heard.is_empty(), "the tables were not looked at");
    let changing: Vec<_> = heard
        .into_iter()
        .filter(|text| ["CREATE", "ALTER", "DROP"].iter().any(|verb| text.starts_with(verb)))
        .collect();
    assert_eq!(changing, Vec::<String>::new());
}
