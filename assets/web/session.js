// A training run on an executor: what `lenet train` does on the host between two submissions.

import { CARRIED, corrections, distortionKey, factor, Orders, Patterns, stepTable } from "./host.js";

/**
 * @typedef {{ pixels: Uint8Array, labels: Uint8Array }} Digits  `[n, 28, 28]` bytes and `[n]` classes
 * @typedef {{ rate: number, schedule: string, shuffle: "on" | "once" | "off", seed: number, epochs: number,
 *   patterns: number }} Settings
 * @typedef {{ samples: number, loss: number, errors: number }} Metrics
 * @typedef {{ epoch: number, numbers: Record<string, BufferSource>, step?: number, totals?: Float32Array }} State
 *   what a run carries: completed epochs, numbers by port, and in the middle of an epoch its steps and sums
 */

/** Milliseconds that one submission should take: short enough to draw beside it. */
const SUBMISSION = 30;

/** The records of a data set: pixels as bytes, then the label. */
function records(/** @type {Digits} */ { pixels, labels }, /** @type {number} */ words) {
  const record = new Uint32Array(words * labels.length);
  const bytes = new Uint8Array(record.buffer);
  const size = pixels.length / labels.length;
  for (let i = 0; i < labels.length; i++) {
    bytes.set(pixels.subarray(i * size, (i + 1) * size), 4 * words * i);
    record[words * (i + 1) - 1] = labels[i];
  }
  return record;
}

/** A data set on an executor, and the run over it. Samples are numbered: training digits, then test digits. */
export class Session {
  /**
   * @param {import("./executor.js").Executor} executor
   * @param {Digits} train @param {Digits} test @param {Settings} settings
   */
  constructor(executor, train, test, settings) {
    const { program } = executor;
    this.executor = executor;
    this.settings = settings;
    this.batch = program.interface.batch;
    this.ports = program.interface.ports;
    this.count = { train: train.labels.length, test: test.labels.length };
    const words = program.abi.data_set.words;
    executor.write(this.ports.data_set, records(train, words));
    executor.write(this.ports.data_set, records(test, words), 4 * words * this.count.train);
    const { distortion } = program.interface;
    const entry = distortion && ((sample, view) => view * distortion.digits + sample);
    const samples = Uint32Array.from({ length: this.count.train }, (_, i) => i);
    this.orders = new Orders(samples, settings.shuffle, settings.seed, entry);
    this.patterns = new Patterns(samples, settings.patterns, settings.seed);
    this.key = distortionKey(settings.seed);
    this.stepsPerEpoch = Math.ceil(this.count.train / this.batch);
    const tests = Uint32Array.from({ length: this.count.test }, (_, i) => this.count.train + i);
    this.#upload(tests, () => ({ rate: 0 }), this.count.train, this.stepsPerEpoch);
    this.submission = { forward: 1, training: 1, curvature: 1 };
    this.epoch = 0;
    this.#between();
    /** @type {State | null} */
    this.saved = null;
  }

