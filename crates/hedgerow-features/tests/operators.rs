//! Properties of all operators: batch equals stream, windows equal their obvious twins, gaps heal, nothing drifts.

use hedgerow_features::{
    AnyOperator, Bank, Ema, Feature, OPERATORS, Operator, OperatorDef, RollingMax, RollingMean, RollingMin, RollingStd,
    RollingSum, RollingVol, ZScore, rank,
};
use proptest::prelude::*;

fn window_of(xs: &[f64], end: usize, n: usize) -> Option<&[f64]> {
    (end + 1 >= n).then(|| &xs[end + 1 - n..=end])
}

/// The obvious twin: mean first, then squared distances from it.
fn two_pass(window: &[f64], ddof: usize) -> (f64, f64) {
    let mean = window.iter().sum::<f64>() / window.len() as f64;
    let squares: f64 = window.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, (squares / (window.len() - ddof) as f64).sqrt())
}

/// Prices, or the same with gaps.
fn series() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![8 => 50.0..150.0f64, 1 => Just(f64::NAN)], 0..200)
}

/// An operator and what it takes at once.
fn operators() -> impl Strategy<Value = (AnyOperator, &'static OperatorDef)> {
    (0..OPERATORS.len(), 2usize..30).prop_map(|(which, n)| {
        let def = &OPERATORS[which];
        let value = |name, default: Option<f64>| match (name, default) {
            ("q", _) => n as f64 / 30.0,
            ("buckets" | "lag", _) | (_, None) => n as f64,
            (_, Some(default)) => default,
        };
        let params: Vec<_> = def.params.iter().map(|p| (p.name, value(p.name, p.default))).collect();
        (AnyOperator::new(def.name, &params).unwrap(), def)
    })
}

/// Prices with gaps, from which [`column`] makes what an input needs.
fn market() -> impl Strategy<Value = Vec<[f64; 2]>> {
    prop::collection::vec(prop::array::uniform2(0.0..1.0f64), 0..200)
}

/// A column of an input: bars and quotes that can be, times that go on, sides that are sides; some of it missing.
fn column(input: &str, market: &[[f64; 2]]) -> Vec<f64> {
    let place = input.bytes().map(usize::from).sum::<usize>();
    let number = |i: usize, [u, v]: [f64; 2]| match input {
        "high" | "ask_price" => 100.0 + (4.0 * u).round(),
        "low" | "bid_price" => 99.0 - (4.0 * v).round(),
        "open" | "close" => 99.0 + u,
        "side" => (3.0 * u).floor() - 1.0,
        "time" => i as f64 + u,
        "return" | "change" | "signed_volume" => u - v,
        _ => 95.0 + (10.0 * u).round(),
    };
    let gap = |i: usize, [u, v]: [f64; 2]| ((1e6 * (u + v)) as usize + place + i).is_multiple_of(11);
    market.iter().enumerate().map(|(i, m)| if gap(i, *m) { f64::NAN } else { number(i, *m) }).collect()
}

