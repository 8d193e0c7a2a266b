// What a convolution is made of: its kernels, and which maps of the layer before feed each of its maps.

import { element, paintMaps } from "./paint.js";

/** Kernels side by side. */
const COLUMNS = 20;

/** Kernels and connection table of one convolution, folded until they are asked for. */
export class Insides {
  /**
   * @param {string} layer its name @param {any} before name and shape of the layer before @param {any} shape its own
   * @param {number[][]} table for each map the maps that it sees
   * @param {(of: { layer: string, shape: any }, map: number) => void} choose shows a unit of a map
   */
  constructor(layer, before, shape, table, choose) {
    this.layer = layer;
    this.before = before;
    this.shape = shape;
    this.table = table;
    const name = layer.toUpperCase();
    this.kernels = /** @type {HTMLCanvasElement} */ (element("canvas", { className: "pixels" }));
    this.kernels.setAttribute("role", "img");
    this.kernels.setAttribute("aria-label", `The ${table.flat().length} kernels of ${name}, map by map`);
    /** @type {HTMLElement[][]} cells by map of the layer before, then by map */
    this.cells = Array.from({ length: before.shape.maps }, (_, from) =>
      table.map((seen) => element("td", { textContent: seen.includes(from) ? "×" : "" })),
    );
    const head = (/** @type {{ layer: string, shape: any }} */ of, /** @type {number} */ map, scope = "col") => {
      const button = element("button", { textContent: String(map), title: `${of.layer.toUpperCase()}, map ${map}` });
      button.addEventListener("click", () => choose(of, map));
      return element("th", { scope }, button);
    };
    const columns = table.map((_, map) => head({ layer, shape }, map));
    const rows = this.cells.map((cells, from) => element("tr", {}, head(before, from, "row"), ...cells));
    const caption = element("caption", {
      className: "hint",
      textContent: `columns: maps of ${name}; rows: maps of ${before.layer.toUpperCase()}. A click on a number shows a unit of that map.`,
    });
    const connections = element("table", { className: "confusion" }, caption, element("tr", {}, element("td"), ...columns), ...rows);
    const summary = element("summary", { textContent: `${name}: kernels and connections` });
    const wide = element("div", { className: "wide" }, connections);
    this.box = /** @type {HTMLDetailsElement} */ (element("details", { className: "insides" }, summary, this.kernels, wide));
    this.box.addEventListener("toggle", () => this.#paint());
  }

  /** Takes the weights of an answer and marks the maps of the chosen unit. */
  show(/** @type {any} */ answer, /** @type {{ layer: string, unit: number } | null} */ chosen) {
    this.answer = answer;
    const map = (/** @type {string} */ layer, /** @type {any} */ { height, width }) =>
      chosen?.layer === layer ? Math.floor(chosen.unit / (height * width)) : -1;
    const [to, from] = [map(this.layer, this.shape), map(this.before.layer, this.before.shape)];
    this.cells.forEach((cells, row) => {
      cells.forEach((cell, column) => cell.classList.toggle("on", column === to || row === from));
    });
    this.#paint();
  }

  #paint() {
    if (!this.box.open || !this.answer) return;
    const { layout, weights } = this.answer;
    const { layer, table } = this;
    const first = layout.tensors.find(({ name }) => name === `${layer}.weight` || name === `${layer}.convs.0.weight`);
    const [height, width] = first.shape.slice(-2);
    const shape = { maps: table.flat().length, height, width };
    const kernels = weights.subarray(first.start, first.start + shape.maps * height * width);
    const largest = kernels.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    const columns = Math.min(COLUMNS, shape.maps);
    paintMaps(this.kernels, kernels, shape, columns, largest || 1);
    this.kernels.style.width = `${Math.min(columns * (width + 1) * 6, 560)}px`;
  }
}
