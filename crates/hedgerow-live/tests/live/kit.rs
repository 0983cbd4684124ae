//! A fund that trades on threads of its own, over a disk that can be pulled out at any moment.

#[allow(dead_code)]
#[path = "../../../../bench/rust/src/ours/people.rs"]
mod people;

use hedgerow_book::{Book, LevelBook, Rules};
use hedgerow_core::{
    BookLevel, CashKind, CashMovement, Currency, FirmLimits, Instrument, InstrumentId, KIND_GENESIS, KernelStart,
    LAST_OF_UPDATE, Limits, Money, Noun, Order, Problem, ReportKind, Session, Side, StrategyStart, Symbol, TimeInForce,
    VenueReport,
};
use hedgerow_kernel::{Capacity, Effects, Input, Kernel, Replay, Send};
use hedgerow_live::{Consumer, Fund, Orders, Producer, RingBuffer, Seat, Trader, keep, run};
use hedgerow_log::{Files, Journal, LogReader, LogSigner, MemoryStorage, Storage};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A disk that others may look at while it is written.
#[derive(Clone, Debug)]
pub struct Disk(pub Arc<Mutex<MemoryStorage>>);

impl Disk {
    pub fn new() -> Disk {
        Disk(Arc::new(Mutex::new(MemoryStorage::with_crashes())))
    }

    /// What is on it when the power goes now.
    pub fn after_a_power_cut(&self) -> MemoryStorage {
        self.0.lock().unwrap().crash(512, |_| false)
    }
}

impl Files for Disk {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.0.lock().unwrap().small(name)
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.0.lock().unwrap().names(folder)
    }
}

impl Storage for Disk {
    fn len(&self) -> u64 {
        self.0.lock().unwrap().len()
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.0.lock().unwrap().append(bytes)
    }
    fn sync(&mut self) -> Result<(), Problem> {
        self.0.lock().unwrap().sync()
    }
    fn read(&self) -> Result<Vec<u8>, Problem> {
        self.0.lock().unwrap().read()
    }
    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.0.lock().unwrap().truncate(bytes)
    }
    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        self.0.lock().unwrap().read_at(at, bytes)
    }
    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        self.0.lock().unwrap().put(files)
    }
}

const INSTRUMENTS: u32 = 2;
const MUCH: Money = Money(1_000_000_000_000 * 1_000_000_000);

/// Buys a lot at the best bid whenever that is another than at its last order, and cancels every third.
#[derive(Default)]
pub struct Follower {
    last: i32,
    pub orders: u64,
    pub passed: u64,
    pub reports: u64,
    pub cancels: u64,
}

impl Trader for Follower {
    fn on_book(&mut self, instrument: InstrumentId, book: &LevelBook, orders: &mut Orders) {
        let Some(bid) = book.best(Side::Buy) else { return };
        if bid.price_ticks != self.last {
            self.last = bid.price_ticks;
            self.orders += 1;
            let number = orders.limit(instrument, Side::Buy, 1, bid.price_ticks.into(), TimeInForce::Day);
            assert_eq!(number, self.orders);
        }
    }

    fn on_verdict(&mut self, order: &Order, passed: bool) {
        assert!(order.id > 0 && order.client_id == self.orders);
        self.passed += u64::from(passed);
    }

    fn on_report(&mut self, report: &VenueReport, orders: &mut Orders) {
        self.reports += 1;
        if report.kind == ReportKind::Accepted as u8 && self.reports.is_multiple_of(3) {
            self.cancels += 1;
            orders.cancel(report.order_id, report.slot);
        }
    }
}

fn limits() -> Limits {
    Limits {
        capital: MUCH,
        gross: MUCH,
        net: MUCH,
        position: MUCH,
        sector: MUCH,
        order_notional: MUCH,
        loss: MUCH,
        drawdown: MUCH,
        var: MUCH,
        order_lots: 1 << 40,
        data_age_ns: 1 << 50,
        ..Limits::UNLIMITED
    }
}