fn columns(def: &OperatorDef, market: &[[f64; 2]]) -> Vec<Vec<f64>> {
    def.inputs.iter().map(|input| column(input, market)).collect()
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

fn bits(xs: &[f64]) -> Vec<u64> {
    xs.iter().map(|x| x.to_bits()).collect()
}

proptest! {
    #[test]
    fn batch_equals_stream_bit_for_bit((fresh, def) in operators(), market in market()) {
        let columns = columns(def, &market);
        let mut out = vec![0.0; market.len()];
        fresh.clone().batch(&slices(&columns), &mut out);
        let mut stream = fresh;
        let mut streamed = Vec::new();
        for i in 0..market.len() {
            let row: Vec<_> = columns.iter().map(|c| c[i]).collect();
            let y = stream.update(&row);
            prop_assert_eq!(y.to_bits(), stream.value().to_bits());
            streamed.push(y);
        }
        prop_assert_eq!(bits(&out), bits(&streamed), "{}", def.name);
    }

    #[test]
    fn a_batch_in_two_parts_equals_a_batch_in_one((fresh, def) in operators(), market in market(), cut in 0usize..200) {
        let columns = columns(def, &market);
        let cut = cut.min(market.len());
        let (mut whole, mut parts) = (vec![0.0; market.len()], vec![0.0; market.len()]);
        fresh.clone().batch(&slices(&columns), &mut whole);
        let mut operator = fresh;
        let halves: (Vec<_>, Vec<_>) = columns.iter().map(|c| c.split_at(cut)).unzip();
        operator.batch(&halves.0, &mut parts[..cut]);
        operator.batch(&halves.1, &mut parts[cut..]);
        prop_assert_eq!(bits(&whole), bits(&parts), "{}", def.name);
    }

    #[test]
    fn a_reset_operator_is_a_new_one((fresh, def) in operators(), market in market()) {
        let columns = columns(def, &market);
        let (mut first, mut again) = (vec![0.0; market.len()], vec![0.0; market.len()]);
        let mut operator = fresh;
        operator.batch(&slices(&columns), &mut first);
        operator.reset();
        prop_assert!(!operator.ready());
        operator.batch(&slices(&columns), &mut again);
        prop_assert_eq!(bits(&first), bits(&again), "{}", def.name);
    }

    #[test]
    fn mean_and_deviation_agree_with_two_passes_at_any_level(
        level in -1e5..1e5f64, spread in 1e-3..10.0f64, noise in prop::collection::vec(-1.0..1.0f64, 1..150),
        n in 2usize..40, ddof in 0usize..2,
    ) {
        let xs: Vec<_> = noise.iter().map(|e| level + spread * e).collect();
        let (mut mean, mut deviation) = (RollingMean::new(n), RollingStd::new(n, ddof));
        for (i, x) in xs.iter().enumerate() {
            let (m, s) = (mean.update(*x), deviation.update(*x));
            let Some(window) = window_of(&xs, i, n) else {
                prop_assert!(m.is_nan() && s.is_nan());
                continue;
            };
            let (mean_twin, std_twin) = two_pass(window, ddof);
            prop_assert!((m - mean_twin).abs() <= 1e-13 * (1.0 + level.abs()));
            // Near-equal values leave few digits in either computation: below 1e-3 of the spread nothing is claimed.
            prop_assert!((s - std_twin).abs() <= 1e-9 * std_twin.max(1e-3 * spread), "{s} {std_twin}");
        }
    }

    #[test]
    fn sums_and_extremes_agree_with_the_plain_window(xs in series(), n in 1usize..30) {
        let (mut sum, mut high, mut low) = (RollingSum::new(n), RollingMax::new(n), RollingMin::new(n));
        for (i, x) in xs.iter().enumerate() {
            let got = [sum.update(*x), high.update(*x), low.update(*x)];
            match window_of(&xs, i, n).filter(|w| w.iter().all(|x| !x.is_nan())) {
                None => prop_assert!(got.iter().all(|y| y.is_nan())),
                Some(w) => {
                    prop_assert!((got[0] - w.iter().sum::<f64>()).abs() < 1e-10);
                    prop_assert_eq!(got[1].to_bits(), w.iter().copied().fold(f64::MIN, f64::max).to_bits());
                    prop_assert_eq!(got[2].to_bits(), w.iter().copied().fold(f64::MAX, f64::min).to_bits());
                }
            }
        }
    }

    #[test]
    fn a_bank_gives_what_its_operators_and_ranks_give_alone(
        // Two fields of four instruments; a feature takes them in turn, the first of them first or last.
        rows in prop::collection::vec(prop::collection::vec(prop_oneof![9 => 1.0..9.0f64, 1 => Just(f64::NAN)], 8), 1..40),
        (first, one) in operators(), (second, two) in operators(),
    ) {
        let fields = |def: &OperatorDef, from| (from..from + def.inputs.len()).map(|i| i % 2).collect::<Vec<_>>();
        let (one, two) = (fields(one, 0), fields(two, 1));
        let features = [
            Feature { operator: first.clone(), fields: one.clone(), ranked: false },
            Feature { operator: second.clone(), fields: two.clone(), ranked: true },
        ];
        let mut bank = Bank::new(&features, 4);
        let mut alone: Vec<_> = (0..4).map(|_| (first.clone(), second.clone())).collect();
        let (mut out, mut ranks) = ([0.0; 8], [0.0; 4]);
        for row in rows {
            bank.update(&row, &mut out);
            let taken = |fields: &[usize], i: usize| fields.iter().map(|f| row[f * 4 + i]).collect::<Vec<_>>();
            let values: Vec<_> =
                alone.iter_mut().enumerate().map(|(i, (a, b))| (a.update(&taken(&one, i)), b.update(&taken(&two, i)))).collect();
            rank(&values.iter().map(|v| v.1).collect::<Vec<_>>(), &mut ranks, &mut Vec::new());
            let twin: Vec<_> = values.iter().zip(ranks).flat_map(|(v, r)| [v.0, r]).collect();
            prop_assert_eq!(bits(&out), bits(&twin));
        }
    }
}

#[test]
fn an_outlier_or_a_gap_leaves_no_trace_once_it_is_out_of_the_window() {
    let quiet: Vec<f64> = (0..60).map(|i| 100.0 + f64::from(i % 7) * 0.01).collect();
    for intruder in [1e18, f64::NAN, f64::INFINITY] {
        let mut disturbed = quiet.clone();
        disturbed[25] = intruder;
        for (name, params) in [
            ("sma", &[("window", 10.0)][..]),
            ("rolling_std", &[("window", 10.0)]),
            ("rolling_kurt", &[("window", 10.0)]),
            ("rolling_quantile", &[("window", 10.0), ("q", 0.3)]),
            ("realised_variance", &[("window", 8.0)]),
            ("roll_spread", &[("window", 7.0)]),
        ] {
            let (mut a, mut b) = (AnyOperator::new(name, params).unwrap(), AnyOperator::new(name, params).unwrap());
            let (mut clean, mut dirty) = (vec![0.0; 60], vec![0.0; 60]);
            a.batch(&[&quiet], &mut clean);
            b.batch(&[&disturbed], &mut dirty);
            assert_eq!(bits(&clean[35..]), bits(&dirty[35..]));
        }
    }
}

#[test]
fn equal_values_have_their_own_mean_no_deviation_and_no_z_score() {
    let (mut mean, mut deviation, mut z) = (RollingMean::new(7), RollingStd::new(7, 1), ZScore::new(7, 1));
    for i in 0..50 {
        let got = (mean.update(0.1), deviation.update(0.1), z.update(0.1));
        if i >= 6 {
            assert_eq!((got.0.to_bits(), got.1.to_bits()), (0.1f64.to_bits(), 0f64.to_bits()));
        }
        assert!(got.2.is_nan());
    }
}

#[test]
fn a_million_steps_do_not_drift() {
    let xs: Vec<f64> = (0..1_000_000u32).map(|i| 1e5 + f64::from(i.wrapping_mul(2_654_435_761) >> 20) * 1e-4).collect();
    let mut out = vec![0.0; xs.len()];
    RollingStd::new(50, 1).update_all(&xs, &mut out);
    let (_, twin) = two_pass(&xs[xs.len() - 50..], 1);
    assert!((out[xs.len() - 1] / twin - 1.0).abs() < 1e-10);
}

#[test]
fn the_exponential_average_is_the_recursive_one_and_skips_gaps() {
    let mut ema = Ema::new(3);
    let got: Vec<_> = [2.0, 4.0, f64::NAN, 8.0, 8.0].into_iter().map(|x| ema.update(x)).collect();
    assert!(got[..3].iter().all(|y| y.is_nan()));
    assert_eq!(bits(&got[3..]), bits(&[5.5, 6.75]));
}

#[test]
fn momentum_leaves_out_the_last_steps() {
    let mut momentum = AnyOperator::new("momentum", &[("lookback", 3.0), ("skip", 1.0)]).unwrap();
    let got: Vec<_> = [1.0, 2.0, 4.0, 8.0, 16.0].into_iter().map(|x| momentum.update(&[x])).collect();
    assert!(got[..3].iter().all(|y| y.is_nan()));
    assert_eq!(bits(&got[3..]), bits(&[3.0, 3.0]));
}

#[test]
fn volatility_is_the_sample_deviation_of_returns_scaled_to_a_year() {
    let mut vol = RollingVol::new(3, 252.0);
    let prices = [100.0, 110.0, 99.0, 108.9];
    let got = prices.map(|p| vol.update(p));
    let (_, twin) = two_pass(&[0.1, -0.1, 0.1], 1);
    assert!(got[2].is_nan() && (got[3] - twin * 252f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_change_from_zero_or_the_logarithm_of_a_loss_is_unknown() {
    for (name, before) in [("return", 0.0), ("log_return", -1.0), ("log_return", 0.0)] {
        let mut operator = AnyOperator::new(name, &[]).unwrap();
        operator.update(&[before]);
        assert!(operator.update(&[5.0]).is_nan());
        assert!(operator.update(&[10.0]) > 0.0);
    }
}
