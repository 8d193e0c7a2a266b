//! Second derivatives of the references against Jacobians (`common/jacobian.rs`), without an adapter.
//!
//! A kernel that gets second derivatives D by what its squash got hands down diag(J^T D J), exactly:
//! each kernel alone, with random D >= 0, for its input and each of its parameters. Whole networks
//! are in `gauss_newton.rs`.

use crate::common::compare::Tolerance;
use crate::common::jacobian::{Layer, assert_near, diagonal, through, wide};
use crate::common::loss::{LINEAR_MSE, RBF_EQ8, RBF_EQ9, SOFTMAX, second};
use crate::common::op::{Numbers, floats};
use crate::common::stages::{Arguments, FIRST, LATER, Shape};
use lenet::cpu;
use lenet::network::{CLASSES, PoolForm, Squash};
use lenet::plan::kernels::{Linear, LinearUpdate, Output, Stage, Update};
use lenet::plan::{ALIGN, Criterion, Epilogue, Optimizer, Profile, StepRow, TOTALS};

/// What references lose by keeping f32 between their sums in f64; absolute as a share of the largest.
const KERNEL: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-5 };
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
        let squashed = |words| -> Vec<f32> {
            let [low, high] = k.squash.limits();
            let centre = (low + high) / 2.0;
            let inside = |y: &f32| centre + 0.5 * (high - low) * 0.5 * y;
            floats(words).iter().map(inside).collect()
        };
        let d = floats(&ds).iter().map(|d| d.abs()).collect();
        StageCase { k, rows, x: squashed(&x), h: squashed(&h), p: floats(&p), d, table }
    }

    /// (parameters in the places of p, inputs) that h, not made from x, stands between.
    fn expected(&self) -> (Vec<f64>, Vec<f64>) {
        let k = &self.k;
        let (height, width) = (k.height as usize, k.width as usize);
        let kernel = k.k as usize;
        let conv = Layer::Conv { table: self.rows.clone(), kernel, height, width };
        let (maps, height, width) = (k.m as usize, k.oh() as usize, k.ow() as usize);
        let scale = f64::from(k.pooling.map_or(1.0, PoolForm::block_scale));
        let pool = Layer::Pool { maps, height, width, scale };
        let p = wide(&self.p);
        let (of_conv, of_pool) = p.split_at(k.coefficient());
        // A plain average is a pooling whose coefficients are 1 and whose biases are 0.
        let plain = [vec![1.0; maps], vec![0.0; maps]].concat();
        let of_pool = if k.is_trained() { of_pool } else { &plain[..] };
        let mut parameters = vec![0.0; p.len()];
        let mut inputs = Vec::new();
        let [x_size, h_size, s_size] = k.sizes().map(|size| size as usize);
        for n in 0..k.samples as usize {
            let x = wide(&self.x[n * x_size..][..x_size]);
            let h = wide(&self.h[n * h_size..][..h_size]);
            let d = wide(&self.d[n * s_size..][..s_size]);
            let dh = match k.pooling {
                None => d.clone(),
                Some(_) => through(k.squash, &diagonal(&pool.by_x(&h, of_pool), &d), &h),
            };
            let own = diagonal(&conv.by_p(&x, of_conv), &dh);
            let of_pooling = match k.is_trained() {
                true => diagonal(&pool.by_p(&h, of_pool), &d),
                false => Vec::new(),
            };
            let own = own.into_iter().chain(of_pooling);
            parameters.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            let by_x = diagonal(&conv.by_x(&x, of_conv), &dh);
            inputs.extend(k.input_squash.map_or(by_x.clone(), |squash| through(squash, &by_x, &x)));
        }
        (parameters, inputs)
    }
}

