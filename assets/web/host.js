// What `lenet train` computes on the host, for a program: first weights, order of the samples, learning rates.
// Each function gives the bits of its counterpart in Rust (named beside it).

import { Rng, Stream } from "./rng.js";

/**
 * @typedef {{ name: string, role: "weight" | "bias" | "coefficient" | "pool-bias", shape: number[],
 *   fan_in: number, start: number, stride: number }} Tensor
 * @typedef {{ tensors: Tensor[], size: number }} Layout
 */

/** The places of a tensor's numbers in the parameters: rows of a stride. (`Tensor::places`) */
export function places(/** @type {Tensor} */ { shape, start, stride }) {
  const numbers = shape.reduce((product, side) => product * side, 1);
  const width = numbers / shape[0];
  return Array.from({ length: numbers }, (_, i) => start + Math.floor(i / width) * stride + (i % width));
}

/** Limits of the uniform first weights, by the name of `--init`. F is the fan-in of the unit. */
const LIMITS = {
  lecun: (/** @type {number} */ fanIn) => Math.fround(Math.fround(2.4) / fanIn),
  "lecun-sqrt": (fanIn) => Math.fround(Math.fround(1.2) / Math.fround(Math.sqrt(fanIn))),
  pytorch: (fanIn) => Math.fround(1 / Math.fround(Math.sqrt(fanIn))),
};

/**
 * The parameters before the first step. (`init::parameters`)
 * @param {Layout} layout @param {{ pool: "sum" | "mean" }} options
 * @param {keyof typeof LIMITS} init @param {number} seed
 */
export function firstWeights(layout, options, init, seed) {
  const rng = new Rng(seed, Stream.weights);
  const parameters = new Float32Array(layout.size);
  for (const tensor of layout.tensors) {
    const drawn = tensor.role === "weight" || (tensor.role === "bias" && init !== "lecun-sqrt");
    const start = tensor.role === "coefficient" ? (options.pool === "sum" ? 0.5 : 1) : 0;
    const limit = LIMITS[init](tensor.fan_in);
    for (const place of places(tensor)) parameters[place] = drawn ? rng.symmetric(limit) : start;
  }
  return parameters;
}

/** The seed of the distortions in every step row. (`session::distortion_key`) */
export const distortionKey = (/** @type {number} */ seed) => new Rng(seed, Stream.distortion).word();

/** The order of the samples, epoch by epoch. (`Orders`) */
export class Orders {
  /** @param {Uint32Array} samples @param {"on" | "once" | "off"} shuffle @param {number} seed @param {((sample: number, view: number) => number) | null} entry */
  constructor(samples, shuffle, seed, entry) {
    this.samples = samples.slice();
    this.shuffle = shuffle;
    this.entry = entry;
    this.rng = new Rng(seed, Stream.order);
    this.shuffled = 0;
  }

  /** The order of an epoch, counted from 0. Epochs may be skipped, but not go backwards. */
  epoch(/** @type {number} */ epoch) {
    const shuffles = { off: 0, once: 1, on: epoch + 1 }[this.shuffle];
    for (; this.shuffled < shuffles; this.shuffled++) this.rng.shuffle(this.samples);
    const { entry } = this;
    return Uint32Array.from(this.samples, (sample) => (entry ? entry(sample, epoch + 1) : sample));
  }
}

/** The samples of each curvature estimate: the next `count` of an order of their own. (`Patterns`) */
export class Patterns {
  /** @param {Uint32Array} samples @param {number} count @param {number} seed */
  constructor(samples, count, seed) {
    this.order = samples.slice();
    this.count = count;
    new Rng(seed, Stream.curvature).shuffle(this.order);
  }

  /** Those of an epoch, counted from 0. */
  of(/** @type {number} */ epoch) {
    const { order, count } = this;
    return Uint32Array.from({ length: count }, (_, i) => order[(epoch * count + i) % order.length]);
  }
}

