//! A thread beside the writer of a log that makes space ready behind it while nothing is asked.
//!
//! Promises: it waits until nobody asked for a moment, and goes step by step, so that what the writer does meanwhile waits
//! for one step at most. It ends with its owner. Never: answers; space that it could not make, the writer makes.

use std::io::Result;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// So long nothing must have been asked before space is made.
const IDLE: Duration = Duration::from_micros(500);

/// The thread, as its owner holds it.
#[derive(Debug)]
pub(crate) struct SpaceThread {
    asked: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

impl SpaceThread {
    /// Starts the thread; `step` makes a step of space and says whether more is wanted.
    pub fn start(mut step: impl FnMut() -> bool + Send + 'static) -> Result<SpaceThread> {
        let (asked, heard) = sync_channel::<()>(1);
        let thread = Builder::new().name("hedgerow-space".to_owned()).spawn(move || {
            while heard.recv().is_ok() {
                loop {
                    match heard.recv_timeout(IDLE) {
                        Ok(()) => {}
                        Err(RecvTimeoutError::Timeout) if step() => {}
                        Err(RecvTimeoutError::Timeout) => break,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            }
        })?;
        Ok(SpaceThread { asked: Some(asked), thread: Some(thread), process: std::process::id() })
    }

    /// Says that space is wanted.
    pub fn ask(&self) {
        // Where a question waits already, this one is heard with it.
        self.asked.as_ref().map(|asked| asked.try_send(()));
    }
}

impl Drop for SpaceThread {
    fn drop(&mut self) {
        let (asked, thread) = (self.asked.take(), self.thread.take());
        if self.process != std::process::id() {
            // A process that was forked off holds a copy of this and no such thread, whose locks nobody opens there.
            std::mem::forget((asked, thread));
            return;
        }
        drop(asked);
        let _ = thread.map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn space_is_made_when_it_was_asked_for_and_only_as_much_as_is_wanted() {
        let (tell, steps) = channel();
        let mut left = 6;
        let thread = SpaceThread::start(move || {
            left -= 1;
            tell.send(left).unwrap();
            left % 3 != 0
        });
        let thread = thread.unwrap();
        assert!(steps.recv_timeout(10 * IDLE).is_err());
        for expected in [[5, 4, 3], [2, 1, 0]] {
            thread.ask();
            assert_eq!([(); 3].map(|()| steps.recv_timeout(Duration::from_secs(20)).unwrap()), expected);
            assert!(steps.recv_timeout(10 * IDLE).is_err());
        }
    }

    #[test]
    fn a_copy_in_a_process_that_was_forked_off_touches_nothing() {
        let (tell, steps) = channel();
        let mut thread = SpaceThread::start(move || tell.send(()).is_err()).unwrap();
        thread.process = 0;
        drop(thread);
        assert_eq!(steps.recv_timeout(20 * IDLE), Err(RecvTimeoutError::Timeout), "it neither ended nor was asked");
    }

    #[test]
    fn it_ends_with_its_owner_whatever_is_wanted() {
        let thread = SpaceThread::start(|| true).unwrap();
        thread.ask();
        std::thread::sleep(3 * IDLE);
        drop(thread);
    }
}
