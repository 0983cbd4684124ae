//! Seeded random numbers, the same on every machine.

use crate::draw::draw;

/// A source of them.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub fn bits(&mut self) -> u64 {
        draw(&mut self.0)
    }

    /// From 0 on, below 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A waiting time with this mean.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.share())
    }

    /// A whole number from 1 on whose tail falls as a power with this exponent; 0 asks for 1 always.
    pub fn pareto(&mut self, exponent: f64, most: u32) -> u32 {
        if exponent == 0.0 {
            return 1;
        }
        libm::pow(1.0 - self.share(), -1.0 / exponent).min(f64::from(most)) as u32
    }

    /// The mean of [`Random::pareto`]: the sum of the shares that reach each number.
    pub fn pareto_mean(exponent: f64, most: u32) -> f64 {
        if exponent == 0.0 { 1.0 } else { (1..=most).map(|n| libm::pow(f64::from(n), -exponent)).sum() }
    }

    /// A place in a list.
    pub fn place(&mut self, len: usize) -> usize {
        ((self.share() * len as f64) as usize).min(len - 1)
    }
}
