//! How good answers are, and which differences chance explains, on examples worked out by hand.

use lenet::evaluation::rejection::{curve, first_within, last_within};
use lenet::evaluation::statistics::{McNemar, Sample, Verdict, Welch, binomial, compare};
use lenet::evaluation::{Answer, Class, classes, confusion, errors, halves};

#[test]
fn classes_of_a_constructed_example() {
    let said = [(1, 1), (1, 1), (1, 7), (7, 7), (4, 7)];
    let answer = |(label, said)| Answer { digit: 0, label, said, margin: 1.0 };
    let answers = said.map(answer);
    let confusion = confusion(&answers, 10);
    assert_eq!((confusion[1][7], confusion[4][7], errors(&answers)), (1, 1, 2));
    let classes = classes(&confusion);
    assert_eq!(classes[7], Class { digits: 1, answers: 3, right: 1 });
    assert_eq!(classes[7].precision(), Some(100.0 / 3.0));
    assert_eq!(classes[7].recall(), Some(100.0));
    assert_eq!((classes[4].precision(), classes[4].recall()), (None, Some(0.0)));
    assert_eq!((classes[0].precision(), classes[0].recall()), (None, None));
    assert_eq!(halves(&answers), None);
}

/// Answers by their margins, `!` after those that are wrong.
fn answers(list: &str) -> Vec<Answer> {
    let answer = |word: &str| {
        let margin = word.trim_end_matches('!');
        let label = u8::from(margin != word);
        Answer { digit: 0, label, said: 0, margin: margin.parse().expect("a margin") }
    };
    list.split(' ').map(answer).collect()
}

#[test]
fn rejection_of_a_constructed_example() {
    let points = curve(&answers("9 1! 3 3! 2 5 6 7 8 4"));
    // Both digits of margin 3 go at once.
    let expected = [(0.0, 20.0), (10.0, 100.0 / 9.0), (20.0, 12.5), (40.0, 0.0)];
    for (point, (rejected, error)) in points.iter().zip(expected) {
        assert!((point.rejected - rejected).abs() < 1e-9 && (point.error - error).abs() < 1e-9);
    }
    assert_eq!((points.len(), points[3].margin), (9, 4.0), "the first that is kept");
    let share = |percent| first_within(&points, percent).map(|point| point.rejected);
    assert_eq!((share(20.0), share(12.0), share(0.5)), (Some(0.0), Some(10.0), Some(40.0)));
    let error = |rejected| last_within(&points, rejected).map(|point| point.error);
    assert_eq!((error(0.0), error(39.0)), (Some(20.0), Some(12.5)));
}

