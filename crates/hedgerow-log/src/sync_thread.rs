//! A thread beside the writer of a log: it waits for the device while the writer hashes, and then writes the zeros that
//! make space ready behind the log.
//!
//! Promises: what is asked is answered in order, a sync first and its zeros after; a thread that ended is a failed sync,
//! never a success; a writer that panics while the device works leaves no answer for the next one to mistake. It ends with
//! its owner. Never: writes where a record lies.

use std::io::{Error, Result};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// What the thread works on.
pub(crate) trait Device: Send + 'static {
    /// Makes everything written survive a crash.
    fn sync(&mut self) -> Result<()>;

    /// Writes zeros.
    fn zero(&mut self, range: Range<u64>) -> Result<()>;
}

#[derive(Debug)]
enum Answer {
    Synced(Result<()>),
    Zeroed(bool),
}

/// The thread, as its owner holds it.
#[derive(Debug)]
pub(crate) struct SyncThread {
    requests: Option<SyncSender<Range<u64>>>,
    /// Never locked: it is here so that the owner may move between threads.
    answers: Mutex<Receiver<Answer>>,
    thread: Option<JoinHandle<()>>,
    process: u32,
    zeroing: Option<u64>,
}

impl SyncThread {
    /// Starts the thread.
    pub fn start(mut device: impl Device) -> Result<SyncThread> {
        let (requests, asked) = sync_channel::<Range<u64>>(1);
        let (answering, answers) = sync_channel(2);
        let thread = Builder::new().name("hedgerow-sync".to_owned()).spawn(move || {
            for zeros in asked {
                let synced = device.sync();
                let goes_on = synced.is_ok();
                let heard = answering.send(Answer::Synced(synced)).is_ok();
                let zeroed = goes_on && heard && device.zero(zeros).is_ok();
                if !heard || answering.send(Answer::Zeroed(zeroed)).is_err() {
                    return;
                }
            }
        })?;
        Ok(SyncThread {
            requests: Some(requests),
            answers: Mutex::new(answers),
            thread: Some(thread),
            process: std::process::id(),
            zeroing: None,
        })
    }

    /// Begins a sync, after which the zeros are written. What was asked before must have been settled.
    pub fn begin(&mut self, zeros: Range<u64>) -> Syncing<'_> {
        let end = zeros.end;
        let asked = self.requests.as_ref().is_some_and(|requests| requests.send(zeros).is_ok());
        self.zeroing = asked.then_some(end);
        Syncing { waits: asked, thread: self }
    }

    /// Waits for the zeros of the last request; gives where they end if they are there now.
    pub fn settle(&mut self) -> Option<u64> {
        let end = self.zeroing.take()?;
        matches!(self.answer(), Some(Answer::Zeroed(true))).then_some(end)
    }

    fn answer(&mut self) -> Option<Answer> {
        self.answers.get_mut().ok()?.recv().ok()
    }
}

impl Drop for SyncThread {
    fn drop(&mut self) {
        self.requests = None;
        // A process that was forked off holds a copy of this and no such thread.
        if let Some(thread) = self.thread.take().filter(|_| self.process == std::process::id()) {
            let _ = thread.join();
        }
    }
}

/// A sync that was begun.
#[must_use]
pub(crate) struct Syncing<'a> {
    thread: &'a mut SyncThread,
    waits: bool,
}

impl Syncing<'_> {
    /// Waits until it has ended.
    pub fn wait(mut self) -> Result<()> {
        let answer = if std::mem::take(&mut self.waits) { self.thread.answer() } else { None };
        match answer {
            Some(Answer::Synced(synced)) => synced,
            _ => Err(Error::other("the thread that syncs has ended")),
        }
    }
}

impl Drop for Syncing<'_> {
    fn drop(&mut self) {
        if self.waits {
            self.thread.answer();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    /// What was zeroed.
    type Zeroed = Arc<Mutex<Vec<Range<u64>>>>;

    /// A device that does what it is told for each sync.
    struct Told {
        orders: Receiver<Order>,
        zeroed: Zeroed,
    }

    enum Order {
        Succeed,
        Fail,
        Panic,
    }

    impl Device for Told {
        fn sync(&mut self) -> Result<()> {
            match self.orders.recv_timeout(Duration::from_secs(20)) {
                Ok(Order::Succeed) => Ok(()),
                Ok(Order::Fail) => Err(Error::other("as the test demands")),
                Ok(Order::Panic) => panic!("as the test demands"),
                Err(why) => Err(Error::other(why)),
            }
        }

        fn zero(&mut self, range: Range<u64>) -> Result<()> {
            self.zeroed.lock().unwrap().push(range);
            Ok(())
        }
    }

    fn started() -> (SyncThread, Sender<Order>, Zeroed) {
        let (tell, orders) = channel();
        let zeroed = Arc::default();
        (SyncThread::start(Told { orders, zeroed: Arc::clone(&zeroed) }).unwrap(), tell, zeroed)
    }

    #[test]
    fn the_writer_works_while_the_device_does() {
        let (mut thread, tell, zeroed) = started();
        for start in [0, 10] {
            let syncing = thread.begin(start..start + 10);
            // Only now may the device end; a thread that was waited for at once would never hear it.
            tell.send(Order::Succeed).unwrap();
            syncing.wait().unwrap();
            assert_eq!(thread.settle(), Some(start + 10));
            assert_eq!(thread.settle(), None);
        }
        assert_eq!(*zeroed.lock().unwrap(), [0..10, 10..20]);
    }

    #[test]
    fn a_sync_that_fails_is_told_and_no_zeros_are_written_after_it() {
        let (mut thread, tell, zeroed) = started();
        tell.send(Order::Fail).unwrap();
        assert!(thread.begin(0..10).wait().is_err());
        assert_eq!((thread.settle(), zeroed.lock().unwrap().len()), (None, 0));
    }

    #[test]
    fn a_thread_that_ended_is_a_failed_sync_and_stays_one() {
        let (mut thread, tell, _) = started();
        tell.send(Order::Panic).unwrap();
        for _ in 0..3 {
            assert!(thread.begin(0..10).wait().is_err());
            assert_eq!(thread.settle(), None);
        }
    }

    #[test]
    fn a_writer_that_panics_while_the_device_works_leaves_no_answer_to_be_mistaken() {
        let (mut thread, tell, _) = started();
        tell.send(Order::Succeed).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _syncing = thread.begin(0..10);
            panic!("as the test demands");
        }));
        assert!(panicked.is_err());
        assert_eq!(thread.settle(), Some(10));
        tell.send(Order::Fail).unwrap();
        assert!(thread.begin(10..20).wait().is_err());
    }
}
