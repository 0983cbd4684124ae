//! What a desk knows of its own past: a run that is taken up again, and the day that it is in.

use super::{Desk, Publishing};
use crate::engine::recorder::Recorder;
use crate::engine::tops::Tops;
use crate::engine::venues::{Venue, VenueSettings};
use hedgerow_core::{Noun, Order, Problem, QuoteUpdate, ReplaceRequest, Session, StrategyId, StrategyStart, time::DAY};
use hedgerow_exec::{Links, Parents, Tape};
use hedgerow_kernel::{Effects, Kernel};
use hedgerow_log::{FileStorage, Journal};

impl Desk {
    /// A fund as its journal left it: the kernel derived from the records, the journal open behind them.
    ///
    /// Once the venue is there, parent orders go on when they see a market again, and orders that hang together do so.
    pub fn resume(
        kernel: Kernel,
        records: &mut dyn Iterator<Item = (u16, &[u8])>,
        journal: Journal<FileStorage>,
        publishing: Publishing,
        links: Links,
    ) -> Result<Desk, Problem> {
        let mut desk = Desk {
            client_ids: vec![0; usize::from(kernel.capacity().strategies)],
            kernel,
            venue: Venue::new(VenueSettings::Outside)?,
            journal: Some(journal),
            publishing: Some(publishing),
            effects: Effects::new(),
            outbox: Vec::with_capacity(64),
            reports: Vec::with_capacity(64),
            recorder: Recorder::new(),
            fresh_fills: Vec::with_capacity(64),
            fresh_executions: Vec::new(),
            said: None,
            parents: Parents::default(),
            resuming: Vec::new(),
            is_away: true,
            links,
            stopped: Vec::new(),
            phased: Vec::new(),
            looked_ts: i64::MIN,
            tape: Tape::default(),
            running: Vec::new(),
            day: (i64::MAX, i64::MIN),
            now: i64::MIN,
            tops: Tops::default(),
            broker: None,
        };
        for (kind, bytes) in records {
            desk.remember(kind, bytes);
            desk.parents.take(kind, bytes)?;
        }
        desk.resuming = desk.parents.sending();
        Ok(desk)
    }

    /// Whether the venue is there. When it is again, what fell due among orders that hang together is done, and what fell due
    /// of parent orders is sent at once if that is to be caught up, or else laid over the time left.
    pub fn reach(&mut self, is_there: bool, catches_up: bool) -> Result<(), Problem> {
        let was_away = std::mem::replace(&mut self.is_away, !is_there);
        if !was_away || !is_there {
            return Ok(());
        }
        if !catches_up {
            self.resuming = self.parents.sending();
        }
        self.follow_links()
    }

    /// What a record of the past leaves beside the kernel.
    fn remember(&mut self, kind: u16, bytes: &[u8]) {
        self.recorder.record(kind, bytes);
        if kind == Order::KIND {
            let order: Order = bytemuck::pod_read_unaligned(bytes);
            self.used(order.strategy, order.client_id);
        } else if kind == ReplaceRequest::KIND {
            let request: ReplaceRequest = bytemuck::pod_read_unaligned(bytes);
            self.used(request.strategy, request.client_id);
        } else if kind == QuoteUpdate::KIND {
            let update: QuoteUpdate = bytemuck::pod_read_unaligned(bytes);
            self.used(update.strategy, update.client_id.saturating_add(1));
        } else if kind == StrategyStart::KIND {
            let start: StrategyStart = bytemuck::pod_read_unaligned(bytes);
            if start.on == 1 && !self.running.contains(&start.strategy) {
                self.running.push(start.strategy);
            }
        } else if kind == Session::KIND {
            let session: Session = bytemuck::pod_read_unaligned(bytes);
            self.day = day_of(session.ts);
        }
    }

    /// A number was given to an order or a change, and is not given again.
    fn used(&mut self, strategy: StrategyId, client_id: u64) {
        if let Some(last) = self.client_ids.get_mut(usize::from(strategy)) {
            *last = client_id.max(*last);
        }
    }
}

/// The first and last instant of the day that a time belongs to: a bar that closes at midnight is of the day before.
pub fn day_of(ts: i64) -> (i64, i64) {
    let first = ts.saturating_sub(1).div_euclid(DAY).saturating_mul(DAY).saturating_add(1);
    (first, first.saturating_add(DAY - 1))
}
