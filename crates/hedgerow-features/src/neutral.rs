//! Neutral cross-sections: the mean of each group, or what exposures explain, taken off the values of one moment.

/// Columns whose length falls by this factor when the columns before are taken out of them say nothing new.
const REDUNDANT: f64 = 1e-10;

/// Writes into `out` each of `xs` less the mean of its group; a group is a number below `sums.len()`. NaN stays NaN and is
/// not counted, and so is what belongs to no group (a number that is not below). `sums` is scratch, kept by the caller.
pub fn demean(xs: &[f64], groups: &[u32], out: &mut [f64], sums: &mut [Mean]) {
    assert!(xs.len() == groups.len() && xs.len() == out.len(), "a cross-section has one group per value");
    sums.fill(Mean::default());
    for (x, group) in xs.iter().zip(groups).filter(|(x, _)| !x.is_nan()) {
        if let Some(mean) = sums.get_mut(*group as usize) {
            mean.add(*x);
        }
    }
    for ((x, group), y) in xs.iter().zip(groups).zip(out) {
        *y = sums.get(*group as usize).map_or(f64::NAN, |mean| x - mean.value());
    }
}

/// The mean of a group, summed as distances from its first member.
#[derive(Clone, Copy, Default, Debug)]
pub struct Mean {
    first: f64,
    distances: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, x: f64) {
        if self.count <= 0.0 {
            self.first = x;
        }
        self.distances += x - self.first;
        self.count += 1.0;
    }
    fn value(&self) -> f64 {
        self.first + self.distances / self.count
    }
}

/// Takes out of a cross-section what its exposures explain: residuals of least squares with an intercept.
#[derive(Clone, Debug)]
pub struct Neutraliser {
    width: usize,
    /// Orthonormal columns, `width` long each; those of this cross-section lie first.
    basis: Vec<f64>,
    known: Vec<bool>,
}

impl Neutraliser {
    /// For `width` instruments and `factors` exposures of each.
    #[must_use]
    pub fn new(width: usize, factors: usize) -> Neutraliser {
        Neutraliser { width, basis: Vec::with_capacity(width * (factors + 1)), known: vec![false; width] }
    }

    /// Writes residuals of `xs` into `out`; `exposures` holds the exposures of each instrument one after the other. NaN where
    /// the value or an exposure is, and everywhere if there are not more instruments than columns; redundant exposures count
    /// once.
    pub fn residuals(&mut self, xs: &[f64], exposures: &[f64], out: &mut [f64]) {
        let (width, factors) = (self.width, exposures.len() / self.width.max(1));
        assert!(
            xs.len() == width && out.len() == width && exposures.len() == width * factors,
            "one row per instrument"
        );
        for (i, known) in self.known.iter_mut().enumerate() {
            *known = xs[i].is_finite() && exposures[i * factors..][..factors].iter().all(|e| e.is_finite());
        }
        self.basis.clear();
        self.include(|_| 1.0);
        for factor in 0..factors {
            self.include(|i| exposures[i * factors + factor]);
        }
        let count = self.known.iter().filter(|known| **known).count();
        if count * width <= self.basis.len() {
            out.fill(f64::NAN);
            return;
        }
        for ((y, x), known) in out.iter_mut().zip(xs).zip(&self.known) {
            *y = if *known { *x } else { 0.0 };
        }
        project_out(&self.basis, out);
        for (y, known) in out.iter_mut().zip(&self.known) {
            *y = if *known { *y } else { f64::NAN };
        }
    }

    /// Adds a column to the basis, if it is not a mixture of those in it.
    fn include(&mut self, column: impl Fn(usize) -> f64) {
        let start = self.basis.len();
        self.basis.extend(self.known.iter().enumerate().map(|(i, known)| if *known { column(i) } else { 0.0 }));
        let (before, new) = self.basis.split_at_mut(start);
        let length = norm(new);
        project_out(before, new);
        let left = norm(new);
        if left > REDUNDANT * length {
            new.iter_mut().for_each(|e| *e /= left);
        } else {
            self.basis.truncate(start);
        }
    }
}

/// Takes the orthonormal columns of `basis` out of `column`, twice, because once leaves rounding ("twice is enough").
fn project_out(basis: &[f64], column: &mut [f64]) {
    for _ in 0..2 {
        for direction in basis.chunks_exact(column.len().max(1)) {
            let along: f64 = direction.iter().zip(&*column).map(|(d, c)| d * c).sum();
            column.iter_mut().zip(direction).for_each(|(c, d)| *c -= along * d);
        }
    }
}

fn norm(column: &[f64]) -> f64 {
    column.iter().map(|e| e * e).sum::<f64>().sqrt()
}
