//! One connection: how it is made, and calls over it, each bounded in time.
//!
//! Invariant: a connection is [`Connection::is_clean`] only when its last call was answered to the end. A call that timed out,
//! was dropped halfway or broke leaves it unclean for good, because what the server does meanwhile is unknown.

mod establish;

use std::{fmt, future::Future, time::Duration};

use futures::TryStreamExt;
use rustc_hash::FxHashMap;
use tiberius::{Client, Command, CommandItem, QueryItem, Row, SqlBulkCopyOption, ToSql, TokenRow};
use tokio::{net::TcpStream, time::Instant};
use tokio_util::compat::Compat;

use crate::{error::SqlError, parameter::Parameter, settings::Settings};

/// How long the server is given to stop a call that nobody waits for any more.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

type TdsClient = Client<Compat<TcpStream>>;

/// A connection that is logged in.
pub(crate) struct Connection {
    client: TdsClient,
    command_timeout: Duration,
    clean: bool,
    /// A transaction may have been left open: an error was answered, or a script may have ended within one.
    doubtful: bool,
    /// Handles of the statements that are prepared on it.
    pub(crate) prepared: FxHashMap<String, i32>,
    pub(crate) established_at: Instant,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("clean", &self.clean)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects and logs in, within the settings' bound.
    pub(crate) async fn establish(settings: &Settings) -> Result<Self, SqlError> {
        let present = settings.present().map_err(|error| SqlError::Unreachable {
            server: settings.server(),
            text: error.to_string(),
        })?;
        let settings = present.as_ref();
        let bound = settings.connect_timeout;
        let client = tokio::time::timeout(bound, establish::login(settings))
            .await
            .map_err(|_| SqlError::Unreachable {
                server: settings.server(),
                text: format!("no login within {bound:?}"),
            })??;
        let mut connection = Self {
            client,
            command_timeout: settings.command_timeout,
            clean: true,
            doubtful: false,
            prepared: FxHashMap::default(),
            established_at: Instant::now(),
        };
        // Any error ends the transaction it happens in, so that none is left open.
        connection
            .execute_batch("SET XACT_ABORT ON; SET ARITHABORT ON;")
            .await?;
        connection.doubtful = false;
        Ok(connection)
    }

    /// Whether the last call was answered to the end.
    pub(crate) fn is_clean(&self) -> bool {
        self.clean
    }

    /// Whether the connection must be looked at before somebody else uses it.
    pub(crate) fn needs_check(&self) -> bool {
        self.doubtful
    }

