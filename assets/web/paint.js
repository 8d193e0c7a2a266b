// Draws numbers as colours: blue below zero, orange above, the ground at zero.

/** @param {string} name of a CSS variable @returns {number[]} red, green, blue */
function colour(name) {
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16));
}

/** The colours of the scheme in use; asked again when the scheme changes. */
let palette = { cool: [0, 0, 0], warm: [0, 0, 0], zero: [0, 0, 0] };
export function refreshPalette() {
  palette = { cool: colour("--cool"), warm: colour("--warm"), zero: colour("--zero") };
}

/** The colour of a number from -1 to 1. */
export function tint(/** @type {number} */ value) {
  const share = Math.min(1, Math.abs(value));
  const end = value < 0 ? palette.cool : palette.warm;
  return palette.zero.map((from, i) => Math.round(from + (end[i] - from) * share));
}

/**
 * Paints planes side by side on a canvas, a pixel a number, `columns` planes in a row.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} values `[planes, height, width]`
 * @param {{ maps: number, height: number, width: number }} shape @param {number} columns
 * @param {number} full the number with the full colour
 * @param {number} [chosen] place of a number to mark
 */
export function paintMaps(canvas, values, shape, columns, full, chosen = -1) {
  const { maps, height, width } = shape;
  const gap = width > 1 ? 1 : 0;
  const rows = Math.ceil(maps / columns);
  canvas.width = columns * (width + gap) - gap;
  canvas.height = rows * (height + gap) - gap;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < values.length; i++) {
    const [x, y] = position(i, shape, columns);
    const [r, g, b] = i === chosen ? [255, 0, 160] : tint(values[i] / full);
    image.data.set([r, g, b, 255], 4 * (y * canvas.width + x));
  }
  context.putImageData(image, 0, 0);
}

/** Where a number stands on the canvas of {@link paintMaps}. */
export function position(/** @type {number} */ i, { height, width }, /** @type {number} */ columns) {
  const gap = width > 1 ? 1 : 0;
  const map = Math.floor(i / (height * width));
  const within = i % (height * width);
  return [
    (map % columns) * (width + gap) + (within % width),
    Math.floor(map / columns) * (height + gap) + Math.floor(within / width),
  ];
}

/** The number at a place of such a canvas, or -1. */
export function at(/** @type {number} */ x, /** @type {number} */ y, { maps, height, width }, /** @type {number} */ columns) {
  const gap = width > 1 ? 1 : 0;
  const [column, row] = [Math.floor(x / (width + gap)), Math.floor(y / (height + gap))];
  const [inX, inY] = [x - column * (width + gap), y - row * (height + gap)];
  const map = row * columns + column;
  if (inX >= width || inY >= height || column >= columns || map >= maps || map < 0) return -1;
  return (map * height + inY) * width + inX;
}

/** Paints bytes of ink `[28, 28]`. */
export function paintDigit(/** @type {HTMLCanvasElement} */ canvas, /** @type {Uint8Array} */ pixels) {
  [canvas.width, canvas.height] = [28, 28];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(28, 28);
  pixels.forEach((ink, i) => image.data.set([ink, ink, ink, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

/** A new element with properties and children. */
export function element(/** @type {string} */ tag, properties = {}, .../** @type {(Node | string)[]} */ children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
