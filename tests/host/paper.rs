//! The numbers that the papers print, and those that follow from them by arithmetic.
//!
//! LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998 ("1998"), and LeCun et al., NIPS 2, 1990
//! ("1990"). Tables are written out here once more, so that a slip in the program's own tables
//! cannot agree with itself.

use crate::common::run::{linear, network};
use lenet::cpu::{squash, squash_slope};
use lenet::network::connections::{TABLE_1990, TABLE_I};
use lenet::network::init::{self, Init};
use lenet::network::tensors::Role;
use lenet::network::{Kind, Network, PoolForm, Scaling, Squash, bitmaps};
use lenet::plan::Layout;

/// Layers as (name, trainable parameters, connections).
type Counts<'a> = &'a [(&'a str, usize, usize)];

fn lenet1() -> Network {
    network("lenet1", |_| {})
}

fn lenet5() -> Network {
    network("lenet5", |_| {})
}

fn short() -> Network {
    network("lenet5-short", |_| {})
}

fn assert_counts(network: &Network, counts: Counts, parameters: usize, connections: usize) {
    let found: Vec<_> = network
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.parameters(), layer.connections()))
        .collect();
    assert_eq!(found, counts);
    assert_eq!(network.parameters(), parameters);
    assert_eq!(network.connections(), connections);
    // And so many numbers are stored, in tensors that do not overlap.
    let layout = Layout::of(network).unwrap();
    let mut used = vec![false; layout.size];
    for place in layout.tensors.iter().flat_map(|tensor| tensor.places()) {
        assert!(!std::mem::replace(&mut used[place], true), "two tensors at {place}");
    }
    assert_eq!(used.iter().filter(|used| **used).count(), parameters);
}

/// 1990: 2,578 parameters and 98,442 connections.
#[test]
fn counts_of_lenet1() {
    let counts: Counts = &[
        ("h1", 104, 59_904),
        ("h2", 8, 2_880),
        ("h3", 512, 32_768),
        ("h4", 24, 960),
        ("output", 1_930, 1_930),
    ];
    assert_counts(&lenet1(), counts, 2_578, 98_442);
}

/// 1998, section II.B: 60,000 parameters and 340,908 connections.
#[test]
fn counts_of_lenet5() {
    const BELOW_OUTPUT: Counts = &[
        ("c1", 156, 122_304),
        ("s2", 12, 5_880),
        ("c3", 1_516, 151_600),
        ("s4", 32, 2_000),
        ("c5", 48_120, 48_120),
        ("f6", 10_164, 10_164),
    ];
    let with = |output| [BELOW_OUTPUT, &[output]].concat();
    assert_counts(&lenet5(), &with(("rbf", 0, 840)), 60_000, 340_908);
    let linear_output = network("lenet5", linear);
    assert_counts(&linear_output, &with(("output", 850, 850)), 60_850, 340_918);
}

/// The authors' later variant: 51,046 parameters.
#[test]
fn counts_of_lenet5_short() {
    assert_eq!(short().parameters(), 51_046);
}

#[test]
fn shapes() {
    let sides = |network: &Network| -> Vec<(usize, usize)> {
        assert!(network.layers.iter().all(|layer| layer.output.height == layer.output.width));
        network.layers.iter().map(|layer| (layer.output.maps, layer.output.height)).collect()
    };
    assert_eq!((lenet1().input().height, lenet1().input().width), (28, 28));
    assert_eq!((lenet5().input().height, lenet5().input().width), (32, 32));
    assert_eq!(sides(&lenet1()), [(4, 24), (4, 12), (12, 8), (12, 4), (10, 1)]);
    let expected = [(6, 28), (6, 14), (16, 10), (16, 5), (120, 1), (84, 1), (10, 1)];
    assert_eq!(sides(&lenet5()), expected);
}

/// 1998, Table I, column by column.
#[test]
fn table_of_c3() {
    #[rustfmt::skip]
    let expected: [&[usize]; 16] = [
        &[0, 1, 2], &[1, 2, 3], &[2, 3, 4], &[3, 4, 5], &[0, 4, 5], &[0, 1, 5],
        &[0, 1, 2, 3], &[1, 2, 3, 4], &[2, 3, 4, 5], &[0, 3, 4, 5], &[0, 1, 4, 5],
        &[0, 1, 2, 5], &[0, 1, 3, 4], &[1, 2, 4, 5], &[0, 2, 3, 5],
        &[0, 1, 2, 3, 4, 5],
    ];
    assert_eq!(TABLE_I, expected);
    let network = lenet5();
    let Kind::Conv(table) = &network.layers[2].kind else { panic!("c3 is a convolution") };
    assert_eq!((table.count(), table.maps(), table.inputs()), (60, 16, 6));
    // Every map of S2 feeds ten maps of C3.
    let fed = |map| (0..16).filter(|&m| table.row(m).contains(&map)).count();
    assert!((0..6).all(|map| fed(map) == 10));
}

