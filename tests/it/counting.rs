//! A list of which only the size is asked for is counted, for all parents at once, and none of its pages is read.

use crate::on_both;
use crate::support::{Backend, TestApp};

on_both!(a_size_alone_reads_no_page);

async fn a_size_alone_reads_no_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected("traffit").await;
    let statements = async |jobs: u8| {
        let query = format!(
            "{{ jobs(first: {jobs}) {{ nodes {{ applications {{ totalCount }} \
             hired: applications(filter: {{outcomes: [HIRED]}}) {{ totalCount }} }} }} }}"
        );
        let before = app.store.statements().count();
        let answer = app.query(&query).await;
        assert_eq!(answer["jobs"]["nodes"].as_array().map(Vec::len), Some(usize::from(jobs)), "{answer:#}");
        app.store.statements().count() - before
    };
    // The first one also reads which integrations there are.
    statements(1).await;
    let of_one = statements(1).await;
    assert_eq!(statements(10).await, of_one);
}
