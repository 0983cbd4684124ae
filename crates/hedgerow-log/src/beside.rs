//! A thread beside the writer of a log, for one kind of work: it hashes a large commit while the writer waits for the
//! device, or makes space ready while the writer goes on.
//!
//! Promises: a job goes in and the same job comes back done, its buffers with it; a thread that ended is told and is no
//! success; a writer that panics meanwhile leaves no answer for the next one to mistake. It ends with its owner.
//! Never: more than one job at a time.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// The thread, as its owner holds it.
#[derive(Debug)]
pub(crate) struct Beside<Job> {
    jobs: Option<SyncSender<Job>>,
    /// Never locked: it is here so that the owner may move between threads.
    done: Mutex<Receiver<Job>>,
    thread: Option<JoinHandle<()>>,
    process: u32,
    busy: bool,
}

impl<Job: Send + 'static> Beside<Job> {
    /// Starts the thread, which does `work` with each job.
    pub fn start(name: &str, mut work: impl FnMut(&mut Job) + Send + 'static) -> std::io::Result<Beside<Job>> {
        let (jobs, given) = sync_channel::<Job>(1);
        let (giving, done) = sync_channel(1);
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            for mut job in given {
                work(&mut job);
                if giving.send(job).is_err() {
                    return;
                }
            }
        })?;
        Ok(Beside {
            jobs: Some(jobs),
            done: Mutex::new(done),
            thread: Some(thread),
            process: std::process::id(),
            busy: false,
        })
    }

    /// Begins a job; an earlier one that nobody waited for is waited for and forgotten. Gives the job back where the
    /// thread has ended.
    pub fn begin(&mut self, job: Job) -> Result<(), Job> {
        self.wait();
        let Some(jobs) = &self.jobs else { return Err(job) };
        jobs.send(job).map_err(|unsent| unsent.0)?;
        self.busy = true;
        Ok(())
    }

    /// Waits for the job that was begun; `None` if there is none or the thread ended.
    pub fn wait(&mut self) -> Option<Job> {
        if !std::mem::take(&mut self.busy) {
            return None;
        }
        self.done.get_mut().ok()?.recv().ok()
    }
}

impl<Job> Drop for Beside<Job> {
    fn drop(&mut self) {
        self.jobs = None;
        // A process that was forked off holds a copy of this and no such thread.
        if let Some(thread) = self.thread.take().filter(|_| self.process == std::process::id()) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// A thread that adds one to a number once it is told to; `false` makes it panic.
    fn started() -> (Beside<u32>, std::sync::mpsc::Sender<bool>) {
        let (tell, told) = channel::<bool>();
        let beside = Beside::start("test", move |job| {
            assert!(told.recv_timeout(Duration::from_secs(20)).unwrap(), "as the test demands");
            *job += 1;
        });
        (beside.unwrap(), tell)
    }

    #[test]
    fn the_owner_goes_on_while_the_thread_works() {
        let (mut beside, tell) = started();
        for job in [0, 10] {
            beside.begin(job).unwrap();
            // Only now may it end; a thread that was waited for at once would never hear it.
            tell.send(true).unwrap();
            assert_eq!((beside.wait(), beside.wait()), (Some(job + 1), None));
        }
    }

    #[test]
    fn a_thread_that_ended_gives_nothing_and_takes_nothing() {
        let (mut beside, tell) = started();
        beside.begin(1).unwrap();
        tell.send(false).unwrap();
        assert_eq!(beside.wait(), None);
        assert_eq!((beside.begin(2), beside.begin(3)), (Err(2), Err(3)));
    }

    #[test]
    fn what_nobody_waited_for_is_never_mistaken_for_the_next() {
        let (mut beside, tell) = started();
        beside.begin(1).unwrap();
        tell.send(true).unwrap();
        tell.send(true).unwrap();
        beside.begin(10).unwrap();
        assert_eq!(beside.wait(), Some(11));
    }
}
