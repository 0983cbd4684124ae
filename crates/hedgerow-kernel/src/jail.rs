//! What the jail around an opaque strategy tells the kernel: it is recorded in order and moves no money; but a mandate
//! counts only behind the walls that its tier demands.

use crate::{Effects, Kernel};
use hedgerow_core::{
    Code, Finding, InstrumentId, Isolation, JailAnswer, JailStart, Problem, RecordId, StrategyId, code,
};

/// Bytes of a remark, at most.
const REMARK_MAX: usize = 1_000;

/// Whether the kernel finds such things itself. Then nobody else does, so that what it found is always derived again.
fn is_own(found: Code) -> bool {
    let of_reports = found.area().is_some_and(|area| ["OMS", "LEDGER"].contains(&area.name));
    of_reports
        || [code::CORE_UNKNOWN_INSTRUMENT, code::RISK_ARTIFACT, code::GOV_TIER, code::GOV_ISOLATION].contains(&found)
}

impl Kernel {
    /// Something was found outside the kernel, by people or by what surrounds a strategy.
    pub(crate) fn found(&mut self, finding: &mut Finding, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        if finding.strategy != StrategyId::MAX {
            self.check_strategy(finding.strategy)?;
        }
        if finding.instrument != InstrumentId::MAX {
            self.check_instrument(finding.instrument)?;
        }
        let found = Code(finding.code);
        if found.def().is_none() || is_own(found) {
            return Err(Problem::new(code::CORE_INPUT, format!("a finding from outside with the code {found}")));
        }
        self.check_cause(finding.cause)?;
        self.check_time(finding.ts)?;
        finding.id = self.accept(finding.ts);
        Ok(())
    }

    /// Words about the record before, which move nothing.
    pub(crate) fn remarked(&mut self, id: &mut RecordId, words: &[u8], effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let is_said = |text: &str| !text.is_empty() && text.len() <= REMARK_MAX && !text.contains(char::is_control);
        if !std::str::from_utf8(words).is_ok_and(is_said) {
            let detail = format!("a remark of {} bytes; use 1 to {REMARK_MAX} of text on one line", words.len());
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        *id = self.next_id();
        Ok(())
    }

    /// An opaque strategy's process started; from here its mandate counts if its tier allows isolation so weak.
    pub(crate) fn jail_start(&mut self, start: &mut JailStart, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(start.strategy)?;
        let Some(reached) = Isolation::from_u8(start.isolation) else {
            return Err(Problem::new(code::CORE_INPUT, format!("a jail of isolation {}", start.isolation)));
        };
        self.check_cause(start.cause)?;
        self.check_time(start.ts)?;
        start.id = self.accept(start.ts);
        self.isolated(start.strategy, reached, start.id, effects)
    }

    /// An opaque strategy answered.
    pub(crate) fn jail_answer(&mut self, answer: &mut JailAnswer, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(answer.strategy)?;
        self.check_cause(answer.cause)?;
        self.check_time(answer.ts)?;
        answer.id = self.accept(answer.ts);
        Ok(())
    }
}
