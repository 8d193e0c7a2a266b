// The layers of the digit in hand, and what one unit sees, number by number.

import { Insides } from "./insides.js";
import { at, element, paintMaps, position, tint } from "./paint.js";

/** Planes side by side by the number of maps of a layer. */
function columns(/** @type {{ maps: number, width: number, height: number }} */ { maps, width }) {
  if (width > 1) return Math.min(maps, 16);
  return maps === 84 ? 7 : Math.min(maps, 60);
}

const shown = (/** @type {number} */ value) => value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace("-", "−");

export class Look {
  /** @param {HTMLElement} box @param {HTMLElement} detail @param {any} menu */
  constructor(box, detail, menu) {
    this.box = box;
    this.detail = detail;
    this.menu = menu;
    this.network = "";
    /** @type {Map<string, any>} canvas or classes of each layer */
    this.rows = new Map();
    /** @type {{ layer: string, unit: number } | null} */
    this.chosen = null;
    /** @type {Insides[]} */
    this.insides = [];
  }

  /** Shows the activations of a digit. */
  show(/** @type {any} */ answer) {
    this.answer = answer;
    if (answer.network !== this.network) this.#build(answer);
    for (const { layer, shape, values } of answer.layers) {
      const { canvas, classes } = this.rows.get(layer);
      if (classes) {
        this.#score(classes, values, layer === "rbf");
        continue;
      }
      const chosen = this.chosen?.layer === layer ? this.chosen.unit : -1;
      paintMaps(canvas, values, shape, columns(shape), 1.2, chosen);
    }
    for (const insides of this.insides) insides.show(answer, this.chosen);
    this.#explain();
  }

  #build({ network, layers }) {
    this.network = network;
    this.chosen = null;
    this.rows.clear();
    this.insides = [];
    const { summary } = this.menu.networks.get(network);
    this.layers = new Map(summary.layers.map((layer) => [layer.name, layer]));
    this.box.replaceChildren();
    for (const { layer, shape } of layers) {
      const { maps, height, width } = shape;
      const kind = this.layers.get(layer)?.kind ?? "the digit with its border";
      const size = width > 1 ? `${maps} × ${height} × ${width}` : `${maps} units`;
      const name = layer === "rbf" ? "RBF" : layer.toUpperCase();
      const about = element("div", {}, element("h3", { textContent: name }), element("p", { textContent: size }));
      about.title = kind;
      if (layer === layers.at(-1).layer) {
        const classes = this.#classes(layer);
        this.box.append(element("div", { className: "layer" }, about, element("div", { className: "classes" }, ...classes.map(({ button }) => button))));
        this.rows.set(layer, { classes, shape });
        continue;
      }
      const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { tabIndex: 0 }));
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-label", `${name}, ${size}, ${kind}: arrow keys choose a unit`);
      const wide = columns(shape) * (width + (width > 1 ? 1 : 0));
      const zoom = width === 1 ? 9 : Math.max(1, Math.min(6, 560 / wide));
      canvas.style.width = `${Math.round(wide * zoom)}px`;
      canvas.addEventListener("click", (event) => {
        const scale = canvas.width / canvas.getBoundingClientRect().width;
        const unit = at(Math.floor(event.offsetX * scale), Math.floor(event.offsetY * scale), shape, columns(shape));
        if (unit >= 0) this.#choose(layer, unit);
      });
      canvas.addEventListener("keydown", (event) => this.#key(event, layer, shape));
      this.box.append(element("div", { className: "layer" }, about, canvas));
      this.rows.set(layer, { canvas, shape });
      const before = layers[layers.findIndex((found) => found.layer === layer) - 1];
      const { table } = this.layers.get(layer) ?? {};
      if (!table || width === 1) continue;
      const middle = ({ maps, ...shape }, map) => (map * shape.height + (shape.height >> 1)) * shape.width + (shape.width >> 1);
      const insides = new Insides(layer, before, shape, table, (from, map) => this.#choose(from.layer, middle(from.shape, map)));
      this.insides.push(insides);
      this.box.append(insides.box);
    }
  }

  /** The ten classes, with the bitmaps that their distances are measured from. */
  #classes(layer) {
    const centres = this.menu.networks.get(this.network).centres;
    return Array.from({ length: 10 }, (_, c) => {
      const score = element("span");
      const button = element("button", { className: "class", title: `what makes the score of ${c}` });
      if (centres) {
        const canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
        const shape = { maps: 1, height: 12, width: 7 };
        paintMaps(canvas, Float32Array.from(centres.slice(84 * c, 84 * (c + 1))), shape, 1, 1);
        button.append(canvas);
      }
      button.append(element("b", { textContent: String(c) }), score);
      button.addEventListener("click", () => this.#choose(layer, c));
      return { button, score };
    });
  }

  #score(classes, values, smallest) {
    const best = values.indexOf(smallest ? Math.min(...values) : Math.max(...values));
    classes.forEach(({ button, score }, c) => {
      score.textContent = shown(values[c]);
      button.classList.toggle("best", c === best);
    });
  }

  #choose(layer, unit) {
    this.chosen = { layer, unit };
    this.show(this.answer);
  }

  #key(event, layer, shape) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const now = this.chosen?.layer === layer ? this.chosen.unit : 0;
    const [x, y] = position(now, shape, columns(shape));
    for (const far of [1, 2]) {
      const next = at(x + far * step[0], y + far * step[1], shape, columns(shape));
      if (next >= 0) return this.#choose(layer, next);
    }
    this.#choose(layer, now);
  }

  /** What the chosen unit sees. */
  #explain() {
    this.detail.hidden = !this.chosen;
    if (!this.chosen) return;
    const { layer, unit } = this.chosen;
    const index = this.answer.layers.findIndex((found) => found.layer === layer);
    const { shape, values } = this.answer.layers[index];
    const area = shape.height * shape.width;
    const place = { map: Math.floor(unit / area), y: Math.floor((unit % area) / shape.width), x: unit % shape.width };
    const name = layer === "rbf" ? "RBF" : layer.toUpperCase();
    const where = area > 1 ? `map ${place.map}, row ${place.y}, column ${place.x}` : `unit ${place.map}`;
    const title = element("h3", { textContent: `${name}, ${where}: ${shown(values[unit])}` });
    if (index === 0) return this.detail.replaceChildren(title, "A pixel of the digit, or of its border.");
    const about = this.layers.get(layer);
    const source = this.answer.layers[index - 1];
    const kind = about.kind.split(" ")[0];
    const parts = { convolution: convolution, pooling: pooling, linear: linear };
    const explain = parts[kind] ?? (layer === "rbf" ? distance : linear);
    const terms = explain({ about, source, place, tensor: (name) => this.#tensor(name), layer });
    this.detail.replaceChildren(title, ...terms);
  }

  /** The numbers of a parameter tensor. */
  #tensor(name) {
    const { layout, weights } = this.answer;
    const tensor = layout.tensors.find((tensor) => tensor.name === name);
    if (!tensor) return null;
    const width = tensor.shape.reduce((product, side) => product * side, 1) / tensor.shape[0];
    return { row: (i) => weights.subarray(tensor.start + i * tensor.stride, tensor.start + i * tensor.stride + width) };
  }
}

