use ::lenet::network::{Loss, Output, build, init};
use ::lenet::{plan::*, train::session::*, *};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let table = ::lenet::network::lenet::find(&a[1]).unwrap();
    let mut o = table.options();
    if a.get(6).is_some_and(|s| s == "linear") {
        o.output = Output::Linear;
        o.loss = Loss::Mse;
    }
    let net = build(table, o).unwrap();
    let batch: usize = a[2].parse().unwrap();
    let lr: f32 = a[3].parse().unwrap();
    let epochs: usize = a[4].parse().unwrap();
    let m = data::load(None).unwrap();
    let lists = Lists::new(&[&m.train, &m.test], 60000, vec![(60000..70000).collect()]);
    let profile = match a[5].as_str() {
        "gpu" => Profile::gpu(),
        "cpu" => Profile::reference(),
        _ => Profile::software(),
    };
    let plan = Plan::new(
        &net,
        profile,
        batch,
        Optimizer { momentum: 0.9, weight_decay: 0.0 },
        lists.room(batch),
    )
    .unwrap();
    eprintln!(
        "{} dispatches, {} kernels, iterations {}",
        plan.step().count(),
        plan.kernels.len(),
        plan.iterations()
    );
    let layout = plan.layout.clone();
    let exe: Box<dyn executor::Executor> = if a[5] == "cpu" {
        Box::new(cpu::Cpu::new(plan))
    } else {
        Box::new(gpu::Gpu::new(&gpu::adapter::find(None).unwrap()[0], plan).unwrap())
    };
    let mut s = Session::new(exe, &lists).unwrap();
    s.set_parameters(&init::parameters(&net, &layout, init::Init::Lecun, 1)).unwrap();
    let mut order: Vec<u32> = (0..60000).collect();
    let mut rng = rng::Rng::new(1, rng::Stream::Order);
    let steps = s.steps();
    for e in 0..epochs {
        rng.shuffle(&mut order);
        let t = s
            .epoch(
                &order,
                steps,
                |i| {
                    let x = (e * steps + i) as f32 / (epochs * steps) as f32;
                    lr * 0.5 * (1.0 + (x * std::f32::consts::PI).cos())
                },
                &mut |_| true,
            )
            .unwrap();
        let v = s.evaluate(0, &mut |_| true).unwrap();
        println!(
            "{e} loss {:.4} err {:.2}% test {:.4} {:.2}%  {:.0}/s eval {:.0}/s",
            t.loss,
            t.error_percent(),
            v.loss,
            v.error_percent(),
            t.rate(),
            v.rate()
        );
    }
}
