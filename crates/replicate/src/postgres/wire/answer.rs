//! Statements as text, and what the server answers.

use super::{Wire, WireError, framed, head, take_text};

/// The fields of a row in the text format, `None` for NULL.
pub(crate) type Fields = Vec<Option<Vec<u8>>>;

/// Statements below this size are sent in one piece.
const COPIED_BYTES: usize = 64 * 1024;

/// What the server answered to the statements of one message.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// All rows of all statements, in order.
    pub(crate) rows: Vec<Fields>,
    /// What each statement did, such as `UPDATE 3`.
    pub(crate) tags: Vec<String>,
}

impl Answer {
    /// Rows that the last statement changed or returned.
    pub(crate) fn affected(&self) -> u64 {
        self.tags.last().map_or(0, |tag| affected(tag))
    }
}

/// The number at the end of a command's tag.
pub(super) fn affected(tag: &str) -> u64 {
    let number = tag.rsplit(' ').next().map(str::parse);
    number.and_then(Result::ok).unwrap_or(0)
}

/// A refusal in the server's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// SQLSTATE.
    pub state: String,
    /// The sentence.
    pub message: String,
    /// More about it; empty if there is none.
    pub detail: String,
    /// What the server advises; empty if it advises nothing.
    pub hint: String,
    /// Where it happened, as in a function of the database; empty if nowhere in particular.
    pub context: String,
    /// The constraint that was broken, if one was.
    pub constraint: String,
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.state)?;
        for more in [&self.detail, &self.hint, &self.context] {
            if !more.is_empty() {
                write!(f, "; {more}")?;
            }
        }
        Ok(())
    }
}

impl ServerError {
    /// From the fields of an error message: a letter and a text each.
    pub(super) fn read(mut body: &[u8]) -> ServerError {
        let mut error = ServerError::default();
        while let [letter @ 1..=255, rest @ ..] = body {
            body = rest;
            let Some(text) = take_text(&mut body) else {
                break;
            };
            match letter {
                b'C' => error.state = text,
                b'M' => error.message = text,
                b'D' => error.detail = text,
                b'H' => error.hint = text,
                b'W' => error.context = text,
                b'n' => error.constraint = text,
                _ => {}
            }
        }
        error
    }
}

impl Wire {
    /// Runs statements, separated by semicolons, and reads their answers to the end. If one is refused, those after it are not run.
    pub(crate) async fn query(&mut self, sql: &[u8]) -> Result<Answer, WireError> {
        self.send_query(sql).await?;
        self.answer().await
    }

    /// Sends statements together, each a message of its own, and reads all answers. Returns the rows that each changed, or the first refusal.
    pub(crate) async fn script(&mut self, statements: &[&[u8]]) -> Result<Vec<u64>, WireError> {
        for sql in statements {
            self.send_query(sql).await?;
        }
        let mut affected = Vec::with_capacity(statements.len());
        let mut refusal = None;
        for _ in statements {
            match self.answer().await {
                Ok(answer) => affected.push(answer.affected()),
                // Those behind it are refused too, and answered.
                Err(error @ WireError::Server(_)) => {
                    refusal.get_or_insert(error);
                }
                Err(error) => return Err(refusal.unwrap_or(error)),
            }
        }
        refusal.map_or(Ok(affected), Err)
    }

    /// Sends statements whose answer is read later.
    pub(crate) async fn send_query(&mut self, sql: &[u8]) -> Result<(), WireError> {
        if memchr::memchr(0, sql).is_some() {
            return Err(WireError::Protocol(
                "nothing: the statement holds a zero byte".to_owned(),
            ));
        }
        if sql.len() < COPIED_BYTES {
            let mut body = Vec::with_capacity(sql.len() + 1);
            body.extend_from_slice(sql);
            body.push(0);
            let message = framed(b'Q', &body)?;
            return self.send(&message).await;
        }
        // A statement with large values is not copied once more.
        self.send(&head(b'Q', sql.len() + 1)?).await?;
        self.send(sql).await?;
        self.send(&[0]).await
    }

    /// Reads an answer to its end.
    pub(crate) async fn answer(&mut self) -> Result<Answer, WireError> {
        let mut answer = Answer::default();
        let mut refusal = None;
        let mut body = Vec::new();
        loop {
            match self.message(&mut body).await? {
                b'D' => answer
                    .rows
                    .push(fields(&body).ok_or_else(|| protocol("a broken row"))?),
                b'C' => answer
                    .tags
                    .push(take_text(&mut body.as_slice()).unwrap_or_default()),
                b'E' => {
                    let error = ServerError::read(&body);
                    // A server that ends the session says so and sends nothing more.
                    if error.state.starts_with("57P") {
                        return Err(WireError::Server(Box::new(error)));
                    }
                    refusal.get_or_insert(error);
                }
                b'Z' => {
                    return match refusal {
                        Some(error) => Err(WireError::Server(Box::new(error))),
                        None => Ok(answer),
                    };
                }
                // Heads of rows, and empty statements.
                b'T' | b'I' => {}
                // A statement that wants rows from us, which has none here.
                b'G' => {
                    self.send(&framed(b'f', b"no rows were expected\0")?)
                        .await?
                }
                // Rows of a copy that nobody asked for, and the end of them.
                b'H' | b'd' | b'c' => {}
                tag => {
                    return Err(protocol(&format!(
                        "a message {:?} where an answer was due",
                        char::from(tag)
                    )));
                }
            }
        }
    }
}

pub(super) fn protocol(what: &str) -> WireError {
    WireError::Protocol(what.to_owned())
}

/// The fields of a row: their number, then length and bytes of each.
fn fields(body: &[u8]) -> Option<Fields> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_be_bytes(*count));
    let mut fields = Vec::with_capacity(count);
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = i32::from_be_bytes(*length);
        rest = after;
        let Ok(length) = usize::try_from(length) else {
            fields.push(None);
            continue;
        };
        let (field, after) = rest.split_at_checked(length)?;
        fields.push(Some(field.to_vec()));
        rest = after;
    }
    rest.is_empty().then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_broken_ones_are_not() {
        let row = [0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, b'o', b'k'];
        assert_eq!(fields(&row), Some(vec![None, Some(b"ok".to_vec())]));
        for end in 0..row.len() {
            assert_eq!(fields(&row[..end]), None, "{end}");
        }
    }

    #[test]
    fn errors_are_read_field_by_field() {
        let error = ServerError::read(b"SERROR\0C42P01\0Mno such table\0Xwhat\0\0");
        assert_eq!(error.to_string(), "no such table (SQLSTATE 42P01)");
    }

    #[test]
    fn the_number_of_rows_stands_at_the_end_of_a_tag() {
        assert_eq!(
            [
                affected("INSERT 0 7"),
                affected("COPY 12"),
                affected("BEGIN")
            ],
            [7, 12, 0]
        );
    }
}