/// 1990: H3 over H2.
#[test]
fn table_of_h3() {
    #[rustfmt::skip]
    let expected: [&[usize]; 12] = [
        &[0], &[0, 1], &[0, 1], &[1], &[0, 1], &[0, 1],
        &[2], &[2, 3], &[2, 3], &[3], &[2, 3], &[2, 3],
    ];
    assert_eq!(TABLE_1990, expected);
}

/// Absent connections have no storage: C3's stage holds 60 kernels, not 96.
#[test]
fn absent_connections_are_not_stored() {
    let layout = Layout::of(&lenet5()).unwrap();
    let of_stage = |name: &str| -> usize {
        let tensors = layout.tensors.iter().filter(|tensor| tensor.name.starts_with(name));
        tensors.map(|tensor| tensor.size()).sum()
    };
    assert_eq!(of_stage("c3.") + of_stage("s4."), 60 * 25 + 3 * 16);
    let aligned = (60 * 25 + 3 * 16_usize).next_multiple_of(lenet::plan::ALIGN);
    assert_eq!(layout.starts[2] - layout.starts[1], aligned);
}

/// 1998, Fig. 3: the bitmaps of the ten classes.
#[test]
fn bitmaps_of_the_classes() {
    const ROWS: [[u32; 12]; 10] = [
        [62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0],
        [12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0],
        [62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0],
        [127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0],
        [62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3],
        [62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0],
        [30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0],
        [127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0],
        [62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0],
        [62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0],
    ];
    let centres = bitmaps::centres();
    assert!(centres.iter().all(|pixel| pixel.abs() == 1.0));
    let rows: Vec<u32> = centres
        .chunks(7)
        .map(|row| row.iter().fold(0, |bits, &pixel| 2 * bits + u32::from(pixel > 0.0)))
        .collect();
    assert_eq!(rows, ROWS.concat());
}

/// Hamming distances between the bitmaps: 6 and 8 are closest.
#[test]
fn distances_of_the_bitmaps() {
    let centres = bitmaps::centres();
    let distance = |a: usize, b: usize| {
        (0..84).filter(|pixel| centres[84 * a + pixel] != centres[84 * b + pixel]).count()
    };
    let pairs = || (0..10).flat_map(|a| (0..a).map(move |b| (b, a)));
    assert_eq!(pairs().min_by_key(|&(a, b)| distance(a, b)), Some((6, 8)));
    assert_eq!(distance(6, 8), 12);
    assert_eq!(pairs().map(|(a, b)| distance(a, b)).max(), Some(50));
    let sum: usize = pairs().map(|(a, b)| distance(a, b)).sum();
    assert_eq!(format!("{:.1}", sum as f64 / pairs().count() as f64), "31.1");
}

/// 1998, appendix A: f(a) = 1.7159 tanh(2a/3), so that f(1) = 1 and f(-1) = -1.
#[test]
fn squash_of_1998() {
    assert_eq!(
        Squash::Scaled.tanh().map(|tanh| (tanh.amplitude, tanh.slope)),
        Some((1.7159, 2.0 / 3.0))
    );
    let f = |a| squash(Squash::Scaled, a);
    assert!((f(1.0) - 1.0).abs() < 3e-6);
    assert!((f(-1.0) + 1.0).abs() < 3e-6);
    let slope = |a| format!("{:.4}", squash_slope(Squash::Scaled, f(a)));
    assert_eq!(slope(0.0), "1.1439");
    assert_eq!(slope(1.0), "0.7554");
}

/// 1998, section II.B: background -0.1, ink 1.175. 1990: -1 and +1.
#[test]
fn inputs() {
    let ends = |scaling: Scaling| {
        let (scale, background) = scaling.scale_and_background();
        [background, 255.0 * scale + background].map(|value| format!("{value:.4}"))
    };
    assert_eq!(ends(Scaling::Paper), ["-0.1000", "1.1750"]);
    assert_eq!(ends(Scaling::Symmetric), ["-1.0000", "1.0000"]);
}

