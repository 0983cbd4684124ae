//! Several features of several instruments, fed one cross-section at a time: what runs live, and what research is held to.

use crate::{AnyOperator, INPUTS_MAX, rank};

/// A feature of every instrument: an operator over its own series, then, if asked, a rank among the peers of the moment.
#[derive(Clone, Debug)]
pub struct Feature {
    /// A fresh operator, copied for each instrument.
    pub operator: AnyOperator,
    /// Which fields of the cross-section it takes, in order: one for each of its inputs.
    pub fields: Vec<usize>,
    /// Whether the value is replaced by its percentile rank within the cross-section.
    pub ranked: bool,
}

/// The operators of all features and instruments.
#[derive(Clone, Debug)]
pub struct Bank {
    width: usize,
    fields: Box<[Vec<usize>]>,
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
            fields: features.iter().map(|f| f.fields.clone()).collect(),
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

    /// Takes one observation per field and instrument (NaN = none), `rows[field * width + instrument]`, and writes the
    /// features, instrument by instrument: `out[instrument * depth + feature]`.
    pub fn update(&mut self, rows: &[f64], out: &mut [f64]) {
        let (width, depth) = (self.width, self.depth());
        assert_eq!(out.len(), width * depth, "a cross-section has one value per feature and instrument");
        for feature in 0..depth {
            let operators = &mut self.operators[feature * width..][..width];
            let fields = &self.fields[feature];
            for (instrument, (operator, y)) in operators.iter_mut().zip(&mut self.column).enumerate() {
                let mut row = [f64::NAN; INPUTS_MAX];
                for (x, field) in row.iter_mut().zip(fields) {
                    *x = rows[field * width + instrument];
                }
                *y = operator.update(&row[..fields.len()]);
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
        self.operators.iter_mut().for_each(AnyOperator::reset);
    }
}
