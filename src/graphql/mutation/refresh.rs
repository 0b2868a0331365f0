//! Reading single records at their vendor now.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::write::patience;
use super::{UserError, errors};
use crate::actions::{Actions, Asked};
use crate::domain::{self, ErrorCode, NodeId, NodeType, Refusal};
use crate::graphql::node::{self, Record};
use crate::graphql::reads::scoped;
use crate::graphql::scalar::Duration;
use crate::graphql::selection::Field;

/// Records that one request names.
const MOST: usize = 100;

#[derive(Default)]
pub struct Refreshes;

#[derive(InputObject)]
pub struct RefreshRecordsInput {
    /// Of any record types and integrations; 100 at most.
    ids: Vec<ID>,
    /// How long to wait for the vendors; PT60S at most. A read that takes longer goes on.
    #[graphql(default_with = "Some(Duration::of(super::write::USUAL_WAIT))")]
    wait: Option<Duration>,
}

#[derive(SimpleObject)]
pub struct RefreshRecordsPayload {
    /// Those of the records that there are, as the mirror has them now.
    records: Vec<Record>,
    user_errors: Vec<UserError>,
}

#[Object]
impl Refreshes {
    /// Reads records at their vendors now and answers them from the mirror. It spends the vendor's request limit, which
    /// all syncs share: ask for what somebody waits for. `userErrors` name the place in `ids` of what was not read.
    async fn refresh_records(&self, ctx: &Context<'_>, input: RefreshRecordsInput) -> Result<RefreshRecordsPayload> {
        let operator = scoped(ctx)?.operate()?;
        scoped(ctx)?.records()?;
        let refused = |refusal| RefreshRecordsPayload { records: Vec::new(), user_errors: errors(vec![refusal]) };
        let patience = match patience(input.wait.as_ref()) {
            Ok(patience) => patience,
            Err(refusal) => return Ok(refused(refusal)),
        };
        if input.ids.len() > MOST {
            return Ok(refused(Refusal::input(&["input", "ids"], format!("must not name more than {MOST}"))));
        }
        let (asked, mut refusals) = asked(&input.ids);
        refusals.extend(ctx.data::<Actions>()?.refresh(&operator, &asked, patience).await?);
        Ok(RefreshRecordsPayload { records: read(ctx, &asked).await?, user_errors: errors(refusals) })
    }
}

/// Each record once, at its first place; what is no record's id is refused.
fn asked(ids: &[ID]) -> (Vec<Asked>, Vec<Refusal>) {
    let (mut asked, mut refusals): (Vec<Asked>, Vec<Refusal>) = (Vec::new(), Vec::new());
    for (place, id) in ids.iter().enumerate() {
        match NodeId::parse(id) {
            Some(NodeId { of: NodeType::Record(of), uuid: id }) => {
                if !asked.iter().any(|known| (known.of, known.id) == (of, id)) {
                    asked.push(Asked { place, of, id });
                }
            }
            _ => {
                let refusal = Refusal::new(ErrorCode::NotFound, "there is no such record");
                refusals.push(refusal.at(&["input", "ids", &place.to_string()]));
            }
        }
    }
    (asked, refusals)
}

/// In the order in which they were asked for.
async fn read(ctx: &Context<'_>, asked: &[Asked]) -> Result<Vec<Record>> {
    let selection = Field::below(ctx);
    let below: Vec<&Field> =
        selection.iter().filter(|field| field.name == "records").flat_map(|field| &field.children).collect();
    let mut by_type: BTreeMap<domain::RecordType, Vec<uuid::Uuid>> = BTreeMap::new();
    for one in asked {
        by_type.entry(one.of).or_default().push(one.id);
    }
    let mut found: HashMap<uuid::Uuid, Record> = HashMap::new();
    for (of, ids) in by_type {
        found.extend(node::records::<Record>(ctx, of, &ids, &below).await?);
    }
    Ok(asked.iter().filter_map(|one| found.remove(&one.id)).collect())
}
