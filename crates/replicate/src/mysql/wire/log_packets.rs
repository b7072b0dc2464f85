//! The server's log over our own connection: one packet an event, as it lies in the file.
//!
//! The driver could read it too, but it unpacks each compressed transaction whole in memory, however large it becomes, and copies every event several times.

use super::{RowReader, unexpected};
use crate::position::LogPosition;

const COM_BINLOG_DUMP: u8 = 0x12;
const COM_REGISTER_SLAVE: u8 = 0x15;
/// The largest event, as servers limit it, with what the protocol puts before it.
const LARGEST_EVENT_BYTES: usize = (1 << 30) + 1024;

impl RowReader {
    /// Registers as a replica of that number, and asks for the log from a position on.
    pub(crate) async fn begin_log(
        &mut self,
        server_id: u32,
        from: &LogPosition,
    ) -> Result<(), mysql_async::Error> {
        // The log has files of 4 GiB at most, so that a larger offset stands in no file.
        let offset =
            u32::try_from(from.offset()).map_err(|_| unexpected("a place beyond 4 GiB"))?;
        let number = server_id.to_le_bytes();
        // Lengths of host, user and password, a port, a rank and the source's number: none of them is needed.
        let register = [&[COM_REGISTER_SLAVE][..], &number, &[0; 13]].concat();
        self.sequence = 0;
        self.send(&register).await?;
        self.packet().await?;
        let dump = [
            &[COM_BINLOG_DUMP][..],
            &offset.to_le_bytes(),
            // Wait at the end of the log.
            &[0; 2],
            &number,
            from.file().as_bytes(),
        ];
        self.sequence = 0;
        self.send(&dump.concat()).await
    }

    /// The next event, with the byte before it that says that all is well. `None`: the server has ended the log. Nothing is lost if the waiting is
    /// given up.
    pub(crate) async fn next_log_packet(&mut self) -> Result<Option<Vec<u8>>, mysql_async::Error> {
        let mut packet = Vec::new();
        self.packet_into(&mut packet, LARGEST_EVENT_BYTES).await?;
        match packet.first() {
            Some(0) => Ok(Some(packet)),
            Some(0xfe) => Ok(None),
            _ => Err(unexpected("something else than an event of its log")),
        }
    }
}
