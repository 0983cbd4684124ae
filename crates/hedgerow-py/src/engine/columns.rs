//! Bars as columns, borrowed from NumPy without copying.

use crate::words::raise;
use hedgerow_core::{Bar, Nanos, Problem, code, time::DAY};
use hedgerow_kernel::{Looked, Stretch};
use numpy::{PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Which of the columns holds the closes.
pub const CLOSE: usize = 6;
/// 64-bit values in a cache line.
const LINE: usize = 8;

/// Columns of bars in order of (ts_init, instrument).
pub struct Columns<'py> {
    ts_event: PyReadonlyArray1<'py, i64>,
    ts_init: PyReadonlyArray1<'py, i64>,
    instrument: PyReadonlyArray1<'py, u32>,
    prices: [PyReadonlyArray1<'py, i64>; 4],
    volume: PyReadonlyArray1<'py, i64>,
    span: PyReadonlyArray1<'py, i64>,
}

/// A column of which all values may be one, as a scalar that was broadcast: then it is one value in memory too.
#[derive(Clone, Copy)]
struct Lane<'a, T> {
    values: &'a [T],
    step: usize,
}

impl<'a, T: numpy::Element + Copy> Lane<'a, T> {
    fn of(array: &'a PyReadonlyArray1<'_, T>, rows: usize) -> Result<Lane<'a, T>, Problem> {
        if array.len() == rows && rows > 1 && array.strides()[0] == 0 {
            let first = array.get(0).ok_or(Problem::new(code::DATA_TYPE, "a column without memory"))?;
            return Ok(Lane { values: std::slice::from_ref(first), step: 0 });
        }
        Ok(Lane { values: view(array, rows)?, step: 1 })
    }

    #[inline]
    fn at(&self, row: usize) -> T {
        self.values[row * self.step]
    }
}

/// Asks for memory that will be needed soon, where the processor can be asked. It makes no other difference.
#[inline]
fn prefetch(place: &i64) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program sees, and the address is that of a live value.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Bars of one instrument that were looked at once for many runs.
#[pyclass(frozen, module = "hedgerow._core")]
pub struct LookedAt {
    pub looked: Looked,
    /// What was looked at stays where it is while this says so.
    _columns: Py<PyAny>,
}

/// Looks at columns of bars that nobody changes: `None` where they are of several instruments, or a row cannot be proved
/// good. Runs over them, or over consecutive rows of them, that are told so need not look again.
#[pyfunction]
pub fn look_at(columns: &Bound<'_, PyAny>) -> PyResult<Option<LookedAt>> {
    let given = Columns::extract(columns)?;
    let rows = given.rows().map_err(raise)?;
    let looked = if rows.is_single() { Looked::at(&rows.stretch()) } else { None };
    Ok(looked.map(|looked| LookedAt { looked, _columns: columns.clone().unbind() }))
}

fn view<'a, T: numpy::Element>(array: &'a PyReadonlyArray1<'_, T>, rows: usize) -> Result<&'a [T], Problem> {
    let slice = array.as_slice().map_err(|e| Problem::new(code::DATA_TYPE, e.to_string()))?;
    if slice.len() == rows {
        return Ok(slice);
    }
    Err(Problem::new(code::DATA_TYPE, format!("columns of {} and {rows} rows", slice.len())))
}

/// The same columns as plain slices of equal length.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    ts_event: &'a [i64],
    /// When each row was known.
    pub ts_init: &'a [i64],
    instrument: Lane<'a, u32>,
    open: &'a [i64],
    high: &'a [i64],
    low: &'a [i64],
    close: &'a [i64],
    volume: &'a [i64],
    span: Lane<'a, i64>,
}

