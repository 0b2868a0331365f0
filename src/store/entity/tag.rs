//! Tags.

crate::store::entity::record_entity!("tags", Tag, name Name Option<String>);