#[test]
fn later_stages() {
    for shape in LATER.iter().filter(|shape| !shape.takes_maxima()) {
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
    for shape in FIRST.iter().filter(|shape| !shape.takes_maxima()) {
        let mut case = StageCase::of(shape);
        let StageCase { k, table, x, p, d, .. } = &case;
        // This stage recomputes h.
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
        let (starts, ends, tile) = (true, true, 1);
        let k = Linear::whole(samples, inputs, outputs, kind, true);
        let mut dx = vec![0.0; x.len()];
        cpu::linear_backward_input(&k, &x, &w, &d, &[0], &mut dx);
        let (epilogue, weights) = (Epilogue::Accumulate { exact: false }, ALIGN as u32);
        let k = LinearUpdate { samples, inputs, outputs, tile, starts, ends, weights, epilogue };
        let mut curvature = vec![0.0; ALIGN + w.len()];
        let step_state = StepRow { size: 1.0.into(), ..StepRow::default() }.words();
        let epilogue = cpu::Epilogue { kind: epilogue, h: &[], written: vec![&mut curvature] };
        cpu::linear_update(&k, &x, &d, &step_state, &mut vec![0.0; ALIGN + w.len()], epilogue);

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

#[test]
fn outputs() {
    let kinds = [
        (LINEAR_MSE, Squash::Tanh, 8, 0.5, false),
        (LINEAR_MSE, Squash::Scaled, 36, 0.2, true),
        (SOFTMAX, Squash::Tanh, 12, 0.5, false),
        (RBF_EQ8, Squash::Scaled, 84, 1.0, true),
        (RBF_EQ9, Squash::Scaled, 8, 0.5, true),
        (Criterion { j: 1.0, ..RBF_EQ9 }, Squash::Scaled, 4, 1.0, true),
        (Criterion { j: 1.0, ..RBF_EQ9 }, Squash::Scaled, 4, 1.0, false),
    ];
    for (criterion, squash, inputs, limit, exact) in kinds {
        let linear = !criterion.is_rbf();
        let weights = if linear { ALIGN } else { 0 };
        let k = Output {
            samples: 3,
            before: 0,
            advances: true,
            inputs: inputs as u32,
            classes: CLASSES as u32,
            weights: weights as u32,
            criterion,
            squash,
            input_squash: Some(squash),
            curvature: true,
            exact,
        };
        let mut numbers = Numbers::new(33);
        let x = numbers.symmetric(3 * inputs, 0.9);
        let p = numbers.symmetric(weights + CLASSES * inputs, limit);
        let labels = [3, 9, 1];
        // The third place has no digit.
        let table = [[3, 2, 0, 0], [9, 2, 0, 0], [1, 0, 0, 0]].concat();
        let [mut y, mut dy] = [(); 2].map(|()| vec![0.0; 3 * CLASSES]);
        let (mut dx, mut totals) = (vec![0.0; x.len()], vec![0.0; 3 * TOTALS]);
        let cursor = &mut [0];
        cpu::output(&k, &x, &p, &table, &mut y, &mut dy, &mut dx, &mut totals, cursor);
        assert_eq!(dx[2 * inputs..], vec![0.0; inputs], "no digit, no curvature");
        for n in 0..2 {
            let x = wide(&x[n * inputs..][..inputs]);
            let w = wide(&p[weights..]);
            let y = wide(&y[n * CLASSES..][..CLASSES]);
            let by_x = match (criterion.is_rbf(), criterion.is_map() && !exact) {
                (false, _) => {
                    let seeds = second(criterion, &y, &[], labels[n]);
                    let d = match criterion == SOFTMAX {
                        true => seeds,
                        false => through(squash, &seeds, &y),
                    };
                    assert_near("dy", &dy[n * CLASSES..][..CLASSES], &d, KERNEL);
                    let layer = Layer::Linear { outputs: CLASSES };
                    let p: Vec<f64> = w.into_iter().chain(wide(&p[..CLASSES])).collect();
                    diagonal(&layer.by_x(&x, &p), &d)
                }
                (true, true) => vec![2.0; inputs],
                (true, false) => second(criterion, &x, &w, labels[n]),
            };
            let by_x = through(squash, &by_x, &x);
            assert!(by_x.iter().all(|&d| d >= 0.0), "{k:?}: a negative curvature");
            assert_near(&format!("{k:?}: dx"), &dx[n * inputs..][..inputs], &by_x, KERNEL);
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
    let epilogue = Epilogue::Apply(Optimizer::Sdlm { momentum: 0.0, mu, exact: false });
    let (parameters, partial_rows, stride) = (ALIGN as u32, 1, ALIGN as u32);
    let k = Update { parameters, partial_rows, stride, epilogue };
    let step_state = StepRow { size: rate.into(), ..StepRow::default() }.words();
    let mut w = vec![1.0; ALIGN];
    for _ in 0..STEPS {
        let gradient: Vec<f32> = h.iter().zip(&w).map(|(h, w)| h * w).collect();
        let mut velocity = vec![f32::NAN; ALIGN];
        let written = vec![&mut velocity[..], &mut w[..]];
        let epilogue = cpu::Epilogue { kind: epilogue, h: &h, written };
        cpu::update(&k, &gradient, &step_state, epilogue);
    }
    for (h, w) in h.iter().zip(&w) {
        let expected = (1.0 - rate * h / (mu + h)).powi(STEPS);
        assert!((w - expected).abs() <= 1e-5 * expected, "h {h}: {w:e}, not {expected:e}");
        assert!(*w < 1e-14, "h {h}: still at {w:e}");
    }
}
