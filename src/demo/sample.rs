//! The query that the demo begins with.

use crate::graphql::Graph;
use crate::store::Scoped;

/// The README shows it with its answer, so nothing in it depends on ids, which differ from run to run.
const QUERY: &str = "{ jobs(first: 3, orderBy: { field: NAME, direction: ASC }) { totalCount nodes { name status \
                     location { city country } integration { connector { name } } stages { stage { name } } \
                     applications { totalCount } hired: applications(filter: { outcomes: [HIRED] }) { totalCount } } } }";

/// As the body of a request.
pub fn request() -> String {
    serde_json::json!({ "query": QUERY }).to_string()
}

pub async fn answer(graph: &Graph, scoped: Scoped) -> Result<String, String> {
    let data = graph.answer(QUERY, scoped).await.map_err(|error| format!("the sample query failed: {error}"))?;
    serde_json::to_string_pretty(&serde_json::json!({ "data": data })).map_err(|error| error.to_string())
}
