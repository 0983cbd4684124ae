//! What an order's trip to a venue cannot do without: a round trip over TCP, and a wait for the disk.
//!
//! Unpinned and under the ordinary policy, as the trip itself is; threads that sleep while they wait.

use crate::clock::{self, rest, ticks, ticks_after};
use crate::sample::{Singles, runs};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::time::Instant;

const TRIPS: usize = 10_000;
const MESSAGE: usize = 64;
const PAGE: usize = 4096;

/// Measures both.
pub fn run() {
    clock::unpin();
    let [mut tcp, mut disk] = [Singles::default(), Singles::default()];
    let folder = std::env::var("BENCH_FOLDER").map_or_else(|_| std::env::temp_dir(), Into::into);
    let path = folder.join("trip.bin");
    let file = File::create(&path).expect("a file can be made");
    file.write_all_at(&vec![1; PAGE * TRIPS], 0).and_then(|()| file.sync_all()).expect("there is room");
    for _ in 0..runs() {
        let start = Instant::now();
        tcp.push(round_trips());
        disk.push(waits(&file));
        rest(start.elapsed());
    }
    std::fs::remove_file(path).expect("it is ours");
    tcp.print("floor.trip.tcp", "64 bytes to another thread and back over loopback, both sleep while they wait");
    disk.print("floor.trip.fdatasync", "4 KiB into space that was written before, and fdatasync");
}

fn round_trips() -> Vec<u64> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let mut here = TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
    let (mut there, _) = listener.accept().expect("it connected");
    for socket in [&here, &there] {
        socket.set_nodelay(true).expect("TCP has it");
    }
    let echo = std::thread::spawn(move || {
        let mut message = [0; MESSAGE];
        while there.read_exact(&mut message).and_then(|()| there.write_all(&message)).is_ok() {}
    });
    let mut message = [7; MESSAGE];
    let mut trip = || {
        let start = ticks();
        here.write_all(&message).and_then(|()| here.read_exact(&mut message)).expect("the other side answers");
        ticks_after() - start
    };
    let took = (0..TRIPS).map(|_| trip()).collect();
    drop(here);
    echo.join().expect("it ends when we close");
    took
}

fn waits(file: &File) -> Vec<u64> {
    let page = [3; PAGE];
    let wait = |number: usize| {
        let start = ticks();
        file.write_all_at(&page, (number * PAGE) as u64).and_then(|()| file.sync_data()).expect("there is room");
        ticks_after() - start
    };
    (0..TRIPS).map(wait).collect()
}
