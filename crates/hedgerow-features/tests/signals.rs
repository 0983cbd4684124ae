//! Signals against their definitions: small cases by hand, obvious twins, and a fresh computation after a million updates.

use hedgerow_features::{AnyOperator, Neutraliser, OPERATORS, demean};
use proptest::prelude::*;

fn make(name: &str, params: &[(&str, f64)]) -> AnyOperator {
    AnyOperator::new(name, params).unwrap()
}

/// What an operator says of each row.
fn told<const N: usize>(name: &str, params: &[(&str, f64)], rows: &[[f64; N]]) -> Vec<f64> {
    let mut operator = make(name, params);
    rows.iter().map(|row| operator.update(row)).collect()
}

fn last<const N: usize>(name: &str, params: &[(&str, f64)], rows: &[[f64; N]]) -> f64 {
    *told(name, params, rows).last().unwrap()
}

#[track_caller]
fn near(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs().max(1e-300), "{got} is not {wanted}");
}

#[track_caller]
fn same(got: &[f64], wanted: &[f64]) {
    let bits = |xs: &[f64]| {
        xs.iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { (x + 0.0).to_bits() }).collect::<Vec<_>>()
    };
    assert_eq!(bits(got), bits(wanted), "{got:?} is not {wanted:?}");
}

const NONE: f64 = f64::NAN;
const QUOTES: [[f64; 4]; 6] = [
    [10.0, 5.0, 10.01, 7.0],
    [10.0, 8.0, 10.01, 7.0],
    [10.0, 8.0, 10.01, 4.0],
    [10.01, 3.0, 10.02, 6.0],
    [10.0, 2.0, 10.02, 6.0],
    [10.0, 2.0, 10.01, 9.0],
];

#[test]
fn order_flow_imbalance_is_that_of_cont_kukanov_and_stoikov() {
    same(&told("ofi", &[], &QUOTES), &[NONE, 3.0, 3.0, 7.0, -3.0, -9.0]);
    same(&told("ofi", &[("window", 2.0)], &QUOTES), &[NONE, NONE, 6.0, 10.0, 4.0, -12.0]);
}

#[test]
fn order_flow_imbalance_is_not_the_change_of_queues_without_the_price_indicators() {
    // The bid moves up a tick: the queue there is new, not 8 less 3 shorter.
    let naive = (QUOTES[3][1] - QUOTES[2][1]) - (QUOTES[3][3] - QUOTES[2][3]);
    assert_eq!((naive, told("ofi", &[], &QUOTES)[3]), (-7.0, 7.0));
}

#[test]
fn a_missing_side_makes_both_changes_beside_it_unknown_not_nothing() {
    let mut quotes = QUOTES;
    quotes[2][2] = NONE;
    same(&told("ofi", &[], &quotes), &[NONE, 3.0, NONE, NONE, -3.0, -9.0]);
}

#[test]
fn the_weighted_mid_leans_to_the_shorter_queue() {
    near(last("weighted_mid", &[], &[[10.0, 3.0, 10.04, 1.0]]), 10.03, 1e-15);
    assert!(last("weighted_mid", &[], &[[10.0, 0.0, 10.04, 0.0]]).is_nan());
    same(&told("queue_imbalance", &[], &[[3.0, 1.0], [0.0, 0.0], [0.0, 4.0]]), &[0.5, NONE, -1.0]);
}

#[test]
fn lee_and_ready_ask_the_quote_and_at_its_middle_the_tick_test() {
    let trades = [[10.01, 10.0, 10.01], [10.0, 10.0, 10.01], [10.005, 10.0, 10.01], [10.005, 10.0, 10.01]];
    same(&told("lee_ready", &[], &trades), &[1.0, -1.0, 1.0, 1.0]);
    same(&told("tick_test", &[], &trades.map(|t| [t[0]])), &[NONE, -1.0, 1.0, 1.0]);
}

#[test]
fn a_lag_compares_each_trade_with_an_earlier_quote() {
    let trades = [[10.0, 9.0, 11.0], [10.4, 10.0, 12.0], [10.4, 8.0, 9.0], [NONE, 8.0, 9.0], [8.6, 1.0, 2.0]];
    same(&told("lee_ready", &[("lag", 1.0)], &trades), &[NONE, 1.0, -1.0, NONE, 1.0]);
}

