//! An order's step as one look-up in a 256-byte table: the least a state machine can do.

use crate::random::Random;

/// Twelve states by twelve inputs; bit 7 of a cell says that the input was illegal.
pub struct Machine {
    table: [[u8; 16]; 16],
    states: Vec<u8>,
    /// Illegal inputs seen.
    pub illegal: u64,
}

impl Machine {
    /// A machine with `orders` orders (a power of two); a third of its cells are illegal.
    pub fn new(orders: usize) -> Machine {
        assert!(orders.is_power_of_two());
        let mut random = Random(8);
        let mut table = [[0; 16]; 16];
        for (state, row) in table.iter_mut().enumerate().take(12) {
            for cell in row.iter_mut().take(12) {
                *cell = if random.below(3) == 0 { 0x80 | state as u8 } else { random.below(12) as u8 };
            }
        }
        Machine { table, states: vec![0; orders], illegal: 0 }
    }

    /// Takes every (order, input) in turn.
    #[inline(always)]
    pub fn run(&mut self, inputs: &[(u16, u8)]) {
        let mask = self.states.len() - 1;
        for (order, input) in inputs {
            let state = &mut self.states[usize::from(*order) & mask];
            let cell = self.table[usize::from(*state & 15)][usize::from(input & 15)];
            self.illegal += u64::from(cell >> 7);
            *state = cell & 15;
        }
    }
}
