//! Rows that pass through: out of one server, into another, and both ways at once in a replication stream.

use super::answer::{affected, protocol};
use super::{HEAD_BYTES, Head, ServerError, Wire, WireError, framed, is_aside, take_text};

/// What stands next in the stream of a copy.
enum Next {
    /// A message of rows whose head is in the buffer.
    Rows(Head),
    /// The copy has ended; the rest of the answer follows.
    End,
}

impl Wire {
    /// Sends a `COPY … TO STDOUT` and waits until its rows begin: the server has its snapshot then.
    pub async fn begin_copy_out(&mut self, sql: &[u8]) -> Result<(), WireError> {
        self.begin_copy(sql, b'H').await
    }

    /// Sends a `COPY … FROM STDIN` and waits until the server takes rows.
    pub async fn begin_copy_in(&mut self, sql: &[u8]) -> Result<(), WireError> {
        self.begin_copy(sql, b'G').await
    }

    /// Sends a `START_REPLICATION` and waits until the stream begins.
    pub async fn begin_copy_both(&mut self, sql: &[u8]) -> Result<(), WireError> {
        self.begin_copy(sql, b'W').await
    }

    async fn begin_copy(&mut self, sql: &[u8], expected: u8) -> Result<(), WireError> {
        self.send_query(sql).await?;
        self.copy_left = 0;
        let mut body = Vec::new();
        loop {
            match self.message(&mut body).await? {
                tag if tag == expected => return Ok(()),
                // Statements that stand before it in the same message.
                b'C' | b'T' | b'D' | b'I' => {}
                b'E' => return Err(self.refused(&body).await),
                b'Z' => return Err(protocol("the end of an answer where a copy was due")),
                tag => {
                    return Err(protocol(&format!(
                        "a message {:?} where a copy was due",
                        char::from(tag)
                    )));
                }
            }
        }
    }

    /// Reads what follows a refusal, and gives it back as an error.
    async fn refused(&mut self, body: &[u8]) -> WireError {
        let error = ServerError::read(body);
        // If the server has ended the session, nothing follows.
        let _ = self.answer().await;
        WireError::Server(Box::new(error))
    }

    /// Reads the next message of rows of a `COPY … TO STDOUT` that was sent, into `body`. `false`: the answer has ended, and the session is ready for its next statement.
    pub(crate) async fn copied_row(&mut self, body: &mut Vec<u8>) -> Result<bool, WireError> {
        loop {
            match self.message(body).await? {
                b'd' => return Ok(true),
                b'Z' => return Ok(false),
                b'H' | b'c' | b'C' => {}
                b'E' => return Err(self.refused(body).await),
                tag => {
                    return Err(protocol(&format!(
                        "a message {:?} among copied rows",
                        char::from(tag)
                    )));
                }
            }
        }
    }

    /// Appends messages of rows to `out`, as they are, until it holds at least `enough` bytes or the copy ends. `None`: there is more; else the
    /// number of rows, and the session is ready for its next statement.
    pub async fn copy_out_piece(
        &mut self,
        out: &mut Vec<u8>,
        enough: usize,
    ) -> Result<Option<u64>, WireError> {
        while out.len() < enough {
            if self.copy_left == 0 {
                match self.next_of_copy().await? {
                    Next::Rows(head) => self.copy_left = HEAD_BYTES + head.body_bytes,
                    Next::End => {
                        let answer = self.answer().await?;
                        return Ok(Some(answer.affected()));
                    }
                }
            }
            self.buffered(1).await?;
            self.pass_on(out);
        }
        Ok(None)
    }

    /// Passes on what is buffered, message after message, without a wait.
    fn pass_on(&mut self, out: &mut Vec<u8>) {
        loop {
            let piece = self.copy_left.min(self.end - self.start);
            out.extend_from_slice(&self.buffer[self.start..self.start + piece]);
            self.start += piece;
            self.copy_left -= piece;
            let rest = &self.buffer[self.start..self.end];
            let [b'd', one, two, three, four, ..] = rest else {
                return;
            };
            if self.copy_left > 0 {
                return;
            }
            self.copy_left = 1 + u32::from_be_bytes([*one, *two, *three, *four]) as usize;
        }
    }

    async fn next_of_copy(&mut self) -> Result<Next, WireError> {
        let mut body = Vec::new();
        loop {
            let head = self.peek_head().await?;
            if head.tag == b'd' {
                return Ok(Next::Rows(head));
            }
            body.clear();
            self.start += HEAD_BYTES;
            self.take(head.body_bytes, &mut body).await?;
            match head.tag {
                b'c' => return Ok(Next::End),
                b'E' => return Err(self.refused(&body).await),
                tag if is_aside(tag) => {}
                tag => {
                    return Err(protocol(&format!(
                        "a message {:?} among copied rows",
                        char::from(tag)
                    )));
                }
            }
        }
    }

    /// Sends messages of rows, or pieces of them, as another server's copy gave them.
    pub async fn copy_in_piece(&mut self, messages: &[u8]) -> Result<(), WireError> {
        self.send(messages).await
    }

    /// Sends bytes of rows in the copy's format.
    pub async fn copy_in_data(&mut self, data: &[u8]) -> Result<(), WireError> {
        let message = framed(b'd', data)?;
        self.send(&message).await
    }

    /// Ends a copy into the server. Returns the number of rows, and the answer to statements that stood behind the copy is read with it.
    pub async fn end_copy_in(&mut self) -> Result<u64, WireError> {
        let message = framed(b'c', &[])?;
        self.send(&message).await?;
        let answer = self.answer().await?;
        let copied = answer.tags.iter().find(|tag| tag.starts_with("COPY "));
        Ok(copied.map_or(0, |tag| affected(tag)))
    }

    /// Reads the next message of a replication stream into `body`. `false`: the server has ended the stream. It may be cut off only while no message
    /// has begun, as while [`Wire::copy_both_wait`] waits.
    pub async fn copy_both_message(&mut self, body: &mut Vec<u8>) -> Result<bool, WireError> {
        match self.message(body).await? {
            b'd' => Ok(true),
            b'c' => Ok(false),
            b'E' => {
                let error = ServerError::read(body);
                Err(WireError::Server(Box::new(error)))
            }
            b'C' | b'Z' => {
                let _ = take_text(&mut body.as_slice());
                Ok(false)
            }
            tag => Err(protocol(&format!(
                "a message {:?} in a replication stream",
                char::from(tag)
            ))),
        }
    }

    /// Waits until a message of the stream has begun. This may be cut off at any time.
    pub async fn copy_both_wait(&mut self) -> Result<(), WireError> {
        self.buffered(1).await
    }

    /// Whether bytes of a message are here already.
    pub fn has_buffered(&self) -> bool {
        self.end > self.start
    }
}
