//! The slab of working orders: a place for each, found by slot and proved by id.
//!
//! Promises: opening and ending an order takes constant time and no memory; the slot freed last is used first, so
//! equal inputs give equal slots; a slot with another order's id is an unknown order. Never: a hash map.

use crate::{OrderInput, OrderState, Transition, Working, next};
use hedgerow_core::{Order, OrderSlot, Problem, RecordId, code};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Every order that has not ended, and nothing else.
///
/// ```
/// use hedgerow_core::Order;
/// use hedgerow_oms::{Oms, OrderInput, OrderState};
/// let mut oms = Oms::new(64);
/// let slot = oms.open(Order { id: 7, lots: 100, ..Order::default() })?;
/// oms.apply(slot, 7, OrderInput::Approve, 0, 0)?;
/// let step = oms.apply(slot, 7, OrderInput::Fill, 40, 1_000)?;
/// assert_eq!((step.to, step.open_lots), (OrderState::PartiallyFilled, 60));
/// # Ok::<(), hedgerow_core::Problem>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Oms {
    /// All places, taken at the start; those from `used` on have never held an order.
    slots: Vec<Option<Working>>,
    used: u32,
    /// Places that are free again, the last freed on top.
    free: Vec<OrderSlot>,
}

impl Oms {
    /// Room for `capacity` orders at a time.
    #[must_use]
    pub fn new(capacity: u32) -> Oms {
        let mut free = vec![OrderSlot::MAX; capacity as usize];
        free.clear();
        Oms { slots: vec![None; capacity as usize], used: 0, free }
    }

    /// Takes in a new order, in state `New`, and says where it lies.
    ///
    /// # Errors
    /// `OMS_FULL` if there is no room; `CORE_INPUT` if the order has no id.
    pub fn open(&mut self, order: Order) -> Result<OrderSlot, Problem> {
        if order.id == 0 {
            return Err(Problem::new(code::CORE_INPUT, "order without an id"));
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if (self.used as usize) < self.slots.len() => {
                self.used += 1;
                self.used - 1
            }
            None => {
                let detail = format!("order {}, {} orders work, room for {}", order.id, self.len(), self.slots.len());
                return Err(Problem::new(code::OMS_FULL, detail));
            }
        };
        self.slots[slot as usize] = Some(Working::new(Order { slot, ..order }));
        Ok(slot)
    }

    /// Moves an order; a fill moved so has no number. `lots` and `price_ticks` are as in [`Working::advance`].
    ///
    /// # Errors
    /// `OMS_UNKNOWN_ORDER`, `OMS_ILLEGAL`, `OMS_OVERFILL`, `OMS_BAD_REPORT`, `CORE_INPUT`; nothing has changed.
    #[inline]
    pub fn apply(
        &mut self,
        slot: OrderSlot,
        order_id: RecordId,
        input: OrderInput,
        lots: i64,
        price_ticks: i64,
    ) -> Result<Transition, Problem> {
        self.advance(slot, order_id, input, |working| working.advance(input, lots, price_ticks))
    }

    /// Books an execution. Told again, it is refused by its number; see [`Working::fill`].
    ///
    /// # Errors
    /// `OMS_DUPLICATE`, and as [`Oms::apply`] with [`OrderInput::Fill`]; nothing has changed.
    #[inline]
    pub fn fill(
        &mut self,
        slot: OrderSlot,
        order_id: RecordId,
        execution: u32,
        lots: i64,
        price_ticks: i64,
    ) -> Result<Transition, Problem> {
        let after = self.check_fill(slot, order_id, execution, lots, price_ticks)?;
        self.book_fill(&after)
    }

    /// Books an execution as [`Oms::check_fill`] worked it out; the order has not moved since.
    ///
    /// # Errors
    /// `OMS_UNKNOWN_ORDER`; nothing has changed.
    #[inline]
    pub fn book_fill(&mut self, after: &Working) -> Result<Transition, Problem> {
        self.advance(after.order.slot, after.order.id, OrderInput::Fill, |_| Ok(*after))
    }

    #[inline]
    fn advance(
        &mut self,
        slot: OrderSlot,
        order_id: RecordId,
        input: OrderInput,
        step: impl FnOnce(&Working) -> Result<Working, Problem>,
    ) -> Result<Transition, Problem> {
        let place = self.slots.get_mut(slot as usize).filter(|place| holds(place, order_id));
        let Some(Some(working)) = place else { return Err(unknown(slot, order_id)) };
        let after = step(working)?;
        let step = Transition::between(working, &after, input);
        if step.terminal {
            self.slots[slot as usize] = None;
            self.free.push(slot);
        } else {
            *working = after;
        }
        Ok(step)
    }

