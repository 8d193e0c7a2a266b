// Brings a drawing into MNIST's form, as `lenet predict` does (src/data/writing/fit.rs): fitted into 20x20
// pixels with its aspect kept, the centre of mass at the centre of 28x28, the fullest pixel at 255.

const SIDE = 28;
const FIT = 20;
/** Where MNIST has the centre of mass: the middle of row and column 14, counted from 0. */
const CENTRE = 14.5;
/** Part of full ink from which a pixel belongs to the digit. */
const LEAST_INK = 0.1;

/** @typedef {{ ink: Float32Array, width: number, height: number }} Plane  ink from 0 to 1 */

/** The drawing cut to its ink, or null where there is none. */
function cut(/** @type {Plane} */ { ink, width, height }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  ink.forEach((value, i) => {
    if (value <= LEAST_INK) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  if (right < 0) return null;
  const [w, h] = [right - left + 1, bottom - top + 1];
  const part = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const value = ink[(top + y) * width + left + x];
      part[y * w + x] = value > LEAST_INK ? value : 0;
    }
  }
  return { ink: part, width: w, height: h };
}

/** For each of `to` pixels in a row: which of `from` pixels it covers, and with what share of itself. */
function shares(/** @type {number} */ from, /** @type {number} */ to) {
  const step = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * step, (i + 1) * step];
    const covered = [];
    for (let at = Math.floor(start); at < Math.min(Math.ceil(end), from); at++) {
      covered.push({ at, share: Math.max(0, Math.min(end, at + 1) - Math.max(start, at)) / step });
    }
    return covered;
  });
}

/** @returns {Plane} the plane with each new pixel the mean of the area that it covers */
function reduce(/** @type {Plane} */ plane, /** @type {number} */ width, /** @type {number} */ height) {
  const [columns, rows] = [shares(plane.width, width), shares(plane.height, height)];
  const ink = new Float32Array(width * height);
  rows.forEach((down, y) =>
    columns.forEach((across, x) => {
      for (const row of down) {
        for (const column of across) {
          ink[y * width + x] += plane.ink[row.at * plane.width + column.at] * row.share * column.share;
        }
      }
    }),
  );
  return { ink, width, height };
}

/** @returns {Uint8Array | null} `[28, 28]` bytes, or null where there is no ink */
export function fit(/** @type {Plane} */ plane) {
  const digit = cut(plane);
  if (!digit) return null;
  const longest = Math.max(digit.width, digit.height);
  const fitted = (/** @type {number} */ side) => Math.max(1, Math.round((FIT * side) / longest));
  const { ink, width, height } = reduce(digit, fitted(digit.width), fitted(digit.height));
  let [mass, across, down, most] = [0, 0, 0, 0];
  ink.forEach((value, i) => {
    mass += value;
    across += value * ((i % width) + 0.5);
    down += value * (Math.floor(i / width) + 0.5);
    most = Math.max(most, value);
  });
  const offset = (/** @type {number} */ centre, /** @type {number} */ length) =>
    Math.max(0, Math.min(SIDE - length, Math.round(CENTRE - centre)));
  const [left, top] = [offset(across / mass, width), offset(down / mass, height)];
  const field = new Uint8Array(SIDE * SIDE);
  ink.forEach((value, i) => {
    field[(top + Math.floor(i / width)) * SIDE + left + (i % width)] = Math.round((255 * value) / most);
  });
  return field;
}
