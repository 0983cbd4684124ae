//! `Approved<T>`: proof that the gate passed `T`. Nothing else can make one, so "sent without a check" does not compile.

use hedgerow_core::{FullReplace, Order, OrderSlot, ReplaceRequest};

/// A thing that passed the pre-trade gate: the only thing a venue takes.
///
/// It cannot be built outside this crate, copied, or read from bytes:
///
/// ```compile_fail,E0423
/// use hedgerow_core::Order;
/// let forged = hedgerow_risk::Approved(Order::default());
/// ```
/// ```compile_fail,E0624
/// use hedgerow_core::Order;
/// let forged = hedgerow_risk::Approved::new(Order::default());
/// ```
/// ```compile_fail,E0277
/// fn clonable<T: Clone>() {}
/// clonable::<hedgerow_risk::Approved<hedgerow_core::Order>>();
/// ```
#[derive(PartialEq, Debug)]
#[must_use = "an approved order holds a reservation until it is sent or released"]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    pub(crate) const fn new(passed: T) -> Approved<T> {
        Approved(passed)
    }

    /// What was approved.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// Gives up the proof and returns what was approved.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Approved<Order> {
    /// The same order with its place in the OMS slab, which is found after the check and is no term of the trade.
    pub fn with_slot(mut self, slot: OrderSlot) -> Approved<Order> {
        self.0.slot = slot;
        self
    }
}

impl Approved<FullReplace> {
    /// The request alone, for a venue whose order has no terms.
    pub fn without_terms(self) -> Approved<ReplaceRequest> {
        Approved(self.0.request)
    }
}
