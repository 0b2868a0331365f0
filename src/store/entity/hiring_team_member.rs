//! Who hires for which job.

use super::Json;
use crate::domain::HiringTeamRole;

crate::store::entity::record_entity!(
    "hiring_team_members",
    HiringTeamMember,
    roles Roles Json<Vec<HiringTeamRole>>,
    job_id JobId Uuid,
    user_id UserId Uuid,
);
