// The worker: owns the device, trains, reads digits, and tells the page what came of it.

import { Executor } from "./executor.js";
import { firstWeights } from "./host.js";
import { checkpoint, parameters, parse, serialize } from "./safetensors.js";
import { Session } from "./session.js";

/** Milliseconds between two reports of a running epoch. */
const REPORT = 150;
/** Milliseconds between two saved states: what the loss of the device may cost. */
const SAVE = 10_000;

/** @type {any} */
let menu;
/** @type {GPUDevice} */
let device;
/** @type {{ network: string, executor: Executor, about: any } | null} */
let reader = null;
/** @type {{ network: string, executor: Executor, session: Session, settings: any, about: any, model: ArrayBuffer | null } | null} */
let training = null;
/** The running loop of a session: nothing else touches the session before it has ended. */
let loop = Promise.resolve();
/** @type {Promise<{ train: any, test: any }> | null} */
let digits = null;
let running = false;
/** The pixels that were read last. */
let pixels = new Uint8Array(784);

const post = (type, rest = {}) => self.postMessage({ type, ...rest });

/** A file of the page. */
async function file(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} is missing from this page.`);
  return response;
}

/** Loads a program and puts the text of its kernels in place. */
async function program(url) {
  const loaded = await (await file(url)).json();
  const load = async (kernel) => (kernel.wgsl = await (await file(kernel.wgsl)).text());
  await Promise.all(loaded.kernels.map(load));
  return loaded;
}

/** The bytes of a gzipped IDX file after its header of `head` bytes. */
async function idx(url, head) {
  const { body } = await file(url);
  const unpacked = new Response(body?.pipeThrough(new DecompressionStream("gzip")));
  return new Uint8Array(await unpacked.arrayBuffer()).subarray(head);
}

/** Both sets of digits, loaded when they are first asked for. */
function data() {
  digits ??= (async () => {
    const set = async ({ images, labels }) => {
      const [pixels, classes] = await Promise.all([idx(images, 16), idx(labels, 8)]);
      return { pixels, labels: classes };
    };
    const [train, test] = await Promise.all([set(menu.digits.train), set(menu.digits.test)]);
    post("digits", { test: test.pixels.slice(), labels: test.labels.slice() });
    return { train, test };
  })();
  // What could not be loaded is tried again.
  digits.catch(() => (digits = null));
  return digits;
}

async function openDevice() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("no adapter");
  device = await adapter.requestDevice();
  const opened = performance.now();
  device.lost.then(({ message }) => lost(message, performance.now() - opened > SAVE));
  device.addEventListener("uncapturederror", (event) => post("fault", { what: event.error.message }));
  const { vendor, architecture, description } = adapter.info;
  return [description || vendor, architecture].filter(Boolean).join(", ") || "WebGPU";
}

/**
 * After the loss of the device: opens another and restores the last saved state. A run goes on, unless the device
 * had hardly been there.
 */
async function lost(/** @type {string} */ message, /** @type {boolean} */ lasted) {
  const [before, network, goes] = [training, reader?.network, running && lasted];
  await stop();
  training = reader = null;
  try {
    await openDevice();
    if (network) await openReader(network);
    const { settings, model, session } = before ?? {};
    if (before) await handlers.configure({ settings, model, saved: session?.saved ?? null });
    const { epoch = 0, step = 0 } = session?.saved ?? {};
    const from = before ? `the run is back at epoch ${epoch + 1}, step ${step}` : "another one is open";
    post("fault", { what: `The device was lost (${message}); ${from}.` });
    if (goes) await handlers.start();
  } catch (error) {
    post("fault", { what: `The device was lost (${message}), and there is no other: load the page again. ${error}` });
  }
}

/** Ends the running loop after its submission. */
async function stop() {
  running = false;
  await loop;
}

/** The executor that reads single digits, with the weights of a model. */
async function openReader(network) {
  const { inspect, model } = menu.networks.get(network);
  const executor = new Executor(device, await program(inspect));
  await executor.prepare("forward");
  const { interface: { layout, ports } } = executor.program;
  const trained = parse(await (await file(model)).arrayBuffer());
  executor.write(ports.parameters, parameters(trained.tensors, layout));
  executor.write(ports.indices, new Uint32Array([0]));
  executor.write(ports.step_table, new Uint32Array([0, 1, 0, 0, 0, 0, 0, 0]));
  reader?.executor.destroy();
  reader = { network, executor, about: trained.about };
}

/** Reads the digit in hand and posts all activations. */
async function read() {
  if (!reader) return;
  const { executor, network } = reader;
  const { activations, ports } = executor.program.interface;
  if (training?.network === network) executor.copy(training.executor, "parameters");
  const record = new Uint8Array(4 * executor.program.abi.data_set.words);
  record.set(pixels);
  executor.write(ports.data_set, record);
  executor.write(ports.cursor, new Uint32Array([0]));
  executor.run("forward", 1);
  const layers = await Promise.all(
    activations.map(async ({ layer, buffer, shape }) => {
      const size = shape.maps * shape.height * shape.width;
      return { layer, shape, values: new Float32Array(await executor.read(buffer, 4 * size)) };
    }),
  );
  const { layout } = executor.program.interface;
  const weights = new Float32Array(await executor.read(ports.parameters, 4 * layout.size));
  const rates = training?.network === network ? await effectiveRates() : null;
  const { output } = executor.program.options;
  post("answer", { network, output, layers, weights, layout, pixels, rates, trained: training?.network === network });
}

/** The learning rate of every parameter in the last step of SDLM, rate / (mu + h) (1998, appendix C); else null. */
async function effectiveRates() {
  const { executor, session, settings } = training;
  const { layout, ports } = executor.program.interface;
  const rate = session.lastRate();
  if (ports.curvature === null || rate === null) return null;
  const curvature = new Float32Array(await executor.read(ports.curvature, 4 * layout.size));
  return curvature.map((h) => rate / (settings.constants.MU + h));
}

/** Trains until it is told to pause, an epoch after the other. */
async function train(once) {
  if (!training) return;
  const { session, settings } = training;
  running = true;
  post("state", { running });
  if (once) session.submission.training = 1;
  let reported = 0;
  let saved = performance.now();
  try {
    do {
      const began = performance.now();
      const metrics = await session.train(async (step) => {
        const now = performance.now();
        if (once || now - reported > REPORT) {
          reported = now;
          post("progress", { ...(await session.sofar()), epoch: session.epoch, step, steps: session.stepsPerEpoch });
          await read();
        }
        if (now - saved > SAVE) {
          saved = now;
          await session.save();
        }
        return running && !once;
      });
      if (metrics) {
        const seconds = (performance.now() - began) / 1000;
        const { answers, ...test } = await session.evaluate();
        await session.save();
        saved = performance.now();
        post("epoch", { epoch: session.epoch, train: metrics, test, answers, seconds, settings });
        if (!Number.isFinite(metrics.loss)) throw new Error("The loss is no longer a number: lower the rate.");
      }
    } while (running && !once && session.epoch < settings.epochs);
  } catch (error) {
    post("fault", { what: String(error instanceof Error ? error.message : error) });
  }
  running = false;
  post("state", { running, done: session.epoch >= settings.epochs });
}

/** The settings of a session under the names that the native program gives them. */
function recorded({ settings, session }) {
  const { network, batch, optimizer, rate, seed, schedule, shuffle, init, distort } = settings;
  const named = { network, batch, optimizer, seed, schedule, shuffle, init, lr: rate };
  return { ...named, ...settings.named, distort: distort ? "on" : "off", epochs: session.epoch, recipe: "page" };
}

const handlers = {
  async open({ network }) {
    menu = await (await file("menu.json")).json();
    menu.networks = new Map(menu.networks.map((shipped) => [shipped.name, shipped]));
    const adapter = await openDevice().catch((error) => post("unsupported", { what: String(error) }));
    if (!adapter) return;
    await openReader(menu.networks.has(network) ? network : menu.networks.keys().next().value);
    post("ready", { menu, adapter });
    await read();
    await data();
  },

  async reader({ network }) {
    if (reader?.network !== network) await openReader(network);
    await read();
  },

  async read(message) {
    pixels = message.pixels;
    await read();
  },

  /** Makes a session by settings; a model or a saved state takes the place of drawn weights. */
  async configure({ settings, model = null, saved = null }) {
    await stop();
    const { network, optimizer } = settings;
    if (reader?.network !== network) await openReader(network);
    const loaded = await program(settings.file);
    const executor = new Executor(device, loaded, settings.constants);
    /** @type {("training" | "forward" | "curvature")[]} */
    const passes = optimizer === "sdlm" ? ["training", "forward", "curvature"] : ["training", "forward"];
    for (const pass of passes) {
      await executor.prepare(pass, (done, all) => post("compiling", { pass, done, all }));
    }
    const { train, test } = await data();
    const { interface: { layout, ports }, options } = loaded;
    const given = model && parse(model);
    if (given?.about.run) saved ??= checkpoint(given, layout);
    const session = new Session(executor, train, test, settings);
    const first = () => (given ? parameters(given.tensors, layout) : firstWeights(layout, options, settings.init, settings.seed));
    if (saved) session.restore(saved);
    else executor.write(ports.parameters, first());
    training?.executor.destroy();
    const { source, layers } = reader?.about ?? {};
    training = { network, executor, session, settings, model, about: { network, options: { ...options, j: settings.constants.J ?? options.j }, source, layers } };
    post("configured", { settings, epoch: session.epoch });
    await read();
  },

  async digits() {
    await data();
  },

  /** Says what network and which settings a file of the native program has. */
  inspect({ model }) {
    const { about } = parse(model);
    post("file", { file: model, about: about.run ?? about, checkpoint: Boolean(about.run) });
  },

  /** Lets the run have other epochs. */
  extend({ epochs }) {
    if (training) training.settings.epochs = epochs;
  },

  async start() {
    if (!running) loop = loop.then(() => train(false));
  },
  async step() {
    await stop();
    loop = train(true);
  },
  pause: stop,

  async save() {
    const source = training ?? reader;
    if (!source || !reader) return;
    const { executor, network } = source;
    const { layout, ports } = executor.program.interface;
    const numbers = new Float32Array(await executor.read(ports.parameters, 4 * layout.size));
    const about = training ? { ...training.about, settings: recorded(training) } : reader.about;
    post("saved", { file: await serialize(layout, numbers, about).arrayBuffer(), network });
  },
};

self.onmessage = async ({ data: message }) => {
  try {
    await handlers[message.type](message);
  } catch (error) {
    post("fault", { what: String(error instanceof Error ? error.message : error), during: message.type });
  }
};