#[test]
fn trade_imbalance_is_signed_volume_and_a_share_only_when_asked() {
    let trades = [[1.0, 5.0], [-1.0, 2.0], [0.0, 4.0], [1.0, 1.0]];
    same(&told("trade_imbalance", &[("window", 2.0)], &trades), &[NONE, 3.0, -2.0, 1.0]);
    let shares = told("trade_imbalance", &[("window", 3.0), ("normalise", 1.0)], &trades);
    same(&shares[2..], &[3.0 / 11.0, -1.0 / 7.0]);
    assert!(last("trade_imbalance", &[("window", 1.0), ("normalise", 1.0)], &[[1.0, 0.0]]).is_nan());
}

#[test]
fn illiquidity_is_a_mean_of_ratios_without_days_that_did_not_trade() {
    let days = [[0.01, 1e6], [-0.02, 4e6], [0.5, 0.0], [0.005, 5e5]];
    near(last("amihud", &[("window", 4.0)], &days), 0.025 / 3.0, 1e-15);
    let ratio_of_means = (0.01 + 0.02 + 0.005) / (1e6 + 4e6 + 5e5) * 1e6;
    assert!((last("amihud", &[("window", 4.0)], &days) - ratio_of_means).abs() > 1e-3);
    assert!(last("amihud", &[("window", 1.0)], &[[0.5, 0.0]]).is_nan());
}

#[test]
fn rolls_spread_is_undefined_where_the_covariance_is_not_negative() {
    // A price that bounces between bid and ask of 10.00 and 10.10.
    let bounce: Vec<_> = (0..3_000).map(|i| [10.0 + 0.1 * noise(i, 1).round()]).collect();
    near(last("roll_spread", &[("window", 2_900.0)], &bounce), 0.1, 0.05);
    let trend: Vec<_> = (0..20).map(|i| [f64::from(i * i)]).collect();
    assert!(last("roll_spread", &[("window", 10.0)], &trend).is_nan());
}

