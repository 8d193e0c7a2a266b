// Settings, curve, confusion matrix and mistakes of the run.

import { places } from "./host.js";
import { element, paintDigit } from "./paint.js";

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/**
 * What a visitor can set. The choices come from the menu. `constant` is its name in the shaders, if it is one of
 * their constants, and `unit` how many of the constant's units make one of the field's.
 * @typedef {{ name: string, label: string, kind: "choice" | "check" | "number", min?: number, max?: number,
 *   constant?: string, unit?: number }} Field
 */

/** @type {Field[]} */
const FIELDS = [
  { name: "network", label: "network", kind: "choice" },
  { name: "plan", label: "plan", kind: "choice" },
  { name: "batch", label: "batch", kind: "choice" },
  { name: "optimizer", label: "optimizer", kind: "choice" },
  { name: "distort", label: "distorted digits", kind: "check" },
  { name: "rate", label: "learning rate", kind: "number", min: 1e-6, max: 10 },
  { name: "momentum", label: "momentum", kind: "number", min: 0, max: 0.999, constant: "MOMENTUM" },
  { name: "weight-decay", label: "weight decay", kind: "number", min: 0, max: 1, constant: "WEIGHT_DECAY" },
  { name: "beta1", label: "beta 1, kept of the mean", kind: "number", min: 0, max: 0.9999, constant: "BETA1" },
  { name: "beta2", label: "beta 2, kept of the squares", kind: "number", min: 0, max: 0.99999, constant: "BETA2" },
  { name: "epsilon", label: "epsilon", kind: "number", min: 1e-12, max: 1, constant: "EPSILON" },
  { name: "mu", label: "mu, added to curvatures", kind: "number", min: 1e-6, max: 10, constant: "MU" },
  { name: "j", label: "j of eq. 9", kind: "number", min: 0.01, max: 100, constant: "J" },
  { name: "shift", label: "shift, in pixels", kind: "number", min: 0, max: 8, constant: "MAX_SHIFT", unit: 4096 },
  { name: "scale", label: "scale", kind: "number", min: 0, max: 0.4, constant: "MAX_SCALE", unit: 65536 },
  { name: "squeeze", label: "squeeze", kind: "number", min: 0, max: 0.4, constant: "MAX_SQUEEZE", unit: 65536 },
  { name: "shear", label: "shear", kind: "number", min: 0, max: 0.9, constant: "MAX_SHEAR", unit: 65536 },
  { name: "epochs", label: "epochs", kind: "number", min: 1, max: 100 },
  { name: "seed", label: "seed", kind: "number", min: 0, max: 4294967295 },
];
const NUMBERS = FIELDS.filter(({ kind }) => kind === "number");

export class Settings {
  /** @param {any} menu @param {(settings: any, name: string) => void} changed */
  constructor(menu, changed) {
    this.menu = menu;
    this.changed = changed;
    /** @type {Record<string, any>} */
    this.inputs = {};
    /** Settings of a loaded file that the page has no field for. */
    this.own = {};
    const box = byId("settings");
    for (const { name, label, kind, min, max } of FIELDS) {
      const id = `set-${name}`;
      /** @type {any} */
      const input = element(kind === "choice" ? "select" : "input", { id });
      if (kind === "check") input.type = "checkbox";
      if (kind === "number") Object.assign(input, { type: "number", min, max, step: "any" });
      input.addEventListener("change", () => this.#change(name));
      this.inputs[name] = input;
      box.append(element("label", { htmlFor: id, textContent: label }), input);
    }
    this.set(new URLSearchParams(location.hash.slice(1)));
  }

  /** Takes settings from a link; what it does not say is the recipe's. */
  set(/** @type {URLSearchParams} */ from) {
    this.#choices("network", [...this.menu.networks.keys()], from.get("network"));
    this.#fill(from);
  }

  #fill(from) {
    const { inputs, menu } = this;
    let shipped = menu.programs.filter((program) => program.network === inputs.network.value);
    // Not every plan is there for every batch.
    for (const name of ["optimizer", "plan", "batch"]) {
      const different = [...new Set(shipped.map((program) => program[name]))];
      this.#choices(name, different, from.get(name) ?? (name === "batch" ? 16 : null));
      shipped = shipped.filter((program) => String(program[name]) === inputs[name].value);
    }
    inputs.distort.checked = from.get("distort") === "on";
    for (const field of NUMBERS) {
      const { name, min = 0, max = 0 } = field;
      const value = this.#standard(field);
      inputs[name].hidden = inputs[name].labels[0].hidden = value === undefined;
      const asked = Number(from.get(name) ?? value);
      inputs[name].value = asked >= min && asked <= max ? asked : value;
    }
  }

