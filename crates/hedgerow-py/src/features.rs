//! Features for Python: one class for every operator, columns of them over a wide table, ranks, and a bank for live rows.
//!
//! The driver of a run feeds an [`Indicator`] on every bar without entering Python; a strategy reads `.value`.

use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_features::{AnyOperator, Bank, Feature, OPERATORS, Operator, rank};
use numpy::ndarray::{ArrayView1, Axis};
use numpy::{AllowTypeChange, PyArray1, PyArray2, PyArrayLike1, PyArrayLike2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

type Column<'py> = PyArrayLike1<'py, f64, AllowTypeChange>;
type Table<'py> = PyArrayLike2<'py, f64, AllowTypeChange>;

/// An operator by name, and the parameters it was made with.
fn make(name: &str, params: Option<&Bound<'_, PyDict>>) -> PyResult<(AnyOperator, Vec<(String, f64)>)> {
    let params: Vec<(String, f64)> = match params {
        Some(dict) => dict.iter().map(|(k, v)| Ok((k.extract()?, v.extract()?))).collect::<PyResult<_>>()?,
        None => Vec::new(),
    };
    let borrowed: Vec<_> = params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    Ok((AnyOperator::new(name, &borrowed).map_err(raise)?, params))
}

/// A feature of one series, computed one observation at a time. Made by `indicator(name, params)`.
// It is read on every bar, so it has no lock and no borrow flag of its own: the interpreter is the lock.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct Indicator {
    name: String,
    params: Vec<(String, f64)>,
    operator: UnsafeCell<AnyOperator>,
    /// Bits of the value after the last observation.
    value: AtomicU64,
}

// SAFETY: everything but `operator` may be shared between threads, and `operator` is only reached through
// `Indicator::operate`, which says why no two threads are there at once.
unsafe impl Sync for Indicator {}

impl Indicator {
    /// Lets the operator work, and keeps its value.
    #[inline]
    fn operate<T>(&self, _attached: Python<'_>, work: impl FnOnce(&mut AnyOperator) -> T) -> T {
        // SAFETY: whoever calls is attached to the interpreter, which only one thread is at a time: the module says that
        // it needs the global lock (`gil_used`), and is not imported where that was switched off by force
        // (`words::demand_lock`). `work` is one call of an operator (see the callers in this file), which is arithmetic
        // alone: it never lets the interpreter go nor calls back, so this reference is the only one while it lives.
        let operator = unsafe { &mut *self.operator.get() };
        let result = work(operator);
        self.value.store(operator.value().to_bits(), Relaxed);
        result
    }

    /// Takes the next observation; what the driver calls on every bar.
    #[inline]
    pub fn feed(&self, py: Python<'_>, x: f64) {
        self.operate(py, |operator| operator.update(x));
    }
}

#[pymethods]
impl Indicator {
    /// Takes the next observation and returns the new value (NaN while it is not known).
    fn update(&self, py: Python<'_>, x: f64) -> f64 {
        self.operate(py, |operator| operator.update(x))
    }

    /// Value after the last observation; NaN while it is not known.
    #[getter]
    fn value(&self) -> f64 {
        f64::from_bits(self.value.load(Relaxed))
    }

    /// Whether the value is a number.
    #[getter]
    fn ready(&self) -> bool {
        !self.value().is_nan()
    }

    /// Its name in `operator_table()`.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Forgets every observation.
    fn reset(&self, py: Python<'_>) {
        self.operate(py, Operator::reset);
    }

    /// Takes a column of observations and returns the value after each.
    #[pyo3(signature = (xs: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
    fn batch<'py>(&self, py: Python<'py>, xs: Column<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        // NumPy's own memory: it has large columns backed with large pages. Every place of it is written.
        let out = py.import("numpy")?.call_method1("empty", (xs.len(),))?.cast_into::<PyArray1<f64>>()?;
        let mut values = out.readwrite();
        let values = values.as_slice_mut()?;
        match xs.as_slice() {
            Ok(xs) => self.operate(py, |operator| operator.batch(xs, values)),
            Err(_) => {
                let xs = xs.as_array().to_vec();
                self.operate(py, |operator| operator.batch(&xs, values));
            }
        }
        Ok(out)
    }

    fn __repr__(&self) -> String {
        let params: String = self.params.iter().map(|(k, v)| format!(", {k}={v}")).collect();
        format!("Indicator('{}'{params}): {}", self.name, self.value())
    }
}