#[test]
fn sure_mistakes_cannot_be_rejected_away() {
    assert_eq!(first_within(&curve(&answers("1 2 3!")), 0.5), None);
    assert!(curve(&[]).is_empty());
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

/// By hand: mean 5, squares 9 1 1 1 0 0 4 16, sum 32, by 7.
#[test]
fn mean_and_deviation() {
    let sample = Sample::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("numbers");
    assert_eq!((sample.count, sample.mean), (8, 5.0));
    near(sample.deviation.expect("numbers"), (32.0_f64 / 7.0).sqrt());
    assert_eq!(Sample::of(&[3.0]).expect("numbers").deviation, None);
    assert_eq!(Sample::of(&[]), None);
}

/// 1 % of 9,900 digits: sqrt(0.01 * 0.99 / 9900) = 0.001.
#[test]
fn chance_of_ten_thousand_digits() {
    near(binomial(1.0, 9_900), 0.1);
    assert!((binomial(0.95, 10_000) - 0.097).abs() < 1e-4, "the paper says about 0.1");
    near(binomial(0.0, 10_000), 0.0);
}

/// s = 0.1 over 4 seeds and b = 0.1: variance 0.0025 + 0.01, so the error is 0.1118...
#[test]
fn verdicts() {
    let ours = |mean: f64| Sample { count: 4, mean, deviation: Some(0.1) };
    let error = 0.0125_f64.sqrt();
    let same = compare(&ours(1.0 - 1.9 * error), 1.0, 9_900);
    assert_eq!(same.verdict, Verdict::Agrees);
    near(same.apart, -1.9);
    assert_eq!(compare(&ours(1.0 - 2.1 * error), 1.0, 9_900).verdict, Verdict::Better);
    assert_eq!(compare(&ours(1.0 + 2.1 * error), 1.0, 9_900).verdict, Verdict::Worse);
    assert_eq!(compare(&ours(1.0 + 1.9 * error), 1.0, 9_900).verdict, Verdict::Agrees);
    // One run of ours: 1.3 % has b^2 = 1.3 * 98.7 / 9900.
    let single = Sample { count: 1, mean: 1.3, deviation: None };
    let both = (1.3_f64 * 98.7 / 9_900.0 + 0.01).sqrt();
    near(compare(&single, 1.0, 9_900).apart, 0.3 / both);
}

/// By whole numbers: 2 sum C(n, k) / 2^n over k up to the smaller count. 86 and 150 are those of
/// Agresti's approval ratings.
#[test]
fn mcnemar_is_exact() {
    let p = |only_first, only_second| {
        McNemar { only_first, only_second, ..McNemar::default() }.p_value()
    };
    let known = [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (7, 7, 1.0),
        (1, 9, 11.0 / 512.0),
        (5, 15, 0.041_389_465_332_031_25),
        (86, 150, 3.715_936_139_571_442e-5),
        (900, 1_300, 1.463_722_041_926_711e-17),
    ];
    for (a, b, expected) in known {
        for found in [p(a, b), p(b, a)] {
            assert!((found / expected - 1.0).abs() < 1e-9, "{a}, {b}: {found}, {expected}");
        }
    }
    assert_eq!(p(0, 2_000), 0.0, "less than any f64");
}

#[test]
fn mcnemar_counts() {
    let right = [[true, true], [true, false], [false, true], [false, true], [false, false]];
    let counts = McNemar { both_right: 1, only_first: 1, only_second: 2, both_wrong: 1 };
    assert_eq!(McNemar::of(right), counts);
}

/// Against SciPy 1.17: `ttest_ind(a, b, equal_var=False)` and `2 * t.sf(t, degrees)`.
#[test]
fn welch_is_that_of_scipy() {
    let near = |found: f64, wanted: f64| {
        assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{found}, not {wanted}");
    };
    let welch = |a: &[f64], b: &[f64]| Welch::of(&Sample::of(a).unwrap(), &Sample::of(b).unwrap());
    let lenet1 = [1.92, 1.72, 1.68, 1.73, 1.70];
    let known = [
        (
            &[1.86, 1.74, 1.96, 1.99][..],
            -1.931_152_474_773_863_3,
            6.012_209_258_146_934,
            0.101_583_379_374_768_2,
        ),
        (
            &[0.9, 1.0, 0.7],
            8.988_475_005_629_665,
            2.996_181_587_705_063_3,
            0.002_921_313_725_846_453_3,
        ),
    ];
    for (other, t, degrees, p) in known {
        let found = welch(&lenet1, other).expect("both vary");
        near(found.t, t);
        near(found.degrees, degrees);
        near(found.p_value(), p);
    }
    let tails = [
        (0.0, 4.0, 1.0),
        (1.0, 1.0, 0.5),
        (2.5, 1.5, 0.169_806_502_614_696_04),
        (-4.7, 11.3, 6.045_940_558_857_953e-4),
        (9.5, 4.0, 6.852_328_384_658_574e-4),
        (1.7, 120.5, 0.091_710_718_789_486_13),
    ];
    for (t, degrees, p) in tails {
        near(Welch { t, degrees }.p_value(), p);
    }
    assert_eq!(welch(&lenet1, &[1.7]), None);
    assert_eq!(welch(&[1.0, 1.0], &[1.7, 1.7]), None);
}
