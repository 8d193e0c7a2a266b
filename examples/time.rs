use ::lenet::network::{Loss, Output, build};
use ::lenet::{plan::*, train::session::*, *};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let table = ::lenet::network::lenet::find(&a[1]).unwrap();
    let mut o = table.options();
    if a.get(4).is_some_and(|s| s == "linear") {
        o.output = Output::Linear;
        o.loss = Loss::Mse;
    }
    let net = build(table, o).unwrap();
    let batch: usize = a[2].parse().unwrap();
    let m = data::load(None).unwrap();
    let lists = Lists::new(&[&m.test], 10000, vec![]);
    let profile = match a[3].as_str() {
        "gpu" => Profile::gpu(),
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
    let mut gpu = gpu::Gpu::new(&gpu::adapter::find(None).unwrap()[0], plan.clone()).unwrap();
    let best: Vec<_> = (0..5)
        .map(|_| gpu.time_dispatches(30).unwrap())
        .reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.min(b)).collect())
        .unwrap();
    let mut sum = 0.0;
    for (d, t) in plan.step().zip(&best) {
        let k = &plan.kernels[d.kernel];
        let us = t.as_secs_f64() * 1e6;
        sum += us;
        println!(
            "{:32} {:5} items {:3} groups {:9.1} us  {:6.2} GMAC/s",
            k.label,
            k.op.items(),
            k.workgroups,
            us,
            k.op.multiply_adds() as f64 / us / 1e3
        );
    }
    println!("sum {sum:.0} us/step = {:.1} us/sample", sum / batch as f64);
}
