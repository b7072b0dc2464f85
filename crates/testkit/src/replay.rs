//! A loopback server that replays a recorded provider API, with the faults of a real one.
//!
//! It pages lists, demands the token, sends rate-limit headers, refuses and counts every write, and makes the
//! [`Faults`] it was told to make. It speaks just enough HTTP/1.1 for that, on plain threads, so that neither the demo nor a
//! test needs a web framework.

mod answer;
mod estates;
mod faults;
mod http;
mod platform_estates;
mod ranges;
mod recording;

pub use answer::Stats;
pub use estates::{NAMES, Size};
pub use faults::Faults;
pub use recording::Recording;

use std::collections::BTreeSet;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use answer::Account;

/// A running replay server; dropping it closes the port and every connection.
pub struct Replay {
    address: SocketAddr,
    account: Arc<Account>,
    open: Arc<OpenConnections>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct OpenConnections {
    stopping: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Replay {
    /// Serves `recording` on a free loopback port to whoever presents `token`.
    pub fn start(recording: Recording, token: &str, faults: Faults) -> io::Result<Replay> {
        Replay::on(TcpListener::bind("127.0.0.1:0")?, recording, token, faults)
    }

    /// The same at the address that another had, which must be gone.
    pub fn start_at(
        url: &str,
        recording: Recording,
        token: &str,
        faults: Faults,
    ) -> io::Result<Replay> {
        let address = url.trim_start_matches("http://");
        Replay::on(TcpListener::bind(address)?, recording, token, faults)
    }

    fn on(
        listener: TcpListener,
        recording: Recording,
        token: &str,
        faults: Faults,
    ) -> io::Result<Replay> {
        let address = listener.local_addr()?;
        let account = Arc::new(Account::new(recording, token, faults));
        let open = Arc::new(OpenConnections::default());
        let (accepting_account, accepting_open) = (Arc::clone(&account), Arc::clone(&open));
        let accepting = std::thread::Builder::new()
            .name("replay-accept".to_owned())
            .spawn(move || accept(&listener, &accepting_account, &accepting_open))?;
        Ok(Replay {
            address,
            account,
            open,
            accepting: Some(accepting),
        })
    }

    /// Where it listens, for example `http://127.0.0.1:41373`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every path with its query that was asked for so far, each once.
    pub fn targets(&self) -> BTreeSet<String> {
        self.account.targets()
    }

    /// What was asked of it so far; the same numbers as `GET /__stats`.
    pub fn stats(&self) -> Stats {
        self.account.stats()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.open.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees the flag; it fails only when that thread is gone already.
        drop(TcpStream::connect(self.address));
        for stream in self.open.lock().drain(..) {
            // A peer that hung up first leaves nothing to close.
            stream.shutdown(Shutdown::Both).ok();
        }
        // The port is free when the thread is gone; a thread that panicked is gone too.
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

impl OpenConnections {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, account: &Arc<Account>, open: &Arc<OpenConnections>) {
    for stream in listener.incoming() {
        if open.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(handle) = stream.try_clone() {
            open.lock().push(handle);
        }
        let account = Arc::clone(account);
        let serving = std::thread::Builder::new().name("replay-serve".to_owned());
        if serving
            .spawn(move || http::serve(stream, |request| account.answer(request)))
            .is_err()
        {
            return;
        }
    }
}
