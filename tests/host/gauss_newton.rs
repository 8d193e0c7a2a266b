//! Second derivatives of whole networks, without an adapter: the CPU executor against the same done
//! layer by layer with Jacobians (`common/jacobian.rs`), exactly.
//!
//! That is the diagonal of Gauss-Newton where the loss has no mixed derivatives and a parameter
//! reaches each output on one path: C5 and F6 under eq. 8. Elsewhere it is an approximation, whose
//! distance is printed (`--nocapture`).

use std::collections::BTreeMap;

use crate::common::compare::Tolerance;
use crate::common::jacobian::{
    Column, Layer, assert_near, diagonal, slope, squash, through, transposed, wide,
};
use crate::common::loss::second;
use crate::common::run::{Run, State, network, state, trained};
use lenet::network::{Kind, Network, Squash, bitmaps};
use lenet::plan::{Criterion, Layout, Optimizer, Pass};

/// What references lose over a whole network by keeping f32; absolute as a share of the largest.
const NETWORK: Tolerance = Tolerance { absolute: 1e-6, relative: 5e-5 };

/// A layer of a network with its parameters and what it saw.
struct Seen {
    name: String,
    layer: Layer,
    /// Where its parameters are.
    places: Vec<usize>,
    p: Vec<f64>,
    /// What the squash below got; the input as it is.
    u: Vec<f64>,
    x: Vec<f64>,
}

/// One digit on its way through a network in f64, and what the last squash got.
fn seen(
    network: &Network,
    layout: &Layout,
    parameters: &[f32],
    pixels: &[u8],
) -> (Vec<Seen>, Vec<f64>) {
    let input = network.input();
    let (scale, background) = network.options.scaling.scale_and_background();
    let mut x = vec![f64::from(background); input.size()];
    let border = network.options.border;
    for (at, &byte) in pixels.iter().enumerate() {
        let place = (at / 28 + border) * input.width + at % 28 + border;
        x[place] = f64::from(scale * f32::from(byte) + background);
    }
    let mut all: Vec<Seen> = Vec::new();
    let mut u = x.clone();
    let places_of = |name: &str, end: &str| -> Vec<usize> {
        let own = |tensor: &str| tensor.split('.').next() == Some(name) && tensor.ends_with(end);
        layout.tensors.iter().filter(|tensor| own(&tensor.name)).flat_map(|t| t.places()).collect()
    };
    for layer in &network.layers {
        let (height, width) = (layer.input.height, layer.input.width);
        let maps = layer.output.maps;
        let kind = match &layer.kind {
            Kind::Conv(_) if layer.output.height == 1 => Layer::Linear { outputs: maps },
            Kind::Conv(table) => {
                let table = (0..maps).map(|m| table.row(m).to_vec()).collect();
                Layer::Conv { table, kernel: layer.kernel(), height, width }
            }
            Kind::Pool(form) => {
                Layer::Pool { maps, height, width, scale: f64::from(form.block_scale()) }
            }
            Kind::Linear => Layer::Linear { outputs: maps },
            Kind::Rbf => break,
        };
        let places = [places_of(&layer.name, "weight"), places_of(&layer.name, "bias")].concat();
        let p: Vec<f64> = places.iter().map(|&at| f64::from(parameters[at])).collect();
        let a = kind.forward(&x, &p);
        all.push(Seen { name: layer.name.clone(), layer: kind, places, p, u, x });
        x = a.iter().map(|&a| squash(network.options.squash, a)).collect();
        u = a;
    }
    (all, u)
}

/// The second derivatives of one digit, in the places of the parameters, layer by layer from what
/// they are by what the last squash got.
fn layer_by_layer(kind: Squash, layers: &[Seen], size: usize, last: &[f64]) -> Vec<f64> {
    let mut curvature = vec![0.0; size];
    let mut d = last.to_vec();
    for (number, seen) in layers.iter().enumerate().rev() {
        let own = diagonal(&seen.layer.by_p(&seen.x, &seen.p), &d);
        seen.places.iter().zip(own).for_each(|(&at, own)| curvature[at] = own);
        if number > 0 {
            let below = diagonal(&seen.layer.by_x(&seen.x, &seen.p), &d);
            d = below.iter().zip(&seen.u).map(|(d, &u)| d * slope(kind, u).powi(2)).collect();
        }
    }
    curvature
}

/// One digit of a run, as the CPU executor sees it: the run, the parameters, the curvatures.
fn of_executor(network: Network, exact: bool) -> (Run, Vec<f32>, Vec<f32>) {
    let mut trained = trained("lenet5, eq. 9");
    trained.network = network;
    // The mean over one digit.
    trained.rate = 1.0;
    let optimizer = Optimizer::Sdlm { momentum: 0.0, mu: 0.02, exact };
    let run = Run::full(trained, 1, 1, optimizer);
    let mut cpu = run.on_cpu().unwrap();
    cpu.run(1, Pass::Curvature).unwrap();
    let State { parameters, second: curvature, .. } = state(cpu.as_mut()).unwrap();
    (run, parameters, curvature)
}