#[test]
fn kyles_lambda_is_the_slope_on_signed_volume() {
    let volumes = [0.0, 3.0, -1.0, 4.0, -2.0, 0.5];
    let mut price = 50.0;
    let rows: Vec<_> = volumes
        .iter()
        .map(|q| {
            price += 0.02 * q + 0.001;
            [price, *q]
        })
        .collect();
    near(last("kyle_lambda", &[("window", 5.0)], &rows), 0.02, 1e-10);
    let unsigned: Vec<_> = rows.iter().map(|[p, q]| [*p, q.abs()]).collect();
    assert!((last("kyle_lambda", &[("window", 5.0)], &unsigned) - 0.02).abs() > 0.005);
    assert!(last("kyle_lambda", &[("window", 2.0)], &[[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]).is_nan());
}

#[test]
fn bulk_classification_shares_volume_by_the_normal_law() {
    // Changes 1, -1, 0 have the sample deviation 1.
    let shares = told("bulk_buy_share", &[("window", 3.0)], &[[0.0], [1.0], [-1.0], [0.0], [1.0]]);
    assert!(shares[1].is_nan());
    near(shares[2], 0.158_655_253_931_457_05, 1e-14);
    same(&shares[3..4], &[0.5]);
    near(shares[4], 0.841_344_746_068_542_9, 1e-14);
    near(last("bulk_buy_share", &[("window", 2.0)], &[[2.0], [2.0]]), 1.0, 0.0);
}

#[test]
fn volume_that_does_not_fit_a_bucket_begins_the_next() {
    let params = [("bucket", 10.0), ("buckets", 2.0)];
    // Buckets: 8 bought and 2 sold; 10 bought, 0 sold; then 5 of each.
    let rows = [[6.0, 0.0], [2.0, 2.0], [NONE, 1.0], [10.0, 0.0], [5.0, 5.0], [0.0, 0.0]];
    same(&told("vpin", &params, &rows), &[NONE, NONE, NONE, 0.8, 0.5, 0.5]);
    // One observation of 25: the bucket begun is filled (8 and 2), one more is one-sided, 9 are left.
    same(&told("vpin", &params, &[[2.0, 2.0], [25.0, 0.0], [0.0, 1.0]]), &[NONE, 0.8, 0.9]);
    near(last("vpin", &[("bucket", 1.0), ("buckets", 5.0)], &[[3e17, 1e17]]), 0.5, 1e-15);
}

#[test]
fn an_intensity_jumps_at_events_and_decays_between() {
    let params = [("mu", 0.6), ("alpha", 0.8), ("beta", 1.5)];
    let got = told("hawkes", &params, &[[0.5, 1.0], [0.9, 0.0], [NONE, 1.0], [0.4, 1.0], [1.0, 2.0]]);
    near(got[0], 1.4, 1e-15);
    near(got[1], 0.6 + 0.8 * (-1.5f64 * 0.4).exp(), 1e-15);
    assert!(got[2].is_nan() && got[3].is_nan());
    near(got[4], 0.6 + 0.8 * (-1.5f64 * 0.5).exp() + 1.6, 1e-15);
}

#[test]
fn a_jump_is_in_realised_variance_and_not_in_bipower_variance() {
    let price = |jump: f64| {
        (0..101)
            .map(|i| [100.0 * (0.01 * f64::from(i % 2) + if i > 50 { jump } else { 0.0 }).exp()])
            .collect::<Vec<_>>()
    };
    let (calm, jumped) = (price(0.0), price(0.5));
    let window = [("window", 100.0)];
    near(last("realised_variance", &window, &calm), 0.01, 1e-10);
    near(last("realised_volatility", &[("window", 100.0), ("annualise", 100.0)], &calm), 0.1, 1e-10);
    near(last("bipower_variance", &window, &calm), std::f64::consts::FRAC_PI_2 * 0.01, 1e-10);
    let added = last("realised_variance", &window, &jumped) - 0.01;
    assert!(added > 0.24, "{added}");
    assert!(last("bipower_variance", &window, &jumped) < 0.04);
}

#[test]
fn range_volatilities_are_their_formulas() {
    let bars = [[100.0, 104.0, 97.0, 101.0], [102.0, 103.0, 99.0, 100.0], [99.0, 105.0, 98.0, 104.0]];
    let ln = f64::ln;
    let mean = |f: &dyn Fn(&[f64; 4]) -> f64| bars.iter().map(f).sum::<f64>() / 3.0;
    let window = [("window", 3.0), ("annualise", 252.0)];
    let parkinson = mean(&|b| ln(b[1] / b[2]).powi(2) / (4.0 * ln(2.0)));
    near(last("parkinson", &window, &bars.map(|b| [b[1], b[2]])), (252.0 * parkinson).sqrt(), 1e-12);
    let klass = mean(&|b| 0.5 * ln(b[1] / b[2]).powi(2) - (2.0 * ln(2.0) - 1.0) * ln(b[3] / b[0]).powi(2));
    near(last("garman_klass", &window, &bars), (252.0 * klass).sqrt(), 1e-12);
    let rogers = mean(&|b| ln(b[1] / b[3]) * ln(b[1] / b[0]) + ln(b[2] / b[3]) * ln(b[2] / b[0]));
    near(last("rogers_satchell", &window, &bars), (252.0 * rogers).sqrt(), 1e-12);
    let gaps = [ln(102.0 / 101.0), ln(99.0 / 100.0)];
    let within = [ln(100.0 / 102.0), ln(104.0 / 99.0)];
    let variance = |x: [f64; 2]| (x[0] - x[1]).powi(2) / 2.0;
    let rogers2 =
        bars[1..].iter().map(|b| ln(b[1] / b[3]) * ln(b[1] / b[0]) + ln(b[2] / b[3]) * ln(b[2] / b[0])).sum::<f64>()
            / 2.0;
    let k = 0.34 / (1.34 + 3.0);
    let zhang = variance(gaps) + k * variance(within) + (1.0 - k) * rogers2;
    near(last("yang_zhang", &[("window", 2.0)], &bars), zhang.sqrt(), 1e-12);
}

#[test]
fn a_bar_that_cannot_be_is_a_gap() {
    for bar in
        [[100.0, 99.0, 98.0, 98.5], [100.0, 101.0, 0.0, 100.5], [100.0, 101.0, 99.0, 98.0], [NONE, 101.0, 99.0, 100.0]]
    {
        for name in ["garman_klass", "rogers_satchell"] {
            assert!(last(name, &[("window", 1.0)], &[bar]).is_nan(), "{name} {bar:?}");
        }
    }
    assert!(last("parkinson", &[("window", 1.0)], &[[99.0, 100.0]]).is_nan());
}

#[test]
fn groups_lose_their_mean_and_gaps_stay_gaps() {
    let mut out = [0.0; 6];
    demean(&[1.0, 3.0, 10.0, NONE, 20.0, 7.0], &[0, 0, 1, 1, 1, 9], &mut out, &mut [Default::default(); 2]);
    same(&out, &[-1.0, 1.0, -5.0, NONE, 5.0, NONE]);
}

#[test]
fn neutral_values_are_orthogonal_to_their_exposures() {
    let xs = [1.0, 4.0, 2.0, 8.0, NONE, 5.0, 7.0];
    // The third exposure is a mixture of the others and the intercept.
    let exposures: Vec<_> = [0.5, -1.0, 2.0, 0.3, 1.0, NONE, -0.7]
        .iter()
        .zip([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0])
        .flat_map(|(a, b)| [*a, b, 2.0 * a - b + 3.0])
        .collect();
    let mut out = [0.0; 7];
    Neutraliser::new(7, 3).residuals(&xs, &exposures, &mut out);
    assert!(out[4].is_nan() && out[5].is_nan());
    let known = [0, 1, 2, 3, 6];
    for factor in 0..3 {
        let along: f64 = known.iter().map(|i| out[*i] * exposures[i * 3 + factor]).sum();
        assert!(along.abs() < 1e-12, "{along}");
    }
    assert!(known.iter().map(|i| out[*i]).sum::<f64>().abs() < 1e-13);
    assert!(known.iter().map(|i| out[*i] * xs[*i]).sum::<f64>() > 0.1);
    Neutraliser::new(2, 1).residuals(&[1.0, 2.0], &[3.0, 4.0], &mut out[..2]);
    assert!(out[..2].iter().all(|x| x.is_nan()));
}

/// Pseudo-random numbers from 0 to 1.
fn noise(i: u32, salt: u32) -> f64 {
    let x = (i ^ salt.wrapping_mul(0x9E37_79B9)).wrapping_mul(2_654_435_761);
    f64::from((x ^ (x >> 15)).wrapping_mul(0x85EB_CA6B) >> 8) / f64::from(1u32 << 24)
}

#[test]
fn a_million_updates_leave_what_a_fresh_operator_says() {
    const N: u32 = 1_000_000;
    for def in OPERATORS {
        let params: Vec<_> = def.params.iter().map(|p| (p.name, p.default.unwrap_or(20.0))).collect();
        let number = |input: &str, place: usize, i: u32| {
            let salt = place as u32;
            match input {
                "high" | "ask_price" => 1e5 + 2.0 + noise(i, salt),
                "low" | "bid_price" => 1e5 - 2.0 - noise(i, salt),
                "side" => noise(i, salt).round() * 2.0 - 1.0,
                // Twenty trades a bucket, so that the buckets of a fresh operator lie where those of the old one do.
                "buy_volume" => noise(i, 7).round(),
                "sell_volume" => 1.0 - noise(i, 7).round(),
                "time" => f64::from(i),
                "return" | "change" | "signed_volume" => noise(i, salt) - 0.5,
                input if input.ends_with("size") || input.ends_with("volume") || input == "events" => noise(i, salt),
                _ => 1e5 + noise(i, salt),
            }
        };
        let columns: Vec<Vec<f64>> = def
            .inputs
            .iter()
            .enumerate()
            .map(|(place, input)| (0..N).map(|i| number(input, place, i)).collect())
            .collect();
        let mut out = vec![0.0; N as usize];
        make(def.name, &params).batch(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
        // Long enough to fill any window, and for what a start would leave in an average to fade.
        let recent: Vec<_> = columns.iter().map(|c| &c[N as usize - 2_000..]).collect();
        let mut fresh = vec![0.0; 2_000];
        make(def.name, &params).batch(&recent, &mut fresh);
        let (old, new) = (out[N as usize - 1], fresh[1_999]);
        assert!(
            old.is_nan() == new.is_nan() && (old.is_nan() || (old - new).abs() <= 1e-9 * new.abs()),
            "{}: {old} {new}",
            def.name
        );
    }
}

fn window_of<T>(xs: &[T], end: usize, n: usize) -> Option<&[T]> {
    (end + 1 >= n).then(|| &xs[end + 1 - n..=end])
}

proptest! {
    #[test]
    fn a_quantile_is_that_of_the_sorted_window(
        xs in prop::collection::vec(prop_oneof![6 => -9.0..9.0f64, 3 => (-3i32..3).prop_map(f64::from), 1 => Just(f64::NAN)], 1..200),
        n in 1usize..40, q in 0.0..=1.0f64,
    ) {
        let got = told("rolling_quantile", &[("window", n as f64), ("q", q)], &xs.iter().map(|x| [*x]).collect::<Vec<_>>());
        for (i, y) in got.iter().enumerate() {
            let Some(window) = window_of(&xs, i, n).filter(|w| w.iter().all(|x| !x.is_nan())) else {
                prop_assert!(y.is_nan());
                continue;
            };
            let mut sorted = window.to_vec();
            sorted.sort_by(f64::total_cmp);
            let rank = (n - 1) as f64 * q;
            let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
            prop_assert!((y - (low + rank.fract() * (high - low))).abs() < 1e-12);
        }
    }

    #[test]
    fn moments_of_pairs_and_shapes_agree_with_two_passes_at_any_level(
        level in -1e5..1e5f64, spread in 1e-2..10.0f64, noise in prop::collection::vec(prop::array::uniform2(-1.0..1.0f64), 1..120),
        n in 3usize..40,
    ) {
        let pairs: Vec<_> = noise.iter().map(|[a, b]| [level + spread * (a + b), 3.0 * level + spread * b]).collect();
        let xs: Vec<_> = pairs.iter().map(|p| [p[0]]).collect();
        let window = [("window", n as f64)];
        let moved = [told("covariance", &window, &pairs), told("correlation", &window, &pairs), told("beta", &window, &pairs)];
        let shapes = [told("rolling_var", &window, &xs), told("rolling_skew", &window, &xs), told("rolling_kurt", &window, &xs)];
        for i in 0..pairs.len() {
            let Some(w) = window_of(&pairs, i, n) else {
                prop_assert!(moved.iter().chain(&shapes).all(|ys| ys[i].is_nan()));
                continue;
            };
            let count = n as f64;
            let mean = |k: usize| w.iter().map(|p| p[k]).sum::<f64>() / count;
            let (y, x) = (mean(0), mean(1));
            let moment = |f: &dyn Fn(f64, f64) -> f64| w.iter().map(|p| f(p[0] - y, p[1] - x)).sum::<f64>() / count;
            let (yy, xx, yx) = (moment(&|a, _| a * a), moment(&|_, b| b * b), moment(&|a, b| a * b));
            // Near-equal values leave few digits in any computation; nothing is claimed of them.
            prop_assume!(yy > 1e-4 * spread * spread && xx > 1e-4 * spread * spread);
            let scale = (yy * xx).sqrt();
            prop_assert!((moved[0][i] * (count - 1.0) / count - yx).abs() < 1e-8 * scale);
            prop_assert!((moved[1][i] - yx / scale).abs() < 1e-8);
            prop_assert!((moved[2][i] - yx / xx).abs() < 1e-8 * (yy / xx).sqrt());
            let (third, fourth) = (moment(&|a, _| a.powi(3)), moment(&|a, _| a.powi(4)));
            prop_assert!((shapes[0][i] * (count - 1.0) / count - yy).abs() < 1e-8 * yy);
            prop_assert!((shapes[1][i] - third / yy.powf(1.5)).abs() < 1e-6);
            prop_assert!((shapes[2][i] - fourth / yy.powi(2)).abs() < 1e-6);
        }
    }
}