impl<'py> Columns<'py> {
    /// Takes `(ts_event, ts_init, instrument, open, high, low, close, volume, span)`.
    pub fn extract(columns: &Bound<'py, PyAny>) -> PyResult<Columns<'py>> {
        let int = |i: usize| -> PyResult<PyReadonlyArray1<'py, i64>> { columns.get_item(i)?.extract() };
        Ok(Columns {
            ts_event: int(0)?,
            ts_init: int(1)?,
            instrument: columns.get_item(2)?.extract()?,
            prices: [int(3)?, int(4)?, int(5)?, int(CLOSE)?],
            volume: int(7)?,
            span: int(8)?,
        })
    }

    /// Views them as slices.
    pub fn rows(&self) -> Result<Rows<'_>, Problem> {
        let n = self.ts_init.len();
        Ok(Rows {
            ts_event: view(&self.ts_event, n)?,
            ts_init: view(&self.ts_init, n)?,
            instrument: Lane::of(&self.instrument, n)?,
            open: view(&self.prices[0], n)?,
            high: view(&self.prices[1], n)?,
            low: view(&self.prices[2], n)?,
            close: view(&self.prices[3], n)?,
            volume: view(&self.volume, n)?,
            span: Lane::of(&self.span, n)?,
        })
    }
}

impl Rows<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ts_init.len()
    }

    /// When row `i` closed; `None` behind the last.
    #[inline]
    pub fn ts_event(&self, i: usize) -> Option<Nanos> {
        self.ts_event.get(i).copied()
    }

    /// One row as a record.
    #[inline]
    pub fn bar(&self, i: usize) -> Bar {
        Bar {
            ts_event: self.ts_event[i],
            ts_init: self.ts_init[i],
            open_ticks: self.open[i],
            high_ticks: self.high[i],
            low_ticks: self.low[i],
            close_ticks: self.close[i],
            volume_lots: self.volume[i],
            span_ns: self.span.at(i),
            instrument: self.instrument.at(i),
            ..Bar::default()
        }
    }

    /// The run as a kernel's columns of the instrument of its first row.
    pub fn stretch(&self) -> Stretch<'_> {
        let Rows { ts_event, ts_init, open, high, low, close, .. } = *self;
        Stretch { instrument: self.instrument.at(0), ts_event, ts_init, open, high, low, close }
    }

    /// Asks for the memory of a row that will be needed soon.
    #[inline]
    pub fn prefetch(&self, row: usize) {
        let columns = [self.ts_event, self.ts_init, self.open, self.high, self.low, self.close, self.volume];
        for place in columns.iter().filter_map(|column| column.get(row)) {
            prefetch(place);
        }
    }

    /// Brings the volumes of the next rows near, in one sweep: few of them are asked for, each far from the last.
    pub fn near_volume(&self, start: usize, end: usize) {
        std::hint::black_box(self.volume[start..end].iter().step_by(LINE).fold(0, |sum, v| sum ^ v));
    }

    /// The end of the rows from `start`, at most `end`, that lie on the day of row `start - 1`, as the desk counts days.
    pub fn day_end(&self, start: usize, end: usize) -> usize {
        let day_ends = (self.ts_event[start - 1] - 1).div_euclid(DAY).saturating_add(1).saturating_mul(DAY);
        // Mostly the day goes on; then the last row says so, and the others need not be brought near.
        if end > start && self.ts_event[end - 1] <= day_ends {
            return end;
        }
        start + self.ts_event[start..end].partition_point(|ts| *ts <= day_ends)
    }

    /// Whether all rows are of one instrument.
    pub fn is_single(&self) -> bool {
        let first = self.instrument.values.first().copied();
        // No early way out: the whole column is compared many at a time.
        first.is_some_and(|first| self.instrument.values.iter().fold(0, |differs, i| differs | (i ^ first)) == 0)
    }

    /// The end of the group of rows known at the same time as row `start`.
    #[inline]
    pub fn group_end(&self, start: usize) -> usize {
        let ts: Nanos = self.ts_init[start];
        let mut end = start + 1;
        while end < self.len() && self.ts_init[end] == ts {
            end += 1;
        }
        end
    }
}