/// Makes an indicator by name: `indicator("sma", {"window": 20})`.
#[pyfunction]
#[pyo3(signature = (name, params: "dict[str, float] | None"=None))]
pub fn indicator(name: &str, params: Option<&Bound<'_, PyDict>>) -> PyResult<Indicator> {
    let (operator, params) = make(name, params)?;
    let value = AtomicU64::new(operator.value().to_bits());
    Ok(Indicator { name: name.to_owned(), params, value, operator: UnsafeCell::new(operator) })
}

type ParamRow = (&'static str, &'static str, f64, Option<f64>, bool);

/// Every operator: (name, what it computes, its parameters as (name, meaning, smallest, default or `None`, whole)).
#[pyfunction]
pub fn operator_table() -> Vec<(&'static str, &'static str, Vec<ParamRow>)> {
    let row = |p: &hedgerow_features::Param| (p.name, p.doc, p.min, p.default, p.whole);
    OPERATORS.iter().map(|d| (d.name, d.doc, d.params.iter().map(row).collect())).collect()
}

/// Runs a fresh operator down every column of a table (T x N) and returns a table of the same shape.
#[pyfunction]
#[pyo3(signature = (name, params: "dict[str, float] | None", table: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
pub fn feature_columns<'py>(
    py: Python<'py>,
    name: &str,
    params: Option<&Bound<'py, PyDict>>,
    table: Table<'py>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (mut operator, _) = make(name, params)?;
    let table = table.as_array();
    let mut out = numpy::ndarray::Array2::zeros(table.raw_dim());
    let (mut xs, mut ys) = (vec![0.0; table.nrows()], vec![0.0; table.nrows()]);
    for (column, mut target) in table.columns().into_iter().zip(out.columns_mut()) {
        xs.iter_mut().zip(column).for_each(|(x, seen)| *x = *seen);
        operator.reset();
        operator.batch(&xs, &mut ys);
        target.assign(&ArrayView1::from(&ys));
    }
    Ok(PyArray2::from_owned_array(py, out))
}

/// Percentile ranks within every row of a table (T x N): equals share the mean rank, NaN stays NaN.
#[pyfunction]
#[pyo3(signature = (table: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
pub fn rank_rows<'py>(py: Python<'py>, table: Table<'py>) -> Bound<'py, PyArray2<f64>> {
    let table = table.as_array();
    let mut out = numpy::ndarray::Array2::zeros(table.raw_dim());
    let (mut xs, mut ys, mut order) = (vec![0.0; table.ncols()], vec![0.0; table.ncols()], Vec::new());
    for (row, mut target) in table.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        xs.iter_mut().zip(row).for_each(|(x, seen)| *x = *seen);
        rank(&xs, &mut ys, &mut order);
        target.assign(&ArrayView1::from(&ys));
    }
    PyArray2::from_owned_array(py, out)
}

/// Several features of several instruments, fed one cross-section at a time.
#[pyclass(module = "hedgerow._core")]
pub struct FeatureBank(Bank);

#[pymethods]
impl FeatureBank {
    /// `features` are (operator, parameters, ranked); `width` is the number of instruments.
    #[new]
    #[pyo3(signature = (features: "list[tuple[str, dict[str, float], bool]]", width))]
    fn new(features: Vec<(String, Bound<'_, PyDict>, bool)>, width: usize) -> PyResult<FeatureBank> {
        let features = features
            .iter()
            .map(|(name, params, ranked)| Ok(Feature { operator: make(name, Some(params))?.0, ranked: *ranked }))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(FeatureBank(Bank::new(&features, width)))
    }

    /// Takes one observation per instrument (N, NaN = none) and returns the features (N x F).
    #[pyo3(signature = (row: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
    fn update<'py>(&mut self, py: Python<'py>, row: Column<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (width, depth) = (self.0.width(), self.0.depth());
        if row.len() != width {
            let detail = format!("a cross-section of {} values for {width} instruments", row.len());
            return Err(raise(Problem::new(code::MODEL_SHAPE, detail)));
        }
        let mut out = vec![0.0; width * depth];
        self.0.update(&row.as_array().to_vec(), &mut out);
        PyArray1::from_vec(py, out).reshape([width, depth])
    }

    /// Forgets every observation.
    fn reset(&mut self) {
        self.0.reset();
    }
}