    /// Executes a text of several statements without parameters.
    pub(crate) async fn execute_batch(&mut self, text: &str) -> Result<(), SqlError> {
        self.doubtful = true;
        let client = &mut self.client;
        let call = async move {
            let answer = client.simple_query(text).await?;
            answer.into_results().await?;
            Ok(())
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        self.note(answer)
    }

    /// Executes a statement; returns its result sets, one after the other. A transaction that it begins ends in it, too.
    pub(crate) async fn query(&mut self, text: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Row>>, SqlError> {
        let client = &mut self.client;
        let call = async move {
            let parameters = as_dyn(parameters);
            Ok(client.query(text, &parameters).await?.into_results().await?)
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        self.note(answer)
    }

    /// Calls a procedure; returns the rows of its last result set.
    pub(crate) async fn call(
        &mut self,
        procedure: &str,
        parameters: &[(&'static str, Parameter<'_>)],
    ) -> Result<Vec<Row>, SqlError> {
        let mut command = Command::new(procedure);
        for (name, parameter) in parameters {
            command.bind_param(*name, parameter.clone());
        }
        self.command(command).await
    }

    /// Executes what was prepared on this connection under this handle; returns the rows of its last result set.
    pub(crate) async fn call_prepared(
        &mut self,
        handle: i32,
        parameters: Vec<Parameter<'_>>,
    ) -> Result<Vec<Row>, SqlError> {
        let mut command = Command::new("sp_execute");
        command.bind_param("", Parameter::Small(handle));
        for parameter in parameters {
            command.bind_param("", parameter);
        }
        self.command(command).await
    }

    async fn command(&mut self, command: Command<'_>) -> Result<Vec<Row>, SqlError> {
        let client = &mut self.client;
        let call = async move {
            let mut answer = command.exec(client).await?;
            let mut rows = Vec::new();
            while let Some(item) = answer.try_next().await? {
                match item {
                    CommandItem::Metadata(_) => rows.clear(),
                    CommandItem::Row(row) => rows.push(row),
                    _ => {}
                }
            }
            Ok(rows)
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        self.note(answer)
    }

    /// Loads rows, with a value for each column, into a table that numbers nothing; its checks hold. A transaction of its own.
    pub(crate) async fn load(&mut self, table: &str, rows: Vec<TokenRow<'_>>) -> Result<(), SqlError> {
        let client = &mut self.client;
        let call = async move {
            let options = SqlBulkCopyOption::CheckConstraints | SqlBulkCopyOption::KeepNulls;
            let mut load = client.bulk_insert_with_options(table, &["*"], options, &[]).await?;
            for row in rows {
                load.send(row).await?;
            }
            load.finalize().await?;
            Ok(())
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        self.note(answer)
    }

    /// Executes a statement; returns how many rows it touched in all.
    pub(crate) async fn execute(&mut self, text: &str, parameters: &[Parameter<'_>]) -> Result<u64, SqlError> {
        let client = &mut self.client;
        let call = async move {
            let parameters = as_dyn(parameters);
            Ok(client.execute(text, &parameters).await?.total())
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        self.note(answer)
    }

    /// Executes a statement and hands each row of its first result set to `take`, until that says `false`. What the server
    /// still sends then is called off; where it does not confirm that, the connection is not used again.
    pub(crate) async fn query_while(
        &mut self,
        text: &str,
        parameters: &[Parameter<'_>],
        mut take: impl FnMut(Row) -> Result<bool, SqlError> + Send,
    ) -> Result<(), SqlError> {
        let client = &mut self.client;
        let call = async move {
            let parameters = as_dyn(parameters);
            let mut answer = client.query(text, &parameters).await?;
            while let Some(item) = answer.try_next().await? {
                if let QueryItem::Row(row) = item
                    && !take(row)?
                {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let answer = bounded(self.command_timeout, &mut self.clean, call).await;
        if self.note(answer)? {
            self.clean = false;
            let called_off = tokio::time::timeout(CANCEL_TIMEOUT, self.client.cancel_query()).await;
            self.clean = matches!(called_off, Ok(Ok(())));
        }
        Ok(())
    }

    /// Whether the connection lives and has no transaction open.
    pub(crate) async fn is_fit(&mut self, within: Duration) -> bool {
        let check = self.query("SELECT @@TRANCOUNT", &[]);
        let answer = tokio::time::timeout(within, check).await;
        let fit = matches!(answer, Ok(Ok(rows)) if open_transactions(&rows) == Some(0));
        if fit {
            self.doubtful = false;
        }
        fit
    }

    /// Keeps the connection from being used again, because its session has settings that nobody else may inherit.
    pub(crate) fn condemn(&mut self) {
        self.clean = false;
    }

    /// Asks the server to stop what it may still do for this connection, then ends it.
    pub(crate) async fn abandon(mut self) {
        let _whatever_comes = tokio::time::timeout(CANCEL_TIMEOUT, self.client.cancel_query()).await;
    }

    fn note<T>(&mut self, answer: Result<T, SqlError>) -> Result<T, SqlError> {
        if let Err(error) = &answer {
            // An answered error ends the call as well as a result does.
            self.clean = matches!(error, SqlError::Server { class, .. } if *class < 20);
            self.doubtful = true;
        }
        answer
    }
}

fn open_transactions(answer: &[Vec<Row>]) -> Option<i32> {
    answer.first()?.first()?.try_get(0).ok().flatten()
}

fn as_dyn<'value>(parameters: &'value [Parameter<'value>]) -> Vec<&'value dyn ToSql> {
    parameters.iter().map(|parameter| parameter as &dyn ToSql).collect()
}

/// Makes a call within a bound; `clean` holds only when it was answered.
async fn bounded<T>(
    bound: Duration,
    clean: &mut bool,
    call: impl Future<Output = Result<T, SqlError>>,
) -> Result<T, SqlError> {
    if !std::mem::replace(clean, false) {
        return Err(SqlError::Broken(
            "an earlier call on this connection was not answered".into(),
        ));
    }
    let answer = tokio::time::timeout(bound, call)
        .await
        .map_err(|_| SqlError::Timeout(bound))??;
    *clean = true;
    Ok(answer)
}
