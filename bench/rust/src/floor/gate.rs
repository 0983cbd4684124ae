//! Eight pre-trade checks and a rate bucket as one decision without a branch: the least a gate can do.
//!
//! Unchecked indices and wrapping integers: fast, and fit for nothing but this comparison.

use crate::random::Random;

const FACTORS: usize = 8;

/// One account in one instrument: a cache line.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Row {
    position: i64,
    open: [i64; 2],
    position_max: i64,
    reference: i64,
    band: i64,
    lots_max: u32,
    halted: u32,
    notional_max: i64,
}

/// One account: two cache lines, the second its factor exposures.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Account {
    gross: i64,
    gross_max: i64,
    margin: i64,
    margin_max: i64,
    tokens: i64,
    last_ns: u64,
    variance: f64,
    variance_max: f64,
    gradient: [f64; FACTORS],
}

/// One instrument: factor loadings and variance of its own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Listing {
    loading: [f64; FACTORS],
    own_variance: f64,
    margin: i64,
    concentration_max: i64,
    _spare: [u64; 5],
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Order {
    row: u32,
    account: u32,
    listing: u32,
    side: u32,
    lots: i64,
    price: i64,
    now: u64,
}

impl Order {
    /// The same of the first row, within the price band.
    pub fn of_row_0(self) -> Order {
        Order { row: 0, account: 0, listing: 0, price: 1_000_000, ..self }
    }

    /// The same with another side and size, later.
    #[inline(always)]
    pub fn again(self, side: u32, lots: i64, number: u64) -> Order {
        Order { side, lots, now: number * 1000, ..self }
    }
}

/// The tables.
pub struct Gate {
    killed: u64,
    rows: Vec<Row>,
    accounts: Vec<Account>,
    listings: Vec<Listing>,
}

impl Gate {
    /// Tables for so many accounts and instruments.
    pub fn new(accounts: usize, listings: usize) -> Gate {
        let row = Row {
            position_max: 1 << 40,
            reference: 1_000_000,
            band: 50_000,
            lots_max: 10_000,
            notional_max: 1 << 50,
            ..Row::default()
        };
        let account = Account {
            gross: 0,
            gross_max: i64::MAX / 4,
            margin: 0,
            margin_max: i64::MAX / 4,
            tokens: 1 << 40,
            last_ns: 0,
            variance: 1.0,
            variance_max: 1e30,
            gradient: [1e-3; FACTORS],
        };
        let listing = |i: usize| Listing {
            loading: [1e-3 * (i % 7) as f64; FACTORS],
            own_variance: 1e-6,
            margin: 50,
            concentration_max: i64::MAX / 4,
            _spare: [0; 5],
        };
        Gate {
            killed: 0,
            rows: vec![row; accounts * listings],
            accounts: vec![account; accounts],
            listings: (0..listings).map(listing).collect(),
        }
    }

    /// Bytes of the tables.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows) + size_of_val(&*self.accounts) + size_of_val(&*self.listings)
    }

    /// Bit i set: check i failed; 0: passed, and the state has moved.
    #[inline(always)]
    pub fn check(&mut self, order: &Order) -> u32 {
        // SAFETY: `orders` makes indices within the tables it was given the sizes of.
        let (row, account, listing) = unsafe {
            (
                self.rows.get_unchecked_mut(order.row as usize),
                self.accounts.get_unchecked_mut(order.account as usize),
                self.listings.get_unchecked(order.listing as usize),
            )
        };
        let (lots, sign) = (order.lots, 1 - 2 * i64::from(order.side));
        let notional = order.price * lots;
        let open = [row.open[0] + lots * i64::from(order.side == 0), row.open[1] + lots * i64::from(order.side == 1)];
        let worst = (row.position + open[0]).max(open[1] - row.position);
        let margin = lots * listing.margin;
        let tokens = (account.tokens + (order.now.wrapping_sub(account.last_ns) >> 10) as i64).min(1 << 40);
        let mut products = [0.0; FACTORS];
        for (product, (loading, gradient)) in products.iter_mut().zip(listing.loading.iter().zip(&account.gradient)) {
            *product = loading * gradient;
        }
        let [a, b, c, d, e, f, g, h] = products;
        let slope = ((a + e) + (b + f)) + ((c + g) + (d + h));
        let change = (lots * sign) as f64;
        let variance = account.variance + change * slope + change * change * listing.own_variance;
        let failed = u32::from(self.killed != 0)
            | u32::from(row.halted != 0) << 1
            | u32::from((lots <= 0) | (lots > i64::from(row.lots_max)) | (notional > row.notional_max)) << 2
            | u32::from((order.price - row.reference).abs() > row.band) << 3
            | u32::from(worst > row.position_max) << 4
            | u32::from(
                (worst * order.price > listing.concentration_max) | (account.gross + notional > account.gross_max),
            ) << 5
            | u32::from(account.margin + margin > account.margin_max) << 6
            | u32::from((variance > account.variance_max) | variance.is_nan()) << 7
            | u32::from(tokens <= 0) << 8;
        account.last_ns = order.now;
        account.tokens = tokens;
        if failed == 0 {
            row.open = open;
            account.gross += notional;
            account.margin += margin;
            account.tokens -= 1;
        }
        failed
    }

    /// Decides on all orders; returns how many failed.
    pub fn check_all(&mut self, orders: &[Order]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if super::has_v3() {
            // SAFETY: the processor was just found to have these features.
            return unsafe { self.check_all_v3(orders) };
        }
        self.check_each(orders)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
    fn check_all_v3(&mut self, orders: &[Order]) -> usize {
        self.check_each(orders)
    }

    #[inline(always)]
    fn check_each(&mut self, orders: &[Order]) -> usize {
        orders.iter().filter(|order| self.check(order) != 0).count()
    }
}

/// A stream of orders over random accounts and instruments, 3 of 100 outside the price band.
pub fn orders(n: usize, accounts: usize, listings: usize) -> Vec<Order> {
    let mut random = Random(3);
    let make = |i: usize| {
        let (account, listing) = (random.below(accounts as u64) as u32, random.below(listings as u64) as u32);
        let outside = random.below(100) < 3;
        Order {
            row: account * listings as u32 + listing,
            account,
            listing,
            side: random.below(2) as u32,
            lots: 1 + random.below(100) as i64,
            price: 1_000_000 + if outside { 90_000 } else { random.below(40_000) as i64 },
            now: i as u64 * 1000,
        }
    };
    (0..n).map(make).collect()
}
