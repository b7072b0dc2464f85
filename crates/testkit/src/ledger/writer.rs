//! The application: enrolls, hands in, corrects, counts, looks and leaves, all the time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::session::{Ended, Session, Speaks};
use super::{Certainty, Entry, Kind, Ledger};

/// How writers work.
#[derive(Clone, Debug)]
pub struct WritersPlan {
    /// The server that they speak to.
    pub speaks: Speaks,
    /// Port of the front door.
    pub port: u16,
    /// Number of writers, each with its own connection.
    pub writers: u32,
    /// Writes a second, all writers together.
    pub rate_per_s: u32,
    /// Learners that exist; each writer has its own share of them.
    pub learners: u32,
    /// Courses that exist.
    pub courses: u32,
    /// Where the choices begin; printed by tests.
    pub seed: u64,
}

/// Running writers; cut off when dropped, which leaves their last writes ambiguous.
#[derive(Debug)]
pub struct Writers {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Writers {
    /// Starts them.
    pub fn start(ledger: &Ledger, plan: &WritersPlan) -> Writers {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..plan.writers {
            let random = Random(
                plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    ^ (u64::from(number) + 1).wrapping_mul(0xd134_2543_de82_ef95)
                    | 1,
            );
            tasks.spawn(
                Writer {
                    ledger: ledger.clone(),
                    plan: plan.clone(),
                    number,
                    random,
                    live: Vec::new(),
                    session: None,
                }
                .run(stopped.clone()),
            );
        }
        Writers { tasks, stop }
    }

    /// Lets each finish its write and stops them.
    pub async fn stop(mut self) {
        // Nobody listens when all have ended.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}

/// An enrollment that a writer made: its number, its id, and the numbers and ids of its submissions.
struct Live {
    op: i64,
    id: u64,
    submissions: Vec<(i64, u64)>,
}

struct Writer {
    ledger: Ledger,
    plan: WritersPlan,
    number: u32,
    random: Random,
    live: Vec<Live>,
    session: Option<Session>,
}

impl Writer {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let pause = Duration::from_micros(
            1_000_000 * u64::from(self.plan.writers) / u64::from(self.plan.rate_per_s.max(1)),
        );
        let mut tick = tokio::time::interval(pause);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
            if self.session.is_none() {
                tokio::select! {
                    () = self.connect() => {}
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                }
            }
            self.write().await;
        }
    }

    async fn connect(&mut self) {
        self.session = Session::open(&self.plan.speaks, self.plan.port).await;
        if self.session.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn write(&mut self) {
        match self.random.below(20) {
            0..=5 => self.enroll().await,
            6..=11 if !self.live.is_empty() => self.hand_in().await,
            12..=13 if !self.live.is_empty() => self.correct().await,
            14..=15 => self.view().await,
            16 if !self.live.is_empty() => self.leave().await,
            _ => self.count().await,
        }
    }

    /// Sends statements as one transaction. The identity is that of the last row made.
    async fn send(&mut self, statements: &[String]) -> Ended {
        let Some(session) = self.session.as_mut() else {
            return Ended::Refused;
        };
        let ended = session.send(statements).await;
        let mut book = self.ledger.book();
        match &ended {
            Ended::Acknowledged(_) => book.acknowledged_at.push(std::time::Instant::now()),
            Ended::Refused => book.refused += 1,
            Ended::Unknown => book.ambiguous += 1,
        }
        if !matches!(ended, Ended::Acknowledged(_)) {
            self.session = None;
        }
        ended
    }

    /// What makes an INSERT answer with the number that the row got.
    fn returning(&self) -> &'static str {
        match self.plan.speaks {
            Speaks::MySql => "",
            Speaks::Postgres(_) => " RETURNING id",
        }
    }

    fn number(&self) -> i64 {
        let mut book = self.ledger.book();
        book.next += 1;
        book.next
    }

    fn learner(&mut self) -> u64 {
        let share = u64::from(self.plan.learners / self.plan.writers.max(1)).max(1);
        1 + u64::from(self.number) * share + self.random.below(share)
    }

    fn record(&self, kind: Kind, op: i64, parent: Option<i64>, ended: &Ended) {
        let certainty = match ended {
            Ended::Acknowledged(_) => Certainty::Present,
            Ended::Refused => Certainty::Absent,
            Ended::Unknown => Certainty::Either,
        };
        self.ledger.book().rows.insert(
            (kind, op),
            Entry {
                certainty,
                parent,
                revisions: vec![0],
            },
        );
    }

