// Settings, curve, confusion matrix and mistakes of the run.

import { element, paintDigit } from "./paint.js";

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/**
 * What a visitor can set: name, label, kind and range. The choices of the first four come from the menu. A
 * constant of the shaders also has its name there and how many of its units make one of the field's.
 * @type {[name: string, label: string, kind: string, min?: number, max?: number, constant?: string, unit?: number][]}
 */
const FIELDS = [
  ["network", "network", "choice"],
  ["batch", "batch", "choice"],
  ["optimizer", "optimizer", "choice"],
  ["distort", "distorted digits", "check"],
  ["rate", "learning rate", "number", 1e-6, 10],
  ["momentum", "momentum", "number", 0, 0.999, "MOMENTUM"],
  ["weight-decay", "weight decay", "number", 0, 1, "WEIGHT_DECAY"],
  ["mu", "mu, the least curvature", "number", 1e-6, 10, "MU"],
  ["j", "j of eq. 9", "number", 0.01, 100, "J"],
  ["shift", "shift, in pixels", "number", 0, 8, "MAX_SHIFT", 4096],
  ["scale", "scale", "number", 0, 0.4, "MAX_SCALE", 65536],
  ["squeeze", "squeeze", "number", 0, 0.4, "MAX_SQUEEZE", 65536],
  ["shear", "shear", "number", 0, 0.9, "MAX_SHEAR", 65536],
  ["epochs", "epochs", "number", 1, 100],
  ["seed", "seed", "number", 0, 4294967295],
];

export class Settings {
  /** @param {any} menu @param {(settings: any, name: string) => void} changed */
  constructor(menu, changed) {
    this.menu = menu;
    this.changed = changed;
    /** @type {Record<string, any>} */
    this.inputs = {};
    /** @type {Record<string, HTMLElement>} */
    this.labels = {};
    /** Settings of a loaded file that the page has no field for. */
    this.own = {};
    const box = byId("settings");
    for (const [name, label, kind, min, max] of FIELDS) {
      const id = `set-${name}`;
      /** @type {any} */
      const input = element(kind === "choice" ? "select" : "input", { id });
      if (kind === "check") input.type = "checkbox";
      if (kind === "number") Object.assign(input, { type: "number", min, max, step: "any" });
      input.addEventListener("change", () => this.#change(name));
      this.inputs[name] = input;
      const title = element("label", { htmlFor: id, textContent: label });
      this.labels[name] = title;
      box.append(title, input);
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
    const shipped = menu.programs.filter((program) => program.network === inputs.network.value);
    const different = (name) => [...new Set(shipped.map((program) => program[name]))];
    this.#choices("optimizer", different("optimizer"), from.get("optimizer"));
    this.#choices("batch", different("batch"), from.get("batch") ?? 16);
    inputs.distort.checked = from.get("distort") === "on";
    for (const [name, , kind, min = 0, max = 0] of FIELDS) {
      if (kind !== "number") continue;
      const value = this.#standard(name);
      this.labels[name].hidden = inputs[name].hidden = value === undefined;
      const asked = Number(from.get(name) ?? value);
      inputs[name].value = asked >= min && asked <= max ? asked : value;
    }
  }

  /** What a number is where nobody changes it; undefined where the program has no such constant. */
  #standard(/** @type {string} */ name) {
    const { settings, constants } = this.#program();
    const [, , , , , constant, unit = 1] = FIELDS.find(([field]) => field === name);
    const value = constant ? constants[constant] / unit : (settings[name] ?? 1);
    return Number.isNaN(value) ? undefined : Number(value.toPrecision(constant ? 4 : 7));
  }

  /** The shipped program of the settings. */
  #program() {
    const { network, batch, optimizer, distort } = this.inputs;
    const fits = (program) =>
      program.network === network.value &&
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
      const outside = FIELDS.find(([name, , kind, min, max]) => {
        const value = { ...settings, rate: settings.lr }[name];
        return kind === "number" && typeof value === "number" && !(value >= min && value <= max);
      });
      if (outside) return `Its ${outside[1]} is outside of what this page takes, ${outside[3]} to ${outside[4]}.`;
    }
    const rate = settings.lr * (settings["eta-scale"] ?? 1);
    const named = { network: about.network, optimizer: settings.optimizer, batch: settings.batch, distort: settings.distort, rate, epochs: settings.epochs, seed: settings.seed };
    for (const [name, , , , , constant] of FIELDS) if (constant) named[name] = settings[name];
    const told = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
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
    const { network, optimizer } = this.inputs;
    if (name === "network") this.#fill(new URLSearchParams());
    if (name === "optimizer") this.#fill(new URLSearchParams({ optimizer: optimizer.value, network: network.value }));
    if (name === "distort") this.#fill(new URLSearchParams(this.link()));
    const value = this.value();
    history.replaceState(null, "", `#${this.link()}`);
    this.changed(value, name);
  }

  /** The settings as the part of a link behind the #. */
  link() {
    const { inputs } = this;
    const shown = FIELDS.filter(([name]) => !inputs[name].hidden);
    const pairs = shown.map(([name, , kind]) => [name, kind === "check" ? (inputs[name].checked ? "on" : "off") : inputs[name].value]);
    return new URLSearchParams(pairs).toString();
  }

  /** The number of a field, brought into its range. */
  #number(/** @type {string} */ name) {
    const input = this.inputs[name];
    const typed = input.value === "" ? NaN : Number(input.value);
    const value = Number.isFinite(typed) ? typed : Number(this.#standard(name));
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
    for (const [name, , , , , constant, unit] of FIELDS) {
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
  for (const { name, start, stride, shape } of layout.tensors) {
    const layer = name.split(".")[0];
    const numbers = layers.get(layer) ?? [];
    const width = shape.reduce((product, side) => product * side, 1) / shape[0];
    for (let row = 0; row < shape[0]; row++) numbers.push(...found.subarray(start + row * stride, start + row * stride + width));
    layers.set(layer, numbers);
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
