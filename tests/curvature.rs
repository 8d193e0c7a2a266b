//! Second derivatives of the twins against Jacobians (`common/jacobian.rs`), without an adapter.
//!
//! A kernel that gets second derivatives D by what its squash got hands down diag(J^T D J), exactly:
//! each kernel alone, with random D >= 0, for its input and each of its parameters. The whole network
//! has to be the same, layer by layer. That is the diagonal of Gauss-Newton where the loss has no
//! mixed derivatives and a parameter reaches each output on one path: C5 and F6 under eq. 8.
//! Elsewhere it is an approximation, whose distance is printed (`--nocapture`).

mod common;

use std::collections::BTreeMap;

use common::compare::{Differences, Tolerance};
use common::jacobian::{Column, Layer, diagonal, slope, squash, transposed, unsquash};
use common::op::{Numbers, floats};
use common::run::{Run, State, network, state, trained};
use common::stages::{Arguments, FIRST, LATER, Shape};
use lenet::cpu::{self, Take};
use lenet::network::{CLASSES, Kind, Network, Squash, bitmaps};
use lenet::plan::constant::LossKind;
use lenet::plan::op::{Linear, LinearUpdate, Output, Stage, Update};
use lenet::plan::{ALIGN, Layout, Optimizer, Pass, Profile, Rule, TOTALS};

/// What twins lose by keeping f32 between their sums in f64; absolute as a share of the largest.
const KERNEL: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-5 };
/// The same over a whole network.
const NETWORK: Tolerance = Tolerance { absolute: 1e-6, relative: 5e-5 };

fn assert_near(what: &str, found: &[f32], expected: &[f64], tolerance: Tolerance) {
    let expected: Vec<f32> = expected.iter().map(|&number| number as f32).collect();
    assert!(expected.iter().any(|&number| number > 0.0), "{what}: no curvature at all");
    let mut differences = Differences::default();
    differences.numbers(what, found, &expected, tolerance.of_largest(&expected));
    differences.outcome(what).unwrap_or_else(|e| panic!("{}", e.message().unwrap_or_default()));
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&number| f64::from(number)).collect()
}

/// Numbers times the slopes at these squashed values, squared: through the squash.
fn through(kind: Squash, d: &[f64], y: &[f64]) -> Vec<f64> {
    d.iter().zip(y).map(|(d, &y)| d * slope(kind, unsquash(kind, y)).powi(2)).collect()
}

/// A stage of several samples: what its kernels get.
struct StageCase {
    k: Stage,
    table: Vec<u32>,
    rows: Vec<Vec<usize>>,
    x: Vec<f32>,
    h: Vec<f32>,
    p: Vec<f32>,
    d: Vec<f32>,
}

impl StageCase {
    fn of(shape: &Shape) -> Self {
        let k = Stage { curvature: true, ..shape.stage(Profile::reference()) };
        let table = shape.words();
        let (m, j) = (k.m as usize, k.j as usize);
        let channels = &table[m + 1..][..j];
        let row = |m: usize| channels[table[m] as usize..table[m + 1] as usize].iter();
        let rows = (0..m).map(|m| row(m).map(|&c| c as usize).collect()).collect();
        let Arguments { x, p, h, ds, .. } = Arguments::of(&k, 31);
        // Squashed values, far enough from the ends that their arguments are known.
        let squashed = |words| floats(words).iter().map(|y| 0.9 * y).collect();
        let d = floats(&ds).iter().map(|d| d.abs()).collect();
        StageCase { k, rows, x: squashed(&x), h: squashed(&h), p: floats(&p), d, table }
    }

    /// (parameters in the places of p, inputs) that h, not made from x, stands between.
    fn expected(&self) -> (Vec<f64>, Vec<f64>) {
        let k = &self.k;
        let (height, width) = (k.height as usize, k.width as usize);
        let conv = Layer::Conv { table: self.rows.clone(), height, width };
        let (maps, scale) = (k.m as usize, f64::from(k.block_scale));
        let pool = Layer::Pool { maps, height: height - 4, width: width - 4, scale };
        let p = wide(&self.p);
        let (of_conv, of_pool) = p.split_at(k.coefficient());
        let mut parameters = vec![0.0; p.len()];
        let mut inputs = Vec::new();
        let [x_size, h_size, s_size] = k.sizes().map(|size| size as usize);
        for n in 0..k.samples as usize {
            let x = wide(&self.x[n * x_size..][..x_size]);
            let h = wide(&self.h[n * h_size..][..h_size]);
            let d = wide(&self.d[n * s_size..][..s_size]);
            let dh = through(k.squash, &diagonal(&pool.by_x(&h, of_pool), &d), &h);
            let own = diagonal(&conv.by_p(&x, of_conv), &dh);
            let own = own.into_iter().chain(diagonal(&pool.by_p(&h, of_pool), &d));
            parameters.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            inputs.extend(through(k.squash, &diagonal(&conv.by_x(&x, of_conv), &dh), &x));
        }
        (parameters, inputs)
    }
}

