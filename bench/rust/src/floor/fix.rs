//! The least that reads and writes a FIX order: one loop over its bytes that converts nine fields and sums, and a prepared
//! message whose digits are overwritten. Nothing is looked up, required, or compared with a list.

use crate::random::Random;

/// Bytes of a message.
pub const LEN: usize = 180;
const TRAILER: usize = 7;

/// So many orders of 16 fields, behind one another.
pub fn orders(count: usize) -> Vec<u8> {
    let mut random = Random(99);
    let mut out = Vec::with_capacity(count * LEN);
    for n in 0..count as u64 {
        let mut below = |limit: u64| random.below(limit);
        let body = format!(
            "35=D|49=CLIENT12|56=EXCH0001|34={:06}|52=20261120-14:30:{:02}.{:06}|11=ORD{n:010}|55=BTCUSD|54={}|\
             60=20261120-14:30:00.000000|38={:04}|40=2|44={}.{:02}|59=0|",
            1 + n % 999_999,
            n % 60,
            below(1_000_000),
            1 + below(2),
            1 + below(9_999),
            50_000 + below(9_999),
            below(100)
        );
        let mut message = format!("8=FIX.4.4|9={:03}|{body}", body.len()).replace('|', "\x01").into_bytes();
        let sum = message.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        message.extend(format!("10={sum:03}\x01").bytes());
        assert_eq!(message.len(), LEN);
        out.extend(message);
    }
    out
}

/// What the loop takes out of a message.
#[derive(Default, Debug)]
pub struct Order {
    sequence: u64,
    side: u8,
    kind: u8,
    until: u8,
    quantity: u64,
    price: u64,
    id: (usize, usize),
    symbol: (usize, usize),
    length: u64,
    /// Whether the checksum is the sum.
    pub right: bool,
}

/// One byte at a time, the sum on the way, views into the buffer.
#[inline]
pub fn parse(message: &[u8]) -> Order {
    let mut order = Order::default();
    let (mut at, mut sum) = (0, 0_u32);
    while at < message.len() {
        let (before, mut tag) = (sum, 0_u32);
        while message[at] != b'=' {
            tag = tag * 10 + u32::from(message[at].wrapping_sub(b'0'));
            sum += u32::from(message[at]);
            at += 1;
        }
        sum += u32::from(b'=');
        at += 1;
        let start = at;
        while message[at] != 1 {
            sum += u32::from(message[at]);
            at += 1;
        }
        sum += 1;
        take(&mut order, tag, message, (start, at), before);
        at += 1;
    }
    order
}

#[inline]
fn take(order: &mut Order, tag: u32, message: &[u8], place: (usize, usize), sum: u32) {
    let value = &message[place.0..place.1];
    let number = || value.iter().fold(0_u64, |n, c| n * 10 + u64::from(c.wrapping_sub(b'0')));
    match tag {
        9 => order.length = number(),
        34 => order.sequence = number(),
        54 => order.side = value[0],
        40 => order.kind = value[0],
        59 => order.until = value[0],
        38 => order.quantity = number(),
        44 => {
            let digits = value.iter().filter(|c| **c != b'.');
            order.price = digits.fold(0, |n, c| n * 10 + u64::from(c.wrapping_sub(b'0')));
        }
        11 => order.id = place,
        55 => order.symbol = place,
        10 => order.right = number() == u64::from(sum & 255),
        _ => {}
    }
}

/// A prepared order whose changing digits have fixed places.
pub struct Template {
    bytes: Vec<u8>,
    places: [usize; 5],
}

impl Template {
    /// A template.
    pub fn new() -> Template {
        let bytes = orders(1);
        let at = |mark: &str| {
            bytes.windows(mark.len()).position(|w| w == mark.as_bytes()).expect("it is there") + mark.len()
        };
        let places = [at("\x0134="), at("\x0111=ORD"), at("\x0154="), at("\x0138="), at("\x0144=")];
        Template { bytes, places }
    }

    fn digits(&mut self, place: usize, count: usize, mut value: u64) {
        for digit in self.bytes[place..place + count].iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    /// Writes the changing digits and the checksum.
    #[inline]
    pub fn write(&mut self, sequence: u64, id: u64, side: u64, quantity: u64, cents: u64) -> &[u8] {
        let [at_sequence, at_id, at_side, at_quantity, at_price] = self.places;
        self.digits(at_sequence, 6, sequence);
        self.digits(at_id, 10, id);
        self.digits(at_side, 1, 1 + (side & 1));
        self.digits(at_quantity, 4, quantity);
        self.digits(at_price, 5, cents / 100);
        self.digits(at_price + 6, 2, cents % 100);
        let sum: u32 = self.bytes[..LEN - TRAILER].iter().map(|byte| u32::from(*byte)).sum();
        self.digits(LEN - 4, 3, u64::from(sum & 255));
        &self.bytes
    }
}
