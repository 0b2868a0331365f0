//! The tables as SeaORM entities, with the relations that the queries follow. `changed_at` stands before `id`, because
//! seaography orders by columns in the order in which they are declared.

pub mod applications {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "applications")]
    pub struct Model {
        pub changed_at: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub outcome: Option<String>,
        pub candidate_id: Option<Uuid>,
        pub job_id: Option<Uuid>,
        pub current_stage_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::candidates::Entity",
            from = "Column::CandidateId",
            to = "super::candidates::Column::Id"
        )]
        Candidate,
        #[sea_orm(belongs_to = "super::jobs::Entity", from = "Column::JobId", to = "super::jobs::Column::Id")]
        Job,
        #[sea_orm(
            belongs_to = "super::application_stages::Entity",
            from = "Column::CurrentStageId",
            to = "super::application_stages::Column::Id"
        )]
        Stage,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::jobs::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Job.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::candidates::Entity", def = "Relation::Candidate.def()")]
        Candidate,
        #[sea_orm(entity = "super::jobs::Entity", def = "Relation::Job.def()")]
        Job,
        #[sea_orm(entity = "super::application_stages::Entity", def = "Relation::Stage.def()")]
        CurrentStage,
    }
}

pub mod candidates {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "candidates")]
    pub struct Model {
        pub changed_at: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub title: Option<String>,
        pub source: Option<String>,
        pub email_addresses: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::candidate_tags::Entity")]
        Tags,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::candidate_tags::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Tags.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::candidate_tags::Entity", def = "Relation::Tags.def()")]
        Tags,
    }
}

pub mod candidate_tags {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "candidate_tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub candidate_id: Uuid,
        pub tag_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::candidates::Entity",
            from = "Column::CandidateId",
            to = "super::candidates::Column::Id"
        )]
        Candidate,
        #[sea_orm(belongs_to = "super::tags::Entity", from = "Column::TagId", to = "super::tags::Column::Id")]
        Tag,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::candidates::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Candidate.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::tags::Entity", def = "Relation::Tag.def()")]
        Tag,
    }
}

pub mod tags {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {}
}

pub mod jobs {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub struct Model {
        pub changed_at: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub name: Option<String>,
        pub code: Option<String>,
        pub status: Option<String>,
        pub category: Option<String>,
        pub department: Option<String>,
        pub contact_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::users::Entity", from = "Column::ContactId", to = "super::users::Column::Id")]
        Contact,
        #[sea_orm(has_many = "super::applications::Entity")]
        Applications,
        #[sea_orm(has_many = "super::job_stages::Entity")]
        Stages,
        #[sea_orm(has_many = "super::hiring_team_members::Entity")]
        Team,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::applications::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Applications.def()
        }
    }

    impl Related<super::job_stages::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Stages.def()
        }
    }

    impl Related<super::hiring_team_members::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Team.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::users::Entity", def = "Relation::Contact.def()")]
        Contact,
        #[sea_orm(entity = "super::applications::Entity", def = "Relation::Applications.def()")]
        Applications,
        #[sea_orm(entity = "super::job_stages::Entity", def = "Relation::Stages.def()")]
        Stages,
        #[sea_orm(entity = "super::hiring_team_members::Entity", def = "Relation::Team.def()")]
        HiringTeam,
    }
}

pub mod application_stages {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "application_stages")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {}
}

pub mod job_stages {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_stages")]
    pub struct Model {
        pub position: Option<i32>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub job_id: Uuid,
        pub stage_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::jobs::Entity", from = "Column::JobId", to = "super::jobs::Column::Id")]
        Job,
        #[sea_orm(
            belongs_to = "super::application_stages::Entity",
            from = "Column::StageId",
            to = "super::application_stages::Column::Id"
        )]
        Stage,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::jobs::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Job.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::application_stages::Entity", def = "Relation::Stage.def()")]
        Stage,
    }
}

pub mod hiring_team_members {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hiring_team_members")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub remote_deleted_at: Option<i64>,
        pub roles: Json,
        pub job_id: Uuid,
        pub user_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::jobs::Entity", from = "Column::JobId", to = "super::jobs::Column::Id")]
        Job,
        #[sea_orm(belongs_to = "super::users::Entity", from = "Column::UserId", to = "super::users::Column::Id")]
        User,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Related<super::jobs::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Job.def()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {
        #[sea_orm(entity = "super::users::Entity", def = "Relation::User.def()")]
        User,
    }
}

pub mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelatedEntity)]
    pub enum RelatedEntity {}
}
