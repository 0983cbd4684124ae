//! What the position leaves an order that follows another's fills and may only reduce, before it is sent or made larger.
//!
//! Promises: no more than the gate lets pass. What other reduce-only orders are to close, or nobody holds, is taken from it
//! for good; what only works yet, and may close the position first, it waits for.
//! Never: makes a working order smaller.

use super::group::{Group, Member};
use super::reducing::{Held, claimed_lots, closable, open_lots, place};
use super::{Due, Links};
use hedgerow_core::{Code, Finding, Order, REDUCE_ONLY, RecordId, code};
use hedgerow_oms::{Oms, OrderState, Working};

/// Lots that orders beside each other may have open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// By the position, without what other reduce-only orders are to close of it.
    pub meant_lots: i64,
    /// What the gate lets pass now, where all counts that may trade.
    pub free_lots: i64,
    /// Something that counts is about to be smaller.
    pub is_moving: bool,
}

impl Room {
    const ANY: Room = Room { meant_lots: i64::MAX, free_lots: i64::MAX, is_moving: false };
}

/// Orders beside each other that close the same position: the largest of them counts.
struct Claim {
    root: RecordId,
    /// Lots that may trade at most.
    reserved_lots: i64,
    /// Lots that shall be open, if they may only reduce.
    meant_lots: i64,
    is_moving: bool,
}

impl Links {
    /// What is due to be sent, to be made larger, or to be told about that.
    pub(super) fn to_add(&self, oms: &Oms, held: &Held<'_>) -> Option<Due> {
        self.groups.iter().find_map(|group| {
            group.members.iter().find_map(|member| {
                let room = || self.room(group, member, oms, held);
                if member.has_ended { group.to_send(member, room) } else { group.to_grow(member, oms, room) }
            })
        })
    }

    fn room(&self, group: &Group, member: &Member, oms: &Oms, held: &Held<'_>) -> Room {
        let Some(wish) = member.wish.filter(|wish| wish.told.flags & REDUCE_ONLY != 0) else { return Room::ANY };
        let ours = (wish.told.strategy, wish.told.instrument, wish.told.side);
        let like = Order { strategy: ours.0, instrument: ours.1, side: ours.2, ..Order::default() };
        let mut claims: Vec<Claim> = Vec::new();
        for working in oms.iter().filter(|working| place(&working.order) == ours) {
            let claim = self.claim(working, oms);
            if group.has_at_work(working.order.id) {
                continue;
            }
            match claims.iter_mut().find(|known| known.root == claim.root) {
                Some(known) => {
                    known.reserved_lots = known.reserved_lots.max(claim.reserved_lots);
                    known.meant_lots = known.meant_lots.max(claim.meant_lots);
                    known.is_moving |= claim.is_moving;
                }
                None => claims.push(claim),
            }
        }
        let held_lots = closable(&like, held);
        let meant: i64 = claims.iter().map(|claim| claim.meant_lots).sum();
        let reserved: i64 = claims.iter().map(|claim| claim.reserved_lots).sum();
        Room {
            meant_lots: (held_lots - meant).max(0),
            free_lots: (held_lots - reserved).max(0),
            is_moving: claims.iter().any(|claim| claim.is_moving),
        }
    }

    /// What a working order of a group stands beside, and the lots that it shall have open.
    pub(super) fn stands(&self, order_id: RecordId) -> Option<(RecordId, i64)> {
        let group = self.groups.iter().find(|group| group.has_at_work(order_id))?;
        let member = group.members.iter().find(|member| member.order_id == order_id)?;
        Some((group.root, group.open_lots(member)))
    }

    fn claim(&self, working: &Working, oms: &Oms) -> Claim {
        let Working { order, filled_lots, asked, .. } = *working;
        let (root, shall) = self.stands(order.id).unwrap_or((order.id, i64::MAX));
        let left_lots = open_lots(oms, &order).min(shall);
        let reserved_lots = asked.map_or(order.lots, |asked| asked.lots.max(order.lots)) - filled_lots;
        Claim {
            root,
            reserved_lots,
            meant_lots: if order.is_reduce_only() { claimed_lots(oms, &order).min(shall) } else { 0 },
            is_moving: working.state != OrderState::Unknown && left_lots < reserved_lots && !self.is_stuck(order.id),
        }
    }

    fn is_stuck(&self, order_id: RecordId) -> bool {
        let mut members = self.groups.iter().flat_map(|group| &group.members);
        members.any(|member| member.order_id == order_id && member.cancel_refused)
    }
}

impl Group {
    fn has_at_work(&self, order_id: RecordId) -> bool {
        self.members.iter().any(|member| member.order_id == order_id && !member.has_ended)
    }

    fn to_send(&self, member: &Member, room: impl Fn() -> Room) -> Option<Due> {
        let (wish, lots) = (member.wish?, self.sendable_lots(member));
        let open_lots = self.open_lots(member);
        if wish.is_unplaced && open_lots > 0 {
            return Some(Due::Tell(self.tell(code::RUN_UNPROTECTED, wish.told.id, member, 0, open_lots)));
        }
        if lots == 0 || member.crossed != 0 || self.would_meet_entry(&wish.told) {
            return None;
        }
        let beside = if self.members.iter().all(|member| member.has_ended) { 0 } else { self.root };
        match self.fitting(member, 0, open_lots, room()) {
            Ok(0) => None,
            Ok(lots) => Some(Due::Send { wish: wish.told, lots, beside }),
            Err(finding) => Some(Due::Tell(finding)),
        }
    }

    fn to_grow(&self, member: &Member, oms: &Oms, room: impl Fn() -> Room) -> Option<Due> {
        let Working { order, state, filled_lots, .. } = *oms.get(member.slot, member.order_id)?;
        let (open_lots, has_lots, cause) = (self.open_lots(member), order.lots - filled_lots, self.mover);
        let is_wanted = member.wish.is_some_and(|wish| !wish.is_over) && open_lots > has_lots && member.crossed == 0;
        if !is_wanted || !matches!(state, OrderState::Live | OrderState::PartiallyFilled) {
            return None;
        }
        match self.fitting(member, has_lots, open_lots, room()) {
            Err(finding) => Some(Due::Tell(finding)),
            Ok(lots) if lots <= has_lots => None,
            Ok(_) if member.resize_refused => (!member.cancel_refused).then_some(Due::Cancel { order, cause }),
            Ok(lots) => Some(Due::Resize { order, lots: filled_lots + lots, cause }),
        }
    }

    /// What one that has so many lots at work may have, of those that it shall have; or what is to be told first.
    fn fitting(&self, member: &Member, has_lots: i64, open_lots: i64, room: Room) -> Result<i64, Finding> {
        let fits = |lots: i64| member.rule.down(open_lots.min(lots)).max(has_lots);
        let tell = |code: Code, lots| {
            Err(self.tell(code, member.wish.map_or(0, |wish| wish.told.id), member, lots, open_lots))
        };
        let (meant, free) = (fits(room.meant_lots), fits(room.free_lots));
        if open_lots > room.meant_lots.max(has_lots) {
            return tell(code::RUN_CUT, meant);
        }
        let is_short = free < meant && !room.is_moving && open_lots - free > member.told_short_lots;
        if is_short { tell(code::RUN_HELD_BACK, free) } else { Ok(free) }
    }
}
