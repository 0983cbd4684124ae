//! Features for Python: one class for every operator, columns of them over wide tables, cross-sections, and a bank for live
//! rows.
//!
//! The driver of a run feeds an [`Indicator`] on every bar without entering Python; a strategy reads `.value`.

use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_features::{
    AnyOperator, Bank, Feature, INPUTS_MAX, Mean, Neutraliser, OPERATORS, OperatorDef, demean, rank,
};
use numpy::ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use numpy::{
    AllowTypeChange, PyArray1, PyArray2, PyArrayLike1, PyArrayLike2, PyArrayLike3, PyArrayMethods,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

type Column<'py> = PyArrayLike1<'py, f64, AllowTypeChange>;
type Table<'py> = PyArrayLike2<'py, f64, AllowTypeChange>;

/// An operator by name, its definition, and the parameters it was made with.
type Made = (AnyOperator, &'static OperatorDef, Vec<(String, f64)>);

fn make(name: &str, params: Option<&Bound<'_, PyDict>>) -> PyResult<Made> {
    let params: Vec<(String, f64)> = match params {
        Some(dict) => dict.iter().map(|(k, v)| Ok((k.extract()?, v.extract()?))).collect::<PyResult<_>>()?,
        None => Vec::new(),
    };
    let borrowed: Vec<_> = params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let operator = AnyOperator::new(name, &borrowed).map_err(raise)?;
    Ok((operator, OperatorDef::named(name).map_err(raise)?, params))
}

/// Refuses anything but one thing for each input of an operator.
fn one_for_each_input(def: &OperatorDef, given: usize) -> PyResult<()> {
    if given == def.inputs.len() {
        return Ok(());
    }
    let detail = format!("{given} given to {}, which takes {}: {}", def.name, def.inputs.len(), def.inputs.join(", "));
    Err(raise(Problem::new(code::MODEL_SHAPE, detail)))
}

fn shape_problem(what: &str, seen: impl std::fmt::Debug, wanted: impl std::fmt::Debug) -> PyErr {
    raise(Problem::new(code::MODEL_SHAPE, format!("{what} of shape {seen:?}; wanted {wanted:?}")))
}

/// A feature of one series or several, computed one observation at a time. Made by `indicator(name, params)`.
// It is read on every bar, so it has no lock and no borrow flag of its own: the interpreter is the lock.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct Indicator {
    def: &'static OperatorDef,
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

    /// Takes the next observation, one number for each input; what the driver calls on every bar.
    #[inline]
    pub fn feed(&self, py: Python<'_>, row: &[f64]) {
        self.operate(py, |operator| operator.update(row));
    }

    /// What it takes at once, in order.
    pub fn inputs(&self) -> &'static [&'static str] {
        self.def.inputs
    }
}

#[pymethods]
impl Indicator {
    /// Takes the next observation, one number for each input, and returns the new value (NaN while it is not known).
    #[pyo3(signature = (*row))]
    fn update(&self, py: Python<'_>, row: &Bound<'_, PyTuple>) -> PyResult<f64> {
        one_for_each_input(self.def, row.len())?;
        let mut numbers = [0.0; INPUTS_MAX];
        for (number, given) in numbers.iter_mut().zip(row.iter_borrowed()) {
            *number = given.extract()?;
        }
        Ok(self.operate(py, |operator| operator.update(&numbers[..row.len()])))
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
        self.def.name
    }

    /// Forgets every observation.
    fn reset(&self, py: Python<'_>) {
        self.operate(py, AnyOperator::reset);
    }

    /// Takes a column of observations for each input, all of one length, and returns the value after each.
    #[pyo3(signature = (*columns) -> "numpy.typing.NDArray[numpy.float64]")]
    fn batch<'py>(&self, py: Python<'py>, columns: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        one_for_each_input(self.def, columns.len())?;
        let columns = columns.iter().map(|column| column.extract()).collect::<PyResult<Vec<Column<'py>>>>()?;
        let length = columns[0].len();
        if let Some(other) = columns.iter().find(|column| column.len() != length) {
            return Err(shape_problem("a column", other.len(), length));
        }
        // NumPy's own memory: it has large columns backed with large pages. Every place of it is written.
        let out = py.import("numpy")?.call_method1("empty", (length,))?.cast_into::<PyArray1<f64>>()?;
        let mut values = out.readwrite();
        let values = values.as_slice_mut()?;
        // What does not lie in one piece is copied into one.
        let copies: Vec<_> = columns.iter().map(|c| c.as_slice().is_err().then(|| c.as_array().to_vec())).collect();
        let slices = columns.iter().zip(&copies).map(|(column, copy)| match copy {
            Some(copy) => Ok(copy.as_slice()),
            None => column.as_slice(),
        });
        let slices = slices.collect::<Result<Vec<_>, _>>()?;
        self.operate(py, |operator| operator.batch(&slices, values));
        Ok(out)
    }

    fn __repr__(&self) -> String {
        let params: String = self.params.iter().map(|(k, v)| format!(", {k}={v}")).collect();
        format!("Indicator('{}'{params}): {}", self.def.name, self.value())
    }
}