fn listed(instrument: u32, currency: Currency) -> Instrument {
    Instrument {
        instrument,
        tick_nano: 10_000_000,
        lot_nano: 1_000_000_000,
        tick_value: 10_000_000,
        lots_min: 1,
        lots_step: 1,
        adv_lots: 1 << 40,
        sigma_nano: 20_000_000,
        currency,
        symbol: Symbol::parse(&format!("S{instrument}")).unwrap(),
        ..Instrument::default()
    }
}

/// A kernel that is set up, and the journal that holds all of that.
pub fn opened(storage: Disk) -> (Kernel, Journal<Disk>) {
    let usd = Currency::parse("USD").unwrap();
    let (genesis, envelopes) = people::signed_mandate(usd, &limits(), INSTRUMENTS);
    let capacity = Capacity { instruments: INSTRUMENTS, ..Capacity::default() };
    let mut kernel = Kernel::new(capacity, &genesis).unwrap();
    let signer = LogSigner::new("example/live", &[7; 32]).unwrap();
    let mut journal = Journal::create(storage, signer.verifier()).unwrap();
    let (kind, id, bytes) = (KIND_GENESIS, 1, genesis);
    journal.append(kind, id, &bytes).unwrap();
    let start = capacity.as_record();
    journal.append(KernelStart::KIND, start.id, bytemuck::bytes_of(&start)).unwrap();
    let mut inputs: Vec<Input> = (0..INSTRUMENTS).map(|i| Input::Instrument(listed(i, usd))).collect();
    inputs.push(Input::FirmLimits(FirmLimits { limits: limits(), ..FirmLimits::default() }));
    inputs.extend(envelopes.into_iter().map(|envelope| Input::Signed(0, envelope)));
    inputs.push(Input::StrategyStart(StrategyStart { artifact: people::artifact(), on: 1, ..Default::default() }));
    let (amount, kind) = (Money::units(1_000_000_000), CashKind::Capital as u8);
    inputs.push(Input::CashMovement(CashMovement { amount, currency: usd, kind, ..CashMovement::default() }));
    inputs.push(Input::Session(Session { closes_ts: i64::MAX, open: 1, ..Session::default() }));
    let mut effects = Effects::new();
    for input in &mut inputs {
        kernel.step(input, &mut effects).unwrap();
        let (kind, mut id, bytes) = input.as_record();
        journal.append(kind, id, bytes).unwrap();
        for (kind, bytes) in effects.records() {
            id += 1;
            journal.append(kind, id, bytes).unwrap();
        }
    }
    journal.commit().unwrap();
    (kernel, journal)
}

pub fn books() -> Vec<LevelBook> {
    (0..INSTRUMENTS).map(|_| LevelBook::new(Rules::default()).unwrap()).collect()
}

pub fn level(number: i64, instrument: u16, side: Side, price_ticks: i32, lots: i64) -> BookLevel {
    let (side, action) = (side as u8, 1 | LAST_OF_UPDATE);
    BookLevel { ts_event: number, instrument, side, price_ticks, lots, action, ..BookLevel::default() }
}

/// Best bids of the first instrument that go up and down between 1,000 and 1,009.
pub fn bids(n: i64) -> Vec<BookLevel> {
    (0..n)
        .flat_map(|number| {
            let price = 1_000 + (number * 7 % 10) as i32;
            [level(number, 0, Side::Buy, price, 5), level(number, 0, Side::Buy, price, 0)]
        })
        .collect()
}

/// What the venue says of an order: that it works, and that it is filled, at once.
pub fn answers(order: &Order) -> [VenueReport; 2] {
    let report = VenueReport {
        ts_event: order.ts,
        ts_init: order.ts,
        order_id: order.id,
        price_ticks: order.limit_ticks,
        reference_ticks: order.limit_ticks,
        lots: order.lots,
        instrument: order.instrument,
        slot: order.slot,
        kind: ReportKind::Filled as u8,
        liquidity: 1,
        ..VenueReport::default()
    };
    [VenueReport { kind: ReportKind::Accepted as u8, lots: 0, price_ticks: 0, reference_ticks: 0, ..report }, report]
}

