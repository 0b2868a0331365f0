//! People who work in the vendor's system.

crate::store::entity::record_entity!(
    "users",
    User,
    first_name FirstName Option<String>,
    last_name LastName Option<String>,
    email Email Option<String>,
);
