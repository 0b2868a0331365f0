//! What the nine record tables have in common.

use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryResult};
use uuid::Uuid;

use crate::domain::RecordType;

/// A row of a record table, of which all columns may have been read, or only some: the others are at their
/// defaults then.
pub trait RecordRow: Clone + Default + Send + Sync + Sized + IntoActiveModel<Self::Active> + 'static {
    type Column: ColumnTrait + Copy;
    type Active: ActiveModelTrait<Entity = Self::Entity> + Send;
    type Entity: EntityTrait<Column = Self::Column>;
    const TABLE: &'static str;
    const TYPE: RecordType;
    /// Read always: who the record is.
    const IDENTITY: &'static [Self::Column];

    fn id(&self) -> Uuid;
    fn integration_id(&self) -> Uuid;
    fn changed_at(&self) -> i64;
    fn remote_deleted_at(&self) -> Option<i64>;
    fn fingerprint(&self) -> &[u8];
    fn mark_deleted(&mut self, at: Option<i64>);
    /// Takes one column over from a row of a result.
    fn set(&mut self, column: Self::Column, row: &QueryResult, index: usize) -> Result<(), DbErr>;
}

macro_rules! record_entity {
    ($table:literal, $of:ident, $($field:ident $column:ident $type:ty),+ $(,)?) => {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub integration_id: Uuid,
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub remote_id: Option<String>,
            pub changed_at: i64,
            pub remote_deleted_at: Option<i64>,
            pub fingerprint: Vec<u8>,
            $(pub $field: $type,)+
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        impl crate::store::entity::RecordRow for Model {
            type Column = Column;
            type Active = ActiveModel;
            type Entity = Entity;
            const TABLE: &'static str = $table;
            const TYPE: crate::domain::RecordType = crate::domain::RecordType::$of;
            const IDENTITY: &'static [Column] =
                &[Column::IntegrationId, Column::Id, Column::RemoteId, Column::ChangedAt, Column::RemoteDeletedAt];

            fn id(&self) -> Uuid {
                self.id
            }
            fn integration_id(&self) -> Uuid {
                self.integration_id
            }
            fn changed_at(&self) -> i64 {
                self.changed_at
            }
            fn remote_deleted_at(&self) -> Option<i64> {
                self.remote_deleted_at
            }
            fn fingerprint(&self) -> &[u8] {
                &self.fingerprint
            }
            fn mark_deleted(&mut self, at: Option<i64>) {
                self.remote_deleted_at = at;
            }
            fn set(&mut self, column: Column, row: &QueryResult, index: usize) -> Result<(), DbErr> {
                match column {
                    Column::IntegrationId => self.integration_id = row.try_get_by_index(index)?,
                    Column::Id => self.id = row.try_get_by_index(index)?,
                    Column::RemoteId => self.remote_id = row.try_get_by_index(index)?,
                    Column::ChangedAt => self.changed_at = row.try_get_by_index(index)?,
                    Column::RemoteDeletedAt => self.remote_deleted_at = row.try_get_by_index(index)?,
                    Column::Fingerprint => self.fingerprint = row.try_get_by_index(index)?,
                    $(Column::$column => self.$field = row.try_get_by_index(index)?,)+
                }
                Ok(())
            }
        }
    };
}
pub(in crate::store) use record_entity;