/** A table of numbers with their colours. */
function grid(/** @type {ArrayLike<number>} */ numbers, /** @type {number} */ width, full = 1) {
  const table = element("table");
  for (let y = 0; y < numbers.length / width; y++) {
    const row = element("tr");
    for (let x = 0; x < width; x++) {
      const value = numbers[y * width + x];
      const cell = element("td", { textContent: shown(value) });
      const [r, g, b] = tint(value / full);
      cell.style.background = `rgb(${r} ${g} ${b})`;
      cell.style.color = r + g + b > 380 ? "#111" : "#fff";
      row.append(cell);
    }
    table.append(row);
  }
  return table;
}

function convolution({ about, source, place, tensor, layer }) {
  const inputs = about.table[place.map];
  const { height, width } = source.shape;
  const own = tensor(`${layer}.convs.${place.map}.weight`);
  const weights = own ? own.row(0) : tensor(`${layer}.weight`).row(place.map);
  const bias = own ? tensor(`${layer}.convs.${place.map}.bias`).row(0)[0] : tensor(`${layer}.bias`).row(place.map)[0];
  const taps = weights.length / inputs.length;
  const side = Math.sqrt(taps);
  let sum = bias;
  const terms = inputs.slice(0, 16).map((map, n) => {
    const kernel = weights.subarray(n * taps, (n + 1) * taps);
    const patch = Float32Array.from(kernel, (_, i) => {
      const [y, x] = [place.y + Math.floor(i / side), place.x + (i % side)];
      return source.values[(map * height + y) * width + x];
    });
    const part = patch.reduce((total, value, i) => total + value * kernel[i], 0);
    sum += part;
    const equals = ` = ${shown(part)}`;
    return element("div", { className: "term" }, `map ${map}`, grid(patch, side), "·", grid(kernel, side, 0.5), equals);
  });
  const text = `It sees ${inputs.length} of ${source.shape.maps} maps of the layer before: a ${side} × ${side} patch of each, times its kernel, and a bias of ${shown(bias)}.`;
  const total = `Their sum is ${shown(sum)}; the squash makes the activation of it.`;
  return [element("p", { textContent: text }), element("div", { className: "terms" }, ...terms), element("p", { textContent: total })];
}

function pooling({ about, source, place, tensor, layer }) {
  const { height, width } = source.shape;
  const block = [0, 1, 2, 3].map((i) => {
    const [y, x] = [2 * place.y + (i >> 1), 2 * place.x + (i & 1)];
    return source.values[(place.map * height + y) * width + x];
  });
  const verb = ["mean", "maximum"].find((word) => about.kind.includes(word));
  let text = `It ${verb ? `takes the ${verb} of` : "adds"} four neighbours of its map`;
  if (tensor(`${layer}.weight`)) {
    const [weight, bias] = ["weight", "bias"].map((part) => tensor(`${layer}.${part}`).row(place.map)[0]);
    text += `, times a coefficient of ${shown(weight)}, and a bias of ${shown(bias)}; then the squash`;
  }
  text += ".";
  return [element("p", { textContent: text }), element("div", { className: "terms" }, grid(block, 2))];
}

function linear({ source, place, tensor, layer }) {
  const weights = tensor(`${layer}.weight`).row(place.map);
  const bias = tensor(`${layer}.bias`).row(place.map)[0];
  const products = Array.from(weights, (weight, i) => ({ i, weight, input: source.values[i] }));
  products.sort((a, b) => Math.abs(b.weight * b.input) - Math.abs(a.weight * a.input));
  const text = `It sees all ${weights.length} numbers of the layer before, and a bias of ${shown(bias)}. The largest ten terms:`;
  const terms = products.slice(0, 10).map(({ i, weight, input }) => `unit ${i}: ${shown(input)} · ${shown(weight)}`);
  return [element("p", { textContent: text }), element("p", { textContent: terms.join(";  ") })];
}

function distance({ source, place, tensor }) {
  const text = `The squared distance between the 84 units of F6, drawn as a 7 × 12 picture, and the bitmap of the digit ${place.map} (1998, eq. 7). The smallest of the ten distances wins.`;
  return [element("p", { textContent: text }), element("div", { className: "terms" }, grid(source.values, 7))];
}