/// Makes an indicator by name: `indicator("sma", {"window": 20})`.
#[pyfunction]
#[pyo3(signature = (name, params: "dict[str, float] | None"=None))]
pub fn indicator(name: &str, params: Option<&Bound<'_, PyDict>>) -> PyResult<Indicator> {
    let (operator, def, params) = make(name, params)?;
    let value = AtomicU64::new(operator.value().to_bits());
    Ok(Indicator { def, params, value, operator: UnsafeCell::new(operator) })
}

type ParamRow = (&'static str, &'static str, f64, f64, Option<f64>, bool);
type OperatorRow = (&'static str, &'static str, &'static [&'static str], Vec<ParamRow>);

/// Every operator: (name, what it computes, its inputs, its parameters as (name, meaning, smallest, largest, default or
/// `None`, whole)).
#[pyfunction]
pub fn operator_table() -> Vec<OperatorRow> {
    let row = |p: &hedgerow_features::Param| (p.name, p.doc, p.min, p.max, p.default, p.whole);
    OPERATORS.iter().map(|d| (d.name, d.doc, d.inputs, d.params.iter().map(row).collect())).collect()
}

/// Runs a fresh operator down every column of a table for each of its inputs (T x N, all of one shape) and returns a table of
/// that shape.
#[pyfunction]
#[pyo3(signature = (name, params: "dict[str, float] | None", *tables) -> "numpy.typing.NDArray[numpy.float64]")]
pub fn feature_columns<'py>(
    py: Python<'py>,
    name: &str,
    params: Option<&Bound<'py, PyDict>>,
    tables: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (mut operator, def, _) = make(name, params)?;
    one_for_each_input(def, tables.len())?;
    let tables = tables.iter().map(|table| table.extract()).collect::<PyResult<Vec<Table<'py>>>>()?;
    let tables: Vec<_> = tables.iter().map(|table| table.as_array()).collect();
    let shape = tables[0].raw_dim();
    if let Some(other) = tables.iter().find(|table| table.raw_dim() != shape) {
        return Err(shape_problem("a table", other.shape(), tables[0].shape()));
    }
    let mut out = Array2::zeros(shape);
    let (mut xs, mut ys) = (vec![vec![0.0; tables[0].nrows()]; tables.len()], vec![0.0; tables[0].nrows()]);
    for (place, mut target) in out.columns_mut().into_iter().enumerate() {
        for (column, table) in xs.iter_mut().zip(&tables) {
            column.iter_mut().zip(table.column(place)).for_each(|(x, seen)| *x = *seen);
        }
        operator.reset();
        operator.batch(&xs.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut ys);
        target.assign(&ArrayView1::from(&ys));
    }
    Ok(PyArray2::from_owned_array(py, out))
}

/// What `work` makes of every row of a table, given the row's number, the row and where its values go.
fn row_by_row<'py>(
    py: Python<'py>,
    table: ArrayView2<'_, f64>,
    mut work: impl FnMut(usize, &[f64], &mut [f64]),
) -> Bound<'py, PyArray2<f64>> {
    let mut out = Array2::zeros(table.raw_dim());
    let (mut xs, mut ys) = (vec![0.0; table.ncols()], vec![0.0; table.ncols()]);
    for (place, (row, mut target)) in table.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))).enumerate() {
        xs.iter_mut().zip(row).for_each(|(x, seen)| *x = *seen);
        work(place, &xs, &mut ys);
        target.assign(&ArrayView1::from(&ys));
    }
    PyArray2::from_owned_array(py, out)
}

