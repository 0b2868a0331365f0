//! Which candidate has which tag.

crate::store::entity::record_entity!(
    "candidate_tags",
    CandidateTag,
    candidate_id CandidateId Uuid,
    tag_id TagId Uuid,
);