#[test]
fn later_stages() {
    for shape in LATER {
        let case = StageCase::of(shape);
        let StageCase { k, table, x, h, p, d, .. } = &case;
        let (parameters, inputs) = case.expected();
        let mut partials = vec![0.0; k.stride as usize];
        let mut dx = vec![0.0; x.len()];
        cpu::conv_backward_weights(k, x, p, h, d, table, &mut partials);
        cpu::conv_backward_input(k, x, p, h, d, table, &mut dx);
        assert_near(shape.name, &partials[..p.len()], &parameters, KERNEL);
        assert_near(&format!("{}: input", shape.name), &dx, &inputs, KERNEL);
    }
}

#[test]
fn first_stage() {
    for shape in FIRST {
        let mut case = StageCase::of(shape);
        let StageCase { k, table, x, p, d, .. } = &case;
        // This stage makes h anew.
        let mut h = vec![0.0; case.h.len()];
        cpu::conv_pool_forward(k, x, p, table, &mut h, &mut vec![0.0; d.len()]);
        let mut partials = vec![0.0; k.stride as usize];
        cpu::first_stage_backward(k, x, p, d, &mut partials);
        case.h = h;
        let (parameters, _) = case.expected();
        assert_near(shape.name, &partials[..parameters.len()], &parameters, KERNEL);
    }
}

#[test]
fn linear_layers() {
    for (kind, samples, inputs, outputs) in [(Squash::Tanh, 1, 8, 5), (Squash::Scaled, 3, 36, 10)] {
        let mut numbers = Numbers::new(32);
        let x = numbers.symmetric((samples * inputs) as usize, 0.9);
        let w = numbers.symmetric((outputs * inputs) as usize, 0.5);
        let d = numbers.symmetric((samples * outputs) as usize, 1.0);
        let d: Vec<f32> = d.iter().map(|d| d.abs()).collect();
        let (rows, tile, squash) = (outputs, 1, kind);
        let (starts, ends, curvature) = (true, true, true);
        let k = Linear { samples, inputs, outputs, rows, tile, starts, ends, squash, curvature };
        let mut dx = vec![0.0; x.len()];
        cpu::linear_backward_input(&k, &x, &w, &d, &[0], &mut dx);
        let (rule, weights) = (Rule::Curvature { exact: false }, ALIGN as u32);
        let k = LinearUpdate { samples, inputs, outputs, tile, starts, ends, weights, rule };
        let mut curvature = vec![0.0; ALIGN + w.len()];
        let now = [0, 0, 1.0_f32.to_bits(), 0];
        let take = Take::Curvature { curvature: &mut curvature };
        cpu::linear_update(&k, &x, &d, &now, &mut vec![0.0; ALIGN + w.len()], take);

        let layer = Layer::Linear { outputs: outputs as usize };
        let p: Vec<f64> = wide(&w).into_iter().chain(vec![0.0; outputs as usize]).collect();
        let (mut expected, mut by_x) = (vec![0.0; p.len()], Vec::new());
        for (x, d) in wide(&x).chunks(inputs as usize).zip(wide(&d).chunks(outputs as usize)) {
            let own = diagonal(&layer.by_p(x, &p), d);
            expected.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            by_x.extend(through(kind, &diagonal(&layer.by_x(x, &p), d), x));
        }
        let name = format!("{inputs} -> {outputs}");
        assert_near(&format!("{name}: w"), &curvature[ALIGN..], &expected[..w.len()], KERNEL);
        let biases = &curvature[..outputs as usize];
        assert_near(&format!("{name}: bias"), biases, &expected[w.len()..], KERNEL);
        assert_near(&format!("{name}: input"), &dx, &by_x, KERNEL);
    }
}

