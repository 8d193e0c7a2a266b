// Replays the programs that the server lists, and posts what came out of each.
import { Executor } from "./executor.js";
import { corrections, distortionKey, factor, firstWeights, Orders, Patterns } from "./host.js";

/** CRC-32 of bytes, as zlib computes it. */
function crc32(/** @type {ArrayBuffer} */ bytes) {
  let crc = ~0;
  for (const byte of new Uint8Array(bytes)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** What the page's own host computes otherwise than the native program: nothing, if all is well. */
function differences(program, { seed, init, shuffle }) {
  const { replay, interface: { layout, distortion }, options } = program;
  const count = replay.data_set.length / program.abi.data_set.words;
  const samples = Uint32Array.from({ length: count }, (_, i) => i);
  const entry = distortion && ((sample, view) => view * distortion.digits + sample);
  const training = replay.phases.find((phase) => phase.pass === "training");
  const curvature = replay.phases.find((phase) => phase.pass === "curvature");
  const pairs = {
    "first weights": [firstWeights(layout, options, init, seed), replay.parameters],
    order: [new Orders(samples, shuffle, seed, entry).epoch(0), training.indices],
    "key of the distortions": [[distortionKey(seed)], [training.step_table[3]]],
  };
  const steps = Array.from({ length: training.count }, (_, step) => step);
  const numbers = new Float32Array(new Uint32Array(training.step_table).buffer);
  const rates = steps.map((step) => numbers[8 * step + 2]);
  const schedule = curvature ? "lecun1998" : "cosine";
  pairs.rates = [steps.map((step) => Math.fround(rates[0] * factor(schedule, step, training.count, 0))), rates];
  const constants = Object.assign({}, ...program.kernels.map((kernel) => kernel.constants));
  if ("BETA1" in constants) {
    const ours = steps.flatMap((step) => corrections(constants.BETA1, constants.BETA2, step).map(Math.fround));
    pairs.corrections = [ours, steps.flatMap((step) => [numbers[8 * step + 4], numbers[8 * step + 5]])];
  }
  if (curvature) {
    const { indices } = curvature;
    pairs["samples of the curvature"] = [new Patterns(samples, indices.length, seed).of(0), indices];
  }
  const same = ([ours, theirs]) => ours.length === theirs.length && ours.every((value, i) => value === theirs[i]);
  return Object.entries(pairs).filter(([, pair]) => !same(pair)).map(([name]) => `other ${name}`);
}

/** The checksum of the parameters after all steps of a replay. */
async function replay(/** @type {GPUDevice} */ device, program) {
  const { replay, interface: { ports, batch } } = program;
  const executor = new Executor(device, program);
  executor.write(ports.data_set, new Uint32Array(replay.data_set));
  executor.write(ports.parameters, new Float32Array(replay.parameters));
  for (const phase of replay.phases) {
    executor.write(ports.indices, new Uint32Array(phase.indices));
    executor.write(ports.step_table, new Uint32Array(phase.step_table));
    executor.write(ports.cursor, new Uint32Array([0]));
    executor.write(ports.totals, new Float32Array(4 * batch));
    await executor.prepare(phase.pass);
    for (let step = 0; step < phase.count; step++) executor.run(phase.pass, 1);
  }
  const found = crc32(await executor.read(ports.parameters, 4 * replay.parameters.length));
  executor.destroy();
  return { found, expected: replay.crc32 };
}

const report = (result) => fetch("result", { method: "POST", body: JSON.stringify(result) });
try {
  const { settings, names } = await (await fetch("programs.json")).json();
  for (const name of names) {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) throw new Error("no adapter");
    const device = await adapter.requestDevice();
    const errors = [];
    device.addEventListener("uncapturederror", (event) => errors.push(event.error.message));
    const started = performance.now();
    try {
      const program = await (await fetch(name)).json();
      errors.push(...differences(program, settings));
      const result = await replay(device, program);
      await report({ name, ...result, errors, seconds: (performance.now() - started) / 1000 });
    } catch (error) {
      await report({ name, errors: [...errors, String(error)] });
    }
    device.destroy();
  }
} catch (error) {
  await report({ name: "page", errors: [String(error)] });
}
await report({ end: true });