    async fn enroll(&mut self) {
        let (op, learner, course) = (
            self.number(),
            self.learner(),
            1 + self.random.below(u64::from(self.plan.courses)),
        );
        let ended = self.send(&[format!("INSERT INTO enrollment (learner_id, course_id, op, progress) VALUES ({learner}, {course}, {op}, {op} / 3){}", self.returning())]).await;
        self.record(Kind::Enrollment, op, None, &ended);
        if let Ended::Acknowledged(id) = ended {
            self.live.push(Live {
                op,
                id,
                submissions: Vec::new(),
            });
        }
    }

    /// A submission and a point in one transaction.
    async fn hand_in(&mut self) {
        let (op, learner) = (self.number(), self.learner());
        let chosen = self.random.below(self.live.len() as u64) as usize;
        let (parent, parent_op) = (self.live[chosen].id, self.live[chosen].op);
        let ended = self
            .send(&[
                format!("UPDATE learner SET points = points + 1 WHERE id = {learner}"),
                format!("INSERT INTO submission (enrollment_id, op, score, answer) VALUES ({parent}, {op}, {op} / 7, CONCAT('It''s \\\\ \u{1F600} ', REPEAT('work ', {}))){}", op % 90, self.returning()),
            ])
            .await;
        self.record(Kind::Submission, op, Some(parent_op), &ended);
        self.add_point(learner, &ended);
        if let Ended::Acknowledged(id) = ended {
            self.live[chosen].submissions.push((op, id));
        }
    }

    async fn correct(&mut self) {
        let revision = self.number();
        let chosen = self.random.below(self.live.len() as u64) as usize;
        let Some(&(op, id)) = self.live[chosen].submissions.last() else {
            return;
        };
        let ended = self.send(&[format!("UPDATE submission SET revision = {revision}, answer = 'corrected {revision}' WHERE id = {id}")]).await;
        if let Some(entry) = self.ledger.book().rows.get_mut(&(Kind::Submission, op)) {
            match ended {
                Ended::Acknowledged(_) => entry.revisions = vec![revision],
                Ended::Unknown => entry.revisions.push(revision),
                Ended::Refused => {}
            }
        }
    }

    async fn view(&mut self) {
        let (op, learner) = (self.number(), self.learner());
        let ended = self
            .send(&[format!("INSERT INTO lesson_view (learner_id, course_id, op, seconds, note, seen_at) VALUES ({learner}, 1, {op}, {op} % 10 / 3, CASE WHEN {op} % 2 = 0 THEN 'seen' END, '2026-01-01 00:00:00.5')")])
            .await;
        self.record(Kind::View, op, None, &ended);
    }

    async fn count(&mut self) {
        let learner = self.learner();
        let ended = self
            .send(&[format!(
                "UPDATE learner SET points = points + 1 WHERE id = {learner}"
            )])
            .await;
        self.add_point(learner, &ended);
    }

    fn add_point(&self, learner: u64, ended: &Ended) {
        let mut book = self.ledger.book();
        let points = book.points.entry(learner).or_default();
        match ended {
            Ended::Acknowledged(_) => *points = (points.0 + 1, points.1 + 1),
            Ended::Unknown => points.1 += 1,
            Ended::Refused => {}
        }
    }

    /// Deletes an enrollment; the server deletes its submissions by itself.
    async fn leave(&mut self) {
        let chosen = self.random.below(self.live.len() as u64) as usize;
        let ended = self
            .send(&[format!(
                "DELETE FROM enrollment WHERE id = {}",
                self.live[chosen].id
            )])
            .await;
        let certainty = match ended {
            Ended::Acknowledged(_) => Certainty::Absent,
            Ended::Unknown => Certainty::Either,
            Ended::Refused => return,
        };
        let gone = self.live.swap_remove(chosen);
        let mut book = self.ledger.book();
        for key in gone
            .submissions
            .iter()
            .map(|(op, _)| (Kind::Submission, *op))
            .chain([(Kind::Enrollment, gone.op)])
        {
            if let Some(entry) = book.rows.get_mut(&key) {
                entry.certainty = certainty;
            }
        }
        // Submissions whose answer never came went with it, if they were there.
        for entry in book
            .rows
            .values_mut()
            .filter(|entry| entry.parent == Some(gone.op) && certainty == Certainty::Absent)
        {
            entry.certainty = Certainty::Absent;
        }
    }
}