/// The loss of one sample behind an output layer, whose squash, if it has one, gives x.
fn loss(kind: LossKind, j: f64, x: &[f64], w: &[f64], right: usize) -> f64 {
    let y: Vec<f64> = match kind {
        LossKind::Targets => x.to_vec(),
        _ => {
            let distance = |w: &[f64]| x.iter().zip(w).map(|(x, w)| (x - w).powi(2)).sum::<f64>();
            w.chunks(x.len()).map(distance).collect()
        }
    };
    match kind {
        LossKind::Targets => {
            let error = |(c, y): (usize, &f64)| y - if c == right { 1.0 } else { -1.0 };
            y.iter().enumerate().map(|y| error(y).powi(2)).sum::<f64>() / y.len() as f64
        }
        LossKind::Distance => y[right],
        LossKind::Competition => {
            let least = y.iter().copied().fold(j, f64::min);
            let mass: f64 = y.iter().chain([&j]).map(|y| (least - y).exp()).sum();
            y[right] + mass.ln() - least
        }
    }
}

/// Its second derivative by each number of x: a difference of order 4.
fn second(kind: LossKind, j: f64, x: &[f64], w: &[f64], right: usize) -> Vec<f64> {
    const STEP: f64 = 0.005;
    let mut moved = x.to_vec();
    let mut at = |place: usize, by: f64| {
        moved[place] = x[place] + by;
        let value = loss(kind, j, &moved, w, right);
        moved[place] = x[place];
        value
    };
    let mut of = |place| {
        let near = at(place, STEP) + at(place, -STEP);
        let far = at(place, 2.0 * STEP) + at(place, -2.0 * STEP);
        (16.0 * near - far - 30.0 * at(place, 0.0)) / (12.0 * STEP * STEP)
    };
    (0..x.len()).map(&mut of).collect()
}

#[test]
fn outputs() {
    let kinds = [
        (LossKind::Targets, 10.0, Squash::Tanh, 8, 0.5, false),
        (LossKind::Targets, 10.0, Squash::Scaled, 36, 0.2, true),
        (LossKind::Distance, 10.0, Squash::Scaled, 84, 1.0, true),
        (LossKind::Competition, 10.0, Squash::Scaled, 8, 0.5, true),
        (LossKind::Competition, 1.0, Squash::Scaled, 4, 1.0, true),
        (LossKind::Competition, 1.0, Squash::Scaled, 4, 1.0, false),
    ];
    for (loss, j, squash, inputs, limit, exact) in kinds {
        let linear = loss == LossKind::Targets;
        let weights = if linear { ALIGN } else { 0 };
        let k = Output {
            samples: 3,
            inputs: inputs as u32,
            weights: weights as u32,
            loss,
            j,
            squash,
            curvature: true,
            exact,
        };
        let mut numbers = Numbers::new(33);
        let x = numbers.symmetric(3 * inputs, 0.9);
        let p = numbers.symmetric(weights + CLASSES * inputs, limit);
        let labels = [3, 9, 1];
        // The third place has no digit.
        let truth = [[3, 2, 0, 0], [9, 2, 0, 0], [1, 0, 0, 0]].concat();
        let [mut y, mut dy] = [(); 2].map(|()| vec![0.0; 3 * CLASSES]);
        let (mut dx, mut totals) = (vec![0.0; x.len()], vec![0.0; 3 * TOTALS]);
        let cursor = &mut [0];
        cpu::output(&k, &x, &p, &truth, &mut y, &mut dy, &mut dx, &mut totals, cursor);
        assert_eq!(dx[2 * inputs..], vec![0.0; inputs], "no digit, no curvature");
        for n in 0..2 {
            let x = wide(&x[n * inputs..][..inputs]);
            let w = wide(&p[weights..]);
            let y = wide(&y[n * CLASSES..][..CLASSES]);
            let by_x = match loss {
                LossKind::Targets => {
                    let seeds = second(loss, f64::from(j), &y, &[], labels[n]);
                    let d = through(squash, &seeds, &y);
                    assert_near("dy", &dy[n * CLASSES..][..CLASSES], &d, KERNEL);
                    let layer = Layer::Linear { outputs: CLASSES };
                    let p: Vec<f64> = w.into_iter().chain(wide(&p[..CLASSES])).collect();
                    diagonal(&layer.by_x(&x, &p), &d)
                }
                LossKind::Competition if !exact => vec![2.0; inputs],
                _ => second(loss, f64::from(j), &x, &w, labels[n]),
            };
            let by_x = through(squash, &by_x, &x);
            assert!(by_x.iter().all(|&d| d >= 0.0), "{k:?}: a negative curvature");
            assert_near(&format!("{k:?}: dx"), &dx[n * inputs..][..inputs], &by_x, KERNEL);
        }
    }
}