  /** What a number is where nobody changes it; undefined where the program has no such constant. */
  #standard(/** @type {Field} */ { name, constant, unit = 1 }) {
    const { settings, constants } = this.#program();
    const value = constant ? constants[constant] / unit : (settings[name] ?? 1);
    return Number.isNaN(value) ? undefined : Number(value.toPrecision(constant ? 4 : 7));
  }

  /** The shipped program of the settings. */
  #program() {
    const { network, plan, batch, optimizer, distort } = this.inputs;
    const fits = (program) =>
      program.network === network.value &&
      program.plan === plan.value &&
      program.batch === Number(batch.value) &&
      program.optimizer === optimizer.value &&
      program.distort === distort.checked;
    return this.menu.programs.find(fits);
  }

  /** Takes the settings that a file of the native program names; says what this page cannot do. */
  take(/** @type {any} */ about, /** @type {boolean} */ checkpoint) {
    const settings = about.settings ?? {};
    if (!this.menu.networks.has(about.network)) return `It holds the network ${about.network}, which this page does not ship.`;
    if (checkpoint) {
      const [all, tests] = [this.menu.digits.train.count, this.menu.digits.test.count];
      const other = settings.validate || settings["train-limit"] !== all || settings["test-limit"] !== tests;
      if (other) return `It was trained on other digits than the ${all} that this page has.`;
      const outside = NUMBERS.find(({ name, min = 0, max = 0 }) => {
        const value = { ...settings, rate: settings.lr }[name];
        return typeof value === "number" && !(value >= min && value <= max);
      });
      if (outside) return `Its ${outside.label} is outside of what this page takes, ${outside.min} to ${outside.max}.`;
    }
    const rate = settings.lr * (settings["eta-scale"] ?? 1);
    const said = { ...settings, network: about.network, rate };
    const named = FIELDS.map(({ name }) => [name, said[name]]);
    const told = named.filter(([, value]) => value !== undefined && value !== null);
    this.set(new URLSearchParams(told.map(([name, value]) => [name, String(value)])));
    const batch = Number(this.inputs.batch.value);
    if (checkpoint && batch !== settings.batch) return `It was trained with batches of ${settings.batch}, which this page does not ship.`;
    const own = { init: settings.init, shuffle: settings.shuffle, schedule: settings.schedule };
    this.own = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    return null;
  }

  #choices(name, values, chosen) {
    const options = values.map((value) => element("option", { value: String(value), textContent: String(value) }));
    this.inputs[name].replaceChildren(...options);
    this.inputs[name].value = values.map(String).includes(String(chosen)) ? String(chosen) : String(values[0]);
  }

  #change(name) {
    if (name !== "epochs") this.own = {};
    const { optimizer, plan } = this.inputs;
    if (name === "network") this.#fill(new URLSearchParams());
    if (name === "optimizer") this.#fill(new URLSearchParams({ optimizer: optimizer.value, plan: plan.value }));
    if (name === "distort" || name === "plan") this.#fill(new URLSearchParams(this.link()));
    const value = this.value();
    history.replaceState(null, "", `#${this.link()}`);
    this.changed(value, name);
  }

  /** The settings as the part of a link after the #. */
  link() {
    const { inputs } = this;
    const shown = FIELDS.filter(({ name }) => !inputs[name].hidden);
    const pairs = shown.map(({ name, kind }) => [name, kind === "check" ? (inputs[name].checked ? "on" : "off") : inputs[name].value]);
    return new URLSearchParams(pairs).toString();
  }

  /** The number of a field, brought into its range. */
  #number(/** @type {string} */ name) {
    const input = this.inputs[name];
    const typed = input.value === "" ? NaN : Number(input.value);
    const field = NUMBERS.find((field) => field.name === name);
    const value = Number.isFinite(typed) ? typed : Number(this.#standard(field));
    const taken = Math.min(Number(input.max), Math.max(Number(input.min), value));
    input.value = name === "epochs" || name === "seed" ? Math.round(taken) : taken;
    return Number(input.value);
  }

  value() {
    const { inputs } = this;
    const { file, settings } = this.#program();
    /** @type {Record<string, number>} */
    const named = {};
    /** @type {Record<string, number>} */
    const constants = {};
    for (const { name, constant, unit } of NUMBERS) {
      if (!constant || inputs[name].hidden) continue;
      named[name] = this.#number(name);
      constants[constant] = unit ? Math.round(named[name] * unit) : named[name];
    }
    return {
      ...settings,
      file,
      network: inputs.network.value,
      batch: Number(inputs.batch.value),
      optimizer: inputs.optimizer.value,
      distort: inputs.distort.checked,
      rate: this.#number("rate"),
      epochs: this.#number("epochs"),
      seed: this.#number("seed"),
      named,
      constants,
      ...this.own,
    };
  }
}