/// What came of a life: what the kernel's thread and the journal's ended with, and every message that left.
pub struct Lived {
    pub kernel: Kernel,
    pub trader: Follower,
    pub refused: u64,
    pub end: Result<(), Problem>,
    pub journal: Result<Journal<Disk>, Problem>,
    pub left: Vec<Send>,
}

/// So many orders may be on their way before more is fed: the gate lets 64 work in an instrument and denies what is more.
const AHEAD: u64 = 32;

/// Three threads and this one, which feeds. `venue` gets each order that leaves and says what it answers; the fund is told
/// to stop when so many orders have left, or when nobody takes the feed any more. Two changes make an order, as in [`bids`].
pub fn live(
    (kernel, journal): (Kernel, Journal<Disk>),
    changes: &[BookLevel],
    (room, orders): (usize, u64),
    venue: impl Fn(&Order) -> Vec<VenueReport> + std::marker::Send + 'static,
) -> Lived {
    let (mut feed, fed) = RingBuffer::new(room);
    let (inputs, said) = RingBuffer::new(room);
    let (notes, noted) = RingBuffer::new(room);
    let (leaving, left) = RingBuffer::new(room);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let keeper = thread::spawn(move || keep(journal, noted, leaving, Seat::default()));
    let mut fund = Fund::new(kernel, books(), 0, Follower::default(), (fed, said, notes));
    let told = stop.clone();
    let turning = thread::spawn(move || {
        let end = run(&mut fund, Seat::default(), &told);
        let refused = fund.refused;
        (fund.into_parts(), refused, end)
    });
    let counted = answered.clone();
    let gateway = thread::spawn(move || trade(left, inputs, venue, &counted));
    for (pairs, change) in changes.iter().enumerate().map(|(number, change)| (number as u64 / 2, change)) {
        while pairs > answered.load(Ordering::Acquire) + AHEAD && !feed.is_abandoned() {
            thread::yield_now();
        }
        let mut change = *change;
        while let Err(rtrb::PushError::Full(back)) = feed.push(change)
            && !feed.is_abandoned()
        {
            change = back;
            thread::yield_now();
        }
    }
    while answered.load(Ordering::Acquire) < orders && !feed.is_abandoned() {
        thread::yield_now();
    }
    stop.store(true, Ordering::Release);
    let ((kernel, trader), refused, end) = turning.join().unwrap();
    let journal = keeper.join().unwrap();
    Lived { kernel, trader, refused, end, journal, left: gateway.join().unwrap() }
}

/// The venue: answers what leaves until nothing more can.
fn trade(
    mut left: Consumer<Send>,
    mut inputs: Producer<Input>,
    venue: impl Fn(&Order) -> Vec<VenueReport>,
    answered: &AtomicU64,
) -> Vec<Send> {
    let mut all = Vec::new();
    loop {
        // Looked at before the ring is: what was put last is still found in it.
        let is_over = left.is_abandoned();
        let Ok(send) = left.pop() else {
            if is_over {
                return all;
            }
            thread::yield_now();
            continue;
        };
        if let Send::New(order) = &send {
            for report in venue(order.get()) {
                let mut input = Input::VenueReport(report);
                while let Err(rtrb::PushError::Full(back)) = inputs.push(input)
                    && !inputs.is_abandoned()
                {
                    input = back;
                    thread::yield_now();
                }
            }
            answered.fetch_add(1, Ordering::Release);
        }
        all.push(send);
    }
}

/// The kernel that a journal derives.
pub fn derived(storage: &impl Storage) -> Kernel {
    let reader = LogReader::new(storage.read().unwrap()).unwrap();
    let mut replay = Replay::new();
    for record in reader.records() {
        replay.push(record.kind, record.id, record.bytes).unwrap();
    }
    replay.finish().unwrap().0
}
