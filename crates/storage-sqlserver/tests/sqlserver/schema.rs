//! Brings the schema of a test's database up and down.

use wfm_storage::migration::{self, Back, MigrationError, MigrationState, Migrations};
use wfm_storage_sqlserver::{LogOptions, Settings, SqlServerMigrations};

fn migrations(settings: &Settings, options: &LogOptions) -> SqlServerMigrations {
    SqlServerMigrations::new(settings.clone(), options.clone())
}

pub(crate) async fn up(settings: &Settings, options: &LogOptions) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations(settings, options).begin().await?;
    let applied = migration::up(session.as_mut()).await;
    session.close().await?;
    applied
}

pub(crate) async fn down(settings: &Settings, options: &LogOptions, back: Back) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations(settings, options).begin().await?;
    let taken_back = migration::down(session.as_mut(), back, true).await;
    session.close().await?;
    taken_back
}

pub(crate) async fn status(settings: &Settings, options: &LogOptions) -> Vec<MigrationState> {
    migration::status(&migrations(settings, options)).await.unwrap()
}
