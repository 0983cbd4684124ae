//! How fast time runs: faster after trades, and slower again over seconds and hours.

/// Rates at which the echo of a trade fades, per second: together they fall about as a power of time, as
/// Hardiman, Bercot & Bouchaud (2013) find.
const FADES: [f64; 6] = [10.0, 1.0, 0.1, 0.01, 0.001, 0.0001];
/// The share of each in what a trade brings.
const SHARES: [f64; 6] = [0.10, 0.15, 0.20, 0.20, 0.20, 0.15];

/// A Hawkes process with a sum of exponentials as its kernel, as the factor by which all rates are multiplied.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    echoes: [f64; 6],
    jumps: [f64; 6],
}

impl Activity {
    /// With `trades` a second at rest, each trade brings `branching` further ones.
    pub fn new(branching: f64, trades: f64) -> Activity {
        let jumps = std::array::from_fn(|i| branching * SHARES[i] * FADES[i] / trades);
        Activity { echoes: [0.0; 6], jumps }
    }

    /// The factor now, at least 1.
    pub fn factor(&self) -> f64 {
        1.0 + self.echoes.iter().sum::<f64>()
    }

    /// Time passes, seconds.
    pub fn fade(&mut self, seconds: f64) {
        for (echo, fade) in self.echoes.iter_mut().zip(FADES) {
            *echo *= libm::exp(-fade * seconds);
        }
    }

    /// A trade, which counts so many times.
    pub fn trade(&mut self, times: f64) {
        for (echo, jump) in self.echoes.iter_mut().zip(self.jumps) {
            *echo += times * jump;
        }
    }
}
