//! What time alone brings about: heartbeats, test requests, ends.

use super::{Session, Store};
use hedgerow_core::Problem;
use hedgerow_core::time::SECOND;

impl<S: Store> Session<S> {
    /// Lets the time pass; to be called at least once a second.
    ///
    /// A heartbeat goes out after HeartBtInt without a message of ours; a test request after 1.2 of it without one of
    /// theirs; after 2.4 the connection is given up.
    pub fn tick(&mut self, now_ns: i64) {
        if !self.link.connected {
            return;
        }
        let since = self.store.numbers().since_ns;
        if !self.settings.schedule.one_run(now_ns, since) {
            if self.is_logged_on() && !self.link.sent_logout {
                self.send_logout("the session's schedule ended", now_ns);
            }
            self.disconnect("its schedule ended", now_ns);
            return;
        }
        // A clock that was set back would otherwise keep us silent until it is where it was.
        self.link.last_sent_ns = self.link.last_sent_ns.min(now_ns);
        self.link.last_received_ns = self.link.last_received_ns.min(now_ns);
        self.link.asked = self.link.asked.map(|(last, asked_ns)| (last, asked_ns.min(now_ns)));
        let (sent, received) = (now_ns - self.link.last_sent_ns, now_ns - self.link.last_received_ns);
        if !self.link.received_logon {
            if sent.max(received) >= i64::from(self.settings.logon_wait_s) * SECOND {
                self.disconnect("no Logon came in time", now_ns);
            }
            return;
        }
        if self.link.sent_logout && sent >= i64::from(self.settings.logout_wait_s) * SECOND {
            self.disconnect("no answer to the Logout came in time", now_ns);
            return;
        }
        if let Some((last, asked_ns)) = self.link.asked
            && self.next_in() <= last
            && now_ns - asked_ns >= i64::from(self.settings.resend_wait_s) * SECOND
        {
            self.ask_again(last, now_ns);
        }
        self.beat(sent, received, now_ns);
    }

    fn beat(&mut self, sent: i64, received: i64, now_ns: i64) {
        let beat = i64::from(self.heartbeat_s) * SECOND;
        if beat == 0 || (sent < beat && received < beat) {
            return;
        }
        let grace = beat / 5 * 6;
        if received >= 2 * grace {
            self.disconnect("nothing came for 2.4 heartbeats", now_ns);
        } else if sent >= beat && self.link.tests == 0 {
            // Before a test request that is due as well, as after a clock that stood still.
            self.send_admin(b"0", Vec::new(), &[], now_ns);
        } else if received >= grace * i64::from(self.link.tests + 1) {
            self.send_admin(b"1", Vec::new(), &[(112, b"TEST".to_vec())], now_ns);
            self.link.tests += 1;
        }
    }

    /// Begins the counts anew where they belong to a run of the schedule that is over.
    pub(super) fn keep_schedule(&mut self, now_ns: i64) -> Result<(), Problem> {
        let schedule = self.settings.schedule;
        if schedule.run_of(now_ns).is_some() && !schedule.one_run(now_ns, self.store.numbers().since_ns) {
            self.store.reset(now_ns)?;
        }
        Ok(())
    }
}