    /// Whether an order may take an input of our own now, before anyone decides on it.
    ///
    /// # Errors
    /// `OMS_UNKNOWN_ORDER` or `OMS_ILLEGAL`.
    pub fn check(&self, slot: OrderSlot, order_id: RecordId, input: OrderInput) -> Result<OrderState, Problem> {
        let working = self.find(slot, order_id)?;
        next(working.state, input, working.standing()).ok_or_else(|| {
            let detail = format!("order {order_id}, {} in state {}", input.name(), working.state.name());
            Problem::new(code::OMS_ILLEGAL, detail)
        })
    }

    /// Whether an execution can be true, without booking it.
    ///
    /// # Errors
    /// As [`Oms::fill`].
    pub fn check_fill(
        &self,
        slot: OrderSlot,
        order_id: RecordId,
        execution: u32,
        lots: i64,
        price_ticks: i64,
    ) -> Result<Working, Problem> {
        self.find(slot, order_id)?.fill(execution, lots, price_ticks)
    }

    /// A working order, if this slot still holds this id.
    #[inline]
    #[must_use]
    pub fn get(&self, slot: OrderSlot, order_id: RecordId) -> Option<&Working> {
        self.slots.get(slot as usize)?.as_ref().filter(|working| working.order.id == order_id)
    }

    fn find(&self, slot: OrderSlot, order_id: RecordId) -> Result<&Working, Problem> {
        self.get(slot, order_id).ok_or_else(|| unknown(slot, order_id))
    }

    /// Every working order, in order of its slot.
    pub fn iter(&self) -> impl Iterator<Item = &Working> {
        self.slots[..self.used as usize].iter().flatten()
    }

    /// How many orders work.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used as usize - self.free.len()
    }

    /// No order works.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No further order can be taken in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// How many orders can work at a time.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Proves the slab: every free place is free once, every order lies where it says and has not ended.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let used = self.used as usize;
        if used > self.slots.len() || self.slots[used..].iter().any(Option::is_some) {
            return false;
        }
        let mut empty = self.slots[..used].iter().map(Option::is_none).collect::<Vec<bool>>();
        let once = self
            .free
            .iter()
            .all(|slot| empty.get_mut(*slot as usize).is_some_and(|free| std::mem::replace(free, false)));
        let placed = self.slots[..used].iter().enumerate().all(|(slot, place)| {
            place.is_none_or(|w| w.order.slot as usize == slot && w.order.id != 0 && !w.state.is_terminal())
        });
        once && placed && !empty.contains(&true)
    }
}

#[inline]
fn holds(place: &Option<Working>, order_id: RecordId) -> bool {
    place.as_ref().is_some_and(|working| working.order.id == order_id)
}

#[cold]
fn unknown(slot: OrderSlot, order_id: RecordId) -> Problem {
    Problem::new(code::OMS_UNKNOWN_ORDER, format!("order {order_id} in slot {slot}"))
}

/// The slab as it is written: places that were never used are left out.
#[derive(Serialize)]
struct Written<'a> {
    capacity: u32,
    slots: &'a [Option<Working>],
    free: &'a [OrderSlot],
}

#[derive(Deserialize)]
struct Read {
    capacity: u32,
    slots: Vec<Option<Working>>,
    free: Vec<OrderSlot>,
}

impl Serialize for Oms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let capacity = u32::try_from(self.slots.len()).map_err(serde::ser::Error::custom)?;
        Written { capacity, slots: &self.slots[..self.used as usize], free: &self.free }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Oms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Oms, D::Error> {
        let read = Read::deserialize(deserializer)?;
        if read.slots.len().max(read.free.len()) > read.capacity as usize {
            return Err(serde::de::Error::custom("more orders than the slab has room for"));
        }
        let mut oms = Oms::new(read.capacity);
        oms.used = read.slots.len() as u32;
        oms.slots[..read.slots.len()].copy_from_slice(&read.slots);
        oms.free.extend_from_slice(&read.free);
        if oms.is_consistent() { Ok(oms) } else { Err(serde::de::Error::custom("the slab contradicts itself")) }
    }
}