/** Draws the errors by epoch. */
export function curve(/** @type {{ train: number, test: number }[]} */ epochs, /** @type {number} */ all) {
  const canvas = byId("curve");
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth || 340, 180];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  context.font = "11px system-ui";
  const [left, bottom, top] = [34, height - 20, 8];
  const y = (percent) => top + ((Math.log10(10) - Math.log10(Math.max(0.05, Math.min(10, percent)))) / (1 - Math.log10(0.05))) * (bottom - top);
  const x = (epoch) => left + (epoch / Math.max(all, 1)) * (width - left - 8);
  context.strokeStyle = colour("--line");
  context.fillStyle = colour("--faint");
  for (const percent of [10, 5, 2, 1, 0.5, 0.2, 0.1]) {
    context.beginPath();
    context.moveTo(left, y(percent));
    context.lineTo(width - 8, y(percent));
    context.stroke();
    context.fillText(`${percent} %`, 0, y(percent) + 4);
  }
  const last = Math.min(all, Math.max(1, epochs.length));
  context.fillText("0", left - 2, height - 5);
  context.fillText(String(all), x(all) - 12, height - 5);
  const lines = [
    { name: "train", shade: "--cool", dashes: [4, 3] },
    { name: "test", shade: "--warm", dashes: [] },
  ];
  for (const { name, shade, dashes } of lines) {
    context.strokeStyle = colour(shade);
    context.setLineDash(dashes);
    context.lineWidth = 2;
    context.beginPath();
    epochs.forEach((epoch, i) => context.lineTo(x(i + 1), y(epoch[name])));
    context.stroke();
    context.fillStyle = colour(shade);
    epochs.forEach((epoch, i) => context.fillRect(x(i + 1) - 2, y(epoch[name]) - 2, 4, 4));
    context.fillText(name, x(last) - (name === "test" ? 20 : 24), name === "test" ? bottom - 6 : bottom - 20);
  }
  context.setLineDash([]);
  const final = epochs.at(-1);
  const said = final ? `after epoch ${epochs.length}: training ${final.train.toFixed(2)} %, test ${final.test.toFixed(2)} %` : "no epoch yet";
  canvas.setAttribute("aria-label", `Error by epoch, ${said}`);
}

/** The classes that answers name: the smallest distance, or the largest output. */
export function classes(/** @type {Float32Array} */ answers, /** @type {boolean} */ smallest) {
  const sign = smallest ? -1 : 1;
  return Uint8Array.from({ length: answers.length / 10 }, (_, i) => {
    let best = 0;
    for (let c = 1; c < 10; c++) if (sign * answers[10 * i + c] > sign * answers[10 * i + best]) best = c;
    return best;
  });
}

/** Shows the confusion matrix and the first mistakes; a click on one takes it as the digit in hand. */
export function mistakes(found, labels, pixels, take) {
  const counts = Array.from({ length: 10 }, () => new Array(10).fill(0));
  found.forEach((answer, i) => counts[labels[i]][answer]++);
  const head = element("tr", {}, element("td"), ...counts.map((_, c) => element("th", { textContent: String(c), scope: "col" })));
  const rows = counts.map((row, label) => {
    const cells = row.map((count, answer) => element("td", { textContent: count ? String(count) : "", title: `${count} times a ${label} was read as ${answer}` }));
    return element("tr", {}, element("th", { textContent: String(label), scope: "row" }), ...cells);
  });
  byId("confusion").replaceChildren(element("table", { className: "confusion" }, element("caption", { className: "hint", textContent: "rows: what it is; columns: what it was read as" }), head, ...rows));
  const wrong = [...found.keys()].filter((i) => found[i] !== labels[i]).slice(0, 60);
  const buttons = wrong.map((i) => {
    const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { className: "pixels" }));
    paintDigit(canvas, pixels.subarray(784 * i, 784 * (i + 1)));
    const button = element("button", { title: `test digit ${i}` }, canvas, `${labels[i]} → ${found[i]}`);
    button.addEventListener("click", () => take(i));
    return button;
  });
  byId("mistakes").replaceChildren(...buttons);
}

/** Shows the effective learning rates of each layer: the smallest, the median and the largest. */
export function rates(/** @type {Float32Array | null} */ found, /** @type {any} */ layout) {
  byId("rates-box").hidden = !found;
  if (!found || !byId("rates-box").open) return;
  /** @type {Map<string, number[]>} */
  const layers = new Map();
  for (const tensor of layout.tensors) {
    const layer = tensor.name.split(".")[0];
    const before = layers.get(layer) ?? [];
    layers.set(layer, before.concat(places(tensor).map((place) => found[place])));
  }
  const cells = (values, tag = "td") => values.map((value) => element(tag, { textContent: value }));
  const rows = [...layers].map(([layer, numbers]) => {
    numbers.sort((a, b) => a - b);
    const [least, middle, most] = [numbers[0], numbers[numbers.length >> 1], numbers[numbers.length - 1]];
    const name = element("th", { scope: "row", textContent: layer.toUpperCase() });
    return element("tr", {}, name, ...cells([least, middle, most].map((rate) => rate.toPrecision(2))));
  });
  byId("rates").replaceChildren(element("tr", {}, ...cells(["layer", "smallest", "median", "largest"], "th")), ...rows);
}