/// 1998, appendix A: weights uniform in +-2.4/F, F the fan-in; for C3 75, 100 or 150 by map.
#[test]
fn first_weights() {
    for network in [lenet1(), lenet5(), short()] {
        let layout = Layout::of(&network).unwrap();
        for (init, limit) in [
            (Init::Lecun, (|fan_in| 2.4 / fan_in) as fn(f32) -> f32),
            (Init::LecunSqrt, |fan_in| 1.2 / fan_in.sqrt()),
            (Init::Pytorch, |fan_in| 1.0 / fan_in.sqrt()),
        ] {
            let drawn = init::parameters(&network, &layout, init, 1);
            assert_eq!(drawn, init::parameters(&network, &layout, init, 1));
            assert_ne!(drawn, init::parameters(&network, &layout, init, 2));
            for tensor in &layout.tensors {
                let values = tensor.numbers(&drawn);
                let within = limit(tensor.fan_in as f32);
                let most = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
                match tensor.role {
                    Role::Weight => {
                        assert!(most <= within, "{} of {}", tensor.name, network.name);
                        // The range is used: of 25 draws or more one is beyond three quarters.
                        assert!(most > 0.75 * within, "{} of {}", tensor.name, network.name);
                    }
                    Role::Bias if init == Init::LecunSqrt => assert_eq!(most, 0.0),
                    Role::Bias => assert!(most <= within && most > 0.0),
                    Role::Coefficient => {
                        let start = match network.options.pool {
                            PoolForm::Mean => 1.0,
                            PoolForm::Sum => 0.5,
                            PoolForm::Average | PoolForm::Max => unreachable!("not trained"),
                        };
                        assert!(values.iter().all(|&value| value == start));
                    }
                    Role::PoolBias => assert_eq!(most, 0.0),
                }
            }
        }
    }
}

#[test]
fn fan_in_of_c3() {
    let layout = Layout::of(&lenet5()).unwrap();
    let weights = layout.tensors.iter().filter(|tensor| tensor.role == Role::Weight);
    let of_c3 = weights.filter(|tensor| tensor.name.starts_with("c3"));
    let fan_ins: Vec<usize> = of_c3.map(|tensor| tensor.fan_in).collect();
    assert_eq!(fan_ins, [[75; 6].as_slice(), &[100; 9], &[150]].concat());
}

/// The tensors of a network as `NAME SHAPE`, without those of the maps of `table`.
fn tensors(network: &Network) -> Vec<String> {
    let layout = Layout::of(network).unwrap();
    layout.tensors.iter().map(|tensor| format!("{} {:?}", tensor.name, tensor.shape)).collect()
}

/// `NAME.convs.MAP.weight` and `.bias`, as a list of PyTorch modules names them.
fn of_maps(name: &str, table: &[&[usize]]) -> Vec<String> {
    let tensors = table.iter().enumerate().flat_map(|(map, inputs)| {
        let prefix = format!("{name}.convs.{map}");
        [format!("{prefix}.weight [1, {}, 5, 5]", inputs.len()), format!("{prefix}.bias [1]")]
    });
    tensors.collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// The names and shapes of the notebook's PyTorch modules.
#[test]
fn names_of_the_tensors() {
    let stage = |conv: &str, pool: &str, maps: usize| {
        vec![
            format!("{conv}.weight [{maps}, 1, 5, 5]"),
            format!("{conv}.bias [{maps}]"),
            format!("{pool}.weight [{maps}, 1, 1]"),
            format!("{pool}.bias [{maps}, 1, 1]"),
        ]
    };
    let h4 = owned(&["h4.weight [12, 1, 1]", "h4.bias [12, 1, 1]"]);
    let output = owned(&["output.weight [10, 192]", "output.bias [10]"]);
    let expected = [stage("h1", "h2", 4), of_maps("h3", TABLE_1990), h4, output].concat();
    assert_eq!(tensors(&lenet1()), expected);

    let s4 = owned(&["s4.weight [16, 1, 1]", "s4.bias [16, 1, 1]"]);
    let c5 = owned(&["c5.weight [120, 16, 5, 5]", "c5.bias [120]"]);
    let f6 = owned(&["f6.weight [84, 120]", "f6.bias [84]"]);
    let shared = [stage("c1", "s2", 6), of_maps("c3", TABLE_I), s4, c5].concat();
    assert_eq!(tensors(&lenet5()), [shared.clone(), f6.clone()].concat());
    let output = owned(&["output.weight [10, 84]", "output.bias [10]"]);
    assert_eq!(tensors(&network("lenet5", linear)), [shared.clone(), f6, output].concat());
    let output = owned(&["output.weight [10, 120]", "output.bias [10]"]);
    assert_eq!(tensors(&short()), [shared, output].concat());
}
