//! Several features of several instruments, fed one cross-section at a time: what runs live, and what research is held to.

use crate::{AnyOperator, Operator, rank};

/// A feature of every instrument: an operator over its own series, then, if asked, a rank among the peers of the moment.
#[derive(Clone, Debug)]
pub struct Feature {
    /// A fresh operator, copied for each instrument.
    pub operator: AnyOperator,
    /// Whether the value is replaced by its percentile rank within the cross-section.
    pub ranked: bool,
}

/// The operators of all features and instruments.
#[derive(Clone, Debug)]
pub struct Bank {
    width: usize,
    ranked: Box<[bool]>,
    /// Feature by feature, within it instrument by instrument.
    operators: Box<[AnyOperator]>,
    column: Box<[f64]>,
    ranks: Box<[f64]>,
    order: Vec<u32>,
}

impl Bank {
    /// For `width` instruments.
    #[must_use]
    pub fn new(features: &[Feature], width: usize) -> Bank {
        let copies = features.iter().flat_map(|f| std::iter::repeat_n(&f.operator, width).cloned());
        Bank {
            width,
            ranked: features.iter().map(|f| f.ranked).collect(),
            operators: copies.collect(),
            column: vec![f64::NAN; width].into(),
            ranks: vec![f64::NAN; width].into(),
            order: Vec::with_capacity(width),
        }
    }

    /// Instruments.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Features.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.ranked.len()
    }

    /// Takes one observation per instrument (NaN = none) and writes the features, instrument by instrument:
    /// `out[instrument * depth + feature]`.
    pub fn update(&mut self, row: &[f64], out: &mut [f64]) {
        let (width, depth) = (self.width, self.depth());
        assert_eq!((row.len(), out.len()), (width, width * depth), "a cross-section has one value per instrument");
        for feature in 0..depth {
            let operators = &mut self.operators[feature * width..][..width];
            for ((operator, x), y) in operators.iter_mut().zip(row).zip(&mut self.column) {
                *y = operator.update(*x);
            }
            let values = if self.ranked[feature] {
                rank(&self.column, &mut self.ranks, &mut self.order);
                &self.ranks
            } else {
                &self.column
            };
            for (y, value) in out[feature..].iter_mut().step_by(depth).zip(values) {
                *y = *value;
            }
        }
    }

    /// Forgets every observation.
    pub fn reset(&mut self) {
        self.operators.iter_mut().for_each(Operator::reset);
    }
}
