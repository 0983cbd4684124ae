//! Intensity of a self-exciting process.

/// Intensity of a Hawkes process with exponential kernel, `mu + sum of alpha exp(-beta (t - t_i))`, from
/// `[time, events at that time]` (Hawkes, Biometrika 58(1), 1971; in the recursive form of Ozaki 1979). The value is the
/// intensity just after the events; no events, and it is the intensity then. Times and rates have one unit. A NaN, or a time
/// before the last one, is skipped: it gives NaN and changes nothing.
#[derive(Clone, Debug)]
pub struct Hawkes {
    mu: f64,
    alpha: f64,
    beta: f64,
    excitation: f64,
    time: f64,
    value: f64,
}

impl Hawkes {
    /// With base rate `mu >= 0`, jump `alpha >= 0` and decay `beta > 0`. Stationary only if `alpha < beta`.
    #[must_use]
    pub fn new(mu: f64, alpha: f64, beta: f64) -> Hawkes {
        Hawkes { mu, alpha, beta, excitation: 0.0, time: f64::NEG_INFINITY, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, [time, events]: [f64; 2]) -> f64 {
        if events.is_nan() || !time.is_finite() || time < self.time {
            return f64::NAN;
        }
        let decayed = self.excitation * (-self.beta * (time - self.time)).exp();
        self.excitation = decayed + self.alpha * events;
        self.time = time;
        self.mu + self.excitation
    }
    fn forget(&mut self) {
        (self.excitation, self.time) = (0.0, f64::NEG_INFINITY);
    }
}
operator!(Hawkes, [f64; 2]);
