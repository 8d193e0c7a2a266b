//! The built-in digits, what is counted of digits, and what a set of digits promises.

use std::sync::LazyLock;

use lenet::data::{self, DIGIT_PIXELS, Digits, Mnist, facts};

static BUILTIN: LazyLock<Mnist> = LazyLock::new(|| data::builtin().unwrap());

#[test]
fn builtin_is_mnist() {
    let Mnist { train, test } = &*BUILTIN;
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!(train.pixels().len(), 60_000 * DIGIT_PIXELS);
    assert_eq!((train.label(0), test.label(0)), (5, 7));
    let scaling = (1.275 / 255.0, -0.1, 2);
    let of_train = facts(train, scaling.0, scaling.1, scaling.2);
    let train_counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!((of_train.count, of_train.per_digit.clone()), (60_000, train_counts.to_vec()));
    let of_test = facts(test, scaling.0, scaling.1, scaling.2);
    let test_counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert_eq!((of_test.count, of_test.per_digit.clone()), (10_000, test_counts.to_vec()));

    assert!((of_train.mean - 0.13066).abs() < 5e-6, "{of_train:?}");
    assert!((of_train.deviation - 0.30811).abs() < 5e-6, "{of_train:?}");
    assert!((of_train.scaled_mean - 0.028).abs() < 5e-4, "{of_train:?}");
    assert!((of_train.scaled_deviation - 0.351).abs() < 5e-4, "{of_train:?}");
}

#[test]
fn builtin_is_as_published() {
    // Of the files whose SHA-256 stands in assets/mnist/README.md, without their headers.
    let crc = |bytes: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    };
    let Mnist { train, test } = &*BUILTIN;
    let sums = [train.pixels(), train.labels(), test.pixels(), test.labels()].map(crc);
    assert_eq!(sums, [0xf363_9b56, 0xba07_e8ef, 0xe4ca_5f57, 0xee86_04d9]);
}

#[test]
fn facts_count_the_border_as_background() {
    // One white digit: 784 of 1,024 values are 1, the border is -1.
    let white = Digits::new(vec![255; DIGIT_PIXELS], vec![8]).unwrap();
    let of_white = facts(&white, 2.0 / 255.0, -1.0, 2);
    assert_eq!((of_white.mean, of_white.deviation), (1.0, 0.0));
    let part = 784.0 / 1024.0;
    assert!((of_white.scaled_mean - (2.0 * part - 1.0)).abs() < 1e-6, "{of_white:?}");
    let deviation = 2.0 * (part * (1.0_f64 - part)).sqrt();
    assert!((of_white.scaled_deviation - deviation).abs() < 1e-6, "{of_white:?}");

    let none = facts(&Digits::new(vec![], vec![]).unwrap(), 1.0, 0.0, 2);
    assert_eq!((none.count, none.mean, none.scaled_deviation), (0, 0.0, 0.0));
}

#[test]
fn digits_hold_together() {
    let mut digits = BUILTIN.train.pick(0..5);
    digits.truncate(9);
    assert_eq!((digits.len(), digits.labels()), (5, &[5, 0, 4, 1, 9][..]));
    digits.truncate(2);
    assert_eq!((digits.len(), digits.labels()), (2, &[5, 0][..]));
    assert_eq!(digits.digit(1), &BUILTIN.train.pixels()[DIGIT_PIXELS..2 * DIGIT_PIXELS]);
    assert!(!digits.is_empty());
    let short = Digits::new(vec![0; DIGIT_PIXELS], vec![1, 2]).unwrap_err();
    assert!(short.to_string().contains("784 pixels"), "{short}");
    let eleven = Digits::new(vec![0; DIGIT_PIXELS], vec![11]).unwrap_err();
    assert!(eleven.to_string().contains("label 11"), "{eleven}");
}
