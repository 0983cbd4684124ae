//! The domain's notation: orders and reports are written as a trader would, effects are told a line each.

use hedgerow_core::{
    CancelRequest, Code, Decision, Fill, Finding, Mandate, Noun, Order, OrderEvent, Posting, ReplaceRequest,
    ReportKind, Side, Verdict,
};
use hedgerow_kernel::Effects;
use hedgerow_oms::OrderState;
use hedgerow_risk::rules::bit;

/// `buy 10 AAA` or `sell 5 AAA @ 9900`.
pub struct Wanted<'a> {
    pub side: Side,
    pub lots: i64,
    pub symbol: &'a str,
    pub limit_ticks: i64,
}

impl Wanted<'_> {
    pub fn parse(text: &str) -> Wanted<'_> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let side = match words[0] {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => panic!("{other:?} is no side"),
        };
        let limit_ticks = match words[3..] {
            [] => 0,
            ["@", price] => price.parse().unwrap(),
            _ => panic!("{text:?} is no order"),
        };
        Wanted { side, lots: words[1].parse().unwrap(), symbol: words[2], limit_ticks }
    }
}

/// `Accepted`, `Filled 4 @ 9990`, `Filled 4 @ 9990 as 2`, `Replaced 6 @ 0`: kind, lots, price, number of the execution.
pub fn report(text: &str) -> (ReportKind, i64, i64, u32) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let kind = ReportKind::ALL.iter().find(|kind| kind.name() == words[0]);
    let number = |at: usize| words.get(at).map_or(0, |word| word.parse().unwrap());
    (*kind.unwrap_or_else(|| panic!("{text:?} is no report")), number(1), number(3), number(5) as u32)
}

fn rules(mask: u64) -> String {
    let names = hedgerow_risk::rules::ORDER.iter().filter(|code| mask & bit(**code) != 0);
    names.map(Code::to_string).collect::<Vec<_>>().join(" ")
}

fn state(byte: u8) -> &'static str {
    OrderState::from_u8(byte).unwrap().name()
}

/// What happened, a line each; postings are left to the books.
pub fn told(effects: &Effects) -> Vec<String> {
    effects.records().filter(|(kind, _)| *kind != Posting::KIND).map(|(kind, bytes)| line(kind, bytes)).collect()
}

fn line(kind: u16, bytes: &[u8]) -> String {
    match kind {
        Verdict::KIND => {
            let verdict: Verdict = bytemuck::pod_read_unaligned(bytes);
            match (verdict.decision == Decision::Denied as u8, verdict.waived) {
                (true, _) => format!("denied {}", Code(verdict.code)),
                (false, 0) => "approved".to_owned(),
                (false, waived) => format!("approved, reduces risk despite {}", rules(waived)),
            }
        }
        OrderEvent::KIND => {
            let event: OrderEvent = bytemuck::pod_read_unaligned(bytes);
            format!("{} -> {}", state(event.from), state(event.to))
        }
        // The sides of a quote: what it brings of orders, changes and cancels.
        Order::KIND => {
            let order: Order = bytemuck::pod_read_unaligned(bytes);
            let side = if order.side == Side::Buy as u8 { "buy" } else { "sell" };
            format!("{side} {} @ {}", order.lots, order.limit_ticks)
        }
        ReplaceRequest::KIND => {
            let request: ReplaceRequest = bytemuck::pod_read_unaligned(bytes);
            format!("change to {} @ {}", request.lots, request.limit_ticks)
        }
        CancelRequest::KIND => "cancel".to_owned(),
        Fill::KIND => {
            let fill: Fill = bytemuck::pod_read_unaligned(bytes);
            format!("fill {} @ {}", fill.lots, fill.price_ticks)
        }
        Mandate::KIND => {
            let mandate: Mandate = bytemuck::pod_read_unaligned(bytes);
            let state = match (mandate.revoked, mandate.paused) {
                (1, _) => "revoked",
                (_, 1) => "paused",
                _ => "granted",
            };
            format!("mandate {state}")
        }
        Finding::KIND => format!("finding {}", Code(bytemuck::pod_read_unaligned::<Finding>(bytes).code)),
        other => panic!("the kernel never makes records of kind {other}"),
    }
}
