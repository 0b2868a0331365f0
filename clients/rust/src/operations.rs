//! The operations of `../operations.graphql` that the example asks. Their types are made when this is compiled, so that
//! they cannot be older than the schema.

use graphql_client::GraphQLQuery;

type Date = String;
type Duration = String;
#[expect(clippy::upper_case_acronyms, reason = "the scalar's name in the schema")]
type URL = String;

// The types are made anew when the schema has changed, which the derive does not look at.
const _: &str = include_str!("../../../schema.graphql");

macro_rules! operations {
    ($($name:ident),* $(,)?) => {
        $(
            #[derive(GraphQLQuery)]
            #[graphql(
                schema_path = "../../schema.graphql",
                query_path = "../operations.graphql",
                response_derives = "Debug, PartialEq",
                variables_derives = "Default",
                skip_serializing_none
            )]
            pub struct $name;
        )*
    };
}

operations!(WritableActions, OpenJobs, JobStages, Apply, MoveToStage, FeedEnd, ApplicationChanges);

/// What makes the inputs' defaults wants one of every type within, also where there is none by nature.
impl Default for apply::SalaryPeriod {
    fn default() -> Self {
        Self::YEAR
    }
}