/** The 1998 schedule: from this epoch on, this share of the first rate. */
const LECUN1998 = [[0, 1], [2, 0.4], [5, 0.2], [8, 0.1], [12, 0.02]];

/** What a softmax makes of the sums of the last layer. (`Inference::scored`) */
export function probabilities(/** @type {Float32Array} */ sums) {
  const largest = Math.max(...sums);
  const powers = sums.map((sum) => Math.exp(sum - largest));
  const total = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / total);
}

// Coefficients of x^2 to x^8 of a cosine, and of x^3 to x^7 of a sine, up to a quarter of pi.
const COSINE = [-0.49999999725108224, 0.041666623324344516, -0.001388676379437604, 2.4390450703564542e-5];
const SINE = [-0.16666654943701084, 0.008332178146138854, -0.00019517298981385725];

/** The cosine of an angle between 0 and pi, the same everywhere. (`schedule::cosine`) */
function cosineOf(/** @type {number} */ angle) {
  const quarters = Math.round(angle / (Math.PI / 2));
  const x = angle - quarters * (Math.PI / 2);
  const [x2, x3, x4] = [x * x, x * (x * x), x * x * (x * x)];
  const [c1, c2, c3, c4] = COSINE;
  const [s1, s2, s3] = SINE;
  const cosine = 1 + x2 * c1 + x4 * c2 + x4 * x2 * (c3 + x2 * c4);
  const sine = x + x3 * s1 + x3 * x2 * (s2 + x2 * s3);
  return Math.fround(quarters === 0 ? cosine : quarters === 1 ? -sine : -cosine);
}

/**
 * What the learning rate is multiplied with in a step of a run. (`Schedule::factor`)
 * @param {string} schedule @param {number} step @param {number} steps of the run @param {number} epoch
 */
export function factor(schedule, step, steps, epoch) {
  const [name, milestone, share] = schedule.split(":");
  if (name === "constant") return 1;
  if (name === "step") return epoch >= Number(milestone) ? Math.fround(Number(share)) : 1;
  if (name === "lecun1998") return Math.fround(LECUN1998.findLast(([from]) => epoch >= from)?.[1] ?? 1);
  const angle = Math.fround(Math.fround(Math.fround(Math.fround(Math.PI) * step)) / steps);
  return Math.fround(0.5 * Math.fround(1 + cosineOf(angle)));
}

/** What a run may carry from one step to the next, by port. */
export const CARRIED = ["parameters", "velocity", "curvature", "squares"];

/** The power of a number, the same to the bit everywhere. (`epilogue::power`) */
function powerOf(/** @type {number} */ base, /** @type {number} */ exponent) {
  let power = 1;
  for (; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) power *= base;
    base *= base;
  }
  return power;
}

/**
 * The corrections of Adam's two means in the step of a run, counted from 0. (`Optimizer::step_size`)
 * @param {number} beta1 @param {number} beta2 @param {number} step
 */
export function corrections(beta1, beta2, step) {
  const [one, two] = [beta1, beta2].map((beta) => 1 - powerOf(Math.fround(beta), step + 1));
  return [1 / one, 1 / Math.sqrt(two)];
}

/**
 * The step table of an order: a row of 8 words a step. (`Session::upload`)
 * @param {number} entries @param {number} batch
 * @param {(step: number) => { rate: number, corrections?: number[] }} size
 * @param {number} key @param {number} [first] entry of the order
 */
export function stepTable(entries, batch, size, key, first = 0) {
  const steps = Math.ceil(entries / batch);
  const words = new Uint32Array(8 * steps);
  const numbers = new Float32Array(words.buffer);
  for (let step = 0; step < steps; step++) {
    const row = 8 * step;
    words[row] = first + step * batch;
    words[row + 1] = Math.min(batch, entries - step * batch);
    const { rate, corrections = [] } = size(step);
    numbers[row + 2] = rate;
    words[row + 3] = key;
    numbers.set(corrections, row + 4);
  }
  return words;
}
