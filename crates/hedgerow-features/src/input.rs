//! What an operator takes at once: one number, or several that belong together, such as the two sides of a quote.

use std::array::from_fn;

/// Most numbers an operator takes at once.
pub const INPUTS_MAX: usize = 4;

/// One observation of one series, or of several.
pub trait Input: Copy {
    /// A column per series, of one length.
    type Columns<'a>: Copy;
    /// The observation in a row that has one number per series.
    fn of_row(row: &[f64]) -> Self;
    /// The columns among those of any operator.
    fn of_columns<'a>(columns: &[&'a [f64]]) -> Self::Columns<'a>;
    /// The observations of columns, in order.
    fn rows<'a>(columns: Self::Columns<'a>) -> impl Iterator<Item = Self> + 'a;
}

impl Input for f64 {
    type Columns<'a> = &'a [f64];
    #[inline]
    fn of_row(row: &[f64]) -> f64 {
        row[0]
    }
    fn of_columns<'a>(columns: &[&'a [f64]]) -> &'a [f64] {
        columns[0]
    }
    fn rows<'a>(columns: Self::Columns<'a>) -> impl Iterator<Item = f64> + 'a {
        columns.iter().copied()
    }
}

impl<const N: usize> Input for [f64; N] {
    type Columns<'a> = [&'a [f64]; N];
    #[inline]
    fn of_row(row: &[f64]) -> [f64; N] {
        from_fn(|place| row[place])
    }
    fn of_columns<'a>(columns: &[&'a [f64]]) -> [&'a [f64]; N] {
        from_fn(|place| columns[place])
    }
    fn rows<'a>(columns: Self::Columns<'a>) -> impl Iterator<Item = [f64; N]> + 'a {
        (0..columns[0].len()).map(move |i| from_fn(|place| columns[place][i]))
    }
}
