//! A day of an instrument: closed, opening call, continuous trading, closing call, closed; halts in between.

use super::{Event, Exchange, OrderStatus, Phase, Reason, TimeIn};
use hedgerow_book::Book as _;

impl Exchange {
    pub(super) fn set_phase(&mut self, instrument: u32, phase: Phase) {
        let at = instrument as usize;
        let Some(market) = self.markets.get(at) else {
            return self.tell(Event::Refused { reason: Reason::UnknownInstrument });
        };
        let before = market.phase;
        if !follows(before, phase) {
            return self.tell(Event::Refused { reason: Reason::Phase });
        }
        if phase == Phase::Continuous && before != Phase::Closed {
            self.uncross(at, false);
        }
        if phase == Phase::Closed && before == Phase::ClosingCall {
            self.uncross(at, true);
        }
        let market = &mut self.markets[at];
        market.phase = phase;
        market.book.set_may_cross(phase != Phase::Continuous);
        self.tell(Event::Phase { instrument, phase });
        if phase == Phase::Closed {
            self.end_day(at);
        }
    }

    /// Orders of the day end, and those whose auction will not come.
    fn end_day(&mut self, at: usize) {
        let of_day = |id: &u64| {
            let order = &self.at(*id).order;
            let is_over = matches!(order.time_in, TimeIn::Day | TimeIn::AtOpen | TimeIn::AtClose);
            order.instrument as usize == at && is_over
        };
        let over: Vec<u64> = self.live.iter().copied().filter(of_day).collect();
        for id in over {
            self.end(id, OrderStatus::Expired, Reason::Closed);
        }
    }
}

/// Which phase may follow which.
fn follows(before: Phase, after: Phase) -> bool {
    match after {
        Phase::Closed => before != Phase::Closed,
        Phase::OpeningCall => matches!(before, Phase::Closed | Phase::Halted),
        Phase::Continuous => matches!(before, Phase::Closed | Phase::OpeningCall | Phase::Halted),
        Phase::ClosingCall => matches!(before, Phase::Continuous | Phase::Halted),
        Phase::Halted => !matches!(before, Phase::Closed | Phase::Halted),
    }
}
