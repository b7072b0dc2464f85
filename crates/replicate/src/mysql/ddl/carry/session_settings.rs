//! Settings of the statement's session that need an answer of one of the servers before they can be taken over.

use super::Carrier;
use crate::error::ReplicateError;
use crate::mysql::ddl::charset;
use crate::mysql::ddl::settings::Settings;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::server;

impl Carrier<'_> {
    /// What a character set stands for where no collation is named. A server that cannot be told so does without, if the statement names no character set.
    pub(super) async fn take_over_collations(
        &mut self,
        settings: &Settings,
    ) -> Result<(), ReplicateError> {
        let doing = "taking over the settings of the statement's session";
        let asked = "SHOW SESSION VARIABLES LIKE 'character\\_set\\_collations'";
        let known: Option<(String, String)> = self.executor.row(doing, asked).await?;
        if known.is_some() {
            let sql = settings.collations_statement();
            return self.executor.run(doing, sql).await.map(drop);
        }
        let query = String::from_utf8_lossy(&self.statement.query);
        if settings.has_own_collations() && charset::is_named_in(&query) {
            return Err(self.statement.refuse(
                "it names a character set without a collation, perhaps, and the target does not know the source's character_set_collations".to_owned(),
            ));
        }
        Ok(())
    }

    /// The source's own setting stands in for that of the statement's session.
    pub(super) async fn explicit_defaults_of_source(
        &self,
        plan: &StreamPlan,
    ) -> Result<u8, ReplicateError> {
        let mut source = server::reader(&plan.from).await?;
        let asked = "SELECT @@global.explicit_defaults_for_timestamp";
        Ok(source
            .row("asking for a setting", asked)
            .await?
            .unwrap_or_default())
    }

    pub(super) async fn require_same_time_zone(
        &mut self,
        plan: &StreamPlan,
    ) -> Result<(), ReplicateError> {
        let asked = "SELECT CONCAT(@@global.time_zone, ' ', @@system_time_zone)";
        let mut source = server::reader(&plan.from).await?;
        let there: Option<String> = source.row("asking for the time zone", asked).await?;
        let here: Option<String> = self.writer.row("asking for the time zone", asked).await?;
        if there == here {
            return Ok(());
        }
        Err(self.statement.refuse(
            "it reads times in the server's own time zone, which is another one on the target"
                .to_owned(),
        ))
    }
}