#[test]
fn whole_networks_layer_by_layer() {
    let (pixels, label) = crate::common::run::digit(0);
    let full = |options: &mut lenet::network::Options| {
        options.pool = lenet::network::PoolForm::Mean;
        options.j = 1.0;
    };
    let eight = |options: &mut lenet::network::Options| options.loss = lenet::network::Loss::Mse;
    let cases = [
        ("lenet1", network("lenet1", |_| {}), false),
        ("lenet5, eq. 8", network("lenet5", eight), false),
        ("lenet5, eq. 9, constant", network("lenet5", |_| {}), false),
        ("lenet5, eq. 9, j 1, exact, mean", network("lenet5", full), true),
    ];
    for (name, network, exact) in cases {
        let (run, parameters, found) = of_executor(network, exact);
        let network = &run.trained.network;
        let (options, layout) = (network.options, Layout::of(network).unwrap());
        let (layers, last) = seen(network, &layout, &parameters, &pixels);
        let criterion = Criterion::of(&options);
        let y: Vec<f64> = last.iter().map(|&a| squash(options.squash, a)).collect();
        let centres = wide(&bitmaps::centres());
        let seeds = match criterion.is_map() && !exact {
            true => vec![2.0; y.len()],
            false => second(criterion, &y, &centres, label),
        };
        let seeds = through(options.squash, &seeds, &y);
        let expected = layer_by_layer(options.squash, &layers, layout.size, &seeds);
        for seen in &layers {
            let of_layer = |at: &usize| (found[*at], expected[*at]);
            let (found, expected): (Vec<f32>, Vec<f64>) = seen.places.iter().map(of_layer).unzip();
            assert_near(&format!("{name}, {}", seen.name), &found, &expected, NETWORK);
        }
    }
}

/// The diagonal of Gauss-Newton, 2 sum over the units of F6 of (dx/dp)^2 under eq. 8.
fn gauss_newton(kind: Squash, layers: &[Seen], last: &[f64], size: usize) -> Vec<f64> {
    let jacobians: Vec<[Vec<Column>; 2]> = layers
        .iter()
        .map(|seen| [seen.layer.by_p(&seen.x, &seen.p), seen.layer.by_x(&seen.x, &seen.p)])
        .collect();
    let mut sums = vec![0.0; size];
    for unit in 0..last.len() {
        let mut v = vec![0.0; last.len()];
        v[unit] = slope(kind, last[unit]);
        for (seen, [by_p, by_x]) in layers.iter().zip(&jacobians).rev() {
            let own = transposed(by_p, &v);
            seen.places.iter().zip(own).for_each(|(&at, own)| sums[at] += 2.0 * own * own);
            let below = transposed(by_x, &v);
            v = below.iter().zip(&seen.u).map(|(v, &u)| v * slope(kind, u)).collect();
        }
    }
    sums
}

#[test]
fn gauss_newton_where_they_agree() {
    let eight = |options: &mut lenet::network::Options| options.loss = lenet::network::Loss::Mse;
    let (run, parameters, _) = of_executor(network("lenet5", eight), false);
    let network = &run.trained.network;
    let (kind, layout) = (network.options.squash, Layout::of(network).unwrap());
    let (pixels, _) = crate::common::run::digit(0);
    let (layers, last) = seen(network, &layout, &parameters, &pixels);
    let seeds: Vec<f64> = last.iter().map(|&a| 2.0 * slope(kind, a).powi(2)).collect();
    let diagonal = layer_by_layer(kind, &layers, layout.size, &seeds);
    let full = gauss_newton(kind, &layers, &last, layout.size);
    let mut medians = BTreeMap::new();
    for tensor in layout.tensors.iter() {
        let layer = tensor.name.split('.').next().unwrap();
        let end = tensor.name.rsplit('.').next().unwrap();
        let ratios: &mut Vec<f64> = medians.entry(format!("{layer} {end}")).or_default();
        ratios.extend(tensor.places().map(|at| full[at] / diagonal[at]));
    }
    println!("Gauss-Newton / layer by layer, one digit of LeNet-5 under eq. 8: median");
    for (name, mut ratios) in medians {
        ratios.sort_by(f64::total_cmp);
        println!("{name:<10} {:.2}", ratios[ratios.len() / 2]);
        let worst = ratios.iter().map(|ratio| (ratio - 1.0).abs()).fold(0.0, f64::max);
        match &name[..2] {
            "c5" | "f6" => assert!(worst < 1e-9, "{name} is off by {worst:e}"),
            // Several paths: were these equal too, the test would compare a thing with itself.
            _ => assert!(worst > 1e-3, "{name} is equal"),
        }
    }
}