/// Percentile ranks within every row of a table (T x N): equals share the mean rank, NaN stays NaN.
#[pyfunction]
#[pyo3(signature = (table: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
pub fn rank_rows<'py>(py: Python<'py>, table: Table<'py>) -> Bound<'py, PyArray2<f64>> {
    let mut order = Vec::new();
    row_by_row(py, table.as_array(), |_, xs, ys| rank(xs, ys, &mut order))
}

/// Every row of a table (T x N) less the mean of each group in it. `groups` (N) numbers the groups from 0; NaN stays NaN, and
/// what belongs to none of the `count` groups becomes NaN.
#[pyfunction]
#[pyo3(signature = (table: "numpy.typing.ArrayLike", groups: "list[int]", count) -> "numpy.typing.NDArray[numpy.float64]")]
pub fn demean_rows<'py>(
    py: Python<'py>,
    table: Table<'py>,
    groups: Vec<u32>,
    count: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let table = table.as_array();
    if groups.len() != table.ncols() {
        return Err(shape_problem("groups", groups.len(), table.ncols()));
    }
    let mut sums = vec![Mean::default(); count];
    Ok(row_by_row(py, table, |_, xs, ys| demean(xs, &groups, ys, &mut sums)))
}

/// What exposures do not explain of every row of a table (T x N): residuals of least squares with an intercept. `exposures`
/// is T x N x K, or 1 x N x K for the same at all times.
#[pyfunction]
#[pyo3(signature = (table: "numpy.typing.ArrayLike", exposures: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
pub fn neutralise_rows<'py>(
    py: Python<'py>,
    table: Table<'py>,
    exposures: PyArrayLike3<'py, f64, AllowTypeChange>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (table, exposures) = (table.as_array(), exposures.as_array());
    let (times, width, factors) = exposures.dim();
    if width != table.ncols() || (times != 1 && times != table.nrows()) {
        return Err(shape_problem("exposures", (times, width, factors), (table.nrows(), table.ncols(), factors)));
    }
    let mut neutraliser = Neutraliser::new(width, factors);
    let mut loads = vec![0.0; width * factors];
    Ok(row_by_row(py, table, |place, xs, ys| {
        let now = exposures.index_axis(Axis(0), if times == 1 { 0 } else { place });
        loads.iter_mut().zip(now.iter()).for_each(|(load, seen)| *load = *seen);
        neutraliser.residuals(xs, &loads, ys);
    }))
}

/// Several features of several instruments, fed one cross-section at a time.
#[pyclass(module = "hedgerow._core")]
pub struct FeatureBank {
    bank: Bank,
    fields: usize,
}

type FeatureRow<'py> = (String, Bound<'py, PyDict>, Vec<usize>, bool);

#[pymethods]
impl FeatureBank {
    /// `features` are (operator, parameters, the field of each input, ranked); `width` is the number of instruments.
    #[new]
    #[pyo3(signature = (features: "list[tuple[str, dict[str, float], list[int], bool]]", width))]
    fn new(features: Vec<FeatureRow<'_>>, width: usize) -> PyResult<FeatureBank> {
        let feature = |(name, params, fields, ranked): &FeatureRow<'_>| {
            let (operator, def, _) = make(name, Some(params))?;
            one_for_each_input(def, fields.len())?;
            Ok(Feature { operator, fields: fields.clone(), ranked: *ranked })
        };
        let features = features.iter().map(feature).collect::<PyResult<Vec<_>>>()?;
        let fields = features.iter().flat_map(|f| &f.fields).max().map_or(0, |last| last + 1);
        Ok(FeatureBank { bank: Bank::new(&features, width), fields })
    }

    /// Takes one observation per field and instrument (fields x N, NaN = none) and returns the features (N x F).
    #[pyo3(signature = (rows: "numpy.typing.ArrayLike") -> "numpy.typing.NDArray[numpy.float64]")]
    fn update<'py>(&mut self, py: Python<'py>, rows: Table<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (width, depth) = (self.bank.width(), self.bank.depth());
        if rows.shape() != [self.fields, width] {
            return Err(shape_problem("a cross-section", rows.shape(), (self.fields, width)));
        }
        let mut out = vec![0.0; width * depth];
        self.bank.update(&rows.as_array().iter().copied().collect::<Vec<_>>(), &mut out);
        PyArray1::from_vec(py, out).reshape([width, depth])
    }

    /// Forgets every observation.
    fn reset(&mut self) {
        self.bank.reset();
    }
}