  /** Between two epochs: no step is done. */
  #between() {
    this.step = 0;
    this.begun = false;
    this.totals = new Float32Array(4 * this.batch);
  }

  /** The learning rate of a step of an epoch. */
  #rate(/** @type {number} */ epoch, /** @type {number} */ step) {
    const { settings, stepsPerEpoch } = this;
    const steps = settings.epochs * stepsPerEpoch;
    return Math.fround(Math.fround(settings.rate) * factor(settings.schedule, epoch * stepsPerEpoch + step, steps, epoch));
  }

  /** What a step of the epoch is given: its rate and, where the program has Adam's constants, the corrections. */
  #size(/** @type {number} */ step) {
    const rate = this.#rate(this.epoch, step);
    const [beta1, beta2] = ["BETA1", "BETA2"].map((name) => this.executor.constant(name));
    if (beta1 === undefined || beta2 === undefined) return { rate };
    return { rate, corrections: corrections(beta1, beta2, this.epoch * this.stepsPerEpoch + step) };
  }

  /** The learning rate of the last step that was made, or null before the first. */
  lastRate() {
    const last = this.epoch * this.stepsPerEpoch + this.step - 1;
    return last < 0 ? null : this.#rate(Math.floor(last / this.stepsPerEpoch), last % this.stepsPerEpoch);
  }

  /** Puts order and rates of the epoch in place; with SDLM estimates the curvature first. */
  async #begin() {
    const { ports } = this;
    if (ports.curvature !== null && this.step === 0) {
      const patterns = this.patterns.of(this.epoch);
      const { size } = this.executor.program.interface.layout;
      this.executor.write(ports.curvature, new Uint32Array(size));
      this.#upload(patterns, () => ({ rate: Math.fround(1 / patterns.length) }), 0, 0);
      await this.#pass("curvature", 0, Math.ceil(patterns.length / this.batch), () => true);
    }
    this.#upload(this.orders.epoch(this.epoch), (step) => this.#size(step), 0, 0);
    this.#restart(this.step, this.totals);
    this.begun = true;
  }

  /**
   * Trains until the end of the epoch or until `progress` returns false.
   * @param {(step: number) => boolean | Promise<boolean>} progress
   * @returns {Promise<Metrics | null>} what the epoch gave, or null if it was stopped
   */
  async train(progress) {
    if (!this.begun) await this.#begin();
    await this.#pass("training", this.step, this.stepsPerEpoch, (step) => progress((this.step = step)));
    if (this.step < this.stepsPerEpoch) return null;
    const metrics = await this.#metrics(this.count.train);
    this.epoch += 1;
    this.#between();
    return metrics;
  }

  /**
   * Evaluates all test digits.
   * @returns {Promise<Metrics & { answers: Float32Array }>} with the scores `[test digits, 10]`
   */
  async evaluate() {
    this.#restart(this.stepsPerEpoch);
    const row = 40 * this.batch;
    const { executor, ports } = this;
    const steps = Math.ceil(this.count.test / this.batch);
    const scores = executor.collect(ports.scores, row, steps);
    await this.#pass("forward", 0, steps, () => true, scores);
    const answers = new Float32Array(await scores.read()).subarray(0, 10 * this.count.test);
    return { ...(await this.#metrics(this.count.test)), answers };
  }

  /** @returns {Promise<Metrics>} of the epoch so far */
  async sofar() {
    return this.#metrics(Math.min(this.step * this.batch, this.count.train));
  }

  /** Keeps the state between two steps, to go on from after the loss of a device. */
  async save() {
    const { epoch, step, executor, ports } = this;
    const carried = CARRIED.filter((port) => ports[port] !== null);
    const size = 4 * executor.program.interface.layout.size;
    const read = async (port) => [port, await executor.read(ports[port], size)];
    const numbers = Object.fromEntries(await Promise.all(carried.map(read)));
    const totals = step > 0 ? await this.#totals() : undefined;
    this.saved = { epoch, numbers, step, totals };
  }

  /** Goes on from a state, which may be in the middle of an epoch. */
  restore(/** @type {State} */ state) {
    this.epoch = state.epoch;
    this.saved = state;
    Object.assign(this, { step: state.step ?? 0, totals: state.totals ?? this.totals });
    for (const [port, numbers] of Object.entries(state.numbers)) this.executor.write(this.ports[port], numbers);
  }

  /**
   * @param {Uint32Array<ArrayBuffer>} order @param {(step: number) => { rate: number, corrections?: number[] }} size
   * @param {number} first @param {number} row
   */
  #upload(order, size, first, row) {
    const table = stepTable(order.length, this.batch, size, this.key, first);
    this.executor.write(this.ports.indices, order, 4 * first);
    this.executor.write(this.ports.step_table, table, 32 * row);
  }

  /** Sets the cursor to a row of the step table, and the totals. */
  #restart(/** @type {number} */ row, totals = new Float32Array(4 * this.batch)) {
    this.executor.write(this.ports.cursor, new Uint32Array([row]));
    this.executor.write(this.ports.totals, totals);
  }

  /** Runs the steps `from .. until` of a pass in submissions of about {@link SUBMISSION} ms. */
  async #pass(pass, from, until, progress, collected) {
    if (pass === "curvature") this.#restart(0);
    let step = from;
    let going = true;
    while (step < until && going) {
      const count = Math.min(this.submission[pass], until - step);
      const began = performance.now();
      this.executor.run(pass, count, collected);
      await this.executor.device.queue.onSubmittedWorkDone();
      const fit = (count * SUBMISSION) / Math.max(performance.now() - began, 0.1);
      this.submission[pass] = Math.max(1, Math.min(Math.round(fit), 2 * count));
      step += count;
      going = await progress(step);
    }
    return step;
  }

  /** The sums of the pass so far, four for each place of a batch. */
  async #totals() {
    return new Float32Array(await this.executor.read(this.ports.totals, 16 * this.batch));
  }

  /** @returns {Promise<Metrics>} the totals of a finished pass */
  async #metrics(/** @type {number} */ samples) {
    const totals = await this.#totals();
    let [loss, errors] = [0, 0];
    for (let row = 0; row < totals.length; row += 4) {
      loss += totals[row];
      errors += totals[row + 1];
    }
    return { samples, loss: loss / samples, errors };
  }
}