/// A layer of a network with its parameters and what it saw.
struct Seen {
    name: &'static str,
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
        layout.tensors.iter().filter(|tensor| own(&tensor.name)).flat_map(|t| t.range()).collect()
    };
    for layer in &network.layers {
        let (height, width) = (layer.input.height, layer.input.width);
        let maps = layer.output.maps;
        let kind = match &layer.kind {
            Kind::Conv(_) if layer.output.height == 1 => Layer::Linear { outputs: maps },
            Kind::Conv(table) => {
                let table = (0..maps).map(|m| table.row(m).to_vec()).collect();
                Layer::Conv { table, height, width }
            }
            Kind::Pool(form) => {
                Layer::Pool { maps, height, width, scale: f64::from(form.block_scale()) }
            }
            Kind::Linear => Layer::Linear { outputs: maps },
            Kind::Rbf => break,
        };
        let places = [places_of(layer.name, "weight"), places_of(layer.name, "bias")].concat();
        let p: Vec<f64> = places.iter().map(|&at| f64::from(parameters[at])).collect();
        let a = kind.forward(&x, &p);
        all.push(Seen { name: layer.name, layer: kind, places, p, u, x });
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
    let State { parameters, curvature, .. } = state(cpu.as_mut()).unwrap();
    (run, parameters, curvature)
}

#[test]
fn whole_networks_layer_by_layer() {
    let (pixels, label) = common::run::digit(0);
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
        let kind = LossKind::of(options.output, options.loss);
        let y: Vec<f64> = last.iter().map(|&a| squash(options.squash, a)).collect();
        let centres = wide(&bitmaps::centres());
        let seeds = match kind {
            LossKind::Competition if !exact => vec![2.0; y.len()],
            _ => second(kind, f64::from(options.j), &y, &centres, label),
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
    let (pixels, _) = common::run::digit(0);
    let (layers, last) = seen(network, &layout, &parameters, &pixels);
    let seeds: Vec<f64> = last.iter().map(|&a| 2.0 * slope(kind, a).powi(2)).collect();
    let diagonal = layer_by_layer(kind, &layers, layout.size, &seeds);
    let full = gauss_newton(kind, &layers, &last, layout.size);
    let mut medians = BTreeMap::new();
    for tensor in layout.tensors.iter() {
        let layer = tensor.name.split('.').next().unwrap();
        let end = tensor.name.rsplit('.').next().unwrap();
        let ratios: &mut Vec<f64> = medians.entry(format!("{layer} {end}")).or_default();
        ratios.extend(tensor.range().map(|at| full[at] / diagonal[at]));
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

/// On E = sum of h w^2 / 2, whose curvatures lie between 0.001 and 1,000, each step shrinks every w
/// by the factor 1 - rate h / (mu + h): all directions at once, which no single rate does.
#[test]
fn converges_on_a_quadratic() {
    const STEPS: i32 = 60;
    let (mu, rate) = (1e-4_f32, 0.5_f32);
    let h: Vec<f32> = (0..ALIGN).map(|at| 10.0_f32.powf(at as f32 / 10.5 - 3.0)).collect();
    let rule = Rule::Step(Optimizer::Sdlm { momentum: 0.0, mu, exact: false });
    let (parameters, slots, stride) = (ALIGN as u32, 1, ALIGN as u32);
    let k = Update { parameters, slots, stride, rule };
    let now = [0, 0, rate.to_bits(), 0];
    let mut w = vec![1.0; ALIGN];
    for _ in 0..STEPS {
        let gradient: Vec<f32> = h.iter().zip(&w).map(|(h, w)| h * w).collect();
        let (mut velocity, curvature) = (vec![f32::NAN; ALIGN], &h[..]);
        let (velocity, parameters) = (&mut velocity[..], &mut w[..]);
        let take = Take::Sdlm { momentum: 0.0, mu, curvature, velocity, parameters };
        cpu::update(&k, &gradient, &now, take);
    }
    for (h, w) in h.iter().zip(&w) {
        let expected = (1.0 - rate * h / (mu + h)).powi(STEPS);
        assert!((w - expected).abs() <= 1e-5 * expected, "h {h}: {w:e}, not {expected:e}");
        assert!(*w < 1e-14, "h {h}: still at {w:e}");
    }
}
